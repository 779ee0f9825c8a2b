//! Numbers and addresses of the protocol ("Proof of Creativity"), contracts v1.3.2.
//!
//! Source: the deployed contracts of chains 1514 and 1315 (core and periphery tag v1.3.2), read 2026-11-22. The
//! addresses are the same on both.

use crate::onchain::Address;

/// Royalty policy LAP: liquid absolute percentage.
pub const ROYALTY_POLICY_LAP: Address = address(0xbe54fb16_8b3c982b_7aae60db, 0x6cf75bd8_447b390e);
/// Royalty policy LRP: liquid relative percentage.
pub const ROYALTY_POLICY_LRP: Address = address(0x9156e603_c9494818_83b1d335, 0x5c6f1132_d191fc41);
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
    }
}
