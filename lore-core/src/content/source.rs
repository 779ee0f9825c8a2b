//! [`Content`]: bytes that can be read from any position, as often as needed, without holding them in memory.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    error::{Error, ErrorKind, Result},
    maybe_send::{MaybeSend, MaybeSync},
};

/// Content of a known size that can be read again: an upload that failed in the middle starts over or resumes.
///
/// Every read must give the same bytes; Lore hashes what it reads and refuses content that changed.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait Content: fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// The size in bytes.
    fn size_bytes(&self) -> u64;

    /// A reader that starts `offset` bytes in; at or past the end it gives nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] or [`ErrorKind::NotFound`] if the content cannot be opened.
    async fn open(&self, offset: u64) -> Result<Box<dyn ContentReader>>;
}
const _: Option<&dyn Content> = None;

/// Reads content once, front to back.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait ContentReader: MaybeSend + 'static {
    /// Fills the front of `buffer` and returns how many bytes it wrote; 0 means the end (or an empty buffer).
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if the source failed; [`ErrorKind::IntegrityMismatch`] if it verifies its bytes
    /// and they are wrong.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize>;
}
const _: Option<&dyn ContentReader> = None;

impl fmt::Debug for dyn ContentReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentReader")
    }
}

/// Content in memory; clones share the bytes.
#[derive(Clone)]
pub struct BytesContent(Arc<[u8]>);

impl BytesContent {
    /// Takes the bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for BytesContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BytesContent({} bytes)", self.0.len())
    }
}

struct BytesReader {
    bytes: Arc<[u8]>,
    at: usize,
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl ContentReader for BytesReader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Content for BytesContent {
    fn size_bytes(&self) -> u64 {
        self.0.len() as u64
    }

    async fn open(&self, offset: u64) -> Result<Box<dyn ContentReader>> {
        let at = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        Ok(Box::new(BytesReader { bytes: self.0.clone(), at }))
    }
}

/// Reads everything that is left, for content known to be small.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if there are more than `max_bytes`; what the reader returns.
pub async fn read_all(reader: &mut dyn ContentReader, max_bytes: usize) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = vec![0; max_bytes.saturating_add(1).min(64 * 1024)];
    loop {
        let count = reader.read(&mut buffer).await?;
        if count == 0 {
            return Ok(all);
        }
        all.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if all.len() > max_bytes {
            return Err(Error::new(ErrorKind::InvalidInput, "the content is larger than allowed")
                .with_context("max_bytes", max_bytes));
        }
    }
}
