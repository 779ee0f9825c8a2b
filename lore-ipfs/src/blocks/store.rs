//! [`BlockStore`] as a [`PinStore`].

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::future::join3;
use lore_core::{
    Cid, Error, ErrorKind, Result,
    content::{
        CidLocks, ContentHasher, ContentReader,
        unixfs::{BlockImporter, Fingerprint, Profile},
    },
    port::pins::{PinRequest, PinStore, Pinned},
};
use serde::Serialize;

use super::{
    BlockStats, BlockStoreConfig, GarbageReport,
    directory::{Directory, DirectoryLock, canonical},
    garbage,
    writer::BlockWriter,
};
use crate::{
    blocking,
    verify::{BlockSource, VerifiedReader},
};

/// Bytes that are read, hashed and written at a time: a multiple of every chunk size, so that chunks are not copied.
/// Two such pieces are held per pin.
const PIECE_BYTES: usize = 2 * 1024 * 1024;

/// A pin store in a directory. Clones share it.
///
/// See the [module](super) for the format and what survives what.
#[derive(Clone, Debug)]
pub struct BlockStore {
    directory: Arc<Directory>,
    config: Arc<BlockStoreConfig>,
    in_flight: CidLocks,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    uploads: AtomicU64,
    blocks_written: AtomicU64,
}

impl BlockStore {
    /// Opens the store, or makes it. Removes what killed processes left half written, unless another process is pinning.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the directory is of a newer layout (naming both) or holds something else;
    /// [`ErrorKind::PermissionDenied`] if it cannot be written; [`ErrorKind::InvalidInput`] if the path is no directory;
    /// [`ErrorKind::Unavailable`] for a full or failing disk.
    pub async fn open(config: BlockStoreConfig) -> Result<Self> {
        let root = config.directory.clone();
        let directory =
            blocking::run(move || Directory::open(root)).await.map_err(|err| err.with_op("open"))?;
        Ok(Self {
            directory: Arc::new(directory),
            config: Arc::new(config),
            in_flight: CidLocks::new(),
            counters: Arc::default(),
        })
    }

    /// Where the store is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.config.directory
    }

    /// Counts what is there. Takes time in proportion to the number of blocks.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] and [`ErrorKind::PermissionDenied`].
    pub async fn stats(&self) -> Result<BlockStats> {
        let directory = self.directory.clone();
        let found =
            blocking::run(move || garbage::count(&directory)).await.map_err(|err| err.with_op("stats"))?;
        Ok(BlockStats {
            uploads: self.counters.uploads.load(Ordering::Relaxed),
            blocks_written: self.counters.blocks_written.load(Ordering::Relaxed),
            ..found
        })
    }

    /// Removes every block that no pin reaches. Never waits for pins: where any is at work, here or in another process,
    /// nothing is done. Pins that begin meanwhile wait for the end.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`], to be tried again later, while content is being pinned;
    /// [`ErrorKind::IntegrityMismatch`], with nothing removed, if a node of pinned content is damaged or missing, with its
    /// CID and the pin's.
    ///
    /// # Cancellation
    /// Once begun it runs to its end, also if the future is dropped.
    pub async fn collect_garbage(&self) -> Result<GarbageReport> {
        let directory = self.directory.clone();
        blocking::run(move || garbage::collect(&directory))
            .await
            .map_err(|err| err.with_op("collect_garbage"))
    }

    async fn pin_content(&self, request: PinRequest<'_>) -> Result<Pinned> {
        request.check(self.config.profile, self.config.max_bytes)?;
        let cid = request.expected.cid;
        let _one_at_a_time = self.in_flight.lock(&canonical(&cid)).await;
        let Some(lock) = self.begin(cid).await? else {
            return Ok(Pinned::new(cid, false));
        };
        let writer = BlockWriter::new(self.directory.clone(), Arc::new(lock));
        let import = Import { importer: BlockImporter::new(self.config.profile), writer };
        let (import, hasher) = import.take_in(request).await?;
        let pin =
            Pin { directory: self.directory.clone(), expected: *request.expected, note: note(&request)? };
        let counters = self.counters.clone();
        let uploaded = blocking::run(move || pin.finish(import, hasher, &counters)).await?;
        Ok(Pinned::new(cid, uploaded))
    }

    /// A lock that keeps garbage collection out, or `None` if the content is pinned already.
    async fn begin(&self, cid: Cid) -> Result<Option<DirectoryLock>> {
        let directory = self.directory.clone();
        blocking::run(move || {
            let lock = directory.lock_shared()?;
            if directory.is_pinned(&cid)? {
                // Who made the pin may have been killed before it was durable; this answer says that it is.
                directory.sync_pins_of(&cid)?;
                return Ok(None);
            }
            Ok(Some(lock))
        })
        .await
    }

    async fn open_pinned(&self, cid: &Cid) -> Result<Box<dyn ContentReader>> {
        if self.find(cid).await?.is_none() {
            return Err(Error::new(ErrorKind::NotFound, "the content is not pinned").with_context("cid", cid));
        }
        match VerifiedReader::open(LocalBlocks(self.directory.clone()), *cid).await {
            Ok(reader) => Ok(Box::new(reader)),
            Err(err) if err.kind() == ErrorKind::NotFound => {
                Err(Error::new(ErrorKind::IntegrityMismatch, "the first block of pinned content is missing")
                    .with_context("cid", cid)
                    .with_source(err))
            }
            Err(err) => Err(err),
        }
    }
}

