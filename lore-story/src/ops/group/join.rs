//! Registering an IP, licensing it and taking it into a group, in one transaction.

use alloy::primitives::U256;
use async_trait::async_trait;
use lore_core::{
    Address, IpId, Result, Share, TokenId, Violations, domain::asset::Mined, port::transactions::OperationKey,
};

use super::license::GroupLicense;
use crate::{
    addresses::Addresses,
    contracts::{
        group::GroupingModule,
        licensing::{GroupingWorkflows, LicenseData},
        registry::IpAssetRegistry,
    },
    convert,
    eip712::{SignedCall, Workflow},
    operation::{Draft, Operation},
    ops::{
        answers::Questions,
        arguments::{ExistingNft, NewNft},
        authorization::{self, Authorization, AuthorizationRequest},
        costs::collection_mint_fee,
        minted_token,
    },
    receipt::Receipt,
    view::View,
};

/// An IP that was registered and taken into a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupedIp {
    /// The IP.
    pub ip_id: IpId,
    /// The contract of its token.
    pub token_contract: Address,
    /// Its token.
    pub token_id: TokenId,
    /// The group.
    pub group: IpId,
    /// The transaction; `None` if it was in the group before.
    pub mined: Option<Mined>,
}

/// How an IP joins a group of the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joining {
    /// The group, which the sender owns.
    pub group: IpId,
    /// The IP's licenses; one of them the group's, with a config that names its reward pool.
    pub licenses: Vec<GroupLicense>,
    /// Most of the rewards that the IP may ask for.
    pub max_reward_share: Share,
    /// What the group owner's wallet signed; `None` if the client signs for it.
    pub authorization: Option<Authorization>,
}

impl Joining {
    /// Joins under these licenses, whatever the IP asks for.
    #[must_use]
    pub const fn new(group: IpId, licenses: Vec<GroupLicense>) -> Self {
        Self { group, licenses, max_reward_share: Share::FULL, authorization: None }
    }

    fn check(&self, violations: &mut Violations) {
        let none = self.licenses.is_empty();
        violations.require(!none, "joining.licenses", "too_few", "at least the group's own");
        for (index, license) in self.licenses.iter().enumerate() {
            license.check(&format!("joining.licenses[{index}]"), violations);
        }
    }

    fn licenses(&self, addresses: &Addresses) -> Vec<LicenseData> {
        self.licenses.iter().map(|license| license.to_sol(addresses)).collect()
    }

    fn max_share(&self) -> U256 {
        U256::from(self.max_reward_share.millionths())
    }

    /// What the group's owner signs: that the workflow may add a member.
    fn signed_call(&self, addresses: &Addresses) -> SignedCall {
        Workflow::AddToGroup.permit(self.group, addresses)
    }
}

/// Mints a token in a collection, registers it, attaches licenses and takes it into a group of the sender.
///
/// The hash of the NFT metadata names it: it is minted once, unless duplicates are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MintRegisterAndAddToGroup {
    /// The token.
    pub nft: NewNft,
    /// How it joins.
    pub joining: Joining,
}

impl MintRegisterAndAddToGroup {
    /// Mints this token into that group.
    #[must_use]
    pub const fn new(nft: NewNft, joining: Joining) -> Self {
        Self { nft, joining }
    }

