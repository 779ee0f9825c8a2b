//! [`BlockStore`]: a pin store in a directory, with no server. The embedded default.
//!
//! # The directory
//! ```text
//! layout           "lore-blocks 1": format and version of everything here
//! lock             never written; its OS lock keeps garbage collection apart from pins
//! blocks/S/CID     one block, exactly its bytes
//! pins/S/CID       one pin; that it exists is the pin, what is in it is a note for people (JSON)
//! temp/            blocks that are being written
//! ```
//! `CID` is the block's CID in version 1 and base32, also for version 0 (the blocks are the same, and the old form does
//! not survive file systems that ignore case); `S` is its last letter but one, which makes 32 directories.
//!
//! # What holds at every instant, also after `kill -9` or a power cut
//! - A file under `blocks/` is whole. It is written under `temp/`, synced, then renamed. It is never written again: a block
//!   that exists is compared and left alone, unless it is damaged; then it is replaced.
//! - A pin exists only after every block of its content is durable, file and directory entry both. So content is pinned
//!   wholly or not at all, and what [`pin`](lore_core::port::pins::PinStore::pin) has answered survives a power cut.
//!   [`find`](lore_core::port::pins::PinStore::find) may already see a pin whose answer is still on its way.
//! - Blocks that no pin reaches (an import was cut off or refused; content was unpinned) do no harm, serve a later pin of
//!   the same bytes, and go with [`collect_garbage`](BlockStore::collect_garbage).
//!
//! # What a pin pays
//! One sync per new block, in groups; one per directory that has blocks of the content; one for the pin. Content of one
//! block: three.
//!
//! # Several processes
//! A pin holds the lock shared, garbage collection holds it alone. Any number of processes, and of stores in one process,
//! may use one directory. The file system must have working locks (network file systems may not).

mod config;
mod directory;
mod garbage;
mod store;
mod writer;

pub use self::{
    config::BlockStoreConfig,
    garbage::{BlockStats, GarbageReport},
    store::BlockStore,
};
