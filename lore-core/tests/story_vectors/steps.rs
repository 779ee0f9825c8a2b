//! The step language of the recordings: from a step to the transaction that it is.

use lore_core::{
    Address, ContentHash, IpId, Revert, Wei,
    domain::royalty::RoyaltyPolicy,
    memory::chain::{Call, LicensingConfig, Outcome, Receipt},
    port::chain::OnChainDocument,
    protocol,
};
use serde_json::Value;

use crate::{
    ancestors::give_ancestors,
    world::{World, selector},
};

pub(crate) fn text<'a>(step: &'a Value, field: &str) -> &'a str {
    step[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {step}"))
}

fn number(step: &Value, field: &str) -> u64 {
    match &step[field] {
        Value::Null => 0,
        Value::String(digits) => digits.parse().unwrap(),
        value => value.as_u64().unwrap(),
    }
}

pub(crate) fn texts<'a>(step: &'a Value, field: &str) -> Vec<&'a str> {
    step[field].as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

fn wei(step: &Value, field: &str) -> Wei {
    step[field].as_str().map_or(Wei::ZERO, |digits| digits.parse().unwrap())
}

fn hash(step: &Value, field: &str) -> Option<ContentHash> {
    step[field].as_str().map(|digits| digits.parse().unwrap())
}

/// A token that a step names, or WIP.
fn token(world: &World, step: &Value) -> Address {
    step["token"].as_str().map_or(protocol::WIP, |token| world.address(token))
}

fn dispute_id(world: &World, step: &Value) -> u64 {
    world.token_id(text(step, "dispute")).to_u64().unwrap()
}

fn members(world: &World, step: &Value) -> Vec<IpId> {
    texts(step, "ips").into_iter().map(|member| world.ip(member)).collect()
}

/// Whether a step is done by another one: the link to fake ancestors brings the default terms with it.
pub(crate) fn is_done_by_others(setup: &[Value], step: &Value) -> bool {
    text(step, "op") == "attach_default" && has_fake_ancestors(setup, &step["ip"])
}

fn has_fake_ancestors(setup: &[Value], ip: &Value) -> bool {
    setup.iter().any(|step| text(step, "op") == "fake_ancestors" && step["ip"] == *ip)
}

/// Who performs a step: whoever it names, or the owner of the IP that it is about.
pub(crate) fn actor(world: &World, step: &Value) -> String {
    if let Some(by) = step["by"].as_str() {
        return by.to_owned();
    }
    match text(step, "op") {
        "raise" | "resolve" | "cancel" => "dave".to_owned(),
        "settle" | "judge" | "propagate" | "pay" | "collect" | "claim_reward" | "transfer_to_vault"
        | "claim_vault" => "erin".to_owned(),
        "terms" => "admin".to_owned(),
        "ip" | "ips" | "group" => text(step, "owner").to_owned(),
        op => {
            let ip = match op {
                "mint_license" => "licensor",
                "link" | "link_with_tokens" => "child",
                "approve_derivative" => "parent",
                "add_members" | "remove_members" => "group",
                _ => "ip",
            };
            world.owner(text(step, ip))
        }
    }
}

/// Performs a step; its receipt if it is one transaction.
pub(crate) fn perform(world: &mut World, step: &Value) -> Result<Option<Receipt>, Revert> {
    prepare(world, step);
    act(world, step)
}

/// What has to happen before the transaction that a step is about.
pub(crate) fn prepare(world: &mut World, step: &Value) {
    match text(step, "op") {
        // Whoever counters as an IP gives it the money for the bond first.
        "counter" if step["via_ip"].is_string() && step["no_bond"] != true => {
            let to = world.address(text(step, "via_ip"));
            let by = actor(world, step);
            world.must(&by, Call::Transfer { token: protocol::WIP, to, amount: Wei::from_coins(1) });
        }
        "judge" => {
            let (dispute, upheld) = (dispute_id(world, step), step["upheld"].as_bool().unwrap());
            world.must("erin", Call::AnswerAsOracle { dispute, upheld });
        }
        _ => {}
    }
}

