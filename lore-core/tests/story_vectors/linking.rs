//! Linking by terms and by license tokens, alone and with everything that may stand in the way.

use lore_core::{
    Address, Revert, Wei,
    memory::chain::{Call, LicensingConfig, Outcome, Receipt},
    protocol,
};
use serde_json::Value;

use crate::{
    report::{Suite, Verdict, check, vectors},
    world::{COLLECTION, World},
};

pub(crate) fn suite(suite: &mut Suite<'_>) {
    for case in vectors("linking").as_array().unwrap() {
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
    for step in setup {
        if text(step, "op") == "attach_default" && has_fake_ancestors(setup, &step["ip"]) {
            // The link to the ancestors brings these terms with it.
            continue;
        }
        perform(&mut world, step).unwrap_or_else(|revert| panic!("setup {step}: {revert}"));
    }
    for (name, recorded) in case["names"].as_object().unwrap() {
        if let (Some(found), Some(recorded)) = (world.names.get(name), recorded.as_str()) {
            check(&format!("name {name}"), found.as_str(), recorded)?;
        }
    }

    let action = &case["action"];
    let actor = actor(&world, action);
    let wip = |world: &World| world.ledger.balance(protocol::WIP, world.address(&actor));
    let (before, digest) = (wip(&world), world.ledger.state_digest());
    let answer = perform(&mut world, action);
    let error = answer.as_ref().err().map(ToString::to_string);
    check("error", error.as_deref(), case["error"].as_str())?;
    if answer.is_err() {
        check("state after a revert", world.ledger.state_digest(), digest)?;
    }
    if let Some(spent) = case["actor_wip_spent"].as_str() {
        let found = before.checked_sub(wip(&world)).ok_or("the actor has more than before")?;
        check("actor_wip_spent", found.to_string().as_str(), spent)?;
    }
    if let Some(stack) = case["child_royalty_stack"].as_u64() {
        let child = world.ip(text(action, "child"));
        check(
            "child_royalty_stack",
            u64::from(world.ledger.royalty_stack(&child).total_millionths()),
            stack,
        )?;
    }
    Ok(())
}

fn text<'a>(step: &'a Value, field: &str) -> &'a str {
    step[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {step}"))
}

fn number(step: &Value, field: &str) -> u64 {
    match &step[field] {
        Value::Null => 0,
        Value::String(digits) => digits.parse().unwrap(),
        value => value.as_u64().unwrap(),
    }
}

fn texts<'a>(step: &'a Value, field: &str) -> Vec<&'a str> {
    step[field].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

fn wei(step: &Value, field: &str) -> Wei {
    step[field].as_str().map_or(Wei::ZERO, |digits| digits.parse().unwrap())
}

fn has_fake_ancestors(setup: &[Value], ip: &Value) -> bool {
    setup.iter().any(|step| text(step, "op") == "fake_ancestors" && step["ip"] == *ip)
}

/// Who performs a step: whoever it names, or the owner of the IP that it is about.
fn actor(world: &World, step: &Value) -> String {
    if let Some(by) = step["by"].as_str() {
        return by.to_owned();
    }
    match text(step, "op") {
        "raise" | "resolve" => "dave".to_owned(),
        "settle" => "erin".to_owned(),
        "terms" => "admin".to_owned(),
        "ip" | "ips" | "group" => text(step, "owner").to_owned(),
        op => {
            let ip = match op {
                "mint_license" => "licensor",
                "link" | "link_with_tokens" => "child",
                "approve_derivative" => "parent",
                "add_members" => "group",
                _ => "ip",
            };
            world.owner(text(step, ip))
        }
    }
}

/// Performs a step; the last receipt if there is one.
fn perform(world: &mut World, step: &Value) -> Result<Option<Receipt>, Revert> {
    match text(step, "op") {
        "terms" => {
            let terms = world.pil_terms(&step["fields"]);
            world.new_terms(text(step, "id"), terms);
        }
        "ip" => {
            world.new_ip(text(step, "name"), text(step, "owner"));
        }
        "ips" => {
            for index in 0..number(step, "count") {
                let name = format!("{}{index}", text(step, "prefix"));
                world.new_ip(&name, text(step, "owner"));
                world.attach(&name, world.terms_id(text(step, "attach")));
            }
        }
        "fake_ancestors" => give_ancestors(world, text(step, "ip"), number(step, "count")),
        "warp" => world.warp(number(step, "seconds")),
        "tag" => {
            let dispute = world.dispute(world.ip(text(step, "ip")));
            let Outcome::Dispute(dispute) = world.must("dave", dispute) else { panic!("no dispute") };
            world.warp(2_592_001);
            world.must("erin", Call::SettleDispute { dispute });
        }
        _ => {
            let by = actor(world, step);
            let call = call(world, step);
            let receipt = world.execute(&by, &call)?;
            remember(world, step, receipt.outcome);
            return Ok(Some(receipt));
        }
    }
    Ok(None)
}

/// Names what a step made.
fn remember(world: &mut World, step: &Value, outcome: Outcome) {
    match outcome {
        Outcome::Ip(ip) => world.name(text(step, "name"), ip),
        Outcome::Dispute(id) => world.name(text(step, "as"), id),
        Outcome::LicenseTokens(first) => {
            let first = first.to_u64().unwrap();
            match number(step, "amount") {
                0 => world.name(text(step, "as"), first),
                many => (0..many)
                    .for_each(|index| world.name(&format!("{}{index}", text(step, "as")), first + index)),
            }
        }
        _ => {}
    }
}

