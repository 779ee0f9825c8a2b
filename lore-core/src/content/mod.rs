//! Content and its names: [`Cid`], [`ContentHash`], [`MediaType`], the readable [`Content`] itself, and the
//! UnixFS importer that computes a CID from a stream.

mod cid;
mod hash;
mod locks;
mod media_type;
mod source;
pub mod unixfs;

pub use self::{
    cid::Cid,
    hash::ContentHash,
    locks::{CidGuard, CidLocks},
    media_type::MediaType,
    source::{BytesContent, Content, ContentReader, read_all},
};
