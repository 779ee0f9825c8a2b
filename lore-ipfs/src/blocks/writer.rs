//! [`BlockWriter`]: takes the blocks of an import and makes them durable, in groups.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
    sync::Arc,
};

use lore_core::{Cid, Result, content::unixfs::BlockSink};

use super::directory::{
    Directory, DirectoryLock, Part, canonical, holds, remove, rename, sync_dir, sync_file,
};

/// Largest group: blocks, and bytes.
const GROUP_BLOCKS: usize = 64;
const GROUP_BYTES: usize = 16 * 1024 * 1024;

/// Writes the blocks of one import. Blocks come into their place group by group; content of one group comes into its
/// place only with [`finish`](Self::finish), so that refused content of ordinary size leaves nothing.
#[derive(Debug)]
pub(super) struct BlockWriter {
    directory: Arc<Directory>,
    /// Keeps garbage collection out as long as there are blocks that no pin reaches yet.
    lock: Arc<DirectoryLock>,
    group: Vec<Pending>,
    group_bytes: usize,
    group_cids: HashSet<Cid>,
    /// Directories that hold blocks of this import, those of others' making among them.
    shards: BTreeSet<PathBuf>,
    blocks_written: u64,
}

#[derive(Debug)]
struct Pending {
    temp: PathBuf,
    target: PathBuf,
}

impl BlockWriter {
    pub(super) fn new(directory: Arc<Directory>, lock: Arc<DirectoryLock>) -> Self {
        Self {
            directory,
            lock,
            group: Vec::new(),
            group_bytes: 0,
            group_cids: HashSet::new(),
            shards: BTreeSet::new(),
            blocks_written: 0,
        }
    }

    /// The lock under which the blocks are safe, for who must hold it beyond [`finish`](Self::finish).
    pub(super) fn lock(&self) -> Arc<DirectoryLock> {
        self.lock.clone()
    }

    /// Puts everything in its place, durably. Returns how many blocks were not there before.
    pub(super) fn finish(mut self) -> Result<u64> {
        self.place_group()?;
        for shard in &self.shards {
            sync_dir(shard)?;
        }
        Ok(self.blocks_written)
    }

    fn place_group(&mut self) -> Result<()> {
        for pending in &self.group {
            sync_file(&pending.temp)?;
        }
        // Whole before visible: a file gets its name only when its bytes are durable.
        for pending in &self.group {
            rename(&pending.temp, &pending.target)?;
            self.blocks_written += 1;
        }
        self.group.clear();
        self.group_cids.clear();
        self.group_bytes = 0;
        Ok(())
    }
}

impl BlockSink for BlockWriter {
    fn block(&mut self, cid: &Cid, bytes: &[u8]) -> Result<()> {
        let cid = canonical(cid);
        if self.group_cids.contains(&cid) {
            return Ok(());
        }
        let target = self.directory.path(Part::Blocks, &cid);
        // A block of somebody else's may not be durable yet, so its directory is synced as well.
        self.shards.insert(self.directory.shard_path(Part::Blocks, &cid));
        if holds(&target, bytes)? {
            return Ok(());
        }
        let temp = self.directory.write_temp(bytes)?;
        self.group.push(Pending { temp, target });
        self.group_cids.insert(cid);
        self.group_bytes += bytes.len();
        if self.group.len() >= GROUP_BLOCKS || self.group_bytes >= GROUP_BYTES {
            self.place_group()?;
        }
        Ok(())
    }
}

impl Drop for BlockWriter {
    /// Removes what did not come into its place.
    fn drop(&mut self) {
        for pending in &self.group {
            // What cannot be removed now goes when the directory is opened or collected.
            remove(&pending.temp).ok();
        }
    }
}
