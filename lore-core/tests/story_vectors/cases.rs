//! Cases that set something up and then try one thing: linking, groups, disputes.

use lore_core::{
    Wei,
    memory::chain::{Call, Outcome, Receipt},
    protocol::{EVEN_SPLIT_GROUP_POOL, WIP},
};
use serde_json::Value;

use crate::{
    report::{Suite, Verdict, check, vectors},
    steps::{act, actor, is_done_by_others, perform, prepare, text},
    world::{COLLECTION, World},
};

/// Runs every case of a file.
pub(crate) fn suite(file: &str, suite: &mut Suite<'_>) {
    for case in vectors(file).as_array().unwrap() {
        suite.case(case["name"].as_str().unwrap(), || run(case));
    }
}

fn run(case: &Value) -> Verdict {
    let mut world = World::new(World::config());
    world.fund(Wei::from_coins(1_000));
    // The recording had used the first token for itself.
    let collection = COLLECTION.parse().unwrap();
    let to = world.address("admin");
    world.must("admin", Call::Mint { collection, to });

    let setup = case["setup"].as_array().unwrap();
    for step in setup.iter().filter(|step| !is_done_by_others(setup, step)) {
        perform(&mut world, step).unwrap_or_else(|revert| panic!("setup {step}: {revert}"));
    }

    let action = &case["action"];
    prepare(&mut world, action);
    let actor = actor(&world, action);
    let wip = |world: &World| world.ledger.balance(WIP, world.address(&actor));
    let (before, digest) = (wip(&world), world.ledger.state_digest());
    let answer = act(&mut world, action);
    let error = answer.as_ref().err().map(ToString::to_string);
    check("error", error.as_deref(), case["error"].as_str())?;
    check("result", if error.is_some() { "revert" } else { "ok" }, text(case, "result"))?;
    check_names(case, &world)?;
    let Ok(receipt) = answer else {
        return check("state after a revert", world.ledger.state_digest(), digest);
    };
    if let Some(spent) = case["actor_wip_spent"].as_str() {
        let found = before.checked_sub(wip(&world)).ok_or("the actor has more than before")?;
        check("actor_wip_spent", found.to_string().as_str(), spent)?;
    }
    if let Some(stack) = case["child_royalty_stack"].as_u64() {
        let child = world.ip(text(action, "child"));
        let found = world.ledger.royalty_stack(&child).total_millionths();
        check("child_royalty_stack", u64::from(found), stack)?;
    }
    for recorded in [&case["effect"], &case["extra"]] {
        for (what, recorded) in recorded.as_object().into_iter().flatten() {
            check_effect(&world, receipt, what, recorded)?;
        }
    }
    Ok(())
}

/// Things have the recorded addresses and numbers.
fn check_names(case: &Value, world: &World) -> Verdict {
    for (name, recorded) in case["names"].as_object().unwrap() {
        if let (Some(found), Some(recorded)) = (world.names.get(name), recorded.as_str()) {
            check(&format!("name {name}"), found.as_str(), recorded)?;
        }
    }
    for (name, recorded) in case["nft_tokens"].as_object().into_iter().flatten() {
        let registration = world.ledger.registration(&world.ip(name)).ok_or("not registered")?;
        check(
            &format!("token of {name}"),
            Some(registration.token_id.to_string().as_str()),
            recorded.as_str(),
        )?;
    }
    Ok(())
}

/// Compares one recorded effect of the action.
fn check_effect(world: &World, receipt: Option<Receipt>, what: &str, recorded: &Value) -> Verdict {
    let ledger = &world.ledger;
    match what {
        "group_members" => {
            let group = world.ip("G");
            let members = ledger.group_members(&group, 0, 100).map_err(|revert| revert.to_string())?;
            check("listed members", u64::try_from(members.len()).unwrap(), ledger.total_members(&group))?;
            check(what, Some(members.len().to_string().as_str()), recorded.as_str())
        }
        "pool_wip" => {
            let pool = ledger.balance(WIP, EVEN_SPLIT_GROUP_POOL).to_string();
            check(what, Some(pool.as_str()), recorded.as_str())
        }
        "collected" => {
            let Some(Outcome::Amount(amount)) = receipt.map(|receipt| receipt.outcome) else {
                return Err("nothing was collected".to_owned());
            };
            check(what, Some(amount.to_string().as_str()), recorded.as_str())
        }
        "member_vault_wip" => recorded.as_object().unwrap().iter().try_for_each(|(name, recorded)| {
            let ip = world.ip(name);
            let found = ledger.has_vault(&ip).then(|| ledger.vault_balance(&ip, WIP).to_string());
            check(&format!("{what} of {name}"), found.as_deref(), recorded.as_str())
        }),
        "is_tagged" => recorded.as_object().unwrap().iter().try_for_each(|(name, recorded)| {
            check(&format!("{what} of {name}"), Some(ledger.is_tagged(&world.ip(name))), recorded.as_bool())
        }),
        "disputes" => check_disputes(world, recorded.as_array().unwrap()),
        _ => Err(format!("unknown effect `{what}`")),
    }
}

fn check_disputes(world: &World, recorded: &[Value]) -> Verdict {
    let count = u64::try_from(recorded.len()).unwrap();
    check("disputes", world.ledger.dispute_count(), count)?;
    for (id, recorded) in (1..=count).zip(recorded) {
        let what = |field: &str| format!("{field} of dispute {id}");
        let found = world.ledger.dispute(id).ok_or_else(|| what("no record"))?;
        // The recording writes the empty tag as 0.
        let current = Some(found.current_tag()).filter(|tag| !tag.is_empty()).unwrap_or("0");
        check(&what("id"), id.to_string().as_str(), text(recorded, "id"))?;
        check(&what("target_tag"), found.target_tag.as_str(), text(recorded, "target_tag"))?;
        check(&what("current_tag"), current, text(recorded, "current_tag"))?;
        let infringer = found.infringer_dispute.unwrap_or_default().to_string();
        check(&what("infringer_dispute"), infringer.as_str(), text(recorded, "infringer_dispute"))?;
    }
    Ok(())
}
