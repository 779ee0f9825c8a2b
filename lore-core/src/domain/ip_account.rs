//! [`ip_id`]: the id of an IP asset, computed offline.
//!
//! An IP's id is the address of its token bound account (ERC-6551): a CREATE2 address of the account registry that
//! depends on nothing but chain, collection and token, so that it is known before the IP is registered.

use crate::{
    onchain::{Address, IpId, TokenId, Uint256, keccak256},
    protocol::{ERC6551_REGISTRY, IP_ACCOUNT_IMPLEMENTATION},
};

/// What is before the implementation's address in an account's code (ERC-6551: an ERC-1167 proxy).
const CODE_BEFORE: [u8; 20] = [
    0x3d, 0x60, 0xad, 0x80, 0x60, 0x0a, 0x3d, 0x39, 0x81, 0xf3, 0x36, 0x3d, 0x3d, 0x37, 0x3d, 0x3d, 0x3d,
    0x36, 0x3d, 0x73,
];
/// What follows it; then come salt, chain, collection and token, a word each.
const CODE_AFTER: [u8; 15] =
    [0x5a, 0xf4, 0x3d, 0x82, 0x80, 0x3e, 0x90, 0x3d, 0x91, 0x60, 0x2b, 0x57, 0xfd, 0x5b, 0xf3];
/// The salt that the protocol uses.
const SALT: [u8; 32] = [0; 32];

/// The id of the IP asset behind a token, registered or not. `chain` is a [`ChainId`](crate::ChainId), or any number of
/// 256 bits, as the registry takes it.
#[must_use]
pub fn ip_id(chain: impl Into<Uint256>, collection: Address, token: TokenId) -> IpId {
    let mut code = Vec::with_capacity(183);
    code.extend(CODE_BEFORE);
    code.extend(IP_ACCOUNT_IMPLEMENTATION.as_bytes());
    code.extend(CODE_AFTER);
    code.extend(SALT);
    code.extend(chain.into().to_be_bytes());
    code.extend([0; 12]);
    code.extend(collection.as_bytes());
    code.extend(token.to_be_bytes());
    let mut create2 = Vec::with_capacity(85);
    create2.push(0xff);
    create2.extend(ERC6551_REGISTRY.as_bytes());
    create2.extend(SALT);
    create2.extend(keccak256(&code));
    IpId::new(Address::from_hash(keccak256(&create2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onchain::ChainId;

    #[test]
    fn the_id_is_the_one_that_the_registry_gives() {
        // Asked of `IPAssetRegistry.ipId` v1.3.2; all recorded ones are run by the `story_vectors` test.
        let collection = "0x8F4ec854Dd12F1fe79500a1f53D0cbB30f9b6134".parse().unwrap();
        let found = ip_id(ChainId::AENEID, collection, TokenId::ZERO);
        assert_eq!(found.to_string(), "0x37A3FC7a6C52DD2A3EfFF7cf59a247973B8Ba3D8");
    }
}