/// An import under way.
struct Import {
    importer: BlockImporter,
    writer: BlockWriter,
}

impl Import {
    /// Reads all content. While one piece is hashed as content on one thread, and as blocks that are written on another,
    /// the next piece is read.
    async fn take_in(mut self, request: PinRequest<'_>) -> Result<(Self, ContentHasher)> {
        let size_bytes = request.expected.size_bytes;
        // One byte more than small content has, so that a surplus shows in the first piece.
        let piece_bytes =
            usize::try_from(size_bytes.saturating_add(1)).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let mut reader = request.content.open(0).await?;
        let mut hasher = ContentHasher::new();
        let mut piece = fill(reader.as_mut(), Vec::new(), piece_bytes).await?;
        let mut spare = Vec::new();
        let mut taken = 0;
        while !piece.is_empty() {
            taken += piece.len() as u64;
            if taken > size_bytes {
                return Err(Error::new(ErrorKind::IntegrityMismatch, "the content is longer than expected")
                    .with_context("expected_bytes", size_bytes)
                    .with_context("found_bytes", format_args!("{taken} or more")));
            }
            let shared = Arc::new(piece);
            let (for_hash, for_blocks) = (shared.clone(), shared.clone());
            let (hashed, written, next) = join3(
                blocking::run(move || {
                    hasher.update(&for_hash);
                    Ok(hasher)
                }),
                blocking::run(move || {
                    self.importer.update(&for_blocks, &mut self.writer)?;
                    Ok(self)
                }),
                fill(reader.as_mut(), spare, piece_bytes),
            )
            .await;
            (hasher, self, piece) = (hashed?, written?, next?);
            // Both threads are done with it, so this is the only owner.
            spare = Arc::into_inner(shared).unwrap_or_default();
        }
        Ok((self, hasher))
    }
}

/// Reads until `buffer` has `size` bytes or the content is over.
async fn fill(reader: &mut dyn ContentReader, mut buffer: Vec<u8>, size: usize) -> Result<Vec<u8>> {
    buffer.resize(size, 0);
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest).await? {
            0 => break,
            count => filled += count,
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

/// The last act of a pin.
struct Pin {
    directory: Arc<Directory>,
    expected: Fingerprint,
    note: Vec<u8>,
}

impl Pin {
    /// Verifies, makes the blocks durable, then the pin. Returns whether the pin is new.
    fn finish(self, import: Import, hasher: ContentHasher, counters: &Counters) -> Result<bool> {
        let Import { importer, mut writer } = import;
        let found = importer.finish(hasher.finish(), &mut writer)?;
        self.expected.verify(&found)?;
        let lock = writer.lock();
        let written = writer.finish()?;
        counters.blocks_written.fetch_add(written, Ordering::Relaxed);
        let is_new = self.directory.create_pin(&self.expected.cid, &self.note)?;
        counters.uploads.fetch_add(u64::from(is_new), Ordering::Relaxed);
        drop(lock);
        Ok(is_new)
    }
}

/// What is written into a pin for people who look at it. Nothing reads it.
fn note(request: &PinRequest<'_>) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Note<'a> {
        name: &'a str,
        content: &'a Fingerprint,
    }
    serde_json::to_vec(&Note { name: request.name, content: request.expected }).map_err(|err| {
        Error::new(ErrorKind::Unexpected, "the note of a pin cannot be written").with_source(err)
    })
}

/// The blocks of the directory, as they are.
#[derive(Debug)]
struct LocalBlocks(Arc<Directory>);

#[async_trait]
impl BlockSource for LocalBlocks {
    async fn block(&self, cid: &Cid, into: &mut Vec<u8>) -> Result<()> {
        let (directory, cid, mut block) = (self.0.clone(), *cid, std::mem::take(into));
        *into = blocking::run(move || directory.read_block(&cid, &mut block).map(|()| block)).await?;
        Ok(())
    }
}

#[async_trait]
impl PinStore for BlockStore {
    fn name(&self) -> &'static str {
        "blocks"
    }

    fn profile(&self) -> Profile {
        self.config.profile
    }

    fn max_bytes(&self) -> u64 {
        self.config.max_bytes
    }

    async fn find(&self, cid: &Cid) -> Result<Option<Pinned>> {
        let (directory, cid) = (self.directory.clone(), *cid);
        let is_pinned =
            blocking::run(move || directory.is_pinned(&cid)).await.map_err(|err| err.with_op("find"))?;
        Ok(is_pinned.then(|| Pinned::new(cid, false)))
    }

    async fn pin(&self, request: PinRequest<'_>) -> Result<Pinned> {
        self.pin_content(request).await.map_err(|err| err.with_op("pin"))
    }

    async fn fetch(&self, cid: &Cid) -> Result<Box<dyn ContentReader>> {
        self.open_pinned(cid).await.map_err(|err| err.with_op("fetch"))
    }

    async fn unpin(&self, cid: &Cid) -> Result<()> {
        let (directory, cid) = (self.directory.clone(), *cid);
        blocking::run(move || directory.remove_pin(&cid)).await.map_err(|err| err.with_op("unpin"))
    }
}
