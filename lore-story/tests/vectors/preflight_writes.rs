//! The writes of recorded cases, as the client's operations.

use alloy::{hex, primitives::keccak256};
use lore_core::{
    Address, ContentHash, IpId, LicenseTermsId, Share, TokenId, Wei,
    domain::{
        license::{LicensingConfig, PilTerms},
        royalty::RoyaltyPolicy,
    },
    port::{
        chain::{
            AddGroupMembers, ClaimRevenue, CounterDispute, DisputeTag, OnChainDocument, ParentTerms,
            PayRoyalty, Permission, PermissionLevel, PermissionScope, RaiseDispute, RevenueSource,
            TransferToVault,
        },
        transactions::OperationKey,
    },
    protocol,
};
use lore_story::ops::{
    AccountCall, ApproveDerivative, AttachDefaultTerms, AttachTerms, Authorization, CancelDispute,
    ClaimReward, CollectRoyalties, DerivativeLink, ExecuteWithSignature, ExecuteWithTransientPermissions,
    ExistingNft, IpMetadata, LicenseTokenLink, LinkDerivative, LinkWithLicenseTokens, MintLicenseTokens,
    PropagateDispute, RegisterGroup, RegisterNftWithMetadata, RegisterTerms, RemoveGroupMembers,
    ResolveDispute, SetArbitrationPolicy, SetLicensingConfig, SetMetadata, SetPermissions, SettleDispute,
};
use serde_json::Value;

use crate::{
    preflight::{Answer, Offline, Write},
    terms::pil_terms,
};

/// What a name of a case stands for. Nothing is asked about it, so one account is as good as another.
fn address(case: &Value, name: &str) -> Address {
    let known = match name {
        "WIP" => Some(protocol::WIP),
        "EvenSplitGroupPool" => Some(protocol::EVEN_SPLIT_GROUP_POOL),
        "ArbitrationPolicyUMA" => Some(protocol::ARBITRATION_POLICY_UMA),
        _ => case["names"][name].as_str().unwrap_or(name).parse().ok(),
    };
    known.unwrap_or_else(|| Address::from_bytes(keccak256(name)[..20].try_into().unwrap()))
}

fn ip(case: &Value, name: &str) -> IpId {
    IpId::new(address(case, name))
}

fn ips(case: &Value, names: &Value) -> Vec<IpId> {
    names.as_array().unwrap().iter().map(|name| ip(case, name.as_str().unwrap())).collect()
}

/// Terms and license tokens are numbers, or symbols for some.
fn number(case: &Value, name: &str) -> u64 {
    let symbol = case["names"][name].as_str().unwrap_or(name);
    symbol.parse().unwrap_or_else(|_| u64::from(keccak256(name)[0]) + 100)
}

fn terms_id(case: &Value, name: &str) -> LicenseTermsId {
    LicenseTermsId::from(number(case, name))
}

fn wei(value: &Value) -> Wei {
    value.as_str().map_or(Wei::ZERO, |digits| digits.parse().unwrap())
}

fn millionths(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap_or(0)).unwrap()
}

/// A limit on shares: the contracts read 0 as none.
fn share_limit(value: &Value) -> Option<Share> {
    Some(Share::from_millionths(millionths(value)).unwrap()).filter(|share| *share > Share::ZERO)
}

fn evidence(step: &Value) -> ContentHash {
    step["evidence"].as_str().map_or_else(|| ContentHash::of(b"evidence"), |hash| hash.parse().unwrap())
}

/// The case's action, and what led to it, which the chain took.
pub(crate) fn of_steps(offline: &Offline, case: &Value) -> Vec<Write> {
    let setup = case["setup"].as_array().unwrap().iter().map(|step| (step, None));
    let steps = setup.chain([(&case["action"], case["error"].as_str())]);
    let write = |(step, error): (&Value, Option<&str>)| {
        let answer = of_step(offline, case, step)?;
        Some(Write::new(step["op"].as_str().unwrap(), error, answer))
    };
    steps.filter_map(write).collect()
}

