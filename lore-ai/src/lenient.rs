//! Reading JSON that other people's servers write: a field of an unexpected shape is a field that is missing, not a lost
//! answer; and amounts of money are read from their own digits, never through a binary fraction.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use lore_core::Usd;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// A field that may be missing, `null`, or of another shape.
pub(crate) fn or_nothing<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    // Only broken JSON fails here, and that is what the caller wants to know.
    let raw = Option::<&'de RawValue>::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| serde_json::from_str(raw.get()).ok()))
}

/// A field as it stands there; `null` is nothing.
pub(crate) fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    let raw = Option::<&'de RawValue>::deserialize(deserializer)?;
    Ok(raw.filter(|raw| raw.get() != "null").map(ToOwned::to_owned))
}

/// The text of a number or of a string.
pub(crate) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let written = raw.get();
    match written.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(written).ok().map(Cow::Owned),
        b'0'..=b'9' | b'-' => Some(Cow::Borrowed(written)),
        _ => None,
    }
}

/// A number, or a string that holds one.
pub(crate) fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let raw = Option::<&'de RawValue>::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| text(raw)?.trim().parse().ok()))
}

/// An amount in US dollars. Negative ones stand for "it depends" and are none.
pub(crate) fn usd<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Usd>, D::Error> {
    parsed(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Line {
        #[serde(default, deserialize_with = "usd")]
        cost: Option<Usd>,
        #[serde(default, deserialize_with = "parsed")]
        tokens: Option<u64>,
        #[serde(default, deserialize_with = "or_nothing")]
        words: Option<Vec<String>>,
    }

    fn line(json: &str) -> Line {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_amount_is_read_from_its_own_digits() {
        for (json, picos) in [
            (r#"{"cost":0.000014}"#, Some(14_000_000)),
            (r#"{"cost":2.55e-6}"#, Some(2_550_000)),
            (r#"{"cost":"0.0000000375"}"#, Some(37_500)),
            // Sixteen digits and more are what a binary fraction would lose.
            (r#"{"cost":1234567.123456789012}"#, Some(1_234_567_123_456_789_012)),
            (r#"{"cost":0}"#, Some(0)),
            (r#"{"cost":"-1"}"#, None),
            (r#"{"cost":{"usd":1}}"#, None),
            (r#"{"cost":null}"#, None),
            (r"{}", None),
        ] {
            assert_eq!(line(json).cost, picos.map(Usd::from_picos), "{json}");
        }
    }

    #[test]
    fn a_field_of_another_shape_is_missing_and_spoils_nothing() {
        let read = line(r#"{"cost":[],"tokens":"12","words":["a"]}"#);
        assert_eq!((read.cost, read.tokens, read.words), (None, Some(12), Some(vec!["a".to_owned()])));
        assert_eq!(line(r#"{"tokens":true,"words":{"a":1}}"#).tokens, None);
        assert!(serde_json::from_str::<Line>(r#"{"words":["a"#).is_err());
    }
}
