//! A description, enhanced.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    prompt,
    text::{check_written, clean_text},
    words::word_count,
    work::{Work, check_with_wishes, normal},
};
use crate::{
    ai::{
        key::KeyHasher,
        operation::{Operation, OperationKind},
    },
    domain::asset::AssetLimits,
    error::Violations,
    port::llm::Message,
};

/// Fewest words of a description.
pub const DESCRIPTION_LEAST_WORDS: usize = 100;
/// Most words of a description.
pub const DESCRIPTION_MOST_WORDS: usize = 150;

const INSTRUCTIONS: &str = "You write the description of a creative work for a platform for creators.\nWrite 100 to 150 \
    words, better 120, of plain prose in the language named in `language`, or else in that of the work. Improve on the \
    description that is there; tell nothing that the block does not tell; heed `wishes` as far as they are about the \
    description. No heading, no list.\nShape: {\"description\": \"…\"}";

/// Asks for a description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DescriptionRequest {
    /// The work.
    pub work: Work,
    /// What its creator wishes, up to [`MAX_WISHES_CHARS`](super::MAX_WISHES_CHARS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wishes: Option<String>,
}

impl DescriptionRequest {
    /// A description of a work.
    #[must_use]
    pub const fn new(work: Work) -> Self {
        Self { work, wishes: None }
    }

    /// Sets the creator's wishes.
    #[must_use]
    pub fn wishes(mut self, wishes: impl Into<String>) -> Self {
        self.wishes = Some(wishes.into());
        self
    }
}

/// A description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Description {
    /// 100 to 150 words.
    pub description: String,
}

impl Operation for DescriptionRequest {
    type Output = Description;

    const KIND: OperationKind = OperationKind::Description;
    const PROMPT_VERSION: u32 = 1;

    fn check(&self) -> Result<(), Violations> {
        check_with_wishes(&self.work, self.wishes.as_deref())
    }

    fn key(&self, key: &mut KeyHasher) {
        let Self { work, wishes } = self;
        work.key(key);
        key.optional_text("wishes", wishes.as_deref());
    }

    fn prompt(&self) -> Vec<Message> {
        let Self { work, wishes } = self;
        prompt::messages(INSTRUCTIONS, &Self { work: work.normal(), wishes: normal(wishes.as_deref()) })
    }

    fn max_tokens(&self) -> u32 {
        1_024
    }

    /// Takes hidden letters and surplus white space out.
    fn accept(&self, output: Description) -> Result<Description, Violations> {
        let mut found = Violations::new();
        let description = clean_text(&output.description);
        check_written(&mut found, "description", &description, AssetLimits::DESCRIPTION_CHARS);
        let words = word_count(&description);
        found.require(
            (DESCRIPTION_LEAST_WORDS..=DESCRIPTION_MOST_WORDS).contains(&words),
            "description",
            "wrong_length",
            format_args!("{DESCRIPTION_LEAST_WORDS} to {DESCRIPTION_MOST_WORDS} words, not {words}"),
        );
        found.into_result(Description { description })
    }

    /// None: rules know nothing to say about a work that is not said already.
    fn by_rules(&self) -> Option<Description> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::asset::AssetType;

    #[test]
    fn a_description_has_100_to_150_words() {
        let request = DescriptionRequest::new(Work::new(AssetType::Video).title("A film"));
        for (words, fits) in [(99, false), (100, true), (150, true), (151, false), (0, false)] {
            let output = Description { description: "sea ".repeat(words) };
            let accepted = request.accept(output);
            assert_eq!(accepted.is_ok(), fits, "{words}: {accepted:?}");
        }
        let found = request.accept(Description { description: "sea ".repeat(7) }).unwrap_err();
        assert_eq!(found.to_string(), "`description`: expected 100 to 150 words, not 7");
    }
}
