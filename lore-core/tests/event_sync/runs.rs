//! Single runs.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use lore_core::{
    ErrorKind, Result, Retry,
    conformance::chain_event_store::fixtures::{CHAIN, block},
    memory::chain_events::MemoryChainEventStore,
    port::chain_events::{ChainEventSource, ChainEventStore, EventBatch, EventCursor},
    sync::EventSync,
};

use crate::world::{FIRST, World, run_for};

#[tokio::test]
async fn a_run_ends_at_the_head_and_the_next_one_finds_nothing_new() {
    let world = World::new(1, 10);
    world.chain.extend(35);
    let report = world.sync().run_once().await.unwrap();
    let added = world.canonical().len() as u64;
    assert_eq!((report.batches, report.added, report.dropped), (4, added, 0));
    assert_eq!((report.next_block, report.is_caught_up), (36, true));
    assert_eq!(report.head.map(|head| head.number), Some(35));
    assert_eq!(world.stored().await, world.canonical());
    let report = world.sync().run_once().await.unwrap();
    assert_eq!((report.batches, report.next_block, report.is_caught_up), (0, 36, true));
}

#[tokio::test]
async fn a_run_stops_after_its_batches_and_the_next_one_goes_on() {
    let world = World::new(2, 10);
    world.chain.extend(35);
    let sync = world.sync().with_max_batches(3);
    let report = sync.run_once().await.unwrap();
    assert_eq!((report.batches, report.next_block, report.is_caught_up), (3, FIRST + 30, false));
    let report = sync.run_once().await.unwrap();
    assert_eq!((report.batches, report.is_caught_up), (1, true));
    assert_eq!(world.stored().await, world.canonical());
}

#[tokio::test]
async fn a_chain_below_the_first_block_is_waited_for() {
    let world = World::new(3, 10);
    let report = world.sync().run_once().await.unwrap();
    assert_eq!((report.batches, report.next_block, report.is_caught_up), (0, FIRST, true));
    world.chain.extend(5);
    assert!(world.sync().run_once().await.unwrap().is_caught_up);
    assert_eq!(world.stored().await, world.canonical());
}

#[tokio::test]
async fn a_reorganised_chain_is_rewound_to_the_common_block_also_where_it_got_shorter() {
    for (depth, blocks) in [(1, 1), (5, 20), (20, 3), (35, 0), (35, 50)] {
        let world = World::new(depth, 10);
        world.chain.extend(35);
        world.sync().run_once().await.unwrap();
        let before = world.stored().await;
        world.chain.reorganise(depth, blocks);
        let report = world.sync().run_once().await.unwrap();
        assert_eq!((report.reorganisations, report.is_caught_up), (1, true), "depth {depth}");
        let after = world.stored().await;
        assert_eq!(after, world.canonical(), "depth {depth}");
        let kept = before.iter().filter(|record| after.contains(record)).count() as u64;
        // What is kept may have been dropped and read again, but nothing is counted twice.
        assert!(report.dropped >= before.len() as u64 - kept);
        assert_eq!(before.len() as u64 - report.dropped + report.added, after.len() as u64);
    }
}

#[tokio::test]
async fn a_run_may_be_dropped_at_every_await() {
    let mut crashes = 0;
    for polls in 1.. {
        let world = World::new(7, 3);
        world.chain.extend(12);
        world.sync().run_once().await.unwrap();
        world.chain.reorganise(6, 9);
        if run_for(polls, world.sync().run_once()).await.is_some() {
            break;
        }
        crashes += 1;
        assert!(world.is_whole().await, "dropped at poll {polls}");
        world.sync().run_once().await.unwrap();
        assert_eq!(world.stored().await, world.canonical(), "dropped at poll {polls}");
    }
    assert!(crashes > 15, "{crashes}");
}

#[tokio::test]
async fn a_lost_answer_ends_the_run_and_the_next_one_applies_nothing_twice() {
    let world = World::new(8, 5);
    world.chain.extend(22);
    for lost in 0.. {
        world.lose_answers(1);
        match world.sync().run_once().await {
            Ok(report) => {
                assert!(report.is_caught_up && lost == 5, "{lost} lost, {report:?}");
                break;
            }
            Err(error) => {
                assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Reconcile));
                assert_eq!(error.op(), "sync_events");
            }
        }
    }
    assert_eq!(world.stored().await, world.canonical());
}

#[tokio::test]
async fn several_processes_apply_each_batch_once() {
    let world = World::new(9, 4);
    world.chain.extend(60);
    let syncs: Vec<_> = (0..4).map(|_| world.sync()).collect();
    let reports = join_all(syncs.iter().map(EventSync::run_once)).await;
    let reports: Vec<_> = reports.into_iter().collect::<Result<_>>().unwrap();
    assert!(reports.iter().all(|report| report.is_caught_up), "{reports:?}");
    assert_eq!(reports.iter().map(|report| report.batches).sum::<u32>(), 15);
    assert!(reports.iter().map(|report| report.conflicts).sum::<u32>() > 0);
    let added: u64 = reports.iter().map(|report| report.added).sum();
    assert_eq!(added, world.canonical().len() as u64);
    assert_eq!(world.stored().await, world.canonical());
}

/// Says that there is more, and gives nothing.
#[derive(Debug)]
struct Stuck;

#[async_trait]
impl ChainEventSource for Stuck {
    fn name(&self) -> &str {
        "stuck"
    }

    async fn events_after(&self, cursor: &EventCursor) -> Result<EventBatch> {
        Ok(EventBatch::new(cursor.clone(), block(100, 0)))
    }
}

#[tokio::test]
async fn a_source_that_stands_still_is_told_and_not_asked_for_ever() {
    let store = Arc::new(MemoryChainEventStore::new());
    let sync = EventSync::new(Arc::new(Stuck), Arc::<MemoryChainEventStore>::clone(&store), CHAIN, FIRST);
    let error = sync.run_once().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert!(error.context().contains(&("source", "stuck".to_owned())), "{error}");
    assert_eq!(store.event_cursor(CHAIN).await.unwrap(), None);
}
