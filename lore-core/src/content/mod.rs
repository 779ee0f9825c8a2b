//! Content and its names: [`Cid`], [`ContentHash`], [`MediaType`], the readable [`Content`] itself, and the
//! UnixFS code that turns a stream into blocks and blocks into a stream.

mod cid;
mod hash;
mod locks;
mod media_type;
mod source;
pub mod unixfs;

pub use self::{
    cid::Cid,
    hash::{ContentHash, ContentHasher},
    locks::{CidGuard, CidLocks},
    media_type::MediaType,
    source::{BytesContent, Content, ContentReader, read_all},
};
