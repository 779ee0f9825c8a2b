//! [`decode`]: a revert's bytes into the error's name and its arguments.

use alloy::{
    dyn_abi::{DynSolType, DynSolValue},
    hex,
};
use lore_core::{Address, Error, ErrorKind, Revert};

use crate::{
    addresses::Addresses,
    convert,
    revert::{advice, table::ERRORS},
};

/// What Solidity itself reverts with: a text, or the code of a failed check.
const BUILT_IN: [(u32, &str); 2] = [(0x08c3_79a0, "Error(string)"), (0x4e48_7b71, "Panic(uint256)")];
/// A revert without data, as the simulated chain names it too.
const EMPTY: &str = "EMPTY_REVERT";
/// Most characters kept of an argument: a contract may revert with any amount of text.
const MAX_ARGUMENT_CHARS: usize = 512;

/// Names a revert and writes out its arguments: addresses with checksum, numbers in decimal, bytes in hexadecimal, text
/// in quotes, lists in brackets.
///
/// An error that no contract of the protocol knows keeps its selector as its name, for example `0x12345678`, with the
/// remaining bytes as its argument. A revert without data is `EMPTY_REVERT`.
#[must_use]
pub fn decode(data: &[u8]) -> Revert {
    let Some((selector, arguments)) = data.split_first_chunk::<4>() else {
        return if data.is_empty() {
            Revert::new(EMPTY).arg("execution reverted")
        } else {
            Revert::new(hex::encode_prefixed(data))
        };
    };
    known(u32::from_be_bytes(*selector), arguments).unwrap_or_else(|| {
        let unknown = Revert::new(hex::encode_prefixed(selector));
        if arguments.is_empty() { unknown } else { unknown.arg(shortened(&hex::encode_prefixed(arguments))) }
    })
}

/// The revert as Lore's error: who refused, why, and what helps.
///
/// Its kind is [`Reverted`](ErrorKind::Reverted), or [`InsufficientFunds`](ErrorKind::InsufficientFunds) if the reason is
/// an account that cannot pay.
#[must_use]
pub fn to_error(data: &[u8], contract: Option<Address>, op: &'static str) -> Error {
    let revert = decode(data);
    let advice = advice::of(&revert);
    let mut error = if cannot_pay(&revert.name) {
        Error::new(ErrorKind::InsufficientFunds, "the account cannot pay").with_context("revert", revert)
    } else {
        Error::from(revert)
    };
    error = error.with_op(op);
    if let Some(contract) = contract {
        error = match Addresses::name_anywhere(contract) {
            Some(name) => error.with_context("contract", name),
            None => error.with_context("contract", contract),
        };
    }
    match advice {
        Some(advice) => error.with_context("advice", advice),
        None => error,
    }
}

/// A reason that the chain would give, found before it was asked, with what helps.
pub(crate) fn refused(revert: Revert) -> Error {
    let advice = advice::of(&revert);
    let error = Error::from(revert);
    match advice {
        Some(advice) => error.with_context("advice", advice),
        None => error,
    }
}

/// Whether an account had too little of a token, or of the native coin.
fn cannot_pay(name: &str) -> bool {
    matches!(name, "InsufficientBalance" | "ERC20InsufficientBalance")
}

/// The error of this selector whose arguments these are; selectors of four bytes can belong to more than one error.
fn known(selector: u32, arguments: &[u8]) -> Option<Revert> {
    let first = ERRORS.partition_point(|(known, _)| *known < selector);
    let table = ERRORS.iter().skip(first).take_while(|(known, _)| *known == selector);
    let built_in = BUILT_IN.iter().filter(|(known, _)| *known == selector);
    built_in.chain(table).find_map(|(_, signature)| with_arguments(signature, arguments))
}

/// The error with its arguments, if the bytes are such arguments.
fn with_arguments(signature: &str, arguments: &[u8]) -> Option<Revert> {
    let (name, types) = signature.split_at(signature.find('(')?);
    if types == "()" {
        return arguments.is_empty().then(|| Revert::new(name));
    }
    let values = match DynSolType::parse(types).ok()?.abi_decode_params(arguments).ok()? {
        DynSolValue::Tuple(values) => values,
        value => vec![value],
    };
    Some(values.iter().fold(Revert::new(name), |revert, value| revert.arg(shortened(&text(value)))))
}

