//! The protocol's four published flavours of PIL terms, field by field as its SDK makes them.
//!
//! One difference is on purpose: the checker's data is empty, as in the protocol's default terms, where SDK 1.4.4 puts
//! 20 zero bytes and so gets other terms with another id.

use serde::{Deserialize, Serialize};

use crate::{
    domain::license::PilTerms,
    onchain::{Address, Share, Uint256, Wei},
    protocol::{ROYALTY_POLICY_LAP, WIP},
};

/// The published texts of the flavours, each at the commit that the protocol names.
const NCSR_URI: &str = "https://github.com/piplabs/pil-document/blob/998c13e6ee1d04eb817aefd1fe16dfe8be3cd7a2/off-chain-terms/NCSR.json";
const COMMERCIAL_USE_URI: &str = "https://github.com/piplabs/pil-document/blob/9a1f803fcf8101a8a78f1dcc929e6014e144ab56/off-chain-terms/CommercialUse.json";
const COMMERCIAL_REMIX_URI: &str = "https://github.com/piplabs/pil-document/blob/ad67bb632a310d2557f8abcccd428e4c9c798db1/off-chain-terms/CommercialRemix.json";
const CC_BY_URI: &str = "https://github.com/piplabs/pil-document/blob/998c13e6ee1d04eb817aefd1fe16dfe8be3cd7a2/off-chain-terms/CC-BY.json";

/// In what commercial terms are paid, and how royalties spread. [`Default`] is WIP and royalty policy LAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// ERC-20 token of fees and royalties.
    pub currency: Address,
    /// Contract that splits royalties.
    pub royalty_policy: Address,
}

impl Default for Payment {
    fn default() -> Self {
        Self { currency: WIP, royalty_policy: ROYALTY_POLICY_LAP }
    }
}

impl PilTerms {
    /// Everybody may remix without commercial use, must name the creator, and passes the same terms on.
    ///
    /// These are the protocol's default terms, id 1.
    #[must_use]
    pub fn non_commercial_social_remixing() -> Self {
        Self {
            derivatives_allowed: true,
            derivatives_attribution: true,
            derivatives_reciprocal: true,
            uri: NCSR_URI.to_owned(),
            ..Self::bare()
        }
    }

    /// Who pays the fee may use the work as it is commercially, naming the creator. No derivatives.
    #[must_use]
    pub fn commercial_use(minting_fee: Wei, payment: Payment) -> Self {
        Self {
            default_minting_fee: minting_fee,
            uri: COMMERCIAL_USE_URI.to_owned(),
            ..Self::bare().commercial(payment)
        }
    }

    /// Who pays the fee may remix and sell, naming the creator, under the same terms, and owes `rev_share` of the
    /// derivative's revenue.
    #[must_use]
    pub fn commercial_remix(minting_fee: Wei, rev_share: Share, payment: Payment) -> Self {
        Self {
            default_minting_fee: minting_fee,
            commercial_rev_share: rev_share.millionths(),
            uri: COMMERCIAL_REMIX_URI.to_owned(),
            ..Self::non_commercial_social_remixing().commercial(payment)
        }
    }

    /// Everybody may use and remix, commercially too, for nothing but naming the creator (CC-BY).
    #[must_use]
    pub fn creative_commons_attribution(payment: Payment) -> Self {
        Self { uri: CC_BY_URI.to_owned(), ..Self::non_commercial_social_remixing().commercial(payment) }
    }

    /// Terms that allow nothing but looking, and license tokens that may be transferred.
    pub(in crate::domain) fn bare() -> Self {
        Self {
            transferable: true,
            royalty_policy: Address::ZERO,
            default_minting_fee: Wei::ZERO,
            expiration_seconds: Uint256::ZERO,
            commercial_use: false,
            commercial_attribution: false,
            commercializer_checker: Address::ZERO,
            commercializer_checker_data: Vec::new(),
            commercial_rev_share: 0,
            commercial_rev_ceiling: Wei::ZERO,
            derivatives_allowed: false,
            derivatives_attribution: false,
            derivatives_approval: false,
            derivatives_reciprocal: false,
            derivative_rev_ceiling: Wei::ZERO,
            currency: Address::ZERO,
            uri: String::new(),
        }
    }

    /// These terms with commercial use allowed, naming the creator.
    fn commercial(self, payment: Payment) -> Self {
        Self {
            royalty_policy: payment.royalty_policy,
            currency: payment.currency,
            commercial_use: true,
            commercial_attribution: true,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::license::vectors, protocol::ROYALTY_POLICY_LRP};

    fn recorded(name: &str) -> PilTerms {
        vectors::terms().into_iter().find(|case| case.name == name).unwrap().terms
    }

    #[test]
    fn the_flavours_are_those_recorded_on_the_template() {
        let lap = Payment::default();
        let merc20_lrp = Payment {
            currency: "0xf2104833d386a2734a4eb3b8ad6fc6812f29e38e".parse().unwrap(),
            royalty_policy: ROYALTY_POLICY_LRP,
        };
        let coin = Wei::from_coins(1);
        let tenth = Share::from_percent(10).unwrap();
        let half = Share::from_percent(50).unwrap();
        let fee = Wei::from(2_500_000_000_000_000_000_u64);
        for (terms, name) in [
            (PilTerms::non_commercial_social_remixing(), "default-terms-id-1-ncsr"),
            (PilTerms::commercial_use(coin, lap), "flavor-commercial-use-fee-1e18-wip-lap"),
            (PilTerms::commercial_use(Wei::ZERO, lap), "flavor-commercial-use-fee-0"),
            (
                PilTerms::commercial_use(Wei::from(1_u64), merc20_lrp),
                "flavor-commercial-use-fee-1-merc20-lrp",
            ),
            (PilTerms::commercial_remix(coin, tenth, lap), "flavor-commercial-remix-fee-1e18-rev-10pct"),
            (PilTerms::commercial_remix(fee, half, merc20_lrp), "flavor-commercial-remix-lrp-merc20-50pct"),
            (PilTerms::creative_commons_attribution(lap), "flavor-cc-by-wip-lap"),
            (PilTerms::creative_commons_attribution(merc20_lrp), "flavor-cc-by-merc20-lrp"),
        ] {
            assert_eq!(terms, recorded(name), "{name}");
        }
    }
}
