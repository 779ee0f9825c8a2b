//! Canonical JSON (RFC 8785, JCS) and the [`Document`] made of it.
//!
//! A writer of our own, for the part of JSON that Lore's documents use: objects, arrays, strings, booleans, null and
//! integers that every reader keeps exactly. The crates there are (`serde_jcs` 0.2.0 was read) pass every number through
//! a float, so that an integer above 2^53 changes in silence; here it is an error. Strings are escaped by `serde_json`,
//! whose form is the canonical one: the two-letter escapes, `\u00xx` in lower case below a space, the rest as it is.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    content::{Cid, ContentHash},
    domain::asset::MetadataRef,
    error::{Error, ErrorKind, Result},
};

/// Most bytes in a document: it stays one raw block under every UnixFS profile with raw leaves, so its CID carries its
/// SHA-256.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// Largest integer that a reader with 64-bit floats keeps exactly: 2^53 - 1 (RFC 7493, I-JSON).
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A JSON document in canonical form, and its names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, and the CID of them as one raw block; the digest of both is the same.
    pub reference: MetadataRef,
}

/// Writes a value as canonical JSON: members sorted by the UTF-16 units of their names, no white space.
///
/// # Errors
/// [`ErrorKind::InvalidInput`], rule `too_large`, above [`MAX_DOCUMENT_BYTES`]; [`ErrorKind::Unexpected`] for a value
/// that is no JSON, for a fraction, and for an integer beyond 2^53 - 1.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<Document> {
    let value = serde_json::to_value(value).map_err(no_json)?;
    let mut bytes = Vec::with_capacity(1_024);
    write(&mut bytes, &value)?;
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(Error::invalid(
            "metadata",
            "too_large",
            format!("at most {MAX_DOCUMENT_BYTES} bytes of JSON, not {}", bytes.len()),
        ));
    }
    let sha256 = ContentHash::of(&bytes);
    Ok(Document { reference: MetadataRef::new(Cid::raw(*sha256.as_bytes()), sha256), bytes })
}

fn no_json(err: serde_json::Error) -> Error {
    Error::new(ErrorKind::Unexpected, "a document cannot be written as JSON").with_source(err)
}

/// Nesting is bounded: values come from Lore's own types, or from a parser that stops at 128 levels.
fn write(out: &mut Vec<u8>, value: &Value) -> Result<()> {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(out, item)?;
            }
            out.push(b']');
            Ok(())
        }
        Value::Object(members) => write_object(out, members),
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            if size.is_none_or(|size| size > MAX_SAFE_INTEGER) {
                return Err(Error::new(
                    ErrorKind::Unexpected,
                    "a document holds a number that not every reader keeps",
                )
                .with_context("number", number));
            }
            write_scalar(out, value)
        }
        Value::Null | Value::Bool(_) | Value::String(_) => write_scalar(out, value),
    }
}

fn write_scalar(out: &mut Vec<u8>, value: &Value) -> Result<()> {
    serde_json::to_writer(out, value).map_err(no_json)
}

fn write_object(out: &mut Vec<u8>, members: &Map<String, Value>) -> Result<()> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push(b'{');
    for (index, (name, member)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, name).map_err(no_json)?;
        out.push(b':');
        write(out, member)?;
    }
    out.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy};
    use serde_json::json;

    use super::*;

    fn canonical(value: &Value) -> String {
        String::from_utf8(canonical_json(value).unwrap().bytes).unwrap()
    }

    #[test]
    fn members_are_sorted_by_utf_16_units_as_in_the_rfc() {
        // Section 3.2.3 of RFC 8785: a surrogate pair (U+1F600) sorts before U+FB33, unlike by UTF-8 bytes.
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let Value::Object(members) = serde_json::from_str(&canonical(&value)).unwrap() else { panic!() };
        assert_eq!(members.len(), 7);
        let text = canonical(&value);
        let order = ["Carriage Return", "One", "Control", "Latin Small", "Euro Sign", "Emoji", "Hebrew"];
        let places: Vec<_> = order.iter().map(|name| text.find(name).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn strings_are_escaped_as_in_the_rfc() {
        // Section 3.2.2.2 of RFC 8785.
        let value = json!("\u{20ac}$\u{f}\nA'B\"\\\\\"/\u{8}\t\u{c}\r\u{7f}\u{1f}</script>");
        assert_eq!(
            canonical(&value),
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\t\\f\\r\u{7f}\\u001f</script>\""
        );
    }

    #[test]
    fn numbers_that_a_reader_may_change_are_refused() {
        assert_eq!(canonical(&json!([MAX_SAFE_INTEGER, -1, 0])), "[9007199254740991,-1,0]");
        for bad in [json!(MAX_SAFE_INTEGER + 1), json!(i64::MIN), json!(u64::MAX), json!(0.5), json!(1e30)] {
            assert_eq!(canonical_json(&bad).unwrap_err().kind(), ErrorKind::Unexpected, "{bad}");
        }
    }

    #[test]
    fn a_document_is_bounded_and_named_by_its_hash() {
        let fits = canonical_json(&"x".repeat(MAX_DOCUMENT_BYTES - 2)).unwrap();
        assert_eq!(fits.bytes.len(), MAX_DOCUMENT_BYTES);
        assert_eq!(fits.reference.sha256, ContentHash::of(&fits.bytes));
        assert_eq!(fits.reference.cid.content_hash(), Some(fits.reference.sha256));
        for profile in
            [crate::content::unixfs::Profile::Pinata, crate::content::unixfs::Profile::UnixFsV1_2025]
        {
            let found = crate::content::unixfs::fingerprint_bytes(profile, &fits.bytes).unwrap();
            assert_eq!(found.cid, fits.reference.cid, "{profile:?}");
        }
        let over = canonical_json(&"x".repeat(MAX_DOCUMENT_BYTES - 1)).unwrap_err();
        assert_eq!(over.violations()[0].rule, "too_large");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = proptest::prop_oneof![
            Just(Value::Null),
            proptest::bool::ANY.prop_map(Value::from),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
            "\\PC*".prop_map(Value::from),
            proptest::collection::vec(proptest::char::any(), 0..8)
                .prop_map(|chars| Value::from(chars.into_iter().collect::<String>())),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            proptest::prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::hash_map(".{0,4}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest::proptest! {
        #[test]
        fn reading_and_writing_again_changes_nothing(value in any_json()) {
            let once = canonical_json(&value).unwrap();
            let read: Value = serde_json::from_slice(&once.bytes).unwrap();
            proptest::prop_assert_eq!(&read, &value);
            proptest::prop_assert_eq!(canonical_json(&read).unwrap(), once);
        }
    }
}
