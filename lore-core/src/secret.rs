//! [`Secret`]: a credential that does not show itself.

use std::{fmt, hint::black_box, mem};

use serde::Deserialize;

/// Text that must not appear in logs, errors or stored records: an API token, a password.
///
/// `Debug` and `Display` print `***`; it can be read from a configuration but not written to one. The memory is
/// overwritten when the value is dropped, as far as safe code can promise that.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `text` with every mention of this secret replaced by `***`: an outside service may repeat what it was sent.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let mut bytes = mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Without a reader the compiler could leave the writes out.
        black_box(&bytes);
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_configuration_and_shown_nowhere() {
        let secret: Secret = serde_json::from_str("\"eyJ.abc\"").unwrap();
        assert_eq!(secret.expose(), "eyJ.abc");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
    }

    #[test]
    fn a_secret_is_taken_out_of_text_that_repeats_it() {
        let secret = Secret::from("eyJ.abc");
        assert_eq!(secret.redact("bad token eyJ.abc, eyJ.abc"), "bad token ***, ***");
        assert_eq!(Secret::default().redact("unchanged"), "unchanged");
    }
}
