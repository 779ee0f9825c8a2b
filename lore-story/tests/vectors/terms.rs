//! `registerLicenseTerms`: the hash and the id of terms, or why they were refused. The cases share one chain, in file order.

use std::collections::HashMap;

use alloy::{
    dyn_abi::{DynSolType, DynSolValue},
    hex,
    primitives::keccak256,
};
use lore_core::domain::license::{PilTerms, escape_uri, terms_hash, terms_hash_as_given};
use lore_story::revert;
use serde_json::{Map, Value};

use crate::report::{Suite, Verdict, check, vectors};

/// `PILTerms` as the contract declares it.
const TYPE: &str = "(bool,address,uint256,uint256,bool,bool,address,bytes,uint32,uint256,bool,bool,bool,bool,uint256,\
                    address,string)";
const FIELDS: [&str; 17] = [
    "transferable",
    "royaltyPolicy",
    "defaultMintingFee",
    "expiration",
    "commercialUse",
    "commercialAttribution",
    "commercializerChecker",
    "commercializerCheckerData",
    "commercialRevShare",
    "commercialRevCeiling",
    "derivativesAllowed",
    "derivativesAttribution",
    "derivativesApproval",
    "derivativesReciprocal",
    "derivativeRevCeiling",
    "currency",
    "uri",
];

pub(crate) fn suite(suite: &mut Suite<'_>) {
    let mut ids = HashMap::new();
    for case in vectors("terms").as_array().unwrap() {
        let verdict = run(&mut ids, case);
        suite.case(case["name"].as_str().unwrap(), || verdict);
    }
}

fn run(ids: &mut HashMap<[u8; 32], usize>, case: &Value) -> Verdict {
    let terms = pil_terms(&case["terms"]);
    if let Some(error) = case["error"].as_str() {
        let data = hex::decode(case["revert_data"].as_str().unwrap()).unwrap();
        return check("error", revert::decode(&data).to_string(), error);
    }
    check("uri_stored", escape_uri(&terms.uri).as_str(), case["uri_stored"].as_str().unwrap())?;
    let hash = terms_hash(&terms);
    check("hash", hex::encode_prefixed(hash).as_str(), case["hash"].as_str().unwrap())?;
    check("hash by the contract's type", dynamic_hash(case), hash)?;
    let (next, known) = (ids.len() + 1, ids.contains_key(&hash));
    let id = *ids.entry(hash).or_insert(next);
    check("id", id.to_string().as_str(), case["id"].as_str().unwrap())?;
    // Terms 1 are there from the start.
    check("terms_id_is_new", !known && id > 1, case["terms_id_is_new"].as_bool().unwrap())?;
    let as_given = ids.get(&terms_hash_as_given(&terms)).copied().unwrap_or_default();
    check(
        "id as given",
        as_given.to_string().as_str(),
        case["get_license_terms_id_of_unescaped"].as_str().unwrap(),
    )
}

/// The hash of the stored terms by alloy's encoder, from the type alone.
fn dynamic_hash(case: &Value) -> [u8; 32] {
    let DynSolType::Tuple(types) = DynSolType::parse(TYPE).unwrap() else { panic!("a tuple") };
    let stored = |field: &str| match field {
        "uri" => case["uri_stored"].as_str().unwrap().to_owned(),
        field => match &case["terms"][field] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    };
    let value = |(field, of): (&&str, &DynSolType)| match of {
        // Text is not parsed: it may hold quotes.
        DynSolType::String => DynSolValue::String(stored(field)),
        of => of.coerce_str(&stored(field)).unwrap_or_else(|error| panic!("{field}: {error}")),
    };
    let values = FIELDS.iter().zip(&types).map(value).collect();
    keccak256(DynSolValue::Tuple(values).abi_encode()).0
}

/// Terms by the names of the contract.
pub(crate) fn pil_terms(fields: &Value) -> PilTerms {
    let renamed = FIELDS.iter().map(|field| {
        let name = match *field {
            "expiration" => "expiration_seconds".to_owned(),
            field => field.chars().fold(String::new(), |mut name, c| {
                if c.is_ascii_uppercase() {
                    name.push('_');
                }
                name.push(c.to_ascii_lowercase());
                name
            }),
        };
        (name, fields[*field].clone())
    });
    serde_json::from_value(Value::Object(renamed.collect::<Map<_, _>>())).unwrap()
}
