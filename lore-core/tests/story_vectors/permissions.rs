//! Permissions: what is stored, what it answers, and what is left of it after a transfer or a transaction.

use lore_core::{
    Address, IpId, Revert, Wei,
    memory::chain::{Call, Permission, Receipt, SimulatedLedger},
};
use serde_json::Value;

use crate::{
    report::{Suite, Verdict, check, vectors},
    steps::text,
    world::{COLLECTION, World, selector},
};

pub(crate) fn suite(suite: &mut Suite<'_>) {
    for case in vectors("permissions").as_array().unwrap() {
        suite.case(case["name"].as_str().unwrap(), || run(case));
    }
}

/// A chain on which alice owns the two IPs that the cases are about.
fn world() -> World {
    let mut world = World::new(World::config());
    world.fund(Wei::from_coins(1_000));
    let collection = COLLECTION.parse().unwrap();
    let to = world.address("admin");
    world.must("admin", Call::Mint { collection, to });
    for name in ["ip", "other ip"] {
        world.new_ip(name, "alice");
    }
    world
}

fn run(case: &Value) -> Verdict {
    let mut world = world();
    check("ip_account", world.ip("ip").to_string().as_str(), text(case, "ip_account"))?;
    // What the query's own transaction does first.
    let mut same_tx = Vec::new();
    for grant in case["grants"].as_array().unwrap() {
        if text(grant, "op") == "transfer" {
            give(&mut world, text(grant, "nft_to"));
            continue;
        }
        let call = call(&world, grant);
        if grant["same_tx_as_query"] == true {
            check("granted by", text(grant, "by"), world.ip("ip").to_string())?;
            same_tx.push(call);
            continue;
        }
        let before = world.ledger.state_digest();
        let answer = send(&mut world, text(grant, "by"), call);
        let error = answer.as_ref().err().map(ToString::to_string);
        check(&format!("error of {grant}"), error.as_deref(), grant["error"].as_str())?;
        if answer.is_err() {
            check("state after a revert", world.ledger.state_digest(), before)?;
        }
    }
    let ip = world.ip("ip");
    let owner = world.ledger.ip(&ip).unwrap().owner;
    check("owner_at_query", owner.to_string().as_str(), text(case, "owner_at_query"))?;
    check(
        "same_tx_as_transient_grants",
        !same_tx.is_empty(),
        case["query"]["same_tx_as_transient_grants"] == true,
    )?;
    if same_tx.is_empty() {
        return check_query(&world.ledger, case);
    }
    let batch = Call::ExecuteBatch { ip, calls: same_tx };
    let now = world.now();
    let inside = world.ledger.simulate(owner, now, &batch, |ledger, _| check_query(ledger, case));
    inside.map_err(|revert| revert.to_string())?
}

/// Gives the token behind the IP away.
fn give(world: &mut World, to: &str) {
    let ip = world.ip("ip");
    let (owner, registration) =
        (world.ledger.ip(&ip).unwrap().owner, world.ledger.registration(&ip).unwrap());
    let (collection, token_id) = (registration.token_contract, registration.token_id);
    let call = Call::TransferNft { collection, token_id, to: world.address(to) };
    send(world, &owner.to_string(), call).unwrap();
}

/// Sends a call as an account. An IP account sends by its owner.
fn send(world: &mut World, by: &str, call: Call) -> Result<Receipt, Revert> {
    let account = IpId::new(world.address(by));
    match world.ledger.ip(&account) {
        Some(state) => {
            world.execute(&state.owner.to_string(), &Call::ExecuteBatch { ip: account, calls: vec![call] })
        }
        None => world.execute(by, &call),
    }
}

fn call(world: &World, grant: &Value) -> Call {
    let ip = world.ip(text(grant, "ip_account"));
    let transient = text(grant, "kind") == "transient";
    let entry = |fields: &Value| Permission {
        ip,
        signer: world.address(text(fields, "signer")),
        to: world.address(text(fields, "to")),
        func: selector(text(fields, "func")),
        permission: fields["level"].as_u64().unwrap().try_into().unwrap(),
    };
    match (text(grant, "op"), transient) {
        ("set", false) => {
            let Permission { ip, signer, to, func, permission } = entry(grant);
            Call::SetPermission { ip, signer, to, func, permission }
        }
        ("set", true) => {
            let Permission { ip, signer, to, func, permission } = entry(grant);
            Call::SetTransientPermission { ip, signer, to, func, permission }
        }
        ("set_all", false) => {
            let Permission { ip, signer, permission, .. } = entry(grant);
            Call::SetAllPermissions { ip, signer, permission }
        }
        ("set_all", true) => {
            let Permission { ip, signer, permission, .. } = entry(grant);
            Call::SetAllTransientPermissions { ip, signer, permission }
        }
        ("set_batch", transient) => {
            let permissions = grant["batch"].as_array().unwrap().iter().map(entry).collect();
            if transient {
                Call::SetBatchTransientPermissions { permissions }
            } else {
                Call::SetBatchPermissions { permissions }
            }
        }
        (op, _) => panic!("unknown grant `{op}`"),
    }
}

fn check_query(ledger: &SimulatedLedger, case: &Value) -> Verdict {
    let query = &case["query"];
    let address = |field: &str| text(query, field).parse::<Address>().unwrap();
    let ip = IpId::new(address("ip_account"));
    let (signer, to, func) = (address("signer"), address("to"), selector(text(query, "func")));
    for (field, found) in [
        ("stored", ledger.permission(&ip, signer, to, func)),
        ("stored_permanent", ledger.permanent_permission(&ip, signer, to, func)),
        ("stored_transient", ledger.transient_permission(&ip, signer, to, func)),
    ] {
        check(field, found.map(u64::from), case[field].as_u64())?;
    }
    let answer = ledger.check_permission(&ip, signer, to, func);
    check("allowed", Some(answer.is_ok()), case["allowed"].as_bool())?;
    let error = answer.err().map(|revert| revert.to_string());
    check("error", error.as_deref(), case["error"].as_str())
}
