//! [`Violations`]: what is wrong with a request.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// One broken rule of a request: which field, which rule, what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Violation {
    /// Path of the field, for example `parents[1].share`.
    pub field: String,
    /// Stable name of the rule, for example `too_long`.
    pub rule: Cow<'static, str>,
    /// What was expected, for a person: `1 to 200 characters`.
    pub expected: String,
}

impl Violation {
    /// Names a broken rule.
    pub fn new(field: impl Into<String>, rule: &'static str, expected: impl Into<String>) -> Self {
        Self { field: field.into(), rule: Cow::Borrowed(rule), expected: expected.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: expected {}", self.field, self.expected)
    }
}

/// Every broken rule of one request, in the order found. Pure rules return this instead of an [`Error`](super::Error).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(pub(super) Vec<Violation>);

impl Violations {
    /// No finding yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a finding.
    pub fn push(&mut self, violation: Violation) {
        self.0.push(violation);
    }

    /// Adds a finding unless `holds`; only then are `field` and `expected` written out.
    pub fn require(
        &mut self,
        holds: bool,
        field: impl fmt::Display,
        rule: &'static str,
        expected: impl fmt::Display,
    ) {
        if !holds {
            self.0.push(Violation::new(field.to_string(), rule, expected.to_string()));
        }
    }

    /// The findings.
    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all findings of another check.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// `Ok` with `value` if nothing was found.
    ///
    /// # Errors
    /// The findings, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Violation> for Violations {
    fn from(violation: Violation) -> Self {
        Self(vec![violation])
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{violation}")?;
        }
        Ok(())
    }
}