/// The transaction of a step.
fn call(world: &mut World, step: &Value) -> Call {
    let ip = |field| world.ip(text(step, field));
    let terms_id = || world.terms_id(text(step, "terms"));
    match text(step, "op") {
        "attach" => Call::AttachLicenseTerms { ip: ip("ip"), terms_id: terms_id() },
        "attach_default" => Call::AttachDefaultLicenseTerms { ip: ip("ip") },
        "config" => {
            let config = LicensingConfig {
                is_set: true,
                minting_fee: wei(step, "mintingFee"),
                commercial_rev_share: number(step, "commercialRevShare").try_into().unwrap(),
                disabled: step["disabled"].as_bool().unwrap_or_default(),
                expect_group_reward_pool: step["expectGroupRewardPool"]
                    .as_str()
                    .map_or(Address::ZERO, |pool| world.address(pool)),
                ..LicensingConfig::default()
            };
            Call::SetLicensingConfig { ip: ip("ip"), terms_id: terms_id(), config }
        }
        "mint_license" => Call::MintLicenseTokens {
            licensor: ip("licensor"),
            terms_id: terms_id(),
            amount: number(step, "amount").max(1),
            receiver: world.address(text(step, "to")),
            max_minting_fee: wei(step, "max_minting_fee"),
            max_revenue_share: step["max_revenue_share"]
                .as_u64()
                .map_or(100_000_000, |max| max.try_into().unwrap()),
        },
        // `max_rts` changes nothing under LAP and LRP, and no call has it.
        "link" => Call::RegisterDerivative {
            child: ip("child"),
            parents: texts(step, "parents").into_iter().map(|parent| world.ip(parent)).collect(),
            terms_ids: texts(step, "terms").into_iter().map(|id| world.terms_id(id)).collect(),
            max_minting_fee: wei(step, "max_minting_fee"),
            max_revenue_share: number(step, "max_revenue_share").try_into().unwrap(),
        },
        "link_with_tokens" => Call::RegisterDerivativeWithLicenseTokens {
            child: ip("child"),
            token_ids: texts(step, "tokens").into_iter().map(|token| world.token_id(token)).collect(),
        },
        "approve_derivative" => Call::ApproveDerivative {
            parent: ip("parent"),
            terms_id: terms_id(),
            child: ip("child"),
            approved: step["approved"].as_bool().unwrap_or(true),
            through_account: step["via"] == "ip_account",
        },
        "permit" => {
            let func = data_encoding::HEXLOWER
                .decode(text(step, "func").trim_start_matches("0x").as_bytes())
                .unwrap();
            Call::SetPermission {
                ip: ip("ip"),
                signer: world.address(text(step, "signer")),
                to: world.address(text(step, "to")),
                func: func.try_into().unwrap(),
                permission: number(step, "level").try_into().unwrap(),
            }
        }
        "transfer_license" => Call::TransferLicenseToken {
            token_id: world.token_id(text(step, "token")),
            to: world.address(text(step, "to")),
        },
        "set_allowance" => Call::Approve {
            token: protocol::WIP,
            spender: world.address(text(step, "spender")),
            amount: wei(step, "amount"),
        },
        "group" => Call::RegisterGroup { pool: protocol::EVEN_SPLIT_GROUP_POOL },
        "add_members" => Call::AddToGroup {
            group: ip("group"),
            members: texts(step, "ips").into_iter().map(|member| world.ip(member)).collect(),
            max_reward_share: 100_000_000,
        },
        "raise" => world.dispute(ip("ip")),
        "settle" => Call::SettleDispute { dispute: world.token_id(text(step, "dispute")).to_u64().unwrap() },
        "resolve" => {
            Call::ResolveDispute { dispute: world.token_id(text(step, "dispute")).to_u64().unwrap() }
        }
        op => panic!("unknown step `{op}`"),
    }
}

/// The recording wrote that many parents straight into the node's graph. Here they are real: a line of IPs with up to
/// 16 parents each, in a collection of their own so that the tokens of the case keep their numbers. Two IPs that ask
/// for the same number get the same ancestors.
fn give_ancestors(world: &mut World, ip: &str, count: u64) {
    let collection = Address::from_bytes([0xaa; 20]);
    let terms_id = world.terms_id("DEFAULT");
    let top = format!("ancestors-{count}");
    if !world.names.contains_key(&top) {
        let mut below: Option<String> = None;
        let mut left = count;
        while left > 0 {
            let roots = (left - 1).min(if below.is_some() { 15 } else { 16 });
            let mut parents: Vec<String> = (0..roots).map(|index| format!("{top}/{left}/{index}")).collect();
            for root in &parents {
                world.new_ip_in(collection, root, "alice");
                world.attach(root, terms_id);
            }
            parents.extend(below.take());
            let name = format!("{top}/{left}");
            world.new_ip_in(collection, &name, "alice");
            if parents.is_empty() {
                world.attach(&name, terms_id);
            } else {
                let parents: Vec<_> = parents.iter().map(String::as_str).collect();
                world.must("alice", world.link(&name, &parents, terms_id));
            }
            below = Some(name);
            left -= roots + 1;
        }
        let last = world.ip(&below.unwrap());
        world.name(&top, last);
    }
    let owner = world.owner(ip);
    let link = world.link(ip, &[&top], terms_id);
    world.must(&owner, link);
    let found = world.ledger.ip(&world.ip(ip)).unwrap().ancestor_count;
    assert_eq!(found, count, "ancestors of {ip}");
}
