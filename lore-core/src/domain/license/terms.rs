//! [`PilTerms`]: license terms, field by field.

use serde::{Deserialize, Serialize};

use crate::onchain::{Address, Uint256, Wei};

/// License terms of the PIL template, field by field as `PILTerms` of `PILicenseTemplate` v1.3.2.
///
/// Two terms are the same terms if all fields are equal; the chain then gives them one id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PilTerms {
    /// Whether license tokens may be transferred.
    pub transferable: bool,
    /// Contract that splits royalties; zero if the terms are not commercial.
    pub royalty_policy: Address,
    /// Price of a license token in the smallest unit of `currency`.
    pub default_minting_fee: Wei,
    /// Seconds from linking until a derivative expires; 0 is never.
    pub expiration_seconds: Uint256,
    /// Whether the work may be used commercially.
    pub commercial_use: bool,
    /// Whether commercial use must name the creator.
    pub commercial_attribution: bool,
    /// Contract that decides who may use the work commercially; zero for everybody.
    pub commercializer_checker: Address,
    /// Data for that contract.
    #[serde(with = "hex_bytes")]
    pub commercializer_checker_data: Vec<u8>,
    /// The licensor's part of a derivative's revenue in millionths of a percent. The template stores any number;
    /// above 100,000,000 (100 %) no derivative can be linked.
    pub commercial_rev_share: u32,
    /// Most revenue from commercial use, 0 for no limit.
    pub commercial_rev_ceiling: Wei,
    /// Whether derivatives may be made.
    pub derivatives_allowed: bool,
    /// Whether derivatives must name the creator.
    pub derivatives_attribution: bool,
    /// Whether the licensor approves each derivative before it is linked.
    pub derivatives_approval: bool,
    /// Whether derivatives carry the same terms.
    pub derivatives_reciprocal: bool,
    /// Most revenue from derivatives, 0 for no limit.
    pub derivative_rev_ceiling: Wei,
    /// ERC-20 token of fees and royalties; zero if there are none.
    pub currency: Address,
    /// Where the off-chain terms are.
    pub uri: String,
}

mod hex_bytes {
    use std::borrow::Cow;

    use data_encoding::HEXLOWER_PERMISSIVE;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("0x{}", HEXLOWER_PERMISSIVE.encode(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.strip_prefix("0x")
            .and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok())
            .ok_or_else(|| D::Error::custom("expected `0x` and hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::license::Payment, onchain::Share};

    #[test]
    fn terms_are_stored_under_stable_names() {
        let terms = PilTerms {
            commercializer_checker_data: vec![0xAB, 0x01],
            ..PilTerms::commercial_remix(Wei::from_coins(1), Share::FULL, Payment::default())
        };
        let json = serde_json::to_string_pretty(&terms).unwrap();
        assert_eq!(serde_json::from_str::<PilTerms>(&json).unwrap(), terms);
        insta::assert_snapshot!(json);
        let more = json.replacen('{', "{\"unknown\":1,", 1);
        assert!(serde_json::from_str::<PilTerms>(&more).is_err());
    }
}
