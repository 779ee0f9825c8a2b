//! The seven common choices of license, by name.
//!
//! Four are the protocol's published flavours. Three fill the gaps that people ask for and the flavours leave: look but
//! do not change, remix only with my approval, remix but only one generation. No published text exists for these, so
//! their `uri` is empty and the PIL's own text applies to the fields as they are.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    domain::license::{Payment, PilTerms},
    error::{Error, Violations},
    onchain::{Share, Wei},
};

/// A common choice of license terms, by a stable name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LicensePreset {
    /// Published flavour: free remixing without commercial use. The protocol's default terms.
    NonCommercialSocialRemixing,
    /// The work as it is, without commercial use: no derivatives, no fee. PIL terms cannot demand attribution for this
    /// use.
    NonCommercialNoDerivatives,
    /// Published flavour: commercial use of the work as it is, for a fee. No derivatives.
    CommercialUse,
    /// Published flavour: commercial remixing for a fee and a share of the revenue.
    CommercialRemix,
    /// As [`CommercialRemix`](Self::CommercialRemix), but the owner approves each derivative before it is linked.
    CommercialRemixWithApproval,
    /// As [`CommercialRemix`](Self::CommercialRemix), but derivatives may not be remixed further. As the terms are not
    /// reciprocal, a derivative may have parents with other such terms of the same royalty policy.
    CommercialRemixOneGeneration,
    /// Published flavour CC-BY: any use, commercial too, for naming the creator.
    CreativeCommonsAttribution,
}

/// What is left to choose of a [`LicensePreset`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LicenseOptions {
    /// Price of a license; zero for none.
    pub minting_fee: Wei,
    /// The licensor's part of a derivative's revenue.
    pub rev_share: Share,
    /// Token and royalty policy; not used by non-commercial terms.
    pub payment: Payment,
}

impl LicenseOptions {
    /// No fee and no share, paid in `payment` if anything ever is.
    #[must_use]
    pub const fn new(payment: Payment) -> Self {
        Self { minting_fee: Wei::ZERO, rev_share: Share::ZERO, payment }
    }

    /// Sets the price of a license.
    #[must_use]
    pub const fn minting_fee(mut self, fee: Wei) -> Self {
        self.minting_fee = fee;
        self
    }

    /// Sets the licensor's part of a derivative's revenue.
    #[must_use]
    pub const fn rev_share(mut self, share: Share) -> Self {
        self.rev_share = share;
        self
    }
}

impl LicensePreset {
    /// Every preset.
    pub const ALL: [Self; 7] = [
        Self::NonCommercialSocialRemixing,
        Self::NonCommercialNoDerivatives,
        Self::CommercialUse,
        Self::CommercialRemix,
        Self::CommercialRemixWithApproval,
        Self::CommercialRemixOneGeneration,
        Self::CreativeCommonsAttribution,
    ];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NonCommercialSocialRemixing => "non_commercial_social_remixing",
            Self::NonCommercialNoDerivatives => "non_commercial_no_derivatives",
            Self::CommercialUse => "commercial_use",
            Self::CommercialRemix => "commercial_remix",
            Self::CommercialRemixWithApproval => "commercial_remix_with_approval",
            Self::CommercialRemixOneGeneration => "commercial_remix_one_generation",
            Self::CreativeCommonsAttribution => "creative_commons_attribution",
        }
    }

    /// Whether a license may cost a fee.
    #[must_use]
    pub const fn has_fee(self) -> bool {
        matches!(self, Self::CommercialUse) || self.has_rev_share()
    }

    /// Whether derivatives may owe a share of their revenue.
    #[must_use]
    pub const fn has_rev_share(self) -> bool {
        matches!(
            self,
            Self::CommercialRemix | Self::CommercialRemixWithApproval | Self::CommercialRemixOneGeneration
        )
    }

    /// The terms of this preset.
    ///
    /// # Errors
    /// `not_in_preset` for a fee or a share that the preset has no place for: nothing is dropped in silence.
    pub fn terms(self, options: &LicenseOptions) -> Result<PilTerms, Violations> {
        let mut found = Violations::new();
        let none = || format!("0, since `{self}` has none");
        found.require(
            self.has_fee() || options.minting_fee.is_zero(),
            "minting_fee",
            "not_in_preset",
            none(),
        );
        found.require(
            self.has_rev_share() || options.rev_share == Share::ZERO,
            "rev_share",
            "not_in_preset",
            none(),
        );
        let LicenseOptions { minting_fee, rev_share, payment } = *options;
        let remix = || PilTerms::commercial_remix(minting_fee, rev_share, payment);
        let terms = match self {
            Self::NonCommercialSocialRemixing => PilTerms::non_commercial_social_remixing(),
            Self::NonCommercialNoDerivatives => PilTerms::bare(),
            Self::CommercialUse => PilTerms::commercial_use(minting_fee, payment),
            Self::CommercialRemix => remix(),
            Self::CommercialRemixWithApproval => {
                PilTerms { derivatives_approval: true, uri: String::new(), ..remix() }
            }
            Self::CommercialRemixOneGeneration => {
                PilTerms { derivatives_reciprocal: false, uri: String::new(), ..remix() }
            }
            Self::CreativeCommonsAttribution => PilTerms::creative_commons_attribution(payment),
        };
        found.into_result(terms)
    }
}