/// Performs a prepared step.
pub(crate) fn act(world: &mut World, step: &Value) -> Result<Option<Receipt>, Revert> {
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
    let Some(name) = step["name"].as_str().or(step["as"].as_str()) else { return };
    match outcome {
        Outcome::Ip(ip) => world.name(name, ip),
        Outcome::Dispute(id) => world.name(name, id),
        Outcome::LicenseTokens(first) => {
            let first = first.to_u64().unwrap();
            match number(step, "amount") {
                0 => world.name(name, first),
                many => (0..many).for_each(|index| world.name(&format!("{name}{index}"), first + index)),
            }
        }
        _ => {}
    }
}

/// The transaction of a step.
fn call(world: &mut World, step: &Value) -> Call {
    let op = text(step, "op");
    licensing_call(world, step)
        .or_else(|| token_call(world, step))
        .or_else(|| group_call(world, step))
        .or_else(|| dispute_call(world, step))
        .unwrap_or_else(|| panic!("unknown step `{op}`"))
}

fn licensing_call(world: &World, step: &Value) -> Option<Call> {
    let ip = |field| world.ip(text(step, field));
    let terms_id = || world.terms_id(text(step, "terms"));
    Some(match text(step, "op") {
        "attach" => Call::AttachLicenseTerms { ip: ip("ip"), terms_id: terms_id() },
        "attach_default" => Call::AttachDefaultLicenseTerms { ip: ip("ip") },
        "config" => Call::SetLicensingConfig {
            ip: ip("ip"),
            terms_id: terms_id(),
            config: licensing_config(world, step),
        },
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
        _ => return None,
    })
}

fn licensing_config(world: &World, step: &Value) -> LicensingConfig {
    let address = |field: &str| step[field].as_str().map_or(Address::ZERO, |name| world.address(name));
    LicensingConfig {
        is_set: step["isSet"].as_bool().unwrap_or(true),
        minting_fee: wei(step, "mintingFee"),
        licensing_hook: address("licensingHook"),
        commercial_rev_share: number(step, "commercialRevShare").try_into().unwrap(),
        disabled: step["disabled"].as_bool().unwrap_or_default(),
        expect_minimum_group_reward_share: number(step, "expectMinimumGroupRewardShare").try_into().unwrap(),
        expect_group_reward_pool: address("expectGroupRewardPool"),
        ..LicensingConfig::default()
    }
}

