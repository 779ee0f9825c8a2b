//! [`Call`]: what a transaction on the simulated chain does, and [`Receipt`]: what came of it.

use serde::{Deserialize, Serialize};

use crate::{
    content::ContentHash,
    domain::{asset::Mined, license::PilTerms, royalty::RoyaltyPolicy},
    onchain::{Address, AssertionId, IpId, LicenseTermsId, TokenId, Wei},
    port::{
        chain::{OnChainDocument, RegisterIp},
        transactions::OperationKey,
    },
};

pub use crate::domain::license::LicensingConfig;

/// One entry of a batch of permissions, with the arguments of [`Call::SetPermission`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the arguments of the contract's function, by their names")]
pub struct Permission {
    pub ip: IpId,
    pub signer: Address,
    pub to: Address,
    pub func: [u8; 4],
    pub permission: u8,
}

/// A transaction on the simulated chain: one function of the real contracts each, with its arguments.
///
/// There is one license template, PIL, so it is never an argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the arguments of the contracts' functions, by their names")]
pub enum Call {
    /// Gives anybody simulated tokens: the faucet.
    Fund { token: Address, to: Address, amount: Wei },
    /// Lets `spender` take up to `amount` of the sender's tokens.
    Approve { token: Address, spender: Address, amount: Wei },
    /// Gives away tokens of the sender.
    Transfer { token: Address, to: Address, amount: Wei },
    /// Mints the next token of a collection. A collection exists from its first mint; anybody may mint.
    Mint { collection: Address, to: Address },
    /// Gives away a token of the sender.
    TransferNft { collection: Address, token_id: TokenId, to: Address },
    /// Registers a token as IP; registering again is no error and changes nothing.
    RegisterIp { collection: Address, token_id: TokenId },
    /// Mints, registers, sets metadata, and attaches or links if asked to: one transaction of the periphery's workflows.
    MintAndRegisterIp { collection: Address, request: Box<RegisterIp> },
    /// Sets an IP's metadata.
    SetMetadata { ip: IpId, ipa_metadata: OnChainDocument, nft_metadata_hash: ContentHash },
    /// Sets what `signer` may call on `to` for an IP account: 0 abstain, 1 allow, 2 deny.
    SetPermission { ip: IpId, signer: Address, to: Address, func: [u8; 4], permission: u8 },
    /// Sets several permissions, all or none.
    SetBatchPermissions { permissions: Vec<Permission> },
    /// Sets what `signer` may call on any module for an IP account, where nothing more specific is set.
    SetAllPermissions { ip: IpId, signer: Address, permission: u8 },
    /// Sets a permission for the rest of the transaction. The permanent ones of all IP accounts do not count from here on.
    SetTransientPermission { ip: IpId, signer: Address, to: Address, func: [u8; 4], permission: u8 },
    /// Sets several permissions for the rest of the transaction, all or none.
    SetBatchTransientPermissions { permissions: Vec<Permission> },
    /// Sets what `signer` may call on any module for the rest of the transaction.
    SetAllTransientPermissions { ip: IpId, signer: Address, permission: u8 },
    /// Runs calls as the IP account, which is their sender, in one transaction. The sender needs the permission for each.
    /// Returns what the last of them returned.
    ExecuteBatch { ip: IpId, calls: Vec<Call> },
    /// Registers license terms; known terms keep their id.
    RegisterLicenseTerms { terms: Box<PilTerms> },
    /// Attaches terms to an IP.
    AttachLicenseTerms { ip: IpId, terms_id: LicenseTermsId },
    /// Attaches the default terms to an IP.
    AttachDefaultLicenseTerms { ip: IpId },
    /// Changes the price, share or state of terms for one IP.
    SetLicensingConfig { ip: IpId, terms_id: LicenseTermsId, config: LicensingConfig },
    /// Mints license tokens; `max_minting_fee` and `max_revenue_share` of 0 are no limit.
    MintLicenseTokens {
        licensor: IpId,
        terms_id: LicenseTermsId,
        amount: u64,
        receiver: Address,
        max_minting_fee: Wei,
        max_revenue_share: u32,
    },
    /// Gives away a license token of the sender.
    TransferLicenseToken { token_id: TokenId, to: Address },
    /// Links a child to parents and pays for the licenses; limits of 0 are none.
    RegisterDerivative {
        child: IpId,
        parents: Vec<IpId>,
        terms_ids: Vec<LicenseTermsId>,
        max_minting_fee: Wei,
        max_revenue_share: u32,
    },
    /// Links a child by license tokens, which are burned.
    RegisterDerivativeWithLicenseTokens { child: IpId, token_ids: Vec<TokenId> },
    /// Approves a derivative, where terms ask for it; works only through the parent's IP account.
    ApproveDerivative {
        parent: IpId,
        terms_id: LicenseTermsId,
        child: IpId,
        approved: bool,
        through_account: bool,
    },
    /// Pays an IP.
    PayRoyalty { receiver: IpId, token: Address, amount: Wei },
    /// Moves what an ancestor is due of an IP's revenue to the ancestor's vault.
    TransferToVault { policy: RoyaltyPolicy, ip: IpId, ancestor: IpId, token: Address },
    /// Pays out what a holder of an IP's royalty tokens has earned.
    ClaimRevenue { ip: IpId, claimer: Address, token: Address },
    /// Gives away royalty tokens of an IP: the sender's own, or those of an IP account that the sender owns.
    TransferRoyaltyTokens { ip: IpId, from: Address, to: Address, amount: u32 },
    /// Raises a dispute against an IP, with a bond.
    RaiseDispute {
        target: IpId,
        evidence_hash: ContentHash,
        tag: String,
        liveness_seconds: u64,
        currency: Address,
        bond: Wei,
    },
    /// Counters a dispute with evidence, and the same bond. For two thirds of its time only the target's IP account may.
    DisputeAssertion { assertion_id: AssertionId, counter_evidence_hash: ContentHash },
    /// Stands for the oracle's answer to a countered dispute. Anybody may give it, for a simulated chain has no voters.
    AnswerAsOracle { dispute: u64, upheld: bool },
    /// Settles a dispute: one that nobody countered is upheld once its time is over, a countered one is as the oracle
    /// answered.
    SettleDispute { dispute: u64 },
    /// Asks to take a dispute back, which the arbitration policy never allows.
    CancelDispute { dispute: u64 },
    /// Takes back the tag of an upheld dispute.
    ResolveDispute { dispute: u64 },
    /// Passes the tag of an upheld dispute on, from a parent to its child or from a member to its group.
    TagIfRelatedIpInfringed { ip_to_tag: IpId, infringer_dispute: u64 },
    /// Chooses who arbitrates disputes against an IP, from seven days later.
    SetArbitrationPolicy { ip: IpId, next_arbitration_policy: Address },
    /// Registers a group.
    RegisterGroup { pool: Address },
    /// Adds members to a group.
    AddToGroup { group: IpId, members: Vec<IpId>, max_reward_share: u64 },
    /// Removes members from a group and pays out what they earned; refused once the group has licenses or derivatives.
    RemoveFromGroup { group: IpId, members: Vec<IpId> },
    /// Moves a group's revenue from its vault to its reward pool.
    CollectRoyalties { group: IpId, token: Address },
    /// Pays members their part of the reward pool, into their vaults.
    ClaimReward { group: IpId, token: Address, members: Vec<IpId> },
    /// Registers a group, attaches its license and configures it: one transaction of the periphery's workflows.
    RegisterGroupAndAttachLicense { pool: Address, terms_id: LicenseTermsId, config: LicensingConfig },
    /// Moves a group's revenue to its pool and pays members, those without a vault after a license that makes it: one
    /// transaction of the periphery's workflows. Returns what was moved.
    CollectRoyaltiesAndClaimReward { group: IpId, token: Address, members: Vec<IpId> },
    /// Makes a call under a key of the sender's. A key that was used is refused, so that one intention happens once.
    Once { key: OperationKey, call: Box<Call> },
}

/// What a transaction returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing but its effect.
    Done,
    /// A token was minted.
    Token(TokenId),
    /// An IP or group was registered, or was registered before.
    Ip(IpId),
    /// Terms were registered, or were known before.
    Terms(LicenseTermsId),
    /// License tokens were minted; this is the first, the others follow.
    LicenseTokens(TokenId),
    /// Money was moved.
    Amount(Wei),
    /// A dispute was raised, or a tag passed on as one.
    Dispute(u64),
}

/// A transaction that happened on the simulated chain. One that reverts leaves nothing, not even a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// Its hash, block and time; each transaction has a block of its own.
    pub mined: Mined,
    /// What it returned.
    pub outcome: Outcome,
}

impl Receipt {
    pub(super) const fn new(mined: Mined, outcome: Outcome) -> Self {
        Self { mined, outcome }
    }
}
