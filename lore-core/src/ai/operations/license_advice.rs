//! Advice on a licence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    names,
    percent::Percent,
    prompt,
    text::{check_written, clean_text},
    work::{Work, check_with_wishes, normal},
};
use crate::{
    ai::{
        key::KeyHasher,
        operation::{Operation, OperationKind},
    },
    domain::{
        asset::AssetType,
        license::{LicenseOptions, LicensePreset},
    },
    error::Violations,
    onchain::Share,
    port::llm::Message,
};

/// Most characters of the reasons.
pub const REASONING_CHARS: usize = 1_000;

const INSTRUCTIONS: &str = "You advise the creator of a work on its licence, on a platform where licences are one of these \
    types:\n- non_commercial_social_remixing: free remixing, no commercial use, no royalty\n- \
    non_commercial_no_derivatives: the work as it is, no commercial use, no derivatives, no royalty\n- commercial_use: \
    commercial use of the work as it is, no derivatives, no royalty\n- commercial_remix: commercial use and derivatives, \
    which pay a royalty\n- commercial_remix_with_approval: the same, and the creator approves each derivative\n- \
    commercial_remix_one_generation: the same as commercial_remix, and nobody may make derivatives of derivatives\n- \
    creative_commons_attribution: any use, also commercial, for naming the creator, no royalty\nGive `license_type`; \
    `commercial_use` and `derivatives_allowed` as that type has them; `royalty_percentage`, 0 to 100, a decimal in a string, \
    \"0\" for every type but the three remix ones that pay; `reasoning`, 1 to 4 sentences to the creator, in the language \
    named in `language`, or else in that of the work. Where the block has `commercial_use` or `derivatives_allowed`, that is \
    the creator's wish: choose a type that fits.\nShape: {\"license_type\": \"…\", \"commercial_use\": true, \
    \"derivatives_allowed\": true, \"royalty_percentage\": \"…\", \"reasoning\": \"…\"}";

/// Asks for advice on a licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LicenseRequest {
    /// The work.
    pub work: Work,
    /// Whether its creator wants commercial use, if that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commercial_use: Option<bool>,
    /// Whether its creator wants derivatives, if that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derivatives_allowed: Option<bool>,
    /// What its creator wishes beyond that, up to [`MAX_WISHES_CHARS`](super::MAX_WISHES_CHARS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wishes: Option<String>,
}

impl LicenseRequest {
    /// Advice on the licence of a work.
    #[must_use]
    pub const fn new(work: Work) -> Self {
        Self { work, commercial_use: None, derivatives_allowed: None, wishes: None }
    }

    /// Settles whether there is commercial use.
    #[must_use]
    pub const fn commercial_use(mut self, wanted: bool) -> Self {
        self.commercial_use = Some(wanted);
        self
    }

    /// Settles whether there are derivatives.
    #[must_use]
    pub const fn derivatives_allowed(mut self, wanted: bool) -> Self {
        self.derivatives_allowed = Some(wanted);
        self
    }

    /// Sets the creator's other wishes.
    #[must_use]
    pub fn wishes(mut self, wishes: impl Into<String>) -> Self {
        self.wishes = Some(wishes.into());
        self
    }
}

/// Advice on a licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LicenseAdvice {
    /// The licence.
    #[serde(deserialize_with = "names::read")]
    #[schemars(schema_with = "names::presets")]
    pub license_type: LicensePreset,
    /// Whether it allows commercial use.
    pub commercial_use: bool,
    /// Whether it allows derivatives.
    pub derivatives_allowed: bool,
    /// What derivatives pay of their revenue; 0 where nothing is paid.
    pub royalty_percentage: Percent,
    /// Why this licence.
    pub reasoning: String,
}

/// Commercial use and derivatives, as the terms of a preset have them.
fn uses(preset: LicensePreset) -> (bool, bool) {
    let terms = preset.terms(&LicenseOptions::default());
    terms.map(|terms| (terms.commercial_use, terms.derivatives_allowed)).unwrap_or_default()
}

/// What derivatives of a type of work pay where rules choose.
const fn usual_millionths(asset_type: AssetType) -> u32 {
    match asset_type {
        AssetType::Music | AssetType::Video => 15_000_000,
        AssetType::GameAsset => 5_000_000,
        _ => 10_000_000,
    }
}

impl Operation for LicenseRequest {
    type Output = LicenseAdvice;

    const KIND: OperationKind = OperationKind::LicenseAdvice;
    const PROMPT_VERSION: u32 = 1;

    fn check(&self) -> Result<(), Violations> {
        check_with_wishes(&self.work, self.wishes.as_deref())
    }

    fn key(&self, key: &mut KeyHasher) {
        let Self { work, commercial_use, derivatives_allowed, wishes } = self;
        work.key(key);
        for (name, wish) in [("commercial_use", commercial_use), ("derivatives_allowed", derivatives_allowed)]
        {
            match wish {
                Some(wanted) => key.flag(name, *wanted),
                None => key.absent(name),
            };
        }
        key.optional_text("wishes", wishes.as_deref());
    }

    fn prompt(&self) -> Vec<Message> {
        let Self { work, commercial_use, derivatives_allowed, wishes } = self;
        prompt::messages(
            INSTRUCTIONS,
            &Self {
                work: work.normal(),
                commercial_use: *commercial_use,
                derivatives_allowed: *derivatives_allowed,
                wishes: normal(wishes.as_deref()),
            },
        )
    }

