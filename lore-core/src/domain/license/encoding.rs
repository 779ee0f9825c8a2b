//! The bytes and the hash by which the chain knows license terms.
//!
//! The template escapes the `uri` as JSON before it stores and hashes terms; its lookup of an id does not. So equal
//! terms have one id only if whoever asks escapes first: [`terms_hash`] does.

use std::fmt::Write as _;

use crate::{
    domain::license::PilTerms,
    onchain::{Address, keccak256},
};

/// Bytes in a word of the ABI.
const WORD: usize = 32;
/// Fields of the struct, one head word each.
const FIELDS: usize = 17;

/// Escapes text as the template does before it stores a `uri`: JSON's short escapes, `\u00xx` in lower case for other
/// characters below a space, everything else as it is.
#[must_use]
pub fn escape_uri(uri: &str) -> String {
    let mut escaped = String::with_capacity(uri.len());
    for c in uri.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\u{8}' => escaped.push_str("\\b"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\u{c}' => escaped.push_str("\\f"),
            '\r' => escaped.push_str("\\r"),
            // Writing to a string cannot fail.
            c if c < ' ' => drop(write!(escaped, "\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

/// `abi.encode(terms)` with the `uri` as it is given.
#[must_use]
pub fn encode_terms(terms: &PilTerms) -> Vec<u8> {
    encode(terms, &terms.uri)
}

/// The hash by which the template knows terms: Keccak-256 of the terms as stored, that is with the `uri` escaped.
#[must_use]
pub fn terms_hash(terms: &PilTerms) -> [u8; 32] {
    keccak256(&encode(terms, &escape_uri(&terms.uri)))
}

/// What the template's `getLicenseTermsId` hashes: the terms as given. It differs from [`terms_hash`] if the `uri`
/// has a character to escape, and then finds nothing, or other terms.
#[must_use]
pub fn terms_hash_as_given(terms: &PilTerms) -> [u8; 32] {
    keccak256(&encode_terms(terms))
}

fn encode(terms: &PilTerms, uri: &str) -> Vec<u8> {
    let data = padded(&terms.commercializer_checker_data);
    let data_at = FIELDS * WORD;
    let uri_at = data_at + data.len();
    let mut out = Vec::with_capacity(WORD + uri_at + uri.len() + 2 * WORD);
    // A struct with members of any length is itself reached through an offset.
    out.extend(number(WORD));
    out.extend(flag(terms.transferable));
    out.extend(address(terms.royalty_policy));
    out.extend(terms.default_minting_fee.to_be_bytes());
    out.extend(terms.expiration_seconds.to_be_bytes());
    out.extend(flag(terms.commercial_use));
    out.extend(flag(terms.commercial_attribution));
    out.extend(address(terms.commercializer_checker));
    out.extend(number(data_at));
    out.extend(word(&terms.commercial_rev_share.to_be_bytes()));
    out.extend(terms.commercial_rev_ceiling.to_be_bytes());
    out.extend(flag(terms.derivatives_allowed));
    out.extend(flag(terms.derivatives_attribution));
    out.extend(flag(terms.derivatives_approval));
    out.extend(flag(terms.derivatives_reciprocal));
    out.extend(terms.derivative_rev_ceiling.to_be_bytes());
    out.extend(address(terms.currency));
    out.extend(number(uri_at));
    out.extend(data);
    out.extend(padded(uri.as_bytes()));
    out
}

/// A word with these bytes at its end; at most 32 of them.
fn word(bytes: &[u8]) -> [u8; WORD] {
    let mut word = [0; WORD];
    for (to, from) in word.iter_mut().rev().zip(bytes.iter().rev()) {
        *to = *from;
    }
    word
}

fn flag(value: bool) -> [u8; WORD] {
    word(&[u8::from(value)])
}

fn number(value: usize) -> [u8; WORD] {
    word(&value.to_be_bytes())
}

fn address(value: Address) -> [u8; WORD] {
    word(value.as_bytes())
}

/// The length, the bytes, and zeros up to a whole word.
fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut out = number(bytes.len()).to_vec();
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(WORD), 0);
    out
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::domain::license::vectors;

    #[test]
    fn every_recorded_hash_and_stored_uri_comes_out() {
        let mut hashes = 0;
        for case in vectors::terms() {
            if let Some(stored) = &case.uri_stored {
                assert_eq!(&escape_uri(&case.terms.uri), stored, "{}", case.name);
            }
            if let Some(hash) = &case.hash {
                let found = data_encoding::HEXLOWER.encode(&terms_hash(&case.terms));
                assert_eq!(&format!("0x{found}"), hash, "{}", case.name);
                hashes += 1;
            }
        }
        assert_eq!(hashes, 42, "of the 70 cases, those that were accepted");
    }

    #[test]
    fn ids_are_found_as_the_template_finds_them() {
        let mut ids: HashMap<[u8; 32], String> = HashMap::new();
        for case in vectors::terms() {
            let Some(id) = case.id else { continue };
            let next = ids.len() + 1;
            let known = ids.entry(terms_hash(&case.terms)).or_insert_with(|| next.to_string());
            assert_eq!(*known, id, "{}", case.name);
            let as_given = ids.get(&terms_hash_as_given(&case.terms)).map_or("0", String::as_str);
            assert_eq!(Some(as_given), case.get_license_terms_id_of_unescaped.as_deref(), "{}", case.name);
        }
        assert_eq!(ids.len(), 39);
    }
}
