//! [`LicensingConfig`]: what a licensor changes about attached terms.

use serde::{Deserialize, Serialize};

use crate::onchain::{Address, Wei};

/// A licensor's changes to attached terms, field by field as `LicensingConfig` of the contracts v1.3.2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LicensingConfig {
    /// Whether anything below counts.
    pub is_set: bool,
    /// Price of a license token, instead of the terms' own.
    pub minting_fee: Wei,
    /// Contract that is asked about every license; zero for none.
    pub licensing_hook: Address,
    /// Data for that contract.
    pub hook_data: Vec<u8>,
    /// Revenue share in millionths of a percent, instead of the terms' own; 0 for the terms' own.
    pub commercial_rev_share: u32,
    /// Whether no license is given any more.
    pub disabled: bool,
    /// Least share of a group's rewards, in millionths of a percent.
    pub expect_minimum_group_reward_share: u32,
    /// The only reward pool whose groups may take the IP in.
    pub expect_group_reward_pool: Address,
}
