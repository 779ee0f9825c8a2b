//! [`Percent`]: a percentage as models write it, and exact.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::onchain::Share;

/// 0 to 100 percent, exact to the millionth of a percent as shares are on chain.
///
/// Written as a decimal in a string (`"12.5"`), so that it goes through no float. Read from one, also with a `%`, and from
/// a number with at most six digits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(Share);

impl Percent {
    /// A share, written as [`Percent`] is.
    #[must_use]
    pub const fn new(share: Share) -> Self {
        Self(share)
    }

    /// The share.
    #[must_use]
    pub const fn share(self) -> Share {
        self.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Percent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a percentage from 0 to 100 with at most 6 digits after the point, such as \"12.5\"")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Percent, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Percent, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Percent, E> {
        // The shortest decimal that reads as this float: what the model wrote, as it has fewer than 15 digits.
        self.visit_str(&value.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Percent, E> {
        let digits = text.trim().trim_end_matches('%').trim_end();
        let share =
            digits.parse().map_err(|_| E::invalid_value(de::Unexpected::Other("another value"), &self));
        share.map(Percent)
    }
}

impl JsonSchema for Percent {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A percentage: a decimal number from 0 to 100, such as 12.5",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<String, String> {
        serde_json::from_str::<Percent>(json)
            .map(|percent| percent.to_string())
            .map_err(|err| err.to_string())
    }

    #[test]
    fn percentages_are_read_exactly_from_numbers_and_decimals() {
        for (json, wanted) in [
            ("12.5", "12.5"),
            ("100", "100"),
            ("100.0", "100"),
            ("0", "0"),
            ("33.333333", "33.333333"),
            ("0.000001", "0.000001"),
            ("\"12.50\"", "12.5"),
            ("\" 7 % \"", "7"),
        ] {
            assert_eq!(read(json).as_deref(), Ok(wanted), "{json}");
        }
        assert_eq!(serde_json::to_string(&Percent(Share::from_percent(15).unwrap())).unwrap(), "\"15\"");
    }

    #[test]
    fn what_is_no_percentage_is_refused_in_words() {
        for json in ["140", "-1", "100.000001", "0.0000001", "1e300", "\"ten\"", "\"\"", "null", "[5]"] {
            assert!(read(json).unwrap_err().contains("a percentage from 0 to 100"), "{json}");
        }
    }
}
