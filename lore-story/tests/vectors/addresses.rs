//! `IPAssetRegistry.ipId`: the account of a token, on whatever chain the token is.

use lore_core::{Address, TokenId, onchain::Uint256};
use lore_story::addresses::Addresses;

use crate::report::{Suite, check, vectors};

pub(crate) fn suite(suite: &mut Suite<'_>) {
    for case in vectors("addresses").as_array().unwrap() {
        let text = |field: &str| case[field].as_str().unwrap();
        let (chain, collection, token) = (text("chain_id"), text("token_contract"), text("token_id"));
        suite.case(&format!("{chain}/{collection}/{token}"), || {
            let collection: Address = collection.parse().unwrap();
            let token: TokenId = token.parse().unwrap();
            let found = Addresses::AENEID.ip_id(chain.parse::<Uint256>().unwrap(), collection, token);
            check("ip id", found.to_string(), text("ip_id"))
        });
    }
}
