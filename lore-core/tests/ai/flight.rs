//! Equal requests at once, and callers who leave.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use lore_core::{
    Caller, ErrorKind,
    ai::{Ask, audit::CacheOutcome},
};

use crate::{Colour, Fixture, Setup, anna, out_of_order, says};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_equal_requests_at_once_make_one_call_and_a_thousand_lines() {
    let fixture = Arc::new(
        Setup::standing_still()
            .scripted(|provider| provider.model("one", [says("blue").after(Duration::from_millis(200))])),
    );
    let callers: Vec<_> = (0..1_000_u32)
        .map(|number| {
            let fixture = fixture.clone();
            tokio::spawn(async move {
                let mut address = [0; 20];
                address[..4].copy_from_slice(&number.to_be_bytes());
                let caller = Caller::User(lore_core::Address::from_bytes(address));
                fixture.ai.ask(&caller, &Ask::new(Colour::of("sea")).public()).await.unwrap()
            })
        })
        .collect();
    // Each caller's patience, and the call.
    fixture.clock.until_sleeping(1_001).await;
    fixture.clock.advance(Duration::from_millis(200));
    let replies = join_all(callers).await;
    assert_eq!(fixture.provider.calls(), 1);
    assert!(replies.iter().all(|reply| reply.as_ref().unwrap().value().colour == "blue"));
    let misses = replies.iter().filter(|reply| reply.as_ref().unwrap().cache == CacheOutcome::Miss);
    assert_eq!(misses.count(), 1);
    assert_eq!(fixture.requests().await.len(), 1_000);
    assert_eq!(fixture.calls().await.len(), 1);
}

#[tokio::test]
async fn a_caller_who_leaves_fails_nobody_and_the_answer_is_kept_and_logged() {
    let fixture = Setup::standing_still()
        .scripted(|provider| provider.model("one", [says("blue").after(Duration::from_secs(5))]));
    let caller = anna();
    let ask = Ask::new(Colour::of("sea"));
    let mut first = Box::pin(fixture.ai.ask(&caller, &ask));
    assert!(futures_util::poll!(&mut first).is_pending());
    let mut second = Box::pin(fixture.ai.ask(&caller, &ask));
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(first);
    // The call under way, and the second caller's patience.
    fixture.clock.until_sleeping(2).await;
    while fixture.provider.calls() == 0 {
        tokio::task::yield_now().await;
    }
    fixture.clock.advance(Duration::from_secs(5));
    assert_eq!(second.await.unwrap().cache, CacheOutcome::Coalesced);
    assert_eq!(fixture.ask("sea").await.unwrap().cache, CacheOutcome::Fresh);
    assert_eq!(fixture.provider.calls(), 1);

    let requests = fixture.requests().await;
    assert_eq!(requests.len(), 3, "{requests:?}");
    let calls = fixture.calls().await;
    let outcome = format!("{:?}", calls[0].outcome);
    assert!(outcome.contains("blue"), "the call's line has the answer: {outcome}");
}

#[tokio::test]
async fn nobody_waits_longer_than_the_deadline_and_the_late_answer_is_kept() {
    let mut setup = Setup::standing_still();
    setup.policy.deadline_seconds = 10;
    let fixture = Arc::new(
        setup.scripted(|provider| provider.model("one", [says("blue").after(Duration::from_secs(30))])),
    );
    let asking = tokio::spawn({
        let fixture = fixture.clone();
        async move { fixture.ask("sea").await }
    });
    while fixture.provider.calls() == 0 {
        tokio::task::yield_now().await;
    }
    fixture.clock.advance(Duration::from_secs(10));
    let error = asking.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("deadline_seconds `10`"), "{error}");
    fixture.clock.advance(Duration::from_secs(20));
    loop {
        // The late answer lands in its own time.
        tokio::task::yield_now().await;
        if fixture.calls().await.len() == 1 {
            break;
        }
    }
    assert_eq!(fixture.ask("sea").await.unwrap().cache, CacheOutcome::Fresh);
    assert_eq!(fixture.provider.calls(), 1);
}

#[tokio::test]
async fn an_error_reaches_all_who_wait_and_is_not_kept() {
    let fixture = Fixture::new([out_of_order().after(Duration::from_millis(50)), says("blue")]);
    let errors = join_all((0..10).map(|_| fixture.ask("sea"))).await;
    assert!(errors.into_iter().all(|reply| reply.unwrap_err().kind() == ErrorKind::Unavailable));
    assert_eq!(fixture.provider.calls(), 1);
    assert_eq!(fixture.ask("sea").await.unwrap().cache, CacheOutcome::Miss);
}

#[tokio::test]
async fn who_has_an_answer_past_its_time_gets_it_whoever_caused_the_load_that_failed() {
    let fixture = Fixture::with_an_answer_past_its_time().await;
    let (caller, anew) = (anna(), Ask::new(Colour::of("sea")).anew());
    let (leader, other) = futures_util::join!(fixture.ai.ask(&caller, &anew), fixture.ask("sea"));
    assert_eq!(leader.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(other.unwrap().cache, CacheOutcome::Stale);
    assert_eq!(fixture.provider.calls_of("one"), 2);
}

#[tokio::test]
async fn who_came_later_is_not_failed_by_the_deadline_of_who_came_first() {
    let mut setup = Setup::standing_still();
    setup.policy.deadline_seconds = 10;
    setup.policy.fast.truncate(1);
    let slow = out_of_order().after(Duration::from_secs(15));
    let fixture = Arc::new(setup.scripted(|provider| provider.model("one", [slow, says("blue")])));
    let ask = || {
        let fixture = fixture.clone();
        tokio::spawn(async move { fixture.ask("sea").await })
    };
    let first = ask();
    fixture.clock.until_sleeping(2).await;
    fixture.clock.advance(Duration::from_secs(8));
    let second = ask();
    fixture.clock.until_sleeping(3).await;
    fixture.clock.advance(Duration::from_secs(2));
    assert_eq!(first.await.unwrap().unwrap_err().kind(), ErrorKind::Unavailable);
    fixture.clock.advance(Duration::from_secs(5));
    assert_eq!(second.await.unwrap().unwrap().value().colour, "blue");
}

#[tokio::test]
async fn who_asks_anew_does_not_get_the_old_answer_that_somebody_else_falls_back_to() {
    let fixture = Fixture::with_an_answer_past_its_time().await;
    let (caller, anew) = (anna(), Ask::new(Colour::of("sea")).anew());
    let (old, new) = futures_util::join!(fixture.ask("sea"), fixture.ai.ask(&caller, &anew));
    assert_eq!(old.unwrap().cache, CacheOutcome::Stale);
    assert_eq!(new.unwrap_err().kind(), ErrorKind::Unavailable);
}
