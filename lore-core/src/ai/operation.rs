//! [`Operation`]: a question with typed parameters whose answer keeps rules.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::key::KeyHasher;
use crate::{
    error::Violations,
    maybe_send::{MaybeSend, MaybeSync},
    port::llm::Message,
};

/// What an answer must be able to do.
pub trait Value:
    Serialize + DeserializeOwned + JsonSchema + Clone + fmt::Debug + PartialEq + MaybeSend + MaybeSync + 'static
{
}
impl<T> Value for T where
    T: Serialize
        + DeserializeOwned
        + JsonSchema
        + Clone
        + fmt::Debug
        + PartialEq
        + MaybeSend
        + MaybeSync
        + 'static
{
}

/// A question to a model. The fields of the type that implements it are the parameters.
///
/// User text is data: [`prompt`](Self::prompt) hands it over in a block of JSON that the instructions name, and whatever the
/// model makes of it must pass [`accept`](Self::accept).
pub trait Operation: Serialize + Clone + fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// The answer.
    type Output: Value;

    /// What it is.
    const KIND: OperationKind;

    /// The number of the prompt's wording. A new wording has a new number: answers to the old one are not found any more.
    const PROMPT_VERSION: u32;

    /// Checks every parameter.
    ///
    /// # Errors
    /// Every broken bound, by field.
    fn check(&self) -> Result<(), Violations>;

    /// Puts **every** parameter into the key: destructure `self` without `..`, so that a new field cannot be forgotten.
    fn key(&self, key: &mut KeyHasher);

    /// The messages, instructions first.
    fn prompt(&self) -> Vec<Message>;

    /// Most tokens that an answer can need.
    fn max_tokens(&self) -> u32;

    /// Checks an answer against the product's rules, and puts what means the same into one form.
    ///
    /// # Errors
    /// Every broken rule, in words that a model understands.
    fn accept(&self, output: Self::Output) -> Result<Self::Output, Violations>;

    /// The answer that documented rules give when no model does, for operations that have such rules.
    fn by_rules(&self) -> Option<Self::Output>;
}

macro_rules! named {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $name {
            /// All of them, for tables and bindings.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name, as stored and as seen by every binding.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// Reads a stable name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(super) use named;

/// What a model is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OperationKind {
    /// Suggests titles.
    Titles,
    /// Writes a description.
    Description,
    /// Finds category, tags, themes and notes on quality.
    Analysis,
    /// Advises on a licence.
    LicenseAdvice,
    /// Compares a derivative with its parent.
    DerivativeAnalysis,
    /// Checks a title, a description or metadata against the platform's rules.
    Validation,
}

named!(OperationKind {
    Titles = "titles",
    Description = "description",
    Analysis = "analysis",
    LicenseAdvice = "license_advice",
    DerivativeAnalysis = "derivative_analysis",
    Validation = "validation",
});

/// An ordered list of models: the next is asked when one fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tier {
    /// Quick and cheap.
    #[default]
    Fast,
    /// Slower, better, dearer.
    Quality,
}

named!(Tier { Fast = "fast", Quality = "quality" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_serialise_as_they_are_shown() {
        for kind in OperationKind::ALL {
            assert_eq!(OperationKind::from_name(kind.as_str()), Some(*kind));
            assert_eq!(serde_json::to_string(kind).unwrap(), format!("\"{kind}\""));
        }
        for tier in Tier::ALL {
            assert_eq!(Tier::from_name(tier.as_str()), Some(*tier));
            assert_eq!(serde_json::to_string(tier).unwrap(), format!("\"{tier}\""));
        }
    }
}
