//! Claims where several accounts hold the royalty tokens of one IP.

use lore_core::{
    Address, Wei,
    memory::chain::{Call, Outcome},
    protocol::{ROYALTY_POLICY_LAP, WIP},
};
use serde_json::Value;

use crate::{
    report::{Suite, Verdict, check, vectors},
    world::World,
};

pub(crate) fn suite(suite: &mut Suite<'_>) {
    for case in vectors("royalty-vault-split")["cases"].as_array().unwrap() {
        suite.case(case["name"].as_str().unwrap(), || run(case));
    }
}

fn run(case: &Value) -> Verdict {
    let mut world = World::new(World::config());
    world.fund(Wei::from_coins(1_000));
    let ip = world.new_ip("ip", "alice");
    let terms_id = world.new_terms("terms", world.remix_terms(ROYALTY_POLICY_LAP, 0, true));
    world.attach("ip", terms_id);
    // The first license brings the vault.
    let receiver = world.address("bob");
    world.must(
        "bob",
        Call::MintLicenseTokens {
            licensor: ip,
            terms_id,
            amount: 1,
            receiver,
            max_minting_fee: Wei::ZERO,
            max_revenue_share: 0,
        },
    );
    let holders = case["royalty_tokens"].as_object().unwrap();
    for (holder, amount) in holders.iter().filter(|(holder, _)| *holder != "ip") {
        let (to, amount) = (world.address(holder), amount.as_u64().unwrap().try_into().unwrap());
        world.must("alice", Call::TransferRoyaltyTokens { ip, from: ip.address(), to, amount });
    }
    for (holder, amount) in holders {
        let held = u64::from(world.ledger.royalty_tokens(&ip, world.address(holder)));
        check(&format!("royalty tokens of {holder}"), Some(held), amount.as_u64())?;
    }
    let wip = |world: &World, account: Address| world.ledger.balance(WIP, account);
    let before: Vec<_> = holders.keys().map(|holder| (holder, wip(&world, world.address(holder)))).collect();

    for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
        let what = format!("step {number} {step}");
        let amount = step["amount_wei"].as_str().map(|digits| digits.parse::<Wei>().unwrap());
        let call = match step["op"].as_str().unwrap() {
            "pay" => Call::PayRoyalty { receiver: ip, token: WIP, amount: amount.unwrap() },
            _ => Call::ClaimRevenue {
                ip,
                claimer: world.address(step["holder"].as_str().unwrap()),
                token: WIP,
            },
        };
        let answer = world.execute("erin", &call);
        let error = answer.as_ref().err().map(|revert| revert.name.as_str());
        check(&what, error, step["error"].as_str())?;
        if let Ok(Outcome::Amount(claimed)) = answer.map(|receipt| receipt.outcome) {
            check(&what, Some(claimed), amount)?;
        }
    }
    for (holder, before) in before {
        let earned = wip(&world, world.address(holder)).checked_sub(before).unwrap();
        check(
            &format!("revenue of {holder}"),
            earned.to_string().as_str(),
            case["expected"][holder].as_str().unwrap(),
        )?;
    }
    let left = world.ledger.vault_balance(&ip, WIP).to_string();
    check("left in the vault", left.as_str(), case["leftover"]["vault"].as_str().unwrap())
}
