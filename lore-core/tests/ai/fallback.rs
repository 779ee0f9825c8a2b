//! Which model is asked, which is left alone, and for how long.

use std::{sync::Arc, time::Duration};

use lore_core::{
    Clock as _, ErrorKind, FailureReason, Retry,
    ai::{Ask, audit::Source},
    memory::llm::Reply,
};

use crate::{Colour, Fixture, Setup, anna, limited, out_of_order, says};

fn three(one: Reply, two: Reply, three: Reply) -> Fixture {
    Setup::new().scripted(|provider| provider.model("one", [one]).model("two", [two]).model("three", [three]))
}

async fn answered_by(fixture: &Fixture, text: &str) -> String {
    fixture.ask(text).await.unwrap().answer.model.clone().unwrap()
}

fn calls(fixture: &Fixture) -> [usize; 3] {
    ["one", "two", "three"].map(|model| fixture.provider.calls_of(model))
}

#[tokio::test]
async fn the_next_model_answers_and_a_limited_one_is_not_asked_again_for_five_minutes() {
    let fixture = three(limited(None), says("blue"), says("red"));
    assert_eq!(answered_by(&fixture, "0").await, "two");
    for number in 1..100 {
        assert_eq!(answered_by(&fixture, &number.to_string()).await, "two");
    }
    assert_eq!(calls(&fixture), [1, 100, 0]);
    fixture.clock.advance(Duration::from_secs(299));
    answered_by(&fixture, "299 s").await;
    assert_eq!(calls(&fixture)[0], 1);
    fixture.clock.advance(Duration::from_secs(1));
    answered_by(&fixture, "300 s").await;
    assert_eq!(calls(&fixture)[0], 2, "it is tried once after its time");
}

#[tokio::test]
async fn a_longer_pause_that_was_asked_for_counts_and_a_shorter_one_does_not() {
    for (asked, seconds) in [(Some(900), 900), (Some(3), 300)] {
        let fixture = three(limited(asked), says("blue"), says("red"));
        answered_by(&fixture, "first").await;
        fixture.clock.advance(Duration::from_secs(seconds - 1));
        answered_by(&fixture, "before").await;
        assert_eq!(calls(&fixture)[0], 1);
        fixture.clock.advance(Duration::from_secs(1));
        answered_by(&fixture, "after").await;
        assert_eq!(calls(&fixture)[0], 2);
    }
}

#[tokio::test]
async fn a_key_that_cannot_pay_ends_all_its_models_and_another_key_takes_over() {
    let mut setup = Setup::new();
    setup.policy.fast.truncate(2);
    let clock = std::sync::Arc::new(setup.clock.clone());
    let poor = lore_core::memory::llm::ScriptedLlmProvider::new("poor", clock.clone())
        .model("one", [Reply::failure(ErrorKind::InsufficientFunds, Retry::Never)])
        .model("two", [says("red")]);
    let rich = lore_core::memory::llm::ScriptedLlmProvider::new("rich", clock.clone())
        .model("one", [says("blue")])
        .model("two", [says("blue")]);
    let spawner = std::sync::Arc::new(crate::OnRuntime);
    let ai = lore_core::ai::AiService::builder(std::sync::Arc::new(setup.log.clone()), spawner)
        .llm_provider(std::sync::Arc::new(poor.clone()))
        .llm_provider(std::sync::Arc::new(rich.clone()))
        .clock(clock)
        .policy(setup.policy)
        .build()
        .unwrap();
    for text in ["a", "b", "c"] {
        ai.ask(&anna(), &Ask::new(Colour::of(text))).await.unwrap();
    }
    assert_eq!((poor.calls(), rich.calls_of("one")), (1, 3));
}

#[tokio::test]
async fn a_fault_of_the_request_ends_the_search() {
    for reason in [FailureReason::BadRequest, FailureReason::Moderated] {
        let refused = Reply::failure(ErrorKind::InvalidInput, Retry::Never).because(reason);
        let fixture = three(refused, says("blue"), says("red"));
        let error = fixture.ask("sea").await.unwrap_err();
        assert_eq!(error.completion_failure().unwrap().reason, reason);
        assert_eq!(calls(&fixture), [1, 0, 0]);
    }
}

