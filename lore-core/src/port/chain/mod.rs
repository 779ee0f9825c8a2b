//! The chain: registers, licenses and links IP assets, moves royalties, keeps groups, disputes and permissions.
//!
//! One narrow trait per subject; [`ChainClient`] is registration and licensing.

mod client;
mod dispute;
mod group;
mod permission;
mod plan;
mod royalty;
mod wallet;

pub use self::{
    client::{
        AttachedTerms, ChainClient, ChainInfo, DerivativeTerms, IpState, OnChainDocument, ParentState,
        ParentTerms, RegisterIp, RegisteredTerms, RegistrationKey, revenue_limit,
    },
    dispute::{
        CounterDispute, DisputeClient, DisputeLimits, DisputeRecord, DisputeStatus, DisputeTag, RaiseDispute,
        RaisedDispute,
    },
    group::{
        AddGroupMembers, DistributeRewards, GroupClient, GroupState, MemberReward, RegisterGroup,
        RegisteredGroup, RewardDistribution,
    },
    permission::{Permission, PermissionClient, PermissionLevel, PermissionScope},
    plan::{Cost, CostReason, Purpose, TransactionPlan, UnsignedTransaction},
    royalty::{
        ClaimRevenue, ClaimedRevenue, PayRoyalty, RevenueClaim, RevenueSource, RoyaltyClient, RoyaltyPayment,
        TransferToVault, VaultTransfer,
    },
    wallet::{SignatureKind, WalletVerifier},
};