/// What the client says to a step; `None` to one that is none of its writes.
fn of_step(offline: &Offline, case: &Value, step: &Value) -> Option<Answer> {
    let text = |field: &str| step[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {step}"));
    let named = |field: &str| ip(case, text(field));
    let terms = || terms_id(case, text("terms"));
    let token = || step["token"].as_str().map_or(protocol::WIP, |token| address(case, token));
    Some(match text("op") {
        // Made by means of the test collection, the clock, the oracle and the tokens themselves.
        "ip" | "ips" | "fake_ancestors" | "warp" | "judge" | "tag" | "set_allowance" | "transfer_nft"
        | "transfer_license" => return None,
        "terms" => offline.say(&RegisterTerms::new(step_terms(case, step))),
        "attach" => offline.say(&AttachTerms::new(named("ip"), terms())),
        "attach_default" => offline.say(&AttachDefaultTerms::new(named("ip"))),
        "config" => offline.say(&SetLicensingConfig::new(named("ip"), terms(), config(case, step))),
        "mint_license" => {
            let amount = step["amount"].as_u64().unwrap_or(1);
            let mut mint = MintLicenseTokens::new(named("licensor"), terms(), amount);
            mint.receiver = Some(address(case, text("to")));
            mint.max_minting_fee = wei(&step["max_minting_fee"]);
            mint.max_revenue_share = share_limit(&step["max_revenue_share"]);
            offline.say(&mint)
        }
        "link" => return Some(link(offline, case, step)),
        "link_with_tokens" => {
            let tokens = step["tokens"].as_array().unwrap().iter();
            let tokens = tokens.map(|token| TokenId::from(number(case, token.as_str().unwrap()))).collect();
            offline.say(&LinkWithLicenseTokens::new(named("child"), LicenseTokenLink::new(tokens)))
        }
        "approve_derivative" if step["via"] != "ip_account" => {
            Answer::Unsaid("an approval that is not of the parent's account")
        }
        "approve_derivative" => {
            offline.say(&ApproveDerivative::new(named("parent"), terms(), named("child")))
        }
        "permit" => {
            let scope = PermissionScope::Contract(protocol::LICENSING_MODULE);
            let permission = Permission::allow(named("ip"), address(case, "somebody"), scope);
            offline.say(&SetPermissions::new(vec![permission]))
        }
        "group" => {
            let pool = step["pool"].as_str().unwrap_or("EvenSplitGroupPool");
            offline.say(&RegisterGroup::new(address(case, pool)))
        }
        "add_members" => {
            let mut add = AddGroupMembers::new(named("group"), ips(case, &step["ips"]));
            if let Some(share) = step["max_allowed_reward_share"].as_u64() {
                let Ok(share) = Share::from_millionths(u32::try_from(share).unwrap()) else {
                    return Some(Answer::Unsaid("a share above 100 %"));
                };
                add.max_reward_share = share;
            }
            offline.say(&add)
        }
        "remove_members" => offline.say(&RemoveGroupMembers::new(named("group"), ips(case, &step["ips"]))),
        "collect" => offline.say(&CollectRoyalties::new(named("group"), token())),
        "claim_reward" => offline.say(&ClaimReward::new(named("group"), token(), ips(case, &step["ips"]))),
        "raise" => {
            let tag = step["tag"].as_str().or(step["tag_hex"].as_str()).unwrap_or("IMPROPER_REGISTRATION");
            let Some(tag) = DisputeTag::from_text(tag) else {
                return Some(Answer::Unsaid("a tag that the protocol does not know"));
            };
            let mut raise = RaiseDispute::new(named("ip"), tag, evidence(step), wei(&step["bond"]));
            if let Some(currency) = step["currency"].as_str() {
                raise.currency = address(case, currency);
            }
            if let Some(seconds) = step["liveness"].as_u64() {
                raise.liveness = std::time::Duration::from_secs(seconds);
            }
            offline.say(&raise)
        }
        "counter" => offline.say(&CounterDispute::new(number(case, text("dispute")), evidence(step))),
        "counter_raw" => Answer::Unsaid("an answer to an assertion instead of a dispute"),
        "settle" => offline.say(&SettleDispute::new(number(case, text("dispute")))),
        "cancel" => offline.say(&CancelDispute::new(number(case, text("dispute")))),
        "resolve" => offline.say(&ResolveDispute::new(number(case, text("dispute")))),
        "propagate" => offline.say(&PropagateDispute::new(named("ip"), number(case, text("dispute")))),
        "set_arbitration" => {
            offline.say(&SetArbitrationPolicy::new(named("ip"), address(case, text("policy"))))
        }
        "set_metadata" => {
            let document = OnChainDocument::new(text("uri"), ContentHash::of(b"metadata"));
            offline.say(&SetMetadata::new(named("ip"), document))
        }
        "pay" => {
            let mut pay = PayRoyalty::new(key(), named("ip"), token(), wei(&step["amount"]));
            pay.payer = step["payer"].as_str().map(|payer| ip(case, payer));
            offline.say(&pay)
        }
        "transfer_to_vault" => {
            let source = RevenueSource::new(named("ip"), RoyaltyPolicy::Lrp, token());
            offline.say(&TransferToVault::new(source, named("ancestor")))
        }
        "claim_vault" => offline.say(&ClaimRevenue::new(named("ip"), token())),
        op => panic!("unknown step `{op}`"),
    })
}

fn key() -> OperationKey {
    OperationKey::new("preflight").unwrap()
}

fn link(offline: &Offline, case: &Value, step: &Value) -> Answer {
    let (parents, terms) = (step["parents"].as_array().unwrap(), step["terms"].as_array().unwrap());
    if parents.len() != terms.len() {
        return Answer::Unsaid("a parent without its terms, or terms without a parent");
    }
    let parent = |(parent, terms): (&Value, &Value)| {
        ParentTerms::new(ip(case, parent.as_str().unwrap()), terms_id(case, terms.as_str().unwrap()))
    };
    let mut link = DerivativeLink::new(parents.iter().zip(terms).map(parent).collect());
    link.max_minting_fee = wei(&step["max_minting_fee"]);
    link.max_revenue_share = share_limit(&step["max_revenue_share"]);
    if step["max_rts"].is_u64() {
        link.max_royalty_tokens = millionths(&step["max_rts"]);
    }
    offline.say(&LinkDerivative::new(ip(case, step["child"].as_str().unwrap()), link))
}

/// Terms of a step: what it names of them, over terms that allow all derivatives and no commerce.
fn step_terms(case: &Value, step: &Value) -> PilTerms {
    let mut fields = serde_json::json!({
        "transferable": true, "royaltyPolicy": Address::ZERO, "defaultMintingFee": "0", "expiration": "0",
        "commercialUse": false, "commercialAttribution": false, "commercializerChecker": Address::ZERO,
        "commercializerCheckerData": "0x", "commercialRevShare": 0, "commercialRevCeiling": "0",
        "derivativesAllowed": true, "derivativesAttribution": true, "derivativesApproval": false,
        "derivativesReciprocal": true, "derivativeRevCeiling": "0", "currency": Address::ZERO, "uri": "",
    });
    for (name, value) in step["fields"].as_object().into_iter().flatten() {
        let is_account = ["royaltyPolicy", "commercializerChecker", "currency"].contains(&name.as_str());
        fields[name] = match value.as_str() {
            Some(symbol) if is_account => address(case, symbol).to_string().into(),
            _ => value.clone(),
        };
    }
    pil_terms(&fields)
}

fn config(case: &Value, step: &Value) -> LicensingConfig {
    let account = |field: &str| step[field].as_str().map_or(Address::ZERO, |name| address(case, name));
    LicensingConfig {
        is_set: step["isSet"].as_bool().unwrap_or(true),
        minting_fee: wei(&step["mintingFee"]),
        licensing_hook: account("licensingHook"),
        commercial_rev_share: millionths(&step["commercialRevShare"]),
        disabled: step["disabled"].as_bool().unwrap_or(false),
        expect_minimum_group_reward_share: millionths(&step["expectMinimumGroupRewardShare"]),
        expect_group_reward_pool: account("expectGroupRewardPool"),
        ..LicensingConfig::default()
    }
}

pub(crate) fn of_terms(offline: &Offline, case: &Value) -> Vec<Write> {
    let answer = offline.say(&RegisterTerms::new(pil_terms(&case["terms"])));
    vec![Write::new("terms", case["error"].as_str(), answer)]
}

/// The grants of a case; its question is a read.
pub(crate) fn of_grants(offline: &Offline, case: &Value) -> Vec<Write> {
    let grants = case["grants"].as_array().unwrap().iter();
    let write = |grant: &Value| {
        let operation = grant["op"].as_str().unwrap();
        if operation == "transfer" {
            return None;
        }
        Some(Write::new(operation, grant["error"].as_str(), granted(offline, case, grant)))
    };
    grants.filter_map(write).collect()
}

fn granted(offline: &Offline, case: &Value, grant: &Value) -> Answer {
    let account = ip(case, grant["ip_account"].as_str().unwrap());
    let entries = grant["batch"].as_array().cloned().unwrap_or_else(|| vec![grant.clone()]);
    let mut permissions = Vec::new();
    for entry in &entries {
        let level = u8::try_from(entry["level"].as_u64().unwrap()).unwrap();
        let Some(level) = PermissionLevel::from_u8(level) else {
            return Answer::Unsaid("a level that is neither abstain, allow nor deny");
        };
        let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let scope = if grant["op"] == "set_all" {
            PermissionScope::Everything
        } else {
            let contract = address(case, &field("to"));
            let function: [u8; 4] = hex::decode(field("func")).unwrap().try_into().unwrap();
            let whole = function == [0; 4];
            if whole {
                PermissionScope::Contract(contract)
            } else {
                PermissionScope::Function(contract, function)
            }
        };
        let mut permission = Permission::allow(account, address(case, &field("signer")), scope);
        permission.level = level;
        permissions.push(permission);
    }
    if grant["kind"] != "transient" {
        return offline.say(&SetPermissions::new(permissions));
    }
    let calls = vec![AccountCall::new(protocol::CORE_METADATA_MODULE, Vec::new())];
    offline.say(&ExecuteWithTransientPermissions::new(account, permissions, calls))
}

/// A call of an account by signature, or a workflow that works by one.
pub(crate) fn of_signature(offline: &Offline, case: &Value) -> Vec<Write> {
    let field = |name: &str| case["submitted_with"][name].as_str().or(case[name].as_str()).unwrap();
    let bytes = |name: &str| hex::decode(field(name)).unwrap();
    let deadline = field("deadline").parse::<u64>();
    let kind = case["kind"].as_str().unwrap();
    let answer = if case["error"].as_str().is_some_and(|error| error.contains("CallerNotSigner")) {
        Answer::Unsaid("a signature of somebody else than the sender")
    } else if deadline.is_err() {
        Answer::Unsaid("a deadline of more than 64 bits")
    } else if kind == "executeWithSig" {
        let mut call = AccountCall::new(address(case, field("to")), bytes("data"));
        call.value = wei(&case["value"]);
        let signer = address(case, field("signer"));
        let account = ip(case, field("ip_id"));
        offline.say(&ExecuteWithSignature::new(account, call, signer, deadline.unwrap(), bytes("signature")))
    } else {
        // The workflows differ in what they do afterwards, not in the signature.
        let mut metadata = IpMetadata::default();
        metadata.ipa = Some(OnChainDocument::new("ipfs://x", ContentHash::of(b"x")));
        let token = TokenId::from(number(case, case["token_id"].as_str().unwrap_or("2")));
        let mut nft =
            ExistingNft::new(address(case, case["nft_contract"].as_str().unwrap_or("nft")), token, metadata);
        nft.authorization = Some(Authorization::new(deadline.unwrap(), bytes("signature")));
        offline.say(&RegisterNftWithMetadata::new(nft))
    };
    vec![Write::new(kind, case["error"].as_str(), answer)]
}

/// Payments, transfers to vaults, claims and collections of a case.
pub(crate) fn of_payments(offline: &Offline, case: &Value) -> Vec<Write> {
    let steps = case["steps"].as_array().unwrap().iter();
    let write = |step: &Value| {
        let operation = step["op"].as_str().unwrap();
        let named = |field: &str| ip(case, step[field].as_str().unwrap_or(field));
        let answer = match operation {
            "pay" => {
                offline.say(&PayRoyalty::new(key(), named("to"), protocol::WIP, wei(&step["amount_wei"])))
            }
            "transfer" => {
                let source = RevenueSource::new(named("from"), RoyaltyPolicy::Lap, protocol::WIP);
                offline.say(&TransferToVault::new(source, named("to")))
            }
            "collect" => offline.say(&CollectRoyalties::new(named("group"), protocol::WIP)),
            "claim" if step["members"].is_array() => {
                let members = ips(case, &step["members"]);
                offline.say(&ClaimReward::new(named("group"), protocol::WIP, members))
            }
            "claim" => {
                let mut claim = ClaimRevenue::new(named("ip"), protocol::WIP);
                claim.claimer = named("holder").address();
                offline.say(&claim)
            }
            _ => return None,
        };
        Some(Write::new(operation, step["error"].as_str(), answer))
    };
    steps.filter_map(write).collect()
}

/// Probes are described in words; these are the ones whose write says all.
pub(crate) fn of_probe(offline: &Offline, case: &Value) -> Vec<Write> {
    let name = case["name"].as_str().unwrap();
    let (policy, what) = match name.split_once(": ") {
        Some(("LAP", what)) => (RoyaltyPolicy::Lap, what),
        Some(("LRP", what)) => (RoyaltyPolicy::Lrp, what),
        _ => (RoyaltyPolicy::Lap, name),
    };
    let (one, other) = (ip(case, "one"), ip(case, "other"));
    let link = |count: u64| {
        let parent =
            |number| ParentTerms::new(ip(case, &format!("parent {number}")), LicenseTermsId::from(2_u64));
        LinkDerivative::new(one, DerivativeLink::new((0..count).map(parent).collect()))
    };
    let transfer = |to| TransferToVault::new(RevenueSource::new(one, policy, protocol::WIP), to);
    let (operation, answer) = match what {
        "16 parents of 6.25%" => ("link", offline.say(&link(16))),
        "17 parents of 0%" => ("link", offline.say(&link(17))),
        "transferToVault to itself" => ("transfer", offline.say(&transfer(one))),
        what if what.starts_with("transferToVault") => ("transfer", offline.say(&transfer(other))),
        "payRoyalty 0 wei" => ("pay", offline.say(&PayRoyalty::new(key(), one, protocol::WIP, Wei::ZERO))),
        what if what.starts_with("payRoyalty") => {
            ("pay", offline.say(&PayRoyalty::new(key(), one, other.address(), Wei::from(1_u64))))
        }
        "claimRevenueOnBehalf with nothing" => ("claim", offline.say(&ClaimRevenue::new(one, protocol::WIP))),
        _ => ("probe", Answer::Unsaid("a sequence of writes that is told in words")),
    };
    vec![Write::new(operation, case["error"].as_str(), answer)]
}
