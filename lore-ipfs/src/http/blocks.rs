//! [`BlockReader`]: a file read block by block from a source that nobody has to trust.

use async_trait::async_trait;
use lore_core::{
    Cid, Result,
    content::{ContentReader, unixfs::FileWalk},
};

/// Gives single blocks. Their bytes may be anything: the reader verifies them.
#[async_trait]
pub(crate) trait BlockSource: Send + Sync + 'static {
    /// # Errors
    /// What the service answers.
    async fn block(&self, cid: &Cid) -> Result<Vec<u8>>;
}

/// Reads a file. Every block is checked against its CID before a byte of it is given out; one block is held at a time.
///
/// After an error the read may be repeated: the block that failed is asked for again.
pub(crate) struct BlockReader<S> {
    source: S,
    walk: FileWalk,
    piece: Vec<u8>,
    at: usize,
}

impl<S: BlockSource> BlockReader<S> {
    /// Opens the file and reads its root, so that content that is not there fails here.
    ///
    /// # Errors
    /// What the source returns; [`ErrorKind::IntegrityMismatch`](lore_core::ErrorKind::IntegrityMismatch) for a root
    /// that is not what its CID says.
    pub(crate) async fn open(source: S, root: &Cid) -> Result<Self> {
        let mut reader = Self { source, walk: FileWalk::new(*root), piece: Vec::new(), at: 0 };
        reader.next_block().await?;
        Ok(reader)
    }

    /// Whether there was a block left to read.
    async fn next_block(&mut self) -> Result<bool> {
        let Some(cid) = self.walk.wanted().copied() else {
            return Ok(false);
        };
        let block = self.source.block(&cid).await?;
        self.piece = self.walk.take(&block)?.to_vec();
        self.at = 0;
        Ok(true)
    }
}

#[async_trait]
impl<S: BlockSource> ContentReader for BlockReader<S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.at == self.piece.len() && !buffer.is_empty() {
            if !self.next_block().await? {
                return Ok(0);
            }
        }
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}