    fn max_tokens(&self) -> u32 {
        768
    }

    /// The uses must be those of the type and those that the creator settled, and only a type that has a royalty may ask
    /// for one.
    fn accept(&self, output: LicenseAdvice) -> Result<LicenseAdvice, Violations> {
        let mut found = Violations::new();
        let LicenseAdvice {
            license_type,
            commercial_use,
            derivatives_allowed,
            royalty_percentage,
            reasoning,
        } = output;
        let (commercial, derivatives) = uses(license_type);
        for (field, given, of_type, wish) in [
            ("commercial_use", commercial_use, commercial, self.commercial_use),
            ("derivatives_allowed", derivatives_allowed, derivatives, self.derivatives_allowed),
        ] {
            let as_type = format!("{of_type}, since `license_type` is `{license_type}`");
            found.require(given == of_type, field, "not_in_preset", as_type);
            if let Some(wanted) = wish.filter(|wanted| *wanted != of_type) {
                let as_wished = format!("a type with `{field}` {wanted}, as the creator wants it");
                found.require(false, "license_type", "against_wish", as_wished);
            }
        }
        found.require(
            license_type.has_rev_share() || royalty_percentage.share() == Share::ZERO,
            "royalty_percentage",
            "not_in_preset",
            format!("\"0\", since `license_type` is `{license_type}`, which has no royalty"),
        );
        let reasoning = clean_text(&reasoning);
        check_written(&mut found, "reasoning", &reasoning, REASONING_CHARS);
        found.into_result(LicenseAdvice {
            license_type,
            commercial_use,
            derivatives_allowed,
            royalty_percentage,
            reasoning,
        })
    }

    /// By what the creator settled alone; free text is not read.
    ///
    /// | commercial use | derivatives | licence | royalty |
    /// |---|---|---|---|
    /// | wanted | wanted or open | `commercial_remix` | music and video 15 %, parts of games 5 %, other 10 % |
    /// | wanted | not wanted | `commercial_use` | 0 |
    /// | not wanted or open | wanted or open | `non_commercial_social_remixing` | 0 |
    /// | not wanted or open | not wanted | `non_commercial_no_derivatives` | 0 |
    ///
    /// What is open is answered with care: more can be allowed later, and nothing can be taken back.
    fn by_rules(&self) -> Option<LicenseAdvice> {
        let commercial = self.commercial_use.unwrap_or(false);
        let derivatives = self.derivatives_allowed.unwrap_or(true);
        let (license_type, reasoning) = match (commercial, derivatives) {
            (true, true) => (
                LicensePreset::CommercialRemix,
                "You want commercial use, and derivatives may earn for you too. The royalty is a usual one for this type of \
                 work.",
            ),
            (true, false) => {
                (LicensePreset::CommercialUse, "You want commercial use, and the work to stay as it is.")
            }
            (false, true) => (
                LicensePreset::NonCommercialSocialRemixing,
                "You did not ask for commercial use. Others may remix the work freely; you can allow more later, but take \
                 nothing back.",
            ),
            (false, false) => (
                LicensePreset::NonCommercialNoDerivatives,
                "You want the work to stay as it is, and did not ask for commercial use.",
            ),
        };
        let royalty = if license_type.has_rev_share() { usual_millionths(self.work.asset_type) } else { 0 };
        let (commercial_use, derivatives_allowed) = uses(license_type);
        Some(LicenseAdvice {
            license_type,
            commercial_use,
            derivatives_allowed,
            royalty_percentage: Percent::new(Share::from_millionths(royalty).ok()?),
            reasoning: reasoning.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(license_type: LicensePreset, royalty: &str) -> LicenseAdvice {
        let (commercial_use, derivatives_allowed) = uses(license_type);
        let royalty_percentage = Percent::new(royalty.parse().unwrap());
        let reasoning = "It fits.".to_owned();
        LicenseAdvice { license_type, commercial_use, derivatives_allowed, royalty_percentage, reasoning }
    }

    fn request() -> LicenseRequest {
        LicenseRequest::new(Work::new(AssetType::Music).title("A song"))
    }

    #[test]
    fn only_types_with_a_royalty_may_ask_for_one() {
        for preset in LicensePreset::ALL {
            assert!(request().accept(advice(preset, "0")).is_ok(), "{preset}");
            assert_eq!(request().accept(advice(preset, "12.5")).is_ok(), preset.has_rev_share(), "{preset}");
        }
    }

    #[test]
    fn uses_are_those_of_the_type_and_of_the_wish() {
        let mut wrong = advice(LicensePreset::NonCommercialNoDerivatives, "0");
        wrong.derivatives_allowed = true;
        let found = request().commercial_use(true).accept(wrong).unwrap_err();
        insta::assert_snapshot!(found);
    }

    #[test]
    fn rules_follow_what_is_settled_and_are_careful_where_nothing_is() {
        let rows = [None, Some(false), Some(true)];
        for commercial in rows {
            for derivatives in rows {
                let mut request = request();
                (request.commercial_use, request.derivatives_allowed) = (commercial, derivatives);
                let advice = request.by_rules().unwrap();
                assert_eq!(request.accept(advice.clone()).unwrap(), advice);
                assert_eq!(advice.commercial_use, commercial == Some(true));
            }
        }
        let paid = request().commercial_use(true).by_rules().unwrap();
        assert_eq!(paid.royalty_percentage.to_string(), "15");
    }
}
