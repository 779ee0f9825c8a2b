//! A title, a description or metadata beside the platform's rules.
//!
//! Rules come first: what they find is found without a model, and a model can neither add to it nor take from it. A model
//! may add advice.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    names, prompt,
    text::{check_written, clean_line},
};
use crate::{
    ai::{
        key::KeyHasher,
        operation::{Operation, OperationKind},
    },
    domain::asset::{AssetText, Creator, check_text},
    error::Violations,
    port::llm::Message,
};

/// Most characters of all texts that are checked in one request, far above what rules allow: a text that is too long is a
/// finding, and one that is much too long is no request.
pub const MAX_CHECKED_CHARS: usize = 40_000;
/// Most tags, and most creators, of metadata that is checked.
pub const MAX_CHECKED_ENTRIES: usize = 200;
/// Most pieces of advice that a model may add.
pub const MOST_ADVICE: usize = 10;
/// Most characters of a piece of advice.
pub const ADVICE_CHARS: usize = 300;

const INSTRUCTIONS: &str = "You look over a title, a description or metadata of a creative work for a platform for \
    creators.\nRules about lengths, counts, repetitions and shares are checked already: say nothing about them. Say what a \
    careful editor would: misspellings, a title that does not tell what the work is, tags that do not fit. At most 10 \
    findings, none if there is nothing to say; each with `field` (title, description, tags or creators, as far as the block \
    has them), `severity` \"advice\", and `message`, one short sentence in the language of the text. `valid` is \
    true.\nShape: {\"valid\": true, \"findings\": [{\"field\": \"…\", \"severity\": \"advice\", \"message\": \"…\"}]}";

/// What is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Subject {
    /// A title.
    Title(String),
    /// A description.
    Description(String),
    /// All words that describe an asset.
    Metadata(AssetText),
}

/// Asks whether a title, a description or metadata keep the platform's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ValidationRequest {
    /// What is checked.
    pub subject: Subject,
}

impl ValidationRequest {
    /// A check of a subject.
    #[must_use]
    pub const fn new(subject: Subject) -> Self {
        Self { subject }
    }

    fn rules(&self) -> Validation {
        match &self.subject {
            Subject::Title(title) => validate_title(title),
            Subject::Description(description) => validate_description(description),
            Subject::Metadata(metadata) => validate_metadata(metadata),
        }
    }

    /// The fields that the subject has.
    const fn fields(&self) -> &'static [&'static str] {
        match self.subject {
            Subject::Title(_) => &["title"],
            Subject::Description(_) => &["description"],
            Subject::Metadata(_) => &["title", "description", "tags", "creators"],
        }
    }

    fn chars(&self) -> usize {
        let chars = |text: &String| text.chars().count();
        match &self.subject {
            Subject::Title(text) | Subject::Description(text) => chars(text),
            Subject::Metadata(AssetText { title, description, tags, creators }) => {
                let names = creators.iter().map(|creator| &creator.name);
                [title, description].into_iter().chain(tags).chain(names).map(chars).sum()
            }
        }
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// A broken rule; found by rules alone.
    Error,
    /// What could be better; said by a model.
    Advice,
}

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ValidationFinding {
    /// Where: `title`, `description`, `tags`, `creators`, or a part of one, such as `tags[2]`.
    pub field: String,
    /// How much it weighs.
    #[schemars(schema_with = "names::severities")]
    pub severity: Severity,
    /// What was expected, or what could be better.
    pub message: String,
}

/// Whether a subject keeps the rules, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Validation {
    /// Whether no rule is broken.
    pub valid: bool,
    /// Broken rules first, then advice.
    pub findings: Vec<ValidationFinding>,
}

/// Checks a title against [`AssetLimits`](crate::domain::asset::AssetLimits).
#[must_use]
pub fn validate_title(title: &str) -> Validation {
    by_field(&AssetText::new(title, ""), "title")
}

/// Checks a description against [`AssetLimits`](crate::domain::asset::AssetLimits).
#[must_use]
pub fn validate_description(description: &str) -> Validation {
    by_field(&AssetText::new("", description), "description")
}

/// Checks all words that describe an asset against [`AssetLimits`](crate::domain::asset::AssetLimits).
#[must_use]
pub fn validate_metadata(metadata: &AssetText) -> Validation {
    by_field(metadata, "")
}

/// The broken rules of the fields that begin so.
fn by_field(text: &AssetText, begins: &str) -> Validation {
    let broken = check_text(text).err().unwrap_or_default();
    let broken = broken.as_slice().iter().filter(|violation| violation.field.starts_with(begins));
    let findings: Vec<_> = broken
        .map(|violation| ValidationFinding {
            field: violation.field.clone(),
            severity: Severity::Error,
            message: format!("expected {}", violation.expected),
        })
        .collect();
    Validation { valid: findings.is_empty(), findings }
}

impl Operation for ValidationRequest {
    type Output = Validation;

    const KIND: OperationKind = OperationKind::Validation;
    const PROMPT_VERSION: u32 = 1;

