//! Several processes with one cache: here, several services.

use std::{sync::Arc, time::Duration};

use lore_core::{
    ai::{Ask, audit::CacheOutcome},
    memory::{cache::MemoryCache, clock::ManualClock},
};

use crate::{Colour, Fixture, Setup, anna, limited, out_of_order, says};

fn processes(count: usize, replies: &[lore_core::memory::llm::Reply]) -> (ManualClock, Vec<Arc<Fixture>>) {
    let setup = Setup::new();
    let clock = setup.clock;
    let cache = Arc::new(MemoryCache::new(Arc::new(clock.clone()), MemoryCache::DEFAULT_BYTES));
    let services = (0..count).map(|_| {
        let setup = Setup { clock: clock.clone(), shared: Some(cache.clone()), ..Setup::new() };
        Arc::new(
            setup.scripted(|provider| provider.model("one", replies.to_vec()).model("two", [says("green")])),
        )
    });
    (clock.clone(), services.collect())
}

/// The answer is put into the shared cache after it was returned.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_answer_of_one_process_serves_another() {
    let (_, services) = processes(2, &[says("blue")]);
    assert_eq!(services[0].ask("sea").await.unwrap().cache, CacheOutcome::Miss);
    settle().await;
    let reply = services[1].ask("sea").await.unwrap();
    assert_eq!((reply.cache, reply.value().colour.as_str()), (CacheOutcome::Fresh, "blue"));
    assert_eq!(services[1].provider.calls(), 0);
    assert_eq!(services[1].ask("sea").await.unwrap().cache, CacheOutcome::Fresh);
}

#[tokio::test]
async fn a_process_that_ends_in_order_leaves_its_answer_to_the_others() {
    let (_, services) = processes(2, &[says("blue")]);
    services[0].ask("sea").await.unwrap();
    services[0].ai.flush().await;
    assert_eq!(services[1].ask("sea").await.unwrap().cache, CacheOutcome::Fresh);
}

#[tokio::test]
async fn equal_requests_of_several_processes_at_once_make_one_call() {
    let (_, services) = processes(4, &[says("blue").after(Duration::from_millis(300))]);
    let asking = services.iter().map(|service| service.ask("sea"));
    for reply in futures_util::future::join_all(asking).await {
        assert_eq!(reply.unwrap().value().colour, "blue");
    }
    let calls: usize = services.iter().map(|service| service.provider.calls()).sum();
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn a_process_that_died_while_it_asked_keeps_nobody_from_an_answer() {
    let setup = Setup::new();
    let cache = Arc::new(MemoryCache::new(Arc::new(setup.clock.clone()), MemoryCache::DEFAULT_BYTES));
    let shared = cache.clone();
    let dying = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let setup = Setup { shared: Some(shared), ..Setup::standing_still() };
            let never = says("blue").after(Duration::from_secs(1_000));
            let fixture = setup.scripted(|provider| provider.model("one", [never]));
            let mut asking = Box::pin(fixture.ask("sea"));
            while fixture.provider.calls() == 0 {
                assert!(futures_util::poll!(&mut asking).is_pending());
                tokio::task::yield_now().await;
            }
        });
    };
    std::thread::spawn(dying).join().unwrap();
    let fixture = Setup { shared: Some(cache), ..setup }.scripted(|p| p.model("one", [says("green")]));
    assert_eq!(fixture.ask("sea").await.unwrap().value().colour, "green");
}

#[tokio::test]
async fn a_model_that_one_process_leaves_alone_is_left_alone_by_all() {
    let (clock, services) = processes(3, &[limited(None)]);
    for (number, service) in services.iter().enumerate() {
        let reply = service.ask(&format!("text {number}")).await.unwrap();
        assert_eq!(reply.answer.model.as_deref(), Some("two"));
    }
    let asked = |model| services.iter().map(|service| service.provider.calls_of(model)).sum::<usize>();
    assert_eq!((asked("one"), asked("two")), (1, 3));
    clock.advance(Duration::from_secs(300));
    for (number, service) in services.iter().enumerate() {
        service.ask(&format!("later {number}")).await.unwrap();
    }
    assert_eq!(asked("one"), 2, "one process tries it after its time");
}

#[tokio::test]
async fn an_old_answer_of_another_process_serves_at_once_and_is_replaced() {
    let (clock, services) = processes(2, &[says("blue"), says("green")]);
    services[0].ask("sea").await.unwrap();
    settle().await;
    clock.advance(Duration::from_secs(3_700));
    let reply = services[1].ask("sea").await.unwrap();
    assert_eq!((reply.cache, reply.value().colour.as_str()), (CacheOutcome::Stale, "blue"));
    settle().await;
    assert_eq!(services[1].ask("sea").await.unwrap().cache, CacheOutcome::Fresh);
    assert_eq!(services[1].provider.calls(), 1);
}

#[tokio::test]
async fn an_old_answer_of_another_process_serves_when_no_model_answers() {
    let (clock, cache) = (ManualClock::default().auto_advance(), MemoryCache::DEFAULT_BYTES);
    let cache = Arc::new(MemoryCache::new(Arc::new(clock.clone()), cache));
    let service = |reply| {
        let mut setup = Setup { clock: clock.clone(), shared: Some(cache.clone()), ..Setup::new() };
        setup.policy.stale_while_revalidate_seconds = 0;
        setup.scripted(|provider| provider.model("one", [reply]))
    };
    service(says("blue")).ask("sea").await.unwrap();
    settle().await;
    clock.advance(Duration::from_secs(3_700));
    let later = service(out_of_order());
    let reply = later.ask("sea").await.unwrap();
    assert_eq!((reply.cache, reply.value().colour.as_str()), (CacheOutcome::Stale, "blue"));
    assert_eq!(later.provider.calls_of("one"), 1);
}

#[tokio::test]
async fn who_asks_anew_while_another_process_s_answer_is_fetched_gets_a_new_one() {
    let (_, services) = processes(2, &[says("blue")]);
    services[0].ask("sea").await.unwrap();
    settle().await;
    let (caller, anew) = (anna(), Ask::new(Colour::of("sea")).anew());
    let (kept, new) = futures_util::join!(services[1].ask("sea"), services[1].ai.ask(&caller, &anew));
    assert_eq!((kept.unwrap().cache, new.unwrap().cache), (CacheOutcome::Fresh, CacheOutcome::Miss));
    assert_eq!(services[1].provider.calls(), 1);
}
