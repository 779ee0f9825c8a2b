//! Groups: registering, members, joining, rewards.

mod distribute;
mod join;
mod license;
mod members;
mod refusals;
mod register;
mod rewards;
mod transfer;

pub use self::{
    distribute::{CollectAndDistribute, Distribution},
    join::{GroupedIp, Joining, MintRegisterAndAddToGroup, RegisterNftAndAddToGroup},
    license::GroupLicense,
    members::{MembersChanged, RemoveGroupMembers},
    register::{RegisterGroup, RegisterGroupWithLicense, RegisterGroupWithLicenseAndMembers},
    rewards::{ClaimReward, ClaimedReward, CollectRoyalties, CollectedRoyalties},
    transfer::{GroupTransfer, TransferGroupRevenue},
};
pub(crate) use self::{
    distribute::{vault_fees, without_vault},
    transfer::transfer_call,
};
