//! Royalties in exact integers: what a link costs the child, and who earns what of a payment.
//!
//! The arithmetic is that of the protocol's contracts v1.3.2 and of the graph inside its node, division by division;
//! cases recorded on the real contracts check it. Everything here is generic over what names an IP: an
//! [`IpId`](crate::IpId), an [`AssetId`](crate::AssetId), or anything else that can be a key.
//!
//! Two policies exist. Under LAP every ancestor takes its percentage of all revenue below it, once per path, so
//! percentages add up over generations. Under LRP a percentage passes only from a child to its parent, so they
//! multiply.

mod ancestry;
mod preview;
mod stack;

pub use self::{
    ancestry::{RoyaltyError, RoyaltyLink, ancestor_shares},
    preview::{AncestorEarning, RoyaltyPreview, preview},
    stack::{RoyaltyPolicy, RoyaltyStack, check_license_share},
};