#[tokio::test]
async fn a_prompt_too_long_for_one_model_goes_to_the_next_and_for_all_is_the_requests_fault() {
    let too_long =
        || Reply::failure(ErrorKind::InvalidInput, Retry::Never).because(FailureReason::ContextLength);
    let fixture = three(too_long(), says("blue"), says("red"));
    assert_eq!(answered_by(&fixture, "sea").await, "two");
    let fixture = three(too_long(), too_long(), too_long());
    for _ in 0..2 {
        assert_eq!(fixture.ask("sea").await.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(calls(&fixture), [1, 1, 1], "and it is remembered");
}

#[tokio::test]
async fn an_unusable_answer_is_asked_for_once_more_with_the_finding_and_then_of_the_next_model() {
    let fixture = Setup::new().scripted(|provider| {
        provider.model("one", [says("ultraviolet"), says("violet")]).model("two", [says("blue")])
    });
    assert_eq!(answered_by(&fixture, "sea").await, "one");
    let requests = fixture.provider.requests();
    let last = requests[1].messages.last().unwrap();
    assert!(last.text.contains("a colour that people see"), "{}", last.text);
    assert_eq!(fixture.calls().await.len(), 2);

    let fixture = three(says("ultraviolet"), says("ultraviolet"), says("ultraviolet"));
    let error = fixture.ask("sea").await.unwrap_err();
    assert_eq!(error.completion_failure().unwrap().reason, FailureReason::Unusable);

    let fixture = three(says("ultraviolet"), Reply::text("I would say blue."), says("red"));
    assert_eq!(answered_by(&fixture, "sea").await, "three");
    assert_eq!(calls(&fixture), [2, 2, 1]);
}

#[tokio::test]
async fn when_all_models_fail_the_error_names_each_and_why() {
    let gone = Reply::failure(ErrorKind::NotFound, Retry::Never);
    let fixture = three(limited(None), out_of_order(), gone);
    let error = fixture.ask("sea").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = error.to_string();
    for tried in ["scripted/one: rate_limited", "scripted/two: outage", "scripted/three: model_gone"] {
        assert!(text.contains(tried), "{text}");
    }
}

#[tokio::test]
async fn when_all_models_are_left_alone_the_error_says_when_the_first_returns() {
    let fixture = three(limited(Some(900)), limited(Some(600)), limited(Some(1_200)));
    // The first request is the one whose calls find that out.
    for text in ["sea", "sea", "sky"] {
        let error = fixture.ask(text).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        let Retry::After(Some(pause)) = error.retry() else { panic!("{error:?}") };
        assert!((590..=600).contains(&pause.as_secs()), "{pause:?}");
        assert!(error.context().iter().any(|(key, _)| *key == "retry_at"), "{error}");
    }
    assert_eq!(calls(&fixture), [1, 1, 1]);
}

#[tokio::test]
async fn if_the_deadline_allows_it_the_first_model_that_returns_is_waited_for() {
    let mut setup = Setup::new();
    setup.policy.cooling_seconds = 20;
    setup.policy.fast.truncate(1);
    let fixture = setup.scripted(|provider| provider.model("one", [limited(None), says("blue")]));
    let before = fixture.clock.now();
    assert_eq!(answered_by(&fixture, "sea").await, "one");
    let waited = fixture.clock.now().saturating_since(before);
    assert!((15..=21).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test]
async fn while_one_caller_tries_a_model_after_its_time_the_others_wait_for_what_comes_of_it() {
    let mut setup = Setup::new();
    setup.policy.fast.truncate(1);
    let fixture = setup.scripted(|provider| {
        provider.model("one", [limited(None), says("blue").after(Duration::from_secs(5)), says("green")])
    });
    fixture.ask("sea").await.unwrap_err();
    fixture.clock.advance(Duration::from_secs(300));
    let texts: Vec<_> = (0..10).map(|number| format!("text {number}")).collect();
    let replies = futures_util::future::join_all(texts.iter().map(|text| fixture.ask(text))).await;
    let colours: Vec<_> = replies.iter().map(|reply| &*reply.as_ref().unwrap().value().colour).collect();
    assert_eq!(colours.iter().filter(|colour| **colour == "blue").count(), 1);
    assert_eq!(calls(&fixture), [11, 0, 0]);
}

#[tokio::test]
async fn an_answer_that_was_under_way_does_not_end_a_pause_that_began_since() {
    let fixture = Arc::new(Setup::standing_still().scripted(|provider| {
        provider
            .model("one", [says("blue").after(Duration::from_secs(2)), limited(Some(900))])
            .model("two", [says("green")])
    }));
    let slow = tokio::spawn({
        let fixture = fixture.clone();
        async move { answered_by(&fixture, "slow").await }
    });
    while fixture.provider.calls() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(answered_by(&fixture, "quick").await, "two");
    fixture.clock.advance(Duration::from_secs(2));
    assert_eq!(slow.await.unwrap(), "one");
    assert_eq!(answered_by(&fixture, "later").await, "two");
    assert_eq!(calls(&fixture)[0], 2);
}

#[tokio::test]
async fn a_model_that_fails_three_times_in_a_row_is_left_alone_for_a_while() {
    let fixture = three(out_of_order(), says("blue"), says("red"));
    for number in 0..10 {
        answered_by(&fixture, &number.to_string()).await;
    }
    assert_eq!(calls(&fixture), [3, 10, 0]);
    fixture.clock.advance(Duration::from_secs(30));
    answered_by(&fixture, "later").await;
    assert_eq!(calls(&fixture)[0], 4);
}

#[tokio::test]
async fn rules_answer_when_no_model_does_and_are_not_kept() {
    let fixture = Fixture::new([out_of_order(), says("blue")]);
    let ask = Ask::new(Colour { has_rules: true, ..Colour::of("sea") });
    let reply = fixture.ai.ask(&anna(), &ask).await.unwrap();
    assert_eq!((reply.answer.source, reply.answer.model.as_deref()), (Source::Rules, None));
    assert_eq!(reply.value().colour, "grey");
    let reply = fixture.ai.ask(&anna(), &ask).await.unwrap();
    assert_eq!((reply.answer.source, reply.value().colour.as_str()), (Source::Model, "blue"));
}

#[tokio::test]
async fn a_provider_that_never_ends_a_call_is_given_up() {
    let fixture = Setup::new().scripted(|provider| {
        let never = Reply::text("x").after(Duration::from_secs(1_000_000));
        provider.model("one", [never]).model("two", [says("blue")])
    });
    assert_eq!(answered_by(&fixture, "sea").await, "two");
}

#[tokio::test]
async fn a_model_that_is_gone_and_not_left_alone_is_not_asked_again_and_again() {
    let mut setup = Setup::new();
    setup.policy.gone_seconds = 0;
    let fixture = setup.scripted(|provider| provider);
    assert_eq!(fixture.ask("sea").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(fixture.calls().await.len(), 3);
}
