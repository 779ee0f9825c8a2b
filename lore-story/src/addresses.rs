//! [`Addresses`]: where the protocol's contracts are.
//!
//! Source: the deployment records of core and periphery v1.3.2 for the chains 1315 and 1514, read 2026-11-22; UMA's
//! oracle on 1514 from UMA's own list of networks. Proxies only: implementations change under them and are never called.

use alloy::{
    primitives::{Address as EvmAddress, B256, U256, hex, keccak256},
    sol_types::SolValue,
};
use lore_core::{Address, IpId, TokenId, onchain::Uint256, protocol};
use serde::Deserialize;

use crate::convert;

/// The struct, its overrides, and the names, from one list.
macro_rules! addresses {
    (
        everywhere { $($(#[$doc:meta])* $field:ident: $name:literal,)+ }
        somewhere { $($(#[$some_doc:meta])* $some_field:ident: $some_name:literal,)+ }
    ) => {
        /// Addresses of the protocol's contracts on one network.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Addresses {
            $($(#[$doc])* pub $field: Address,)+
            $($(#[$some_doc])* pub $some_field: Option<Address>,)+
        }

        /// Addresses that differ from those of the network; the rest stays. For a configuration.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct AddressOverrides {
            $($(#[$doc])* pub $field: Option<Address>,)+
            $($(#[$some_doc])* pub $some_field: Option<Address>,)+
        }

        impl Addresses {
            /// These addresses with some replaced.
            #[must_use]
            pub fn with(self, overrides: &AddressOverrides) -> Self {
                Self {
                    $($field: overrides.$field.unwrap_or(self.$field),)+
                    $($some_field: overrides.$some_field.or(self.$some_field),)+
                }
            }

            /// Every address with the contract's name, as the protocol writes it.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, Address)> {
                [
                    $(($name, Some(self.$field)),)+
                    $(($some_name, self.$some_field),)+
                ]
                .into_iter()
                .filter_map(|(name, address)| Some((name, address?)))
            }
        }
    };
}

addresses! {
    everywhere {
        /// Permissions of IP accounts.
        access_controller: "AccessController",
        /// Arbitration of disputes; the spender that bonds need an allowance for.
        arbitration_policy_uma: "ArbitrationPolicyUMA",
        /// Sets metadata of IP assets.
        core_metadata_module: "CoreMetadataModule",
        /// Reads metadata of IP assets.
        core_metadata_view_module: "CoreMetadataViewModule",
        /// Registers and links in one transaction; the spender that fees need an allowance for when it does.
        derivative_workflows: "DerivativeWorkflows",
        /// Disputes and tags.
        dispute_module: "DisputeModule",
        /// Registry of token bound accounts.
        erc6551_registry: "ERC6551Registry",
        /// Reward pool that splits evenly.
        even_split_group_pool: "EvenSplitGroupPool",
        /// The collection of groups.
        group_nft: "GroupNFT",
        /// Groups.
        grouping_module: "GroupingModule",
        /// Registers and groups in one transaction.
        grouping_workflows: "GroupingWorkflows",
        /// Where the implementation of IP accounts is looked up.
        ip_account_beacon: "IPAccountImplBeacon",
        /// Implementation of every IP account, part of its address.
        ip_account_implementation: "IPAccountImplBeaconProxy",
        /// The registry of IP assets.
        ip_asset_registry: "IPAssetRegistry",
        /// The chain's own graph of derivatives.
        ip_graph: "IPGraphPrecompile",
        /// Who may write to that graph.
        ip_graph_acl: "IPGraphACL",
        /// Where the implementation of royalty vaults is looked up.
        ip_royalty_vault_beacon: "IpRoyaltyVaultBeacon",
        /// Registers and attaches terms in one transaction.
        license_attachment_workflows: "LicenseAttachmentWorkflows",
        /// Terms and links of IP assets.
        license_registry: "LicenseRegistry",
        /// The collection of license tokens.
        license_token: "LicenseToken",
        /// Attaches terms, mints license tokens, links derivatives.
        licensing_module: "LicensingModule",
        /// The registered modules.
        module_registry: "ModuleRegistry",
        /// Many calls in one.
        multicall3: "Multicall3",
        /// The license template of PIL terms.
        pi_license_template: "PILicenseTemplate",
        /// Roles of the protocol's administrators.
        protocol_access_manager: "ProtocolAccessManager",
        /// Pauses the protocol.
        protocol_pause_admin: "ProtocolPauseAdmin",
        /// Makes collections; mints and registers in one transaction.
        registration_workflows: "RegistrationWorkflows",
        /// Takes payments; the spender that fees need an allowance for.
        royalty_module: "RoyaltyModule",
        /// Royalty policy LAP: liquid absolute percentage.
        royalty_policy_lap: "RoyaltyPolicyLAP",
        /// Royalty policy LRP: liquid relative percentage.
        royalty_policy_lrp: "RoyaltyPolicyLRP",
        /// Registers, licenses and gives royalty tokens away in one transaction.
        royalty_token_distribution_workflows: "RoyaltyTokenDistributionWorkflows",
        /// Claims from many descendants in one transaction.
        royalty_workflows: "RoyaltyWorkflows",
        /// Where the implementation of collections is looked up.
        spg_nft_beacon: "SPGNFTBeacon",
        /// Turns IP assets into fungible tokens.
        tokenizer_module: "TokenizerModule",
        /// Wrapped IP, the ERC-20 form of the native coin.
        wip: "WrappedIP",
    }
    somewhere {
        /// Licensing hook that closes terms.
        lock_license_hook: "LockLicenseHook",
        /// UMA's oracle. Where it is not known, the arbitration policy names it.
        optimistic_oracle_v3: "OptimisticOracleV3",
        /// Token that anybody may mint for tests.
        test_token: "MERC20",
        /// Licensing hook that limits the number of license tokens.
        total_license_token_limit_hook: "TotalLicenseTokenLimitHook",
    }
}

const fn at(bytes: [u8; 20]) -> Address {
    Address::from_bytes(bytes)
}

impl Addresses {
    /// What is the same on every network.
    pub const SHARED: Self = Self {
        access_controller: protocol::ACCESS_CONTROLLER,
        arbitration_policy_uma: protocol::ARBITRATION_POLICY_UMA,
        core_metadata_module: protocol::CORE_METADATA_MODULE,
        core_metadata_view_module: protocol::CORE_METADATA_VIEW_MODULE,
        derivative_workflows: at(hex!("9e2d496f72C547C2C535B167e06ED8729B374a4f")),
        dispute_module: protocol::DISPUTE_MODULE,
        erc6551_registry: protocol::ERC6551_REGISTRY,
        even_split_group_pool: protocol::EVEN_SPLIT_GROUP_POOL,
        group_nft: protocol::GROUP_NFT,
        grouping_module: protocol::GROUPING_MODULE,
        grouping_workflows: at(hex!("D7c0beb3aa4DCD4723465f1ecAd045676c24CDCd")),
        ip_account_beacon: at(hex!("9825cc7A398D9C3dDD66232A8Ec76d5b05422581")),
        ip_account_implementation: protocol::IP_ACCOUNT_IMPLEMENTATION,
        ip_asset_registry: at(hex!("77319B4031e6eF1250907aa00018B8B1c67a244b")),
        ip_graph: at(hex!("0000000000000000000000000000000000000101")),
        ip_graph_acl: at(hex!("1640A22a8A086747cD377b73954545e2Dfcc9Cad")),
        ip_royalty_vault_beacon: at(hex!("6928ba25Aa5c410dd855dFE7e95713d83e402AA6")),
        license_attachment_workflows: at(hex!("cC2E862bCee5B6036Db0de6E06Ae87e524a79fd8")),
        license_registry: at(hex!("529a750E02d8E2f15649c13D69a465286a780e24")),
        license_token: at(hex!("Fe3838BFb30B34170F00030B52eA4893d8aAC6bC")),
        licensing_module: protocol::LICENSING_MODULE,
        module_registry: at(hex!("022DBAAeA5D8fB31a0Ad793335e39Ced5D631fa5")),
        multicall3: at(hex!("cA11bde05977b3631167028862bE2a173976CA11")),
        pi_license_template: protocol::PI_LICENSE_TEMPLATE,
        protocol_access_manager: at(hex!("Fdece7b8a2f55ceC33b53fd28936B4B1e3153d53")),
        protocol_pause_admin: at(hex!("dd661f55128A80437A0c0BDA6E13F214A3B2EB24")),
        registration_workflows: at(hex!("be39E1C756e921BD25DF86e7AAa31106d1eb0424")),
        royalty_module: protocol::ROYALTY_MODULE,
        royalty_policy_lap: protocol::ROYALTY_POLICY_LAP,
        royalty_policy_lrp: protocol::ROYALTY_POLICY_LRP,
        royalty_token_distribution_workflows: at(hex!("a38f42B8d33809917f23997B8423054aAB97322C")),
        royalty_workflows: at(hex!("9515faE61E0c0447C6AC6dEe5628A2097aFE1890")),
        spg_nft_beacon: at(hex!("D2926B9ecaE85fF59B6FB0ff02f568a680c01218")),
        tokenizer_module: at(hex!("AC937CeEf893986A026f701580144D9289adAC4C")),
        wip: protocol::WIP,
        lock_license_hook: None,
        optimistic_oracle_v3: None,
        test_token: None,
        total_license_token_limit_hook: None,
    };

    /// The test network Aeneid, chain 1315.
    pub const AENEID: Self = Self {
        lock_license_hook: Some(at(hex!("54C52990dA304643E7412a3e13d8E8923cD5bfF2"))),
        test_token: Some(at(hex!("F2104833d386a2734a4eB3B8ad6FC6812F29E38E"))),
        total_license_token_limit_hook: Some(at(hex!("aBAD364Bfa41230272b08f171E0Ca939bD600478"))),
        ..Self::SHARED
    };

    /// The main network, chain 1514.
    pub const MAINNET: Self = Self {
        lock_license_hook: Some(at(hex!("5D874d4813c4A8A9FB2AB55F30cED9720AEC0222"))),
        optimistic_oracle_v3: Some(at(hex!("8EF424F90C6BC1b98153A09c0Cac5072545793e8"))),
        total_license_token_limit_hook: Some(at(hex!("B72C9812114a0Fc74D49e01385bd266A75960Cda"))),
        ..Self::SHARED
    };

    /// The name of the contract at an address, if it is one of these.
    #[must_use]
    pub fn name_of(&self, address: Address) -> Option<&'static str> {
        self.iter().find(|(_, known)| *known == address).map(|(name, _)| name)
    }

    /// The license template that is meant: the one that is named, or PIL.
    pub(crate) fn license_template(&self, named: Option<Address>) -> Address {
        named.unwrap_or(self.pi_license_template)
    }

    /// The IP behind a token, registered or not: the account (ERC-6551) that these contracts give it. `chain` is a
    /// [`ChainId`](lore_core::ChainId), or any number of 256 bits, as the registry takes it.
    ///
    /// With the published addresses it is what [`ip_id`](lore_core::domain::ip_account::ip_id) computes.
    #[must_use]
    pub fn ip_id(&self, chain: impl Into<Uint256>, collection: Address, token: TokenId) -> IpId {
        let implementation = convert::evm_address(self.ip_account_implementation);
        let salt = B256::ZERO;
        let token = (
            U256::from_be_bytes(chain.into().to_be_bytes()),
            convert::evm_address(collection),
            convert::u256_of_token(token),
        );
        let code = [
            // An ERC-1167 proxy, then what the account reads of itself.
            hex!("3d60ad80600a3d3981f3363d3d373d3d3d363d73").as_slice(),
            implementation.as_slice(),
            &hex!("5af43d82803e903d91602b57fd5bf3"),
            salt.as_slice(),
            &token.abi_encode_params(),
        ]
        .concat();
        let registry: EvmAddress = convert::evm_address(self.erc6551_registry);
        convert::from_evm_ip(registry.create2(salt, keccak256(code)))
    }

    /// The name of the contract at an address on any of the known networks.
    pub(crate) fn name_anywhere(address: Address) -> Option<&'static str> {
        [Self::AENEID, Self::MAINNET].iter().find_map(|network| network.name_of(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ip_depends_on_the_contracts_that_make_its_account() {
        let (collection, token) = (Address::from_bytes([1; 20]), TokenId::from(7_u64));
        let published = Addresses::AENEID.ip_id(lore_core::ChainId::AENEID, collection, token);
        assert_eq!(published, lore_core::domain::ip_account::ip_id(1315_u64, collection, token));
        let mut others = [Addresses::AENEID, Addresses::AENEID];
        others[0].erc6551_registry = Address::ZERO;
        others[1].ip_account_implementation = Address::ZERO;
        for other in others {
            assert_ne!(other.ip_id(1315_u64, collection, token), published);
        }
    }

    #[test]
    fn a_contract_is_known_by_its_address() {
        let addresses = Addresses::AENEID;
        assert_eq!(addresses.name_of(protocol::LICENSING_MODULE), Some("LicensingModule"));
        assert_eq!(addresses.name_of(Address::ZERO), None);
        let hook = Addresses::MAINNET.total_license_token_limit_hook.unwrap();
        assert_eq!(addresses.name_of(hook), None);
    }
}
