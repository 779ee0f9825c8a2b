//! What the log holds of each request.

use lore_core::{
    ErrorKind, Usd,
    ai::{
        Ask, LogText,
        audit::{CacheOutcome, CallOutcome, InputRecord, RequestOutcome},
        stats::fold,
    },
};

use crate::{ANNA, Colour, Fixture, Setup, anna, limited, out_of_order, says};

#[tokio::test]
async fn a_fresh_answer_is_in_the_log_before_it_is_returned() {
    let fixture = Setup::standing_still().scripted(|provider| provider.model("one", [says("blue")]));
    let reply = fixture.ask("sea").await.unwrap();
    // Nothing waits in the queue, so this is what was committed.
    let (requests, calls) = (fixture.requests().await, fixture.calls().await);
    assert_eq!((requests.len(), calls.len()), (1, 1));
    assert_eq!((requests[0].request, requests[0].user), (reply.request, Some(ANNA)));
    assert!(matches!(&requests[0].input, InputRecord::Whole(input) if input.contains("sea")));
    match &requests[0].outcome {
        RequestOutcome::Answered { model, cache, output, usage, cost, .. } => {
            assert_eq!((model.as_deref(), *cache), (Some("one"), CacheOutcome::Miss));
            assert_eq!(output.as_deref(), Some(r#"{"colour":"blue"}"#));
            assert!(usage.total() > 0);
            assert_eq!(*cost, Usd::from_picos(1_000));
        }
        outcome => panic!("{outcome:?}"),
    }
    assert_eq!(calls[0].request, reply.request);
}

#[tokio::test]
async fn a_hit_names_the_answer_it_got_and_what_it_saved() {
    let fixture = Fixture::new([says("blue")]);
    let first = fixture.ask("sea").await.unwrap();
    fixture.ask("sea").await.unwrap();
    let requests = fixture.requests().await;
    assert_eq!(requests[1].input, InputRecord::SameAs(first.request));
    match &requests[1].outcome {
        RequestOutcome::Answered { cache, answer, cost, saved_usage, saved_cost, .. } => {
            assert_eq!((*cache, *answer), (CacheOutcome::Fresh, first.request));
            assert_eq!((*cost, *saved_cost), (Usd::ZERO, Usd::from_picos(1_000)));
            assert_eq!(*saved_usage, first.answer.usage);
        }
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn every_call_of_a_request_has_its_line_and_a_failed_request_too() {
    let fixture = Setup::new().scripted(|provider| {
        provider
            .model("one", [limited(None)])
            .model("two", [says("ultraviolet")])
            .model("three", [out_of_order()])
    });
    assert_eq!(fixture.ask("sea").await.unwrap_err().kind(), ErrorKind::Unavailable);
    let calls = fixture.calls().await;
    let numbers: Vec<_> = calls.iter().map(|call| (call.number, call.model.as_str())).collect();
    assert_eq!(numbers, [(1, "one"), (2, "two"), (3, "two"), (4, "three")]);
    assert!(matches!(calls[1].outcome, CallOutcome::Unusable { .. }));
    match &fixture.requests().await[0].outcome {
        RequestOutcome::Failed { failure, cost, .. } => {
            assert_eq!(failure.kind, ErrorKind::Unavailable);
            assert_eq!(*cost, Usd::from_picos(2_000), "unusable answers are charged too");
        }
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn a_call_says_which_choice_it_was_whether_the_one_before_failed_or_was_left_alone() {
    let fixture = Setup::new().scripted(|provider| {
        provider.model("one", [limited(None)]).model("two", [says("ultraviolet"), says("blue")])
    });
    fixture.ask("sea").await.unwrap();
    // By now the first choice is left alone, and nobody but the second is asked.
    fixture.ask("sky").await.unwrap();
    let calls = fixture.calls().await;
    let places: Vec<_> = calls.iter().map(|call| (call.number, call.choice, call.model.as_str())).collect();
    assert_eq!(places, [(1, 0, "one"), (2, 1, "two"), (3, 1, "two"), (1, 1, "two")]);
    let delta = fold(&fixture.lines().await);
    let fallbacks: u64 = delta.rows().map(|(_, counts)| counts.fallback_calls).sum();
    assert_eq!(fallbacks, 3);

    let fixture = Fixture::new([says("ultraviolet"), says("blue")]);
    fixture.ask("sea").await.unwrap();
    let places: Vec<_> = fixture.calls().await.iter().map(|call| (call.number, call.choice)).collect();
    assert_eq!(places, [(1, 0), (2, 0)], "asked again, it is the same choice");
}

#[tokio::test]
async fn the_log_keeps_as_much_text_as_the_policy_says() {
    for (text, input_kept, output_kept) in [
        (LogText::Whole, "Whole", true),
        (LogText::Hashed, "Hashed", false),
        (LogText::Redacted, "Redacted", false),
    ] {
        let mut setup = Setup::new();
        setup.policy.log_text = text;
        // What is wrong with an answer is told with its words.
        let shapeless = lore_core::memory::llm::Reply::text(r#"{"a secret text": 1}"#);
        let fixture = setup.scripted(|provider| provider.model("one", [shapeless, says("blue")]));
        fixture.ai.ask(&anna(), &Ask::new(Colour::of("a secret text"))).await.unwrap();
        fixture.ai.ask(&anna(), &Ask::new(Colour::of("a secret text"))).await.unwrap();
        let lines = format!("{:?}", fixture.lines().await);
        assert!(lines.contains(input_kept), "{lines}");
        assert_eq!(lines.contains("a secret text"), text == LogText::Whole);
        assert_eq!(lines.contains("blue"), output_kept);
    }
}