impl fmt::Display for LicensePreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LicensePreset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid("license", "unknown", format!("one of {names}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::license::{check_terms, protocol_error, terms_hash, vectors};

    #[test]
    fn every_preset_gives_terms_of_its_own_that_the_template_takes() {
        let mut hashes = HashSet::new();
        for preset in LicensePreset::ALL {
            let mut options = LicenseOptions::default();
            if preset.has_fee() {
                options = options.minting_fee(Wei::from_coins(1));
            }
            if preset.has_rev_share() {
                options = options.rev_share(Share::from_percent(10).unwrap());
            }
            let terms = preset.terms(&options).unwrap();
            assert_eq!(check_terms(&terms), Ok(()), "{preset}");
            assert_eq!(vectors::with_facts(|facts| protocol_error(&terms, facts)), None, "{preset}");
            assert!(hashes.insert(terms_hash(&terms)), "{preset}");
        }
    }

    #[test]
    fn a_fee_or_share_that_a_preset_has_no_place_for_is_refused() {
        let options = LicenseOptions::default()
            .minting_fee(Wei::from(1_u64))
            .rev_share(Share::from_percent(1).unwrap());
        let found = LicensePreset::CreativeCommonsAttribution.terms(&options).unwrap_err();
        let fields: Vec<_> = found.as_slice().iter().map(|v| v.field.as_str()).collect();
        assert_eq!(fields, ["minting_fee", "rev_share"]);
        assert!(LicensePreset::CommercialRemix.terms(&options).is_ok());
    }

    #[test]
    fn presets_are_read_by_their_stored_names() {
        for preset in LicensePreset::ALL {
            assert_eq!(preset.as_str().parse::<LicensePreset>().unwrap(), preset);
            assert_eq!(serde_json::to_string(&preset).unwrap(), format!("\"{preset}\""));
        }
        insta::assert_snapshot!(LicensePreset::ALL.map(LicensePreset::as_str).join("\n"), @r"
        non_commercial_social_remixing
        non_commercial_no_derivatives
        commercial_use
        commercial_remix
        commercial_remix_with_approval
        commercial_remix_one_generation
        creative_commons_attribution
        ");
        assert!("mit".parse::<LicensePreset>().is_err());
    }

    #[test]
    fn options_are_stored_under_stable_names() {
        let options = LicenseOptions::default().minting_fee(Wei::from(5_u64));
        insta::assert_snapshot!(serde_json::to_string(&options).unwrap(), @r#"{"minting_fee":"5","rev_share":0,"payment":{"currency":"0x1514000000000000000000000000000000000000","royalty_policy":"0xBe54FB168b3c982b7AaE60dB6CF75Bd8447b390E"}}"#);
        assert_eq!(serde_json::from_str::<LicenseOptions>("{}").unwrap(), LicenseOptions::default());
    }
}
