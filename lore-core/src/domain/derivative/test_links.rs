//! Numbered works and the links between them.

use crate::{
    domain::asset::{ParentLink, Relationship},
    ids::AssetId,
    onchain::Share,
};

pub(super) fn id(number: u32) -> AssetId {
    AssetId::from_bytes(u128::from(number).to_be_bytes())
}

pub(super) fn number(id: AssetId) -> u32 {
    u32::try_from(u128::from_be_bytes(id.to_bytes())).unwrap()
}

pub(super) fn link(child: u32, parent: u32, position: u8) -> ParentLink {
    ParentLink::new(id(child), id(parent), position, Relationship::Remix, Share::FULL)
}
