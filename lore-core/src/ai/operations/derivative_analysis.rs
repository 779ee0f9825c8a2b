//! A derivative beside its parent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    names,
    percent::Percent,
    prompt,
    text::{check_lines, clean_lines},
    work::Work,
};
use crate::{
    ai::{
        key::KeyHasher,
        operation::{Operation, OperationKind},
    },
    domain::asset::Relationship,
    error::Violations,
    port::llm::Message,
};

/// Most differences; there is at least one.
pub const MOST_DIFFERENCES: usize = 10;
/// Most characters of a difference.
pub const DIFFERENCE_CHARS: usize = 300;

const INSTRUCTIONS: &str = "You compare a derivative work, `child`, with the work it uses, `parent`, on a platform for \
    creators.\nGive `similarity_percentage`, how much of the child is the parent's, 0 to 100, a decimal in a string; \
    `differences`, 1 to 10 short sentences, in the language named in the child's `language`, or else in that of the child; \
    `suggested_relationship`: remix (mixes or changes the parent), adaptation (brings it to another medium), translation \
    (brings it to another language) or continuation (continues it); `suggested_shares`: what part of the child's earnings \
    is due to each, as decimals in strings that sum to at most 100. Where the block has `relationship`, the creator of the \
    child says so; judge it.\nShape: {\"similarity_percentage\": \"…\", \"differences\": [\"…\"], \
    \"suggested_relationship\": \"…\", \"suggested_shares\": {\"parent_percentage\": \"…\", \"child_percentage\": \"…\"}}";

/// Asks for a comparison of a derivative with its parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DerivativeRequest {
    /// The work that is used.
    pub parent: Work,
    /// The work that uses it.
    pub child: Work,
    /// How the child uses the parent, as its creator says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relationship: Option<Relationship>,
}

impl DerivativeRequest {
    /// A comparison of a child with its parent.
    #[must_use]
    pub const fn new(parent: Work, child: Work) -> Self {
        Self { parent, child, relationship: None }
    }

    /// Says how the child uses the parent.
    #[must_use]
    pub const fn relationship(mut self, relationship: Relationship) -> Self {
        self.relationship = Some(relationship);
        self
    }
}

/// A derivative beside its parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DerivativeAnalysis {
    /// How much of the child is the parent's.
    pub similarity_percentage: Percent,
    /// 1 to 10 differences.
    pub differences: Vec<String>,
    /// How the child uses the parent.
    #[serde(deserialize_with = "names::read")]
    #[schemars(schema_with = "names::relationships")]
    pub suggested_relationship: Relationship,
    /// What is due to each.
    pub suggested_shares: SuggestedShares,
}

/// What part of a child's earnings is due to whom; at most 100 % together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SuggestedShares {
    /// To the parent.
    pub parent_percentage: Percent,
    /// To the child.
    pub child_percentage: Percent,
}

impl SuggestedShares {
    /// Parts of a child's earnings.
    #[must_use]
    pub const fn new(parent_percentage: Percent, child_percentage: Percent) -> Self {
        Self { parent_percentage, child_percentage }
    }
}

impl Operation for DerivativeRequest {
    type Output = DerivativeAnalysis;

    const KIND: OperationKind = OperationKind::DerivativeAnalysis;
    const PROMPT_VERSION: u32 = 1;

    fn check(&self) -> Result<(), Violations> {
        let mut found = Violations::new();
        self.parent.check(&mut found, "parent");
        self.child.check(&mut found, "child");
        found.into_result(())
    }

    fn key(&self, key: &mut KeyHasher) {
        let Self { parent, child, relationship } = self;
        // Each work writes all of its fields, so the first ends where the second begins.
        parent.key(key);
        child.key(key);
        key.optional_text("relationship", relationship.map(Relationship::as_str));
    }

    fn prompt(&self) -> Vec<Message> {
        let Self { parent, child, relationship } = self;
        let parameters = Self { parent: parent.normal(), child: child.normal(), relationship: *relationship };
        prompt::messages(INSTRUCTIONS, &parameters)
    }

    fn max_tokens(&self) -> u32 {
        1_024
    }

    /// Keeps each difference once.
    fn accept(&self, output: DerivativeAnalysis) -> Result<DerivativeAnalysis, Violations> {
        let mut found = Violations::new();
        let differences = clean_lines(output.differences);
        check_lines(&mut found, "differences", &differences, 1..=MOST_DIFFERENCES, DIFFERENCE_CHARS);
        let SuggestedShares { parent_percentage, child_percentage } = output.suggested_shares;
        let sum = parent_percentage.share().checked_add(child_percentage.share());
        found.require(
            sum.is_some(),
            "suggested_shares",
            "shares_do_not_sum",
            format_args!(
                "shares that sum to at most 100 %, not {parent_percentage} % and {child_percentage} %"
            ),
        );
        found.into_result(DerivativeAnalysis { differences, ..output })
    }

    /// None: rules do not judge what a derivative owes.
    fn by_rules(&self) -> Option<DerivativeAnalysis> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::asset::AssetType;

    #[test]
    fn shares_sum_to_at_most_100_percent() {
        let work = Work::new(AssetType::Music).title("A song");
        let request = DerivativeRequest::new(work.clone(), work);
        let accept = |parent: &str, child: &str| {
            let percent = |text: &str| Percent::new(text.parse().unwrap());
            request.accept(DerivativeAnalysis {
                similarity_percentage: percent("60"),
                differences: vec!["The tempo.".into(), "the tempo.".into()],
                suggested_relationship: Relationship::Remix,
                suggested_shares: SuggestedShares::new(percent(parent), percent(child)),
            })
        };
        assert_eq!(accept("37.5", "62.5").unwrap().differences, ["The tempo."]);
        assert_eq!(
            accept("37.5", "62.500001").unwrap_err().to_string(),
            "`suggested_shares`: expected shares that sum to at most 100 %, not 37.5 % and 62.500001 %"
        );
    }
}
