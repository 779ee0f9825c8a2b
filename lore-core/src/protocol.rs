//! Numbers and addresses of the protocol ("Proof of Creativity"), contracts v1.3.2.
//!
//! Source: the deployed contracts of chains 1514 and 1315 (core and periphery tag v1.3.2), read 2026-11-22. The
//! addresses are the same on both.

use crate::onchain::Address;

/// Royalty policy LAP: liquid absolute percentage.
pub const ROYALTY_POLICY_LAP: Address = address(0xbe54fb16_8b3c982b_7aae60db, 0x6cf75bd8_447b390e);
/// Royalty policy LRP: liquid relative percentage.
pub const ROYALTY_POLICY_LRP: Address = address(0x9156e603_c9494818_83b1d335, 0x5c6f1132_d191fc41);
/// Registry of token bound accounts (ERC-6551).
pub const ERC6551_REGISTRY: Address = address(0x00000000_6551c194_87814612, 0xe58fe068_13775758);
/// Implementation of every IP account, part of its address.
pub const IP_ACCOUNT_IMPLEMENTATION: Address = address(0x00b80013_8e4d82d1_eea48b41, 0x4d2a2a8a_ee9a33b1);
/// Registers IP assets and groups, and keeps the members of groups.
pub const IP_ASSET_REGISTRY: Address = address(0x77319b40_31e6ef12_50907aa0, 0x0018b8b1_c67a244b);
/// Permissions of IP accounts.
pub const ACCESS_CONTROLLER: Address = address(0xccf37d0a_503ee1d4_c1120867, 0x2e622ed3_dfb2275a);
/// Attaches terms, mints license tokens, links derivatives.
pub const LICENSING_MODULE: Address = address(0x04fbd8a2_e56dd85c_fd5500a4, 0xa4dfa955_b9f1de6f);
/// The license template of PIL terms.
pub const PI_LICENSE_TEMPLATE: Address = address(0x2e896b0b_2fdb7457_499b56aa, 0xaa4ae55b_cb4cd316);
/// Which terms IPs have attached, what licensors changed about them, and who is whose parent.
pub const LICENSE_REGISTRY: Address = address(0x529a750e_02d8e2f1_5649c13d, 0x69a46528_6a780e24);
/// The collection of license tokens.
pub const LICENSE_TOKEN: Address = address(0xfe3838bf_b30b3417_0f00030b, 0x52ea4893_d8aac6bc);
/// Takes payments; the spender that fees need an allowance for.
pub const ROYALTY_MODULE: Address = address(0xd2f60c40_febccf63_11f8b47c, 0x4f2ec6b0_40400086);
/// Disputes and tags.
pub const DISPUTE_MODULE: Address = address(0x9b7a9c70_aff961c7_99110954, 0xfc06f309_3aeb94c5);
/// Arbitration of disputes; the spender that bonds need an allowance for.
pub const ARBITRATION_POLICY_UMA: Address = address(0xffd98c38_77b87891_24f02c7e, 0x8239a4b0_ef11e936);
/// Groups.
pub const GROUPING_MODULE: Address = address(0x69d3a7aa_9edb72bc_226e745a, 0x7ccdd50d_947b69ac);
/// Registers, licenses and groups in one transaction.
pub const GROUPING_WORKFLOWS: Address = address(0xd7c0beb3_aa4dcd47_23465f1e, 0xcad04567_6c24cdcd);
/// The collection of groups.
pub const GROUP_NFT: Address = address(0x4709798f_ea84c84a_e2475ff0, 0xc2534411_5ee1529f);
/// Reward pool that splits evenly.
pub const EVEN_SPLIT_GROUP_POOL: Address = address(0xf96f2c30_b41cb6e0_290de43c, 0x8528ae83_d4f33f89);
/// Metadata of IP assets.
pub const CORE_METADATA_MODULE: Address = address(0x6e81a25c_99c6e843_0aec7353, 0x325eb138_afe5dc16);
/// Reads metadata of IP assets.
pub const CORE_METADATA_VIEW_MODULE: Address = address(0xb3f88038_a983cea5_753e11d1, 0x44228ebb_5eacde20);
/// The periphery's workflows that register IP assets.
pub const REGISTRATION_WORKFLOWS: Address = address(0xbe39e1c7_56e921bd_25df86e7, 0xaaa31106_d1eb0424);
/// Wrapped IP, the ERC-20 form of the native coin, and the token of fees and royalties.
pub const WIP: Address = address(0x15140000_00000000_00000000, 0);

