//! Which function of which contract each [`Call`] is: what permissions are about.

use crate::{
    memory::chain::{call::Call, royalty::vault_account},
    onchain::Address,
    protocol::{
        ACCESS_CONTROLLER, ARBITRATION_POLICY_UMA, CORE_METADATA_MODULE, DISPUTE_MODULE, GROUPING_MODULE,
        GROUPING_WORKFLOWS, IP_ASSET_REGISTRY, LICENSE_TOKEN, LICENSING_MODULE, PI_LICENSE_TEMPLATE,
        REGISTRATION_WORKFLOWS, ROYALTY_MODULE,
    },
};

/// First four bytes of the hash of a function's signature: what permissions name a function by.
pub(super) type Selector = [u8; 4];

/// Declares selectors with the signatures that they are made of; a test computes them.
macro_rules! selectors {
    ($($name:ident = $value:literal $signature:literal;)+) => {
        $(pub(super) const $name: Selector = u32::to_be_bytes($value);)+

        #[cfg(test)]
        const SIGNATURES: &[(Selector, &str)] = &[$(($name, $signature),)+];
    };
}

selectors! {
    TRANSFER = 0xa905_9cbb "transfer(address,uint256)";
    APPROVE = 0x095e_a7b3 "approve(address,uint256)";
    TRANSFER_FROM = 0x23b8_72dd "transferFrom(address,address,uint256)";
    FUND = 0x40c1_0f19 "mint(address,uint256)";
    MINT = 0x6a62_7842 "mint(address)";
    REGISTER = 0xfca2_47ac "register(uint256,address,uint256)";
    MINT_AND_REGISTER =
        0xf1c4_2a22 "mintAndRegisterIp(address,address,(string,bytes32,string,bytes32),bool)";
    SET_ALL_METADATA = 0xb765_20c6 "setAll(address,string,bytes32,bytes32)";
    EXECUTE_BATCH = 0xa742_5cdb "executeBatch((address,uint256,bytes)[],uint8)";
    EXECUTE = 0xb61d_27f6 "execute(address,uint256,bytes)";
    SET_PERMISSION = 0x7bac_65fd "setPermission(address,address,address,bytes4,uint8)";
    SET_BATCH_PERMISSIONS =
        0x1393_8a8a "setBatchPermissions((address,address,address,bytes4,uint8)[])";
    SET_ALL_PERMISSIONS = 0xb3d7_7147 "setAllPermissions(address,address,uint8)";
    SET_TRANSIENT_PERMISSION =
        0x6264_ecf7 "setTransientPermission(address,address,address,bytes4,uint8)";
    SET_BATCH_TRANSIENT_PERMISSIONS =
        0xcf07_1044 "setBatchTransientPermissions((address,address,address,bytes4,uint8)[])";
    SET_ALL_TRANSIENT_PERMISSIONS =
        0xb852_6336 "setAllTransientPermissions(address,address,uint8)";
    REGISTER_LICENSE_TERMS = 0x6e1b_8d90 "registerLicenseTerms((bool,address,uint256,uint256,bool,bool,address,bytes,uint32,uint256,bool,bool,bool,bool,uint256,address,string))";
    ATTACH_LICENSE_TERMS = 0x2a41_30c0 "attachLicenseTerms(address,address,uint256)";
    ATTACH_DEFAULT_LICENSE_TERMS = 0x2af7_01b0 "attachDefaultLicenseTerms(address)";
    SET_LICENSING_CONFIG = 0xb33f_673e "setLicensingConfig(address,address,uint256,(bool,uint256,address,bytes,uint32,bool,uint32,address))";
    MINT_LICENSE_TOKENS =
        0x02bf_96a5 "mintLicenseTokens(address,address,uint256,uint256,address,bytes,uint256,uint32)";
    REGISTER_DERIVATIVE =
        0x4a4d_56c5 "registerDerivative(address,address[],uint256[],address,bytes,uint256,uint32,uint32)";
    REGISTER_DERIVATIVE_WITH_TOKENS =
        0x938b_7b7a "registerDerivativeWithLicenseTokens(address,uint256[],bytes,uint32)";
    SET_APPROVAL = 0xb6e7_0dc6 "setApproval(address,uint256,address,bool)";
    PAY_ROYALTY = 0xd257_7f3b "payRoyaltyOnBehalf(address,address,address,uint256)";
    TRANSFER_TO_VAULT = 0xb6a9_2a53 "transferToVault(address,address,address)";
    CLAIM_REVENUE = 0xa598_bacf "claimRevenueOnBehalf(address,address)";
    RAISE_DISPUTE = 0x6a5d_ef7f "raiseDispute(address,bytes32,bytes32,bytes)";
    DISPUTE_ASSERTION = 0x041a_5e99 "disputeAssertion(bytes32,bytes32)";
    SETTLE_ASSERTION = 0x4124_beef "settleAssertion(bytes32)";
    CANCEL_DISPUTE = 0xc844_825d "cancelDispute(uint256,bytes)";
    RESOLVE_DISPUTE = 0x4471_fabc "resolveDispute(uint256,bytes)";
    TAG_IF_RELATED = 0xe7b6_6a64 "tagIfRelatedIpInfringed(address,uint256)";
    SET_ARBITRATION_POLICY = 0xa954_adf7 "setArbitrationPolicy(address,address)";
    REGISTER_GROUP = 0x9adb_6c6a "registerGroup(address)";
    ADD_IP = 0x0ec2_8799 "addIp(address,address[],uint256)";
    REMOVE_IP = 0x88e5_a64b "removeIp(address,address[])";
    COLLECT_ROYALTIES = 0x62ce_b48a "collectRoyalties(address,address)";
    CLAIM_REWARD = 0x7c7d_4809 "claimReward(address,address,address[])";
    REGISTER_GROUP_AND_ATTACH_LICENSE = 0xdeb9_a8d1 "registerGroupAndAttachLicense(address,(address,uint256,(bool,uint256,address,bytes,uint32,bool,uint32,address)))";
    COLLECT_AND_CLAIM_REWARD = 0xac6c_0b40 "collectRoyaltiesAndClaimReward(address,address[],address[])";
}

