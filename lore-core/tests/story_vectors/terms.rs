//! `registerLicenseTerms`: accepted or refused, stored form, hash, id. The cases share one chain, in file order.

use lore_core::{
    domain::license::terms_hash,
    memory::chain::{Call, Outcome},
};
use serde_json::Value;

use crate::{
    report::{Suite, Verdict, check, vectors},
    world::World,
};

pub(crate) fn suite(suite: &mut Suite<'_>) {
    let mut world = World::new(World::config());
    for case in vectors("terms").as_array().unwrap() {
        let verdict = run(&mut world, case);
        suite.case(case["name"].as_str().unwrap(), || verdict);
    }
}

fn run(world: &mut World, case: &Value) -> Verdict {
    let terms = world.pil_terms(&case["terms"]);
    let known = world.ledger.stats().license_terms;
    let answer = world.execute("alice", &Call::RegisterLicenseTerms { terms: Box::new(terms.clone()) });
    let error = answer.as_ref().err().map(ToString::to_string);
    check("error", error.as_deref(), case["error"].as_str())?;
    let Ok(receipt) = answer else { return check("result", "revert", case["result"].as_str().unwrap()) };
    check("result", "ok", case["result"].as_str().unwrap())?;
    let Outcome::Terms(id) = receipt.outcome else { return Err(format!("returned {:?}", receipt.outcome)) };
    check("id", id.to_string(), case["id"].as_str().unwrap())?;
    let is_new = world.ledger.stats().license_terms > known;
    check("terms_id_is_new", is_new, case["terms_id_is_new"].as_bool().unwrap())?;
    let stored = world.ledger.license_terms(id).ok_or("not stored")?;
    check("uri_stored", stored.uri.as_str(), case["uri_stored"].as_str().unwrap())?;
    let hash = format!("0x{}", data_encoding::HEXLOWER.encode(&terms_hash(&terms)));
    check("hash", hash.as_str(), case["hash"].as_str().unwrap())?;
    let unescaped = world.ledger.license_terms_id_as_given(&terms).unwrap_or_default().to_string();
    check("unescaped id", unescaped.as_str(), case["get_license_terms_id_of_unescaped"].as_str().unwrap())?;
    check(
        "can_attach_to_group",
        world.ledger.can_attach_to_group(id),
        case["can_attach_to_group"].as_bool().unwrap(),
    )
}