    /// What the sender's wallet has to sign for the group.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable) if the node does not answer.
    pub async fn group_authorization_request(&self, view: &View<'_>) -> Result<AuthorizationRequest> {
        authorization::request(view, &self.joining.signed_call(view.addresses())).await
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for MintRegisterAndAddToGroup {
    type Output = GroupedIp;

    fn name(&self) -> &'static str {
        "mint_register_and_add_to_group"
    }

    fn key(&self) -> Option<OperationKey> {
        let hash = self.nft.unique_hash()?;
        let (collection, group) = (self.nft.collection, self.joining.group);
        OperationKey::new(format!("join_group/{collection}/{hash}/{group}")).ok()
    }

    fn check(&self, violations: &mut Violations) {
        self.nft.check(violations);
        self.joining.check(violations);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<GroupedIp>> {
        let Some(hash) = self.nft.unique_hash() else { return Ok(None) };
        let (collection, recipient) = (self.nft.collection, self.nft.recipient);
        let Some(token_id) = minted_token(view, collection, hash, recipient).await? else { return Ok(None) };
        in_group(view, self.nft.collection, token_id, &self.joining.group).await
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let (addresses, joining) = (view.addresses(), &self.joining);
        let cost = collection_mint_fee(view, self.nft.collection).await?;
        let signed_call = joining.signed_call(addresses);
        let signature = authorization::signature(view, &signed_call, joining.authorization.as_ref()).await?;
        let call = GroupingWorkflows::mintAndRegisterIpAndAttachLicenseAndAddToGroupCall {
            spgNftContract: convert::evm_address(self.nft.collection),
            groupId: convert::evm_ip(joining.group),
            recipient: convert::evm_address(self.nft.recipient),
            maxAllowedRewardShare: joining.max_share(),
            licensesData: joining.licenses(addresses),
            ipMetadata: self.nft.metadata.to_sol(),
            sigAddToGroup: signature,
            allowDuplicates: self.nft.allow_duplicates,
        };
        let summary = format!(
            "mints a token in collection {} for {}, registers it as IP and takes it into group {}",
            self.nft.collection, self.nft.recipient, joining.group
        );
        Ok(Draft::new(addresses.grouping_workflows, &call, summary).with_cost(cost))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<GroupedIp> {
        let registered = receipt
            .events::<IpAssetRegistry::IPRegistered>(addresses.ip_asset_registry)
            .find(|event| convert::from_evm_address(event.tokenContract) == self.nft.collection)
            .ok_or_else(|| receipt.missing("IPRegistered", addresses.ip_asset_registry))?;
        Ok(GroupedIp {
            ip_id: convert::from_evm_ip(registered.ipId),
            token_contract: self.nft.collection,
            token_id: convert::token_id(registered.tokenId),
            group: self.joining.group,
            mined: Some(receipt.mined()),
        })
    }
}

/// Registers a token of the sender with metadata, attaches licenses and takes it into a group of the sender.
///
/// Two accounts are acted for: the IP's, by [`ExistingNft::authorization`], and the group's, by
/// [`Joining::authorization`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterNftAndAddToGroup {
    /// The token.
    pub nft: ExistingNft,
    /// How it joins.
    pub joining: Joining,
}

impl RegisterNftAndAddToGroup {
    /// Registers this token into that group.
    #[must_use]
    pub const fn new(nft: ExistingNft, joining: Joining) -> Self {
        Self { nft, joining }
    }

    /// What the sender's wallet has to sign for the group.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable) if the node does not answer.
    pub async fn group_authorization_request(&self, view: &View<'_>) -> Result<AuthorizationRequest> {
        authorization::request(view, &self.joining.signed_call(view.addresses())).await
    }

    /// What the sender's wallet has to sign for the token's IP.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable) if the node does not answer.
    pub async fn authorization_request(&self, view: &View<'_>) -> Result<AuthorizationRequest> {
        authorization::request(view, &self.signed_call(view)).await
    }

    /// What the IP's owner signs: that the workflow may set metadata, attach licenses and configure them.
    fn signed_call(&self, view: &View<'_>) -> SignedCall {
        let account = view.ip_id(self.nft.contract, self.nft.token_id);
        Workflow::RegisterIpForGroup.permit(account, view.addresses())
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for RegisterNftAndAddToGroup {
    type Output = GroupedIp;

    fn name(&self) -> &'static str {
        "register_nft_and_add_to_group"
    }

    fn key(&self) -> Option<OperationKey> {
        let (contract, token, group) = (self.nft.contract, self.nft.token_id, self.joining.group);
        OperationKey::new(format!("join_group/{contract}/{token}/{group}")).ok()
    }

    fn check(&self, violations: &mut Violations) {
        self.nft.check(violations);
        self.joining.check(violations);
    }

    async fn existing(&self, view: &View<'_>) -> Result<Option<GroupedIp>> {
        in_group(view, self.nft.contract, self.nft.token_id, &self.joining.group).await
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let (addresses, joining) = (view.addresses(), &self.joining);
        let ip_call = self.signed_call(view);
        let ip_signature = authorization::signature(view, &ip_call, self.nft.authorization.as_ref()).await?;
        let group_call = joining.signed_call(addresses);
        let group_signature =
            authorization::signature(view, &group_call, joining.authorization.as_ref()).await?;
        let call = GroupingWorkflows::registerIpAndAttachLicenseAndAddToGroupCall {
            nftContract: convert::evm_address(self.nft.contract),
            tokenId: convert::u256_of_token(self.nft.token_id),
            groupId: convert::evm_ip(joining.group),
            maxAllowedRewardShare: joining.max_share(),
            licensesData: joining.licenses(addresses),
            ipMetadata: self.nft.metadata.to_sol(),
            sigMetadataAndAttachAndConfig: ip_signature,
            sigAddToGroup: group_signature,
        };
        let summary = format!(
            "registers token {} of {} as IP and takes it into group {}",
            self.nft.token_id, self.nft.contract, joining.group
        );
        Ok(Draft::new(addresses.grouping_workflows, &call, summary))
    }

    fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<GroupedIp> {
        let added: GroupingModule::AddedIpToGroup = receipt.event(addresses.grouping_module)?;
        let ip = added.ipIds.first().copied();
        let ip = ip.ok_or_else(|| receipt.missing("AddedIpToGroup", addresses.grouping_module))?;
        Ok(GroupedIp {
            ip_id: convert::from_evm_ip(ip),
            token_contract: self.nft.contract,
            token_id: self.nft.token_id,
            group: self.joining.group,
            mined: Some(receipt.mined()),
        })
    }
}

/// The IP of a token, if it is in the group.
async fn in_group(
    view: &View<'_>,
    token_contract: Address,
    token_id: TokenId,
    group: &IpId,
) -> Result<Option<GroupedIp>> {
    let ip_id = view.ip_id(token_contract, token_id);
    let call =
        IpAssetRegistry::containsIpCall { groupId: convert::evm_ip(*group), ipId: convert::evm_ip(ip_id) };
    let mut answers = Questions::default().ask(view.addresses().ip_asset_registry, &call).send(view).await?;
    let is_member = answers.must::<IpAssetRegistry::containsIpCall>()?;
    Ok(is_member.then_some(GroupedIp { ip_id, token_contract, token_id, group: *group, mined: None }))
}

#[cfg(test)]
mod tests {
    use lore_core::{ContentHash, LicenseTermsId, port::chain::OnChainDocument, protocol};

    use super::*;
    use crate::ops::arguments::IpMetadata;

    fn group() -> IpId {
        IpId::new(Address::from_bytes([7; 20]))
    }

    #[test]
    fn a_token_joins_a_group_once_unless_duplicates_are_allowed() {
        let document =
            |name: &str| OnChainDocument::new(format!("ipfs://{name}"), ContentHash::of(name.as_bytes()));
        let metadata = IpMetadata::new(document("ipa"), document("nft"));
        let nft = NewNft::new(Address::from_bytes([1; 20]), Address::from_bytes([2; 20]), metadata);
        let license = GroupLicense::opting_in(LicenseTermsId::from(2_u64), protocol::EVEN_SPLIT_GROUP_POOL);
        let mut request = MintRegisterAndAddToGroup::new(nft, Joining::new(group(), vec![license]));
        assert!(request.key().is_some());
        request.nft.allow_duplicates = true;
        assert_eq!(request.key(), None);
        let mut violations = Violations::new();
        request.check(&mut violations);
        assert!(violations.is_empty(), "{violations}");
        request.joining.licenses.clear();
        request.check(&mut violations);
        assert_eq!(violations.as_slice()[0].field, "joining.licenses");
    }
}
