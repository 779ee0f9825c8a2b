//! Facade.
pub use lore_core::{
    Address, AssetId, Caller, Cid, Clock, ContentHash, Error, ErrorKind, Lore, MediaType, Result, Share, SystemClock,
    Timestamp, Wei,
    content::{
        BytesContent,
        unixfs::{self, Fingerprint, Profile},
    },
    creation::{Output, ParentInput},
    domain::{
        asset::{Asset, AssetText, AssetType, Creator},
        license::{Payment, PilTerms},
        page::{AssetQuery, CreationQuery},
    },
    memory::{chain::SimulatedChain, pins::MemoryPinStore, repository::MemoryRepository},
    progress::{Progress, ProgressStream},
    service::{CreateAsset, CreationView},
};
