//! [`FileContent`]: a file as content.
//!
//! Reads are large, happen on a blocking thread, and run one piece ahead of the consumer: while one piece is hashed or
//! sent, the next one comes from the disk.

use std::{
    fs::File,
    io::{ErrorKind as IoErrorKind, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use lore_core::{Content, Error, ErrorKind, Result, content::ContentReader};
use tokio::task::JoinHandle;

use crate::{
    blocking::{self, join_error},
    io_error::io_error,
};

/// Bytes per read. Two such pieces are held per reader.
const PIECE_BYTES: usize = 1024 * 1024;

/// A file as content: opened for each reader, and not held open between.
///
/// A file that is no longer as long as it was when it was described is refused while it is read. Bytes that changed
/// under the same length are found by their hash, by whoever computes it.
#[derive(Clone, Debug)]
pub struct FileContent {
    path: Arc<Path>,
    size_bytes: u64,
}

impl FileContent {
    /// Describes the file at `path`; reads its size only. An empty file is content of size zero.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::PermissionDenied`]; [`ErrorKind::InvalidInput`] for what is no file, such as
    /// a directory; [`ErrorKind::Unavailable`] for a failing disk. Each names the path.
    pub async fn describe(path: impl Into<PathBuf>) -> Result<Self> {
        let path: Arc<Path> = path.into().into();
        let opened = path.clone();
        // Opening now finds out about permissions before anything depends on the content.
        let size_bytes = blocking::run(move || Ok(open(&opened)?.1)).await?;
        Ok(Self { path, size_bytes })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The file and its size.
fn open(path: &Path) -> Result<(File, u64)> {
    // Asked before the file is opened: opening a pipe would wait for its other end.
    let metadata = std::fs::metadata(path).map_err(|err| io_error(err, "the file cannot be opened", path))?;
    if !metadata.is_file() {
        let rule = if metadata.is_dir() { "is_a_directory" } else { "not_a_file" };
        return Err(Error::invalid("path", rule, "a regular file").with_context("path", path.display()));
    }
    let file = File::open(path).map_err(|err| io_error(err, "the file cannot be opened", path))?;
    let metadata = file.metadata().map_err(|err| io_error(err, "the file cannot be opened", path))?;
    Ok((file, metadata.len()))
}

fn changed(path: &Path, expected: u64, found: u64) -> Error {
    Error::new(ErrorKind::IntegrityMismatch, "the file changed its size since it was described")
        .with_context("path", path.display())
        .with_context("expected_bytes", expected)
        .with_context("found_bytes", found)
}

#[async_trait]
impl Content for FileContent {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    async fn open(&self, offset: u64) -> Result<Box<dyn ContentReader>> {
        let (path, size_bytes) = (self.path.clone(), self.size_bytes);
        let offset = offset.min(size_bytes);
        let source = blocking::run(move || {
            let (mut file, found) = open(&path)?;
            if found != size_bytes {
                return Err(changed(&path, size_bytes, found));
            }
            file.seek(SeekFrom::Start(offset))
                .map_err(|err| io_error(err, "the file cannot be read", &path))?;
            Ok(Source { file, path, at: offset, size_bytes })
        })
        .await?;
        let mut reader =
            FileReader { ready: Vec::new(), at: 0, ahead: None, is_over: false, spare: Vec::new() };
        reader.read_ahead(source);
        Ok(Box::new(reader))
    }
}

struct Source {
    file: File,
    path: Arc<Path>,
    at: u64,
    size_bytes: u64,
}

impl Source {
    /// Fills `piece` with the next bytes, none at the end.
    fn next(&mut self, piece: &mut Vec<u8>) -> Result<()> {
        let wanted = usize::try_from(self.size_bytes - self.at).unwrap_or(usize::MAX).min(PIECE_BYTES);
        piece.resize(wanted, 0);
        let mut filled = 0;
        while let Some(rest) = piece.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read(rest) {
                Ok(0) => return Err(changed(&self.path, self.size_bytes, self.at + filled as u64)),
                Ok(count) => filled += count,
                Err(err) if err.kind() == IoErrorKind::Interrupted => {}
                Err(err) => return Err(io_error(err, "the file cannot be read", &self.path)),
            }
        }
        self.at += filled as u64;
        if self.at == self.size_bytes && filled > 0 {
            // Bytes behind the end would be left out without a word.
            let found =
                self.file.metadata().map_err(|err| io_error(err, "the file cannot be read", &self.path))?;
            if found.len() != self.size_bytes {
                return Err(changed(&self.path, self.size_bytes, found.len()));
            }
        }
        Ok(())
    }
}

type Ahead = JoinHandle<(Source, Vec<u8>, Result<()>)>;

struct FileReader {
    ready: Vec<u8>,
    at: usize,
    /// The piece that is being read.
    ahead: Option<Ahead>,
    /// Whether the last piece was read; without it, no piece ahead means that reading failed.
    is_over: bool,
    spare: Vec<u8>,
}

impl FileReader {
    fn read_ahead(&mut self, mut source: Source) {
        let mut piece = std::mem::take(&mut self.spare);
        self.ahead = Some(tokio::task::spawn_blocking(move || {
            let result = source.next(&mut piece);
            (source, piece, result)
        }));
    }
}

#[async_trait]
impl ContentReader for FileReader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.at == self.ready.len() && !buffer.is_empty() {
            let Some(ahead) = &mut self.ahead else {
                let failed = || Error::new(ErrorKind::Unavailable, "reading the file failed before");
                return if self.is_over { Ok(0) } else { Err(failed()) };
            };
            // The handle stays in place until it is done: a dropped read loses nothing.
            let joined = ahead.await;
            self.ahead = None;
            let (source, piece, result) = joined.map_err(join_error)?;
            result?;
            self.spare = std::mem::replace(&mut self.ready, piece);
            self.at = 0;
            self.is_over = source.at == source.size_bytes;
            if !self.is_over {
                self.read_ahead(source);
            }
        }
        let rest = self.ready.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}