fn text(value: &DynSolValue) -> String {
    match value {
        DynSolValue::Bool(flag) => flag.to_string(),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Uint(number, _) => number.to_string(),
        DynSolValue::FixedBytes(word, size) => hex::encode_prefixed(word.get(..*size).unwrap_or_default()),
        DynSolValue::Address(address) => convert::from_evm_address(*address).to_string(),
        DynSolValue::Function(function) => hex::encode_prefixed(function),
        DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes),
        DynSolValue::String(text) => format!("\"{}\"", one_line(text)),
        DynSolValue::Array(values) | DynSolValue::FixedArray(values) => list('[', values, ']'),
        DynSolValue::Tuple(values) | DynSolValue::CustomStruct { tuple: values, .. } => {
            list('(', values, ')')
        }
    }
}

fn list(open: char, values: &[DynSolValue], close: char) -> String {
    let values: Vec<_> = values.iter().map(text).collect();
    format!("{open}{}{close}", values.join(","))
}

/// The text without what would break a line of a log.
fn one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
        if c.is_control() {
            line.extend(c.escape_default())
        } else {
            line.push(c)
        }
        line
    })
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_ARGUMENT_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use alloy::{primitives::keccak256, sol_types::SolError};
    use lore_core::protocol::LICENSING_MODULE;
    use serde_json::Value;

    use super::*;

    fn fixture(path: &str) -> String {
        let path = format!("{}/../tests/data/story/{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn bytes(data: &str) -> Vec<u8> {
        hex::decode(data).unwrap()
    }

    #[test]
    fn the_table_is_the_published_one() {
        let published: BTreeMap<String, Value> =
            serde_json::from_str(&fixture("abis/_errors_all_artifacts.json")).unwrap();
        assert_eq!((published.len(), ERRORS.len()), (484, 484));
        for (selector, signature) in ERRORS {
            let entry = &published[&format!("0x{selector:08x}")];
            let with_names = alloy::json_abi::Error::parse(entry["sig"].as_str().unwrap()).unwrap();
            assert_eq!(with_names.signature(), signature);
            let hash = keccak256(signature);
            assert_eq!(hex::encode(&hash[..4]), format!("{selector:08x}"), "{signature}");
        }
        assert!(ERRORS.is_sorted(), "the search needs it sorted");
        for (selector, signature) in BUILT_IN {
            assert_eq!(keccak256(signature)[..4], selector.to_be_bytes());
        }
    }

    #[test]
    fn every_error_of_the_table_is_decoded_with_all_its_arguments() {
        for (selector, signature) in ERRORS {
            let (name, types) = signature.split_at(signature.find('(').unwrap());
            let mut data = selector.to_be_bytes().to_vec();
            if types != "()" {
                let types = DynSolType::parse(types).unwrap();
                data.extend(zero(&types).abi_encode_params());
            }
            let revert = decode(&data);
            assert_eq!(revert.name, name);
            let arguments = types.matches(',').count() + usize::from(types != "()");
            assert_eq!(revert.args.len(), arguments, "{revert}");
        }
    }

    fn zero(of: &DynSolType) -> DynSolValue {
        let word = alloy::primitives::B256::ZERO;
        match of {
            DynSolType::Tuple(types) => DynSolValue::Tuple(types.iter().map(zero).collect()),
            DynSolType::Array(_) => DynSolValue::Array(Vec::new()),
            DynSolType::Uint(bits) => DynSolValue::Uint(alloy::primitives::U256::ZERO, *bits),
            DynSolType::Int(bits) => DynSolValue::Int(alloy::primitives::I256::ZERO, *bits),
            DynSolType::FixedBytes(size) => DynSolValue::FixedBytes(word, *size),
            DynSolType::Address => DynSolValue::Address(alloy::primitives::Address::ZERO),
            DynSolType::Bytes => DynSolValue::Bytes(Vec::new()),
            DynSolType::String => DynSolValue::String(String::new()),
            other => panic!("no error has a {other}"),
        }
    }

    #[test]
    fn recorded_reverts_read_as_they_were_recorded() {
        let mut checked = 0;
        for file in ["eip712", "linking", "terms"] {
            let cases: Vec<Value> = serde_json::from_str(&fixture(&format!("vectors/{file}.json"))).unwrap();
            for case in cases {
                let (Some(data), Some(error)) = (case["revert_data"].as_str(), case["error"].as_str()) else {
                    continue;
                };
                assert_eq!(decode(&bytes(data)).to_string(), error, "{file}: {}", case["name"]);
                checked += 1;
            }
        }
        assert_eq!(checked, 147);
    }

    #[test]
    fn every_revert_of_the_transcript_is_named() {
        let transcript = fixture("rpc-transcript.jsonl");
        let mut names = BTreeSet::new();
        for line in transcript.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            if let Some(error) = line.get("error") {
                let decoded = error["decoded"].as_str().unwrap();
                let payload = serde_json::from_value(error.clone()).unwrap();
                let revert = decode(&crate::revert::revert_data(&payload).unwrap());
                assert_eq!(decoded.split('(').next().unwrap(), revert.name);
                names.insert(revert.to_string());
            }
        }
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "ArbitrationPolicyUMA__CannotCancel()",
                "DisputeModule__EvidenceHashAlreadyUsed()",
                "DisputeModule__NotAbleToResolve()",
                "DisputeModule__NotDisputeInitiator()",
                "GroupingModule__GroupFrozenDueToHasDerivativeIps(0xE101aA78C66b60800d17f0e4d3227dd0409EaF41)",
                "LicensingModule__DisputedIpId()",
            ]
        );
    }

    #[test]
    fn solidity_reverts_are_read() {
        let text = alloy::sol_types::Revert::from("Bond amount too low").abi_encode();
        assert_eq!(decode(&text).to_string(), "Error(\"Bond amount too low\")");
        let panic = alloy::sol_types::Panic::from(0x11).abi_encode();
        assert_eq!(decode(&panic).to_string(), "Panic(17)");
    }

    #[test]
    fn what_nobody_knows_keeps_its_bytes() {
        assert_eq!(decode(&[]).to_string(), "EMPTY_REVERT(execution reverted)");
        assert_eq!(decode(&bytes("0x1234")).to_string(), "0x1234()");
        assert_eq!(decode(&bytes("0x12345678")).to_string(), "0x12345678()");
        assert_eq!(decode(&bytes("0x12345678ff")).to_string(), "0x12345678(0xff)");
        // A known selector before bytes that are not its arguments.
        assert_eq!(decode(&bytes("0x9967e250ff")).to_string(), "0x9967e250(0xff)");
        assert_eq!(decode(&bytes("0x048a9640ff")).to_string(), "0x048a9640(0xff)");
    }

    #[test]
    fn a_hostile_text_stays_short_and_on_one_line() {
        let data =
            alloy::sol_types::Revert::from(format!("a\nb\u{1b}[0m{}", "é".repeat(100_000))).abi_encode();
        let shown = decode(&data).to_string();
        assert!(shown.starts_with("Error(\"a\\nb\\u{1b}[0mé"), "{shown}");
        assert!(!shown.contains('\n') && shown.len() < 2 * MAX_ARGUMENT_CHARS);
    }

    #[test]
    fn the_error_says_who_refused_why_and_what_helps() {
        let parent = "000000000000000000000000e101aa78c66b60800d17f0e4d3227dd0409eaf41";
        let data = bytes(&format!("0x9b466333{parent}{parent}"));
        let error = to_error(&data, Some(LICENSING_MODULE), "link_derivative");
        assert_eq!((error.kind(), error.op()), (ErrorKind::Reverted, "link_derivative"));
        assert_eq!(error.revert().unwrap().name, "LicenseRegistry__ParentIpUnmatchedLicenseTemplate");
        let context: BTreeMap<_, _> = error.context().iter().cloned().collect();
        assert_eq!(context["contract"], "LicensingModule");
        assert!(context["advice"].contains("attach"), "{error}");

        let elsewhere = Address::from_bytes([0xaa; 20]);
        let unknown = to_error(&bytes("0x12345678"), Some(elsewhere), "execute");
        assert_eq!(unknown.context(), [("contract", elsewhere.to_string())]);
    }

    #[test]
    fn an_account_that_cannot_pay_is_told_apart() {
        for data in ["0xf4d678b8", &format!("0xe450d38c{}", "0".repeat(3 * 64))] {
            let error = to_error(&bytes(data), None, "deposit");
            assert_eq!(error.kind(), ErrorKind::InsufficientFunds, "{error}");
        }
        // An allowance is given, not earned.
        assert_eq!(to_error(&bytes("0x13be252b"), None, "pay").kind(), ErrorKind::Reverted);
    }
}