/// Steps about accounts, tokens and money.
fn token_call(world: &World, step: &Value) -> Option<Call> {
    let ip = |field| world.ip(text(step, field));
    Some(match text(step, "op") {
        "permit" => Call::SetPermission {
            ip: ip("ip"),
            signer: world.address(text(step, "signer")),
            to: world.address(text(step, "to")),
            func: selector(text(step, "func")),
            permission: number(step, "level").try_into().unwrap(),
        },
        "transfer_nft" => {
            let registration = world.ledger.registration(&ip("ip")).unwrap();
            let (collection, token_id) = (registration.token_contract, registration.token_id);
            Call::TransferNft { collection, token_id, to: world.address(text(step, "to")) }
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
        "set_metadata" => Call::SetMetadata {
            ip: ip("ip"),
            ipa_metadata: OnChainDocument::new(text(step, "uri"), ContentHash::of(b"document")),
            nft_metadata_hash: ContentHash::of(b"token"),
        },
        // Which IP it is said to come from (`payer`) changes nothing, and no call has it.
        "pay" => {
            Call::PayRoyalty { receiver: ip("ip"), token: token(world, step), amount: wei(step, "amount") }
        }
        "transfer_to_vault" => Call::TransferToVault {
            policy: match step["policy"].as_str() {
                Some("RoyaltyPolicyLAP") => RoyaltyPolicy::Lap,
                _ => RoyaltyPolicy::Lrp,
            },
            ip: ip("ip"),
            ancestor: ip("ancestor"),
            token: token(world, step),
        },
        "claim_vault" => {
            let ip = ip("ip");
            Call::ClaimRevenue { ip, claimer: ip.address(), token: token(world, step) }
        }
        _ => return None,
    })
}

fn group_call(world: &World, step: &Value) -> Option<Call> {
    let group = || world.ip(text(step, "group"));
    Some(match text(step, "op") {
        "group" => {
            let pool = step["pool"].as_str().map(|pool| world.address(pool));
            Call::RegisterGroup { pool: pool.unwrap_or(protocol::EVEN_SPLIT_GROUP_POOL) }
        }
        "add_members" => Call::AddToGroup {
            group: group(),
            members: members(world, step),
            max_reward_share: step["max_allowed_reward_share"].as_u64().unwrap_or(100_000_000),
        },
        "remove_members" => Call::RemoveFromGroup { group: group(), members: members(world, step) },
        "collect" => Call::CollectRoyalties { group: group(), token: token(world, step) },
        "claim_reward" => {
            Call::ClaimReward { group: group(), token: token(world, step), members: members(world, step) }
        }
        _ => return None,
    })
}

fn dispute_call(world: &mut World, step: &Value) -> Option<Call> {
    let dispute = || dispute_id(world, step);
    Some(match text(step, "op") {
        "raise" => raise(world, step),
        "counter" => counter(world, step),
        "counter_raw" => Call::DisputeAssertion {
            assertion_id: text(step, "assertion").parse().unwrap(),
            counter_evidence_hash: hash(step, "evidence").unwrap(),
        },
        "settle" | "judge" => Call::SettleDispute { dispute: dispute() },
        "cancel" => Call::CancelDispute { dispute: dispute() },
        "resolve" => Call::ResolveDispute { dispute: dispute() },
        "propagate" => Call::TagIfRelatedIpInfringed {
            ip_to_tag: world.ip(text(step, "ip")),
            infringer_dispute: dispute(),
        },
        "set_arbitration" => Call::SetArbitrationPolicy {
            ip: world.ip(text(step, "ip")),
            next_arbitration_policy: world.address(text(step, "policy")),
        },
        _ => return None,
    })
}

fn raise(world: &mut World, step: &Value) -> Call {
    let mut raise = world.dispute(world.ip(text(step, "ip")));
    let Call::RaiseDispute { evidence_hash, tag, liveness_seconds, currency, bond, .. } = &mut raise else {
        panic!("no dispute")
    };
    if let Some(evidence) = hash(step, "evidence") {
        *evidence_hash = evidence;
    }
    if let Some(text) = step["tag"].as_str() {
        text.clone_into(tag);
    }
    if let Some(hex) = step["tag_hex"].as_str() {
        let bytes = data_encoding::HEXLOWER.decode(hex.trim_start_matches("0x").as_bytes()).unwrap();
        *tag = String::from_utf8(bytes).unwrap().trim_end_matches('\0').to_owned();
    }
    if let Some(seconds) = step["liveness"].as_u64() {
        *liveness_seconds = seconds;
    }
    if let Some(token) = step["currency"].as_str() {
        *currency = world.address(token);
    }
    if step["bond"].is_string() {
        *bond = wei(step, "bond");
    }
    raise
}

/// Evidence against a dispute: as the sender, or by a batch of an IP account.
fn counter(world: &mut World, step: &Value) -> Call {
    let record = world.ledger.dispute(dispute_id(world, step)).unwrap();
    let assertion = record.assertion.unwrap();
    let counter_evidence_hash = hash(step, "evidence").unwrap_or_else(|| world.fresh_evidence());
    let counter = Call::DisputeAssertion { assertion_id: assertion.id, counter_evidence_hash };
    let Some(ip) = step["via_ip"].as_str() else { return counter };
    let spender = protocol::ARBITRATION_POLICY_UMA;
    let approve = Call::Approve { token: assertion.currency, spender, amount: assertion.bond };
    Call::ExecuteBatch { ip: world.ip(ip), calls: vec![approve, counter] }
}
