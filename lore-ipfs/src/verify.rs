//! Readers that verify bytes of others against a CID.
//!
//! [`VerifiedReader`] reads block by block and gives out nothing it has not verified: for stores that give blocks (a
//! directory, a node's RPC, a trustless gateway). [`ReimportedReader`] reads a plain stream (a gateway's ordinary answer),
//! which can be judged only as a whole: it keeps the last bytes back until the CID is proved, so that a reader who sees the
//! end has seen the right bytes.

use std::{fmt, ops::Range};

use async_trait::async_trait;
use lore_core::{
    Cid, Error, ErrorKind, Result,
    content::{
        ContentReader,
        unixfs::{FileWalk, Importer, Profile},
    },
};

/// Gives blocks by CID. Nobody trusts it: what it gives is verified.
#[async_trait]
pub trait BlockSource: Send + Sync + fmt::Debug + 'static {
    /// Replaces `into` with the bytes of a block, of which no more than
    /// [`MAX_BLOCK_BYTES`](lore_core::content::unixfs::MAX_BLOCK_BYTES) need be read.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the block is not there; what else keeps it from being read.
    async fn block(&self, cid: &Cid, into: &mut Vec<u8>) -> Result<()>;
}

/// Reads a file out of its blocks. Every byte it gives comes from a block that hashes to its CID, in a tree whose sizes
/// add up. Holds one block.
#[derive(Debug)]
pub struct VerifiedReader<S> {
    source: S,
    root: Cid,
    walk: FileWalk,
    block: Vec<u8>,
    /// The file's bytes in `block` that were not given yet.
    ready: Range<usize>,
}

impl<S: BlockSource> VerifiedReader<S> {
    /// Reads and verifies the root block.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the source does not have the root; [`ErrorKind::IntegrityMismatch`] if it gives another
    /// block; [`ErrorKind::Unsupported`] if the root is no file.
    pub async fn open(source: S, root: Cid) -> Result<Self> {
        let mut reader = Self { source, root, walk: FileWalk::new(root), block: Vec::new(), ready: 0..0 };
        reader.advance(&root).await?;
        Ok(reader)
    }

    /// The size of the file.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        // The root was taken when the reader was made.
        self.walk.file_bytes().unwrap_or_default()
    }

    async fn advance(&mut self, cid: &Cid) -> Result<()> {
        // Whatever happens now, the old bytes are gone.
        self.ready = 0..0;
        self.source.block(cid, &mut self.block).await.map_err(|err| self.missing(cid, err))?;
        self.ready = self.walk.take(&self.block)?;
        Ok(())
    }

    /// A missing root is content that is not there; any other missing block is damage.
    fn missing(&self, cid: &Cid, err: Error) -> Error {
        if err.kind() == ErrorKind::NotFound && *cid != self.root {
            Error::new(ErrorKind::IntegrityMismatch, "a block of the content is missing")
                .with_context("cid", cid)
                .with_context("root", self.root)
                .with_source(err)
        } else {
            err
        }
    }
}

#[async_trait]
impl<S: BlockSource> ContentReader for VerifiedReader<S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.ready.is_empty() && !buffer.is_empty() {
            let Some(cid) = self.walk.wanted().copied() else { return Ok(0) };
            self.advance(&cid).await?;
        }
        let rest = self.block.get(self.ready.clone()).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.ready.start += count;
        Ok(count)
    }
}

/// Passes a stream on while it computes what CID the stream has, and fails at its end if that is another one. The last
/// piece (up to 64 KiB) is given only after the check.
pub struct ReimportedReader {
    inner: Box<dyn ContentReader>,
    expected: Cid,
    state: State,
    /// What may be given, from `at` on.
    ready: Vec<u8>,
    at: usize,
    /// What may turn out to be the last piece.
    held: Vec<u8>,
    /// Where the next piece goes.
    next: Vec<u8>,
}

#[derive(Debug)]
enum State {
    Reading(Box<Importer>),
    Verified,
    Refused,
}

/// Bytes per piece, and so bytes that are held back.
const PIECE_BYTES: usize = 64 * 1024;

impl ReimportedReader {
    /// Verifies what comes out of `inner` against `expected`, which was computed under `profile`.
    #[must_use]
    pub fn new(inner: Box<dyn ContentReader>, profile: Profile, expected: Cid) -> Self {
        Self {
            inner,
            expected,
            state: State::Reading(Box::new(Importer::new(profile))),
            ready: Vec::new(),
            at: 0,
            held: Vec::new(),
            next: Vec::new(),
        }
    }

    /// Reads one piece more, and lets go of the one before it; at the end, verifies and lets go of the last one.
    async fn advance(&mut self) -> Result<()> {
        self.next.resize(PIECE_BYTES, 0);
        let count = self.inner.read(&mut self.next).await?;
        self.next.truncate(count);
        match std::mem::replace(&mut self.state, State::Refused) {
            State::Reading(mut importer) if count > 0 => {
                importer.update(&self.next, &mut ())?;
                self.state = State::Reading(importer);
            }
            State::Reading(importer) => {
                let found = importer.finish(&mut ())?;
                if found.cid != self.expected {
                    return Err(self
                        .refusal()
                        .with_context("found_cid", found.cid)
                        .with_context("bytes", found.size_bytes));
                }
                self.state = State::Verified;
            }
            State::Verified | State::Refused => return Err(self.refusal()),
        }
        // The freed buffer comes back as the next one.
        std::mem::swap(&mut self.ready, &mut self.held);
        std::mem::swap(&mut self.held, &mut self.next);
        self.at = 0;
        Ok(())
    }

    fn refusal(&self) -> Error {
        Error::new(ErrorKind::IntegrityMismatch, "the bytes do not have the CID that was asked for")
            .with_context("cid", self.expected)
    }
}

impl fmt::Debug for ReimportedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReimportedReader").field("expected", &self.expected).finish_non_exhaustive()
    }
}

#[async_trait]
impl ContentReader for ReimportedReader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.at == self.ready.len() && !buffer.is_empty() {
            match self.state {
                State::Reading(_) => self.advance().await?,
                State::Verified => return Ok(0),
                State::Refused => return Err(self.refusal()),
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
