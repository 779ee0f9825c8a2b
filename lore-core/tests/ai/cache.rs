//! What counts as the same question, and how long its answer serves.

use std::time::Duration;

use lore_core::{
    Caller, ErrorKind, Retry,
    ai::{Ask, audit::CacheOutcome},
    memory::llm::Reply,
};

use crate::{BEN, Colour, Fixture, Setup, anna, out_of_order, quality, says};

async fn outcome(fixture: &Fixture, ask: &Ask<Colour>) -> CacheOutcome {
    fixture.ai.ask(&anna(), ask).await.unwrap().cache
}

#[tokio::test]
async fn edits_that_mean_nothing_hit_five_of_five() {
    let fixture = Fixture::new([says("blue")]);
    let colour = |text: &str, hints: &[&str]| Colour {
        hints: hints.iter().map(ToString::to_string).collect(),
        ..Colour::of(text)
    };
    let first = fixture.ai.ask(&anna(), &Ask::new(colour("Café\nsea", &["a", "b"]))).await.unwrap();
    assert_eq!(first.cache, CacheOutcome::Miss);
    for (edit, ask) in [
        ("trailing space", colour("Café\nsea ", &["a", "b"])),
        ("CRLF", colour("Café\r\nsea", &["a", "b"])),
        ("NFD", colour("Cafe\u{301}\nsea", &["a", "b"])),
        ("explicit default", Colour { shades: 7, ..colour("Café\nsea", &["a", "b"]) }),
        ("order", colour("Café\nsea", &["b", "a"])),
    ] {
        let reply = fixture.ai.ask(&anna(), &Ask::new(ask)).await.unwrap();
        assert_eq!(reply.cache, CacheOutcome::Fresh, "{edit}");
        assert!(std::sync::Arc::ptr_eq(&reply.answer, &first.answer), "{edit}");
    }
    assert_eq!(fixture.provider.calls(), 1);
}

#[tokio::test]
async fn another_question_tier_or_owner_is_another_answer_and_public_work_is_shared() {
    let fixture = Setup::new()
        .scripted(|provider| provider.model("one", [says("blue")]).model("best", [says("azure")]));
    assert_eq!(outcome(&fixture, &Ask::new(Colour::of("sea"))).await, CacheOutcome::Miss);
    assert_eq!(outcome(&fixture, &Ask::new(Colour::of("Sea"))).await, CacheOutcome::Miss);
    assert_eq!(outcome(&fixture, &quality("sea")).await, CacheOutcome::Miss);
    assert_eq!(outcome(&fixture, &Ask::new(Colour::of("sea")).public()).await, CacheOutcome::Miss);
    for caller in [Caller::User(BEN), Caller::System] {
        let private = fixture.ai.ask(&caller, &Ask::new(Colour::of("sea"))).await.unwrap();
        assert_eq!(private.cache, CacheOutcome::Miss, "{caller:?}");
        let public = fixture.ai.ask(&caller, &Ask::new(Colour::of("sea")).public()).await.unwrap();
        assert_eq!(public.cache, CacheOutcome::Fresh, "{caller:?}");
    }
    assert_eq!(outcome(&fixture, &Ask::new(Colour::of("sea")).anew()).await, CacheOutcome::Miss);
}

#[tokio::test]
async fn an_answer_past_its_time_serves_while_a_new_one_is_fetched() {
    let fixture = Fixture::new([says("blue"), says("green")]);
    fixture.ask("sea").await.unwrap();
    fixture.clock.advance(Duration::from_secs(3_600));
    let stale = fixture.ask("sea").await.unwrap();
    assert_eq!((stale.cache, stale.value().colour.as_str()), (CacheOutcome::Stale, "blue"));
    while fixture.provider.calls() < 2 {
        tokio::task::yield_now().await;
    }
    let fresh = loop {
        let reply = fixture.ask("sea").await.unwrap();
        if reply.cache == CacheOutcome::Fresh {
            break reply;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(fresh.value().colour, "green");
    assert_eq!(fixture.provider.calls(), 2, "one new answer was fetched");
}

#[tokio::test]
async fn when_no_model_answers_an_answer_past_its_time_serves_and_is_marked() {
    let fixture = Fixture::with_an_answer_past_its_time().await;
    let stale = fixture.ask("sea").await.unwrap();
    assert_eq!((stale.cache, stale.value().colour.as_str()), (CacheOutcome::Stale, "blue"));
    fixture.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(fixture.ask("sea").await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_request_that_every_model_refuses_is_remembered_for_a_while_and_an_outage_is_not() {
    let refused = Reply::failure(ErrorKind::InvalidInput, Retry::Never);
    let fixture = Fixture::new([refused]);
    for _ in 0..5 {
        assert_eq!(fixture.ask("sea").await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(fixture.provider.calls(), 1);
    fixture.clock.advance(Duration::from_secs(301));
    fixture.ask("sea").await.unwrap_err();
    assert_eq!(fixture.provider.calls(), 2);

    let fixture = Fixture::new([out_of_order(), says("blue")]);
    fixture.ask("sea").await.unwrap_err();
    assert_eq!(fixture.ask("sea").await.unwrap().value().colour, "blue");
}

#[tokio::test]
async fn five_thousand_questions_asked_twice_cost_five_thousand_calls() {
    let fixture = Fixture::new([says("blue")]);
    for pass in [CacheOutcome::Miss, CacheOutcome::Fresh] {
        for number in 0..5_000 {
            assert_eq!(fixture.ask(&format!("text {number}")).await.unwrap().cache, pass, "{number}");
        }
    }
    assert_eq!(fixture.provider.calls(), 5_000);
}

#[tokio::test]
async fn what_breaks_a_bound_is_refused_before_anything_is_asked() {
    let fixture = Fixture::new([says("blue")]);
    let error = fixture.ask("  ").await.unwrap_err();
    assert_eq!((error.kind(), error.violations()[0].field.as_str()), (ErrorKind::InvalidInput, "text"));
    assert_eq!(fixture.provider.calls(), 0);
    assert_eq!(fixture.requests().await.len(), 1);
}

#[tokio::test]
async fn an_answer_whose_replacement_fails_is_to_be_replaced_again_after_a_minute_and_not_before() {
    let mut setup = Setup::new();
    setup.policy.fast.truncate(1);
    let fixture = setup.scripted(|provider| provider.model("one", [says("blue"), says("ultraviolet")]));
    fixture.ask("sea").await.unwrap();
    fixture.clock.advance(Duration::from_secs(3_600));
    for minute in 1..=3 {
        for _ in 0..20 {
            assert_eq!(fixture.ask("sea").await.unwrap().cache, CacheOutcome::Stale);
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(fixture.provider.calls(), 1 + 2 * minute, "asked, and asked once more with the finding");
        fixture.clock.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_refusal_does_not_take_the_place_of_an_answer() {
    let refused = Reply::failure(ErrorKind::InvalidInput, Retry::Never);
    let fixture = Fixture::new([says("blue"), refused]);
    fixture.ask("sea").await.unwrap();
    let anew = Ask::new(Colour::of("sea")).anew();
    assert_eq!(fixture.ai.ask(&anna(), &anew).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(outcome(&fixture, &Ask::new(Colour::of("sea"))).await, CacheOutcome::Fresh);
}