/// The contract and function of a call.
pub(super) fn target_of(call: &Call) -> (Address, Selector) {
    match call {
        Call::Fund { token, .. } => (*token, FUND),
        Call::Approve { token, .. } => (*token, APPROVE),
        Call::Transfer { token, .. } => (*token, TRANSFER),
        Call::Mint { collection, .. } => (*collection, MINT),
        Call::TransferNft { collection, .. } => (*collection, TRANSFER_FROM),
        Call::RegisterIp { .. } => (IP_ASSET_REGISTRY, REGISTER),
        Call::MintAndRegisterIp { .. } => (REGISTRATION_WORKFLOWS, MINT_AND_REGISTER),
        Call::SetMetadata { .. } => (CORE_METADATA_MODULE, SET_ALL_METADATA),
        Call::SetPermission { .. } => (ACCESS_CONTROLLER, SET_PERMISSION),
        Call::SetBatchPermissions { .. } => (ACCESS_CONTROLLER, SET_BATCH_PERMISSIONS),
        Call::SetAllPermissions { .. } => (ACCESS_CONTROLLER, SET_ALL_PERMISSIONS),
        Call::SetTransientPermission { .. } => (ACCESS_CONTROLLER, SET_TRANSIENT_PERMISSION),
        Call::SetBatchTransientPermissions { .. } => (ACCESS_CONTROLLER, SET_BATCH_TRANSIENT_PERMISSIONS),
        Call::SetAllTransientPermissions { .. } => (ACCESS_CONTROLLER, SET_ALL_TRANSIENT_PERMISSIONS),
        Call::ExecuteBatch { ip, .. } => (ip.address(), EXECUTE_BATCH),
        Call::RegisterLicenseTerms { .. } => (PI_LICENSE_TEMPLATE, REGISTER_LICENSE_TERMS),
        Call::AttachLicenseTerms { .. } => (LICENSING_MODULE, ATTACH_LICENSE_TERMS),
        Call::AttachDefaultLicenseTerms { .. } => (LICENSING_MODULE, ATTACH_DEFAULT_LICENSE_TERMS),
        Call::SetLicensingConfig { .. } => (LICENSING_MODULE, SET_LICENSING_CONFIG),
        Call::MintLicenseTokens { .. } => (LICENSING_MODULE, MINT_LICENSE_TOKENS),
        Call::TransferLicenseToken { .. } => (LICENSE_TOKEN, TRANSFER_FROM),
        Call::RegisterDerivative { .. } => (LICENSING_MODULE, REGISTER_DERIVATIVE),
        Call::RegisterDerivativeWithLicenseTokens { .. } => {
            (LICENSING_MODULE, REGISTER_DERIVATIVE_WITH_TOKENS)
        }
        Call::ApproveDerivative { parent, through_account: true, .. } => (parent.address(), EXECUTE),
        Call::ApproveDerivative { .. } => (PI_LICENSE_TEMPLATE, SET_APPROVAL),
        Call::PayRoyalty { .. } => (ROYALTY_MODULE, PAY_ROYALTY),
        Call::TransferToVault { policy, .. } => (policy.address(), TRANSFER_TO_VAULT),
        Call::ClaimRevenue { ip, .. } => (vault_account(*ip), CLAIM_REVENUE),
        Call::TransferRoyaltyTokens { ip, .. } => (vault_account(*ip), TRANSFER),
        Call::RaiseDispute { .. } => (DISPUTE_MODULE, RAISE_DISPUTE),
        Call::DisputeAssertion { .. } => (ARBITRATION_POLICY_UMA, DISPUTE_ASSERTION),
        // The policy stands for the oracle, too.
        Call::AnswerAsOracle { .. } | Call::SettleDispute { .. } => {
            (ARBITRATION_POLICY_UMA, SETTLE_ASSERTION)
        }
        Call::CancelDispute { .. } => (DISPUTE_MODULE, CANCEL_DISPUTE),
        Call::ResolveDispute { .. } => (DISPUTE_MODULE, RESOLVE_DISPUTE),
        Call::TagIfRelatedIpInfringed { .. } => (DISPUTE_MODULE, TAG_IF_RELATED),
        Call::SetArbitrationPolicy { .. } => (DISPUTE_MODULE, SET_ARBITRATION_POLICY),
        Call::RegisterGroup { .. } => (GROUPING_MODULE, REGISTER_GROUP),
        Call::AddToGroup { .. } => (GROUPING_MODULE, ADD_IP),
        Call::RemoveFromGroup { .. } => (GROUPING_MODULE, REMOVE_IP),
        Call::CollectRoyalties { .. } => (GROUPING_MODULE, COLLECT_ROYALTIES),
        Call::ClaimReward { .. } => (GROUPING_MODULE, CLAIM_REWARD),
        Call::RegisterGroupAndAttachLicense { .. } => (GROUPING_WORKFLOWS, REGISTER_GROUP_AND_ATTACH_LICENSE),
        Call::CollectRoyaltiesAndClaimReward { .. } => (GROUPING_WORKFLOWS, COLLECT_AND_CLAIM_REWARD),
        Call::Once { call, .. } => target_of(call),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selector_begins_the_hash_of_its_signature() {
        for (selector, signature) in SIGNATURES {
            let hash = crate::onchain::keccak256(signature.as_bytes());
            assert_eq!(hash[..4], *selector, "{signature}");
        }
    }
}
