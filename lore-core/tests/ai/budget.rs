//! What a user may spend in a day.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use lore_core::{Caller, ErrorKind, Retry, Usd, ai::Ask};

use crate::{ANNA, BEN, Colour, Setup, anna, out_of_order, says};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_at_once_never_spend_more_than_the_budget() {
    let mut setup = Setup::standing_still();
    setup.policy.budget.tokens_per_day = Some(2_000);
    let fixture = Arc::new(setup.scripted(|provider| provider.model("one", [says("blue")])));
    let callers = (0..200).map(|number| {
        let fixture = fixture.clone();
        tokio::spawn(async move { fixture.ask(&format!("text {number}")).await })
    });
    let replies = join_all(callers).await;
    let answered = replies.iter().filter(|reply| reply.as_ref().unwrap().is_ok()).count();
    assert!(answered > 0);
    for reply in replies.iter().flatten() {
        if let Err(error) = reply {
            assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
            assert!(error.to_string().contains("tokens_per_day"), "{error}");
            assert!(matches!(error.retry(), Retry::After(Some(_))));
        }
    }
    let (used, reserved) = fixture.ai.spent_today(&ANNA).await.unwrap();
    assert!(used.tokens <= 2_000, "{used:?}");
    assert_eq!(reserved.tokens, 0);
    let logged: u64 = fixture.calls().await.iter().map(|call| call.usage.total()).sum();
    assert_eq!(logged, used.tokens, "the log and the ledger agree");
    assert_eq!(fixture.calls().await.len(), answered);
}

#[tokio::test]
async fn a_budget_in_money_counts_what_was_charged_and_begins_anew_at_midnight() {
    let mut setup = Setup::new();
    // A call may cost about 10 per byte of its prompt and 20 for each of 100 tokens; it is charged 1,000.
    setup.policy.budget.usd_per_day = Some(Usd::from_picos(8_000));
    let fixture = setup.scripted(|provider| provider.model("one", [says("blue")]));
    let mut answered = 0;
    while fixture.ask(&format!("text {answered}")).await.is_ok() {
        answered += 1;
    }
    let (used, _) = fixture.ai.spent_today(&ANNA).await.unwrap();
    assert_eq!(used.cost, Usd::from_picos(1_000 * answered));
    assert!(answered >= 1, "{answered}");
    fixture.ai.ask(&Caller::User(BEN), &Ask::new(Colour::of("x"))).await.unwrap();
    fixture.ai.ask(&Caller::System, &Ask::new(Colour::of("x"))).await.unwrap();
    fixture.clock.advance(Duration::from_secs(86_400));
    fixture.ask("tomorrow").await.unwrap();
}

#[tokio::test]
async fn answers_out_of_the_cache_cost_nothing() {
    let mut setup = Setup::new();
    setup.policy.budget.tokens_per_day = Some(800);
    let fixture = setup.scripted(|provider| provider.model("one", [says("blue")]));
    for _ in 0..100 {
        fixture.ask("sea").await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_call_gives_back_what_was_reserved() {
    let mut setup = Setup::new();
    setup.policy.budget.tokens_per_day = Some(800);
    setup.policy.outage_failures = 1_000;
    let fixture = setup.scripted(|provider| provider.model("one", [out_of_order()]));
    for _ in 0..50 {
        assert_eq!(fixture.ask("sea").await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(fixture.ai.spent_today(&ANNA).await.unwrap().0.tokens, 0);
}

#[tokio::test]
async fn a_budget_in_money_needs_prices_and_a_model_without_one_is_passed_over() {
    let mut setup = Setup::new();
    setup.policy.budget.usd_per_day = Some(Usd::from_picos(1_000_000));
    setup.policy.prices.retain(|model, _| model == "two");
    let fixture =
        setup.scripted(|provider| provider.model("one", [says("blue")]).model("two", [says("green")]));
    assert_eq!(fixture.ask("sea").await.unwrap().answer.model.as_deref(), Some("two"));
    assert_eq!(fixture.provider.calls_of("one"), 0);

    let mut setup = Setup::new();
    setup.policy.budget.usd_per_day = Some(Usd::from_picos(8_000));
    setup.policy.prices.clear();
    let fixture = setup.scripted(|provider| provider.model("one", [says("blue")]));
    let error = fixture.ai.ask(&anna(), &Ask::new(Colour::of("x"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("scripted/one: price_unknown"), "{error}");
    assert_eq!(fixture.provider.calls(), 0);
    fixture.ai.ask(&Caller::System, &Ask::new(Colour::of("x"))).await.unwrap();
}

#[tokio::test]
async fn who_waits_for_the_answer_to_somebody_without_a_budget_gets_one_all_the_same() {
    let mut setup = Setup::new();
    setup.policy.budget.tokens_per_day = Some(400);
    let fixture = setup.scripted(|provider| provider.model("one", [says("blue")]));
    let mut spent = 0;
    while fixture.ask(&format!("text {spent}")).await.is_ok() {
        spent += 1;
    }
    let ask = Ask::new(Colour::of("sea")).public();
    let (by_anna, by_ben) = (anna(), Caller::User(BEN));
    let (first, second, third) = futures_util::join!(
        fixture.ai.ask(&by_anna, &ask),
        fixture.ai.ask(&by_ben, &ask),
        fixture.ai.ask(&Caller::System, &ask)
    );
    assert_eq!(first.unwrap_err().kind(), ErrorKind::RateLimited);
    assert_eq!(second.unwrap().value().colour, "blue");
    assert_eq!(third.unwrap().value().colour, "blue");
    assert_eq!(fixture.provider.calls(), spent + 1);
}