/// Most parents of an IP (`LicenseRegistry.MAX_PARENTS`).
pub const MAX_PARENTS: usize = 16;
/// Most distinct ancestors of an IP (`LicenseRegistry.MAX_ANCESTORS`).
pub const MAX_ANCESTORS: usize = 1024;
/// Royalty tokens of a vault, and 100 % of a share.
pub const FULL_SHARE: u32 = 100_000_000;

const fn address(high: u128, low: u64) -> Address {
    let (high, low) = (high.to_be_bytes(), low.to_be_bytes());
    let mut bytes = [0; 20];
    let mut at = 0;
    while at < 20 {
        #[expect(
            clippy::indexing_slicing,
            reason = "evaluated by the compiler: a wrong index does not build"
        )]
        {
            bytes[at] = if at < 12 { high[at + 4] } else { low[at - 12] };
        }
        at += 1;
    }
    Address::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_are_the_published_ones() {
        assert_eq!(ROYALTY_POLICY_LAP.to_string(), "0xBe54FB168b3c982b7AaE60dB6CF75Bd8447b390E");
        assert_eq!(ROYALTY_POLICY_LRP.to_string(), "0x9156e603C949481883B1d3355c6f1132D191fC41");
        assert_eq!(WIP.to_string(), "0x1514000000000000000000000000000000000000");
        let others = [
            (ERC6551_REGISTRY, "0x000000006551c19487814612e58FE06813775758"),
            (IP_ACCOUNT_IMPLEMENTATION, "0x00b800138e4D82D1eea48b414d2a2A8Aee9A33b1"),
            (ACCESS_CONTROLLER, "0xcCF37d0a503Ee1D4C11208672e622ed3DFB2275a"),
            (LICENSING_MODULE, "0x04fbd8a2e56dd85CFD5500A4A4DfA955B9f1dE6f"),
            (PI_LICENSE_TEMPLATE, "0x2E896b0b2Fdb7457499B56AAaA4AE55BCB4Cd316"),
            (ROYALTY_MODULE, "0xD2f60c40fEbccf6311f8B47c4f2Ec6b040400086"),
            (DISPUTE_MODULE, "0x9b7A9c70AFF961C799110954fc06F3093aeb94C5"),
            (ARBITRATION_POLICY_UMA, "0xfFD98c3877B8789124f02C7E8239A4b0Ef11E936"),
            (GROUPING_WORKFLOWS, "0xD7c0beb3aa4DCD4723465f1ecAd045676c24CDCd"),
            (GROUPING_MODULE, "0x69D3a7aa9edb72Bc226E745A7cCdd50D947b69Ac"),
            (GROUP_NFT, "0x4709798FeA84C84ae2475fF0c25344115eE1529f"),
            (EVEN_SPLIT_GROUP_POOL, "0xf96f2c30b41Cb6e0290de43C8528ae83d4f33F89"),
            (CORE_METADATA_MODULE, "0x6E81a25C99C6e8430aeC7353325EB138aFE5DC16"),
            (IP_ASSET_REGISTRY, "0x77319B4031e6eF1250907aa00018B8B1c67a244b"),
            (LICENSE_REGISTRY, "0x529a750E02d8E2f15649c13D69a465286a780e24"),
            (LICENSE_TOKEN, "0xFe3838BFb30B34170F00030B52eA4893d8aAC6bC"),
            (REGISTRATION_WORKFLOWS, "0xbe39E1C756e921BD25DF86e7AAa31106d1eb0424"),
            (CORE_METADATA_VIEW_MODULE, "0xB3F88038A983CeA5753E11D144228Ebb5eACdE20"),
        ];
        for (address, published) in others {
            assert_eq!(address.to_string().to_lowercase(), published.to_lowercase());
        }
    }
}
