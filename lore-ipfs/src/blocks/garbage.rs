//! Counting and collecting: what is in the directory, and what no pin reaches.

use std::{collections::HashSet, fs};

use lore_core::{Cid, ContentHash, Error, ErrorKind, Result, content::unixfs::FileNode};

use super::directory::{Directory, Part, canonical, remove, sync_dir};
use crate::io_error::io_error;

/// What is in a block store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockStats {
    /// Pins in the directory.
    pub pins: u64,
    /// Blocks in the directory, those that no pin reaches among them. No block is there twice.
    pub blocks: u64,
    /// Bytes of all blocks.
    pub bytes: u64,
    /// Pins that this instance made, each of which read its content.
    pub uploads: u64,
    /// Blocks that this instance wrote.
    pub blocks_written: u64,
}

/// What [`collect_garbage`](super::BlockStore::collect_garbage) did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GarbageReport {
    /// Blocks that a pin reaches.
    pub blocks_kept: u64,
    /// Blocks that no pin reached.
    pub blocks_removed: u64,
    /// Bytes of the removed blocks.
    pub bytes_removed: u64,
    /// Files that killed processes left half written.
    pub temps_removed: u64,
}

/// Counts pins, blocks and bytes.
pub(super) fn count(directory: &Directory) -> Result<BlockStats> {
    let mut stats = BlockStats { pins: directory.entries(Part::Pins)?.len() as u64, ..BlockStats::default() };
    for (path, _) in directory.entries(Part::Blocks)? {
        match fs::metadata(&path) {
            Ok(metadata) => {
                stats.blocks += 1;
                stats.bytes += metadata.len();
            }
            // Collected since the directory was listed.
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {}
            Err(err) => return Err(io_error(err, "a block cannot be read", &path)),
        }
    }
    Ok(stats)
}

/// Removes the blocks that no pin reaches.
pub(super) fn collect(directory: &Directory) -> Result<GarbageReport> {
    let Some(_alone) = directory.try_lock_alone()? else {
        return Err(Error::new(ErrorKind::Unavailable, "content is being pinned, so garbage cannot be told"));
    };
    // Everything is marked before anything is removed: damage found on the way costs no block.
    let reached = mark(directory)?;
    // An unpin must not be less durable than what it led to.
    for shard in directory.shards(Part::Pins) {
        sync_dir(&shard)?;
    }
    let mut report = GarbageReport { temps_removed: directory.remove_temps()?, ..GarbageReport::default() };
    for (path, cid) in directory.entries(Part::Blocks)? {
        if reached.contains(&key(&cid)) {
            report.blocks_kept += 1;
            continue;
        }
        let bytes = fs::metadata(&path).map_err(|err| io_error(err, "a block cannot be read", &path))?.len();
        remove(&path)?;
        report.blocks_removed += 1;
        report.bytes_removed += bytes;
    }
    Ok(report)
}

/// A CID in a third of its size: there may be millions.
type Key = (bool, [u8; 32]);

fn key(cid: &Cid) -> Key {
    (cid.is_raw(), cid.digest())
}

fn mark(directory: &Directory) -> Result<HashSet<Key>> {
    let mut reached = HashSet::new();
    let mut open = Vec::new();
    let mut block = Vec::new();
    for (_, root) in directory.entries(Part::Pins)? {
        open.push(root);
        while let Some(cid) = open.pop() {
            // Raw blocks lead nowhere, so they are not read.
            if !reached.insert(key(&cid)) || cid.is_raw() {
                continue;
            }
            read_node(directory, &cid, &mut block)
                .and_then(|()| FileNode::decode(&block))
                .map(|node| open.extend(node.links.iter().map(|link| canonical(&link.cid))))
                .map_err(|err| err.with_context("node", cid).with_context("root", root))?;
        }
    }
    Ok(reached)
}

/// Reads and verifies a node. Links of a damaged node would lead to other blocks than those to keep.
fn read_node(directory: &Directory, cid: &Cid, block: &mut Vec<u8>) -> Result<()> {
    directory.read_block(cid, block).map_err(|err| match err.kind() {
        ErrorKind::NotFound => {
            Error::new(ErrorKind::IntegrityMismatch, "a block of pinned content is missing").with_source(err)
        }
        _ => err,
    })?;
    if ContentHash::of(block).as_bytes() == &cid.digest() {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::IntegrityMismatch, "a block of pinned content is damaged"))
    }
}
