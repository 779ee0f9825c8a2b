#![doc = include_str!("../README.md")]

mod clock;
mod content;
mod error;
mod memory;
mod shares;
mod value;

pub use self::{
    clock::{new_asset_id, now, sleep},
    content::{Fingerprinter, fingerprint, parse_cid},
    memory::{MemoryLore, commercial_remix},
    shares::{check_shares, format_share, parse_share, share_of},
};