    fn check(&self) -> Result<(), Violations> {
        let mut found = Violations::new();
        let chars = self.chars();
        let most = format!("at most {MAX_CHECKED_CHARS} characters, not {chars}");
        found.require(chars <= MAX_CHECKED_CHARS, "subject", "too_long", most);
        if let Subject::Metadata(AssetText { tags, creators, .. }) = &self.subject {
            let fits = tags.len().max(creators.len()) <= MAX_CHECKED_ENTRIES;
            let most = format!("at most {MAX_CHECKED_ENTRIES} tags and {MAX_CHECKED_ENTRIES} creators");
            found.require(fits, "subject", "too_many", most);
        }
        found.into_result(())
    }

    /// Texts go in as they are, since rules look at white space and at every letter.
    fn key(&self, key: &mut KeyHasher) {
        let Self { subject } = self;
        match subject {
            Subject::Title(title) => {
                key.bytes("title", title.as_bytes());
            }
            Subject::Description(description) => {
                key.bytes("description", description.as_bytes());
            }
            Subject::Metadata(AssetText { title, description, tags, creators }) => {
                key.text("subject", "metadata")
                    .bytes("title", title.as_bytes())
                    .bytes("description", description.as_bytes());
                for tag in tags {
                    key.bytes("tag", tag.as_bytes());
                }
                for Creator { name, address, contribution_percent } in creators {
                    key.bytes("name", name.as_bytes())
                        .bytes("address", address.as_bytes())
                        .number("contribution_percent", u64::from(*contribution_percent));
                }
            }
        }
    }

    fn prompt(&self) -> Vec<Message> {
        prompt::messages(INSTRUCTIONS, self)
    }

    fn max_tokens(&self) -> u32 {
        1_024
    }

    /// Puts what rules find in front, and `valid` as rules say. Whatever else there is becomes advice: about a field of the
    /// subject, each piece once.
    fn accept(&self, output: Validation) -> Result<Validation, Violations> {
        let mut found = Violations::new();
        let Validation { valid, findings: mut all } = self.rules();
        let mut advice: Vec<ValidationFinding> = Vec::new();
        for ValidationFinding { field, severity: _, message } in output.findings {
            let (field, message) = (clean_line(field), clean_line(message));
            let is_known = |known: &ValidationFinding| known.field == field && known.message == message;
            if !all.iter().chain(&advice).any(is_known) {
                advice.push(ValidationFinding { field, severity: Severity::Advice, message });
            }
            if advice.len() > MOST_ADVICE {
                found.require(false, "findings", "too_many", format!("at most {MOST_ADVICE} findings"));
                return Err(found);
            }
        }
        let fields = self.fields();
        for (index, ValidationFinding { field, message, .. }) in advice.iter().enumerate() {
            let name = field.split(['[', '.']).next().unwrap_or_default();
            let place = format!("findings[{index}]");
            found.require(
                fields.contains(&name) && is_path(field),
                format_args!("{place}.field"),
                "unknown",
                format!("one of {}", fields.join(", ")),
            );
            check_written(&mut found, format_args!("{place}.message"), message, ADVICE_CHARS);
        }
        all.extend(advice);
        found.into_result(Validation { valid, findings: all })
    }

    /// What rules find, as [`validate_title`], [`validate_description`] and [`validate_metadata`] do.
    fn by_rules(&self) -> Option<Validation> {
        Some(self.rules())
    }
}

/// Such as `creators[12].name`.
fn is_path(field: &str) -> bool {
    field.len() <= 50 && field.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"[]._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(field: &str, severity: Severity, message: &str) -> ValidationFinding {
        ValidationFinding { field: field.into(), severity, message: message.into() }
    }

    #[test]
    fn each_subject_is_checked_for_its_own_fields() {
        assert!(validate_title("A title").valid);
        assert_eq!(
            validate_title(" ").findings,
            [finding("title", Severity::Error, "expected 1 to 200 characters")]
        );
        assert!(validate_description("").valid);
        assert_eq!(validate_description(&"x".repeat(10_001)).findings[0].field, "description");
        let mut metadata = AssetText::new("", "");
        metadata.tags = vec!["a".into(), "a".into()];
        let fields: Vec<_> = validate_metadata(&metadata).findings.into_iter().map(|f| f.field).collect();
        assert_eq!(fields, ["title", "tags[1]"]);
    }

    #[test]
    fn a_model_adds_advice_and_changes_nothing_that_rules_find() {
        let request = ValidationRequest::new(Subject::Title("x".repeat(201)));
        let given = Validation {
            valid: true,
            findings: vec![
                finding("title", Severity::Error, "Say what it shows."),
                finding("title", Severity::Advice, "Say what it shows."),
            ],
        };
        let accepted = request.accept(given).unwrap();
        assert!(!accepted.valid);
        assert_eq!(accepted.findings[..1], request.by_rules().unwrap().findings);
        assert_eq!(accepted.findings[1..], [finding("title", Severity::Advice, "Say what it shows.")]);
        assert_eq!(request.accept(accepted.clone()), Ok(accepted));
    }

    #[test]
    fn advice_about_a_field_that_is_not_there_is_refused() {
        let request = ValidationRequest::new(Subject::Title("A title".into()));
        for (field, wanted) in
            [("title", true), ("title[0]", true), ("tags", false), ("title. Or not", false)]
        {
            let findings = vec![finding(field, Severity::Advice, "Add some.")];
            let accepted = request.accept(Validation { valid: true, findings });
            assert_eq!(accepted.is_ok(), wanted, "{field}: {accepted:?}");
        }
    }
}
