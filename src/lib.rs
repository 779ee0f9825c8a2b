//! Facade.
pub use lore_core::{
    AssetId, Cid, Clock, ContentHash, Error, ErrorKind, Result, Share, SystemClock, Timestamp, Wei,
    content::unixfs::{Fingerprint, Importer, Profile},
};
