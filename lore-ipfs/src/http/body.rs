//! Request bodies that are read from [`Content`] while they are sent.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::stream;
use lore_core::{Content, Error, ErrorKind, Result, content::ContentReader};
use reqwest::Body;

/// Bytes read and sent at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Why a content could not be read while it was being sent. The HTTP client only sees that the body broke off.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceFault(Arc<Mutex<Option<Error>>>);

impl SourceFault {
    fn set(&self, error: Error) -> io::Error {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        io::Error::other("the content could not be read")
    }

    /// The failure, if there was one.
    pub(crate) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

struct Source {
    reader: Box<dyn ContentReader>,
    left: u64,
    fault: SourceFault,
}

impl Source {
    async fn piece(&mut self) -> Result<Vec<u8>> {
        let size = usize::try_from(self.left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let mut piece = vec![0; size];
        let count = self.reader.read(&mut piece).await?;
        if count == 0 {
            return Err(Error::new(ErrorKind::IntegrityMismatch, "the content ended early")
                .with_context("missing_bytes", self.left));
        }
        piece.truncate(count);
        self.left = self.left.saturating_sub(count as u64);
        Ok(piece)
    }
}

/// A body of exactly `length` bytes of `content`, from `offset` on. Holds one piece at a time.
///
/// # Errors
/// What opening the content returns. What reading it returns ends up in the fault.
pub(crate) async fn content_body(
    content: &dyn Content,
    offset: u64,
    length: u64,
) -> Result<(Body, SourceFault)> {
    let fault = SourceFault::default();
    let source = Source { reader: content.open(offset).await?, left: length, fault: fault.clone() };
    let pieces = stream::unfold(Some(source), |source| async {
        let mut source = source.filter(|source| source.left > 0)?;
        match source.piece().await {
            Ok(piece) => Some((Ok(piece), Some(source))),
            Err(error) => Some((Err(source.fault.set(error)), None)),
        }
    });
    Ok((Body::wrap_stream(pieces), fault))
}
