//! UnixFS: how a file becomes blocks, and so gets its CID, and how blocks become a file again.
//!
//! The same bytes get different CIDs under different [`Profile`]s (IPIP-0499); a file of one raw chunk is the exception:
//! its CID is its SHA-256. The [`Importer`] cuts and hashes a stream in one pass, the [`FileWalk`] goes the other way and
//! trusts nothing. Both hold one block and one path through the tree, whatever the size of the file. This module hashes,
//! encodes and decodes; reading files and keeping blocks is the adapters' work.

mod import;
mod node;
mod profile;
mod walk;

pub use self::{
    import::{BlockImporter, BlockSink, Importer, fingerprint, fingerprint_bytes},
    node::{FileLink, FileNode, MAX_BLOCK_BYTES},
    profile::{Fingerprint, Profile},
    walk::FileWalk,
};
