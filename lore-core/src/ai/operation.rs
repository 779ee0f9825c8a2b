//! [`OperationKind`] and [`Tier`]: what can be asked, and how good the answer has to be.

use std::fmt;

use serde::{Deserialize, Serialize};

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

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

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
