//! The events of the simulated chain, through a sync into a store: each once, whatever happens to the chain.

use std::sync::Arc;

use lore_core::{
    Address, ChainId, ErrorKind, IpId, LicenseTermsId, Share, Wei,
    domain::{
        chain_event::{ChainEvent, ChainEventKind as Kind, ChainEventQuery},
        license::{Payment, PilTerms},
        page::SortOrder,
    },
    memory::{
        chain::{Call, Outcome, SimulatedChain, SimulatedConfig},
        chain_events::MemoryChainEventStore,
        clock::ManualClock,
    },
    port::{
        chain::ChainClient as _,
        chain_events::{ChainEventSource as _, ChainEventStore as _, EventCursor, EventRecord},
    },
    sync::EventSync,
};

use crate::{ALICE, BOB, fresh_path, now, register_terms, request};

/// A chain, a store, and what moves events from one to the other.
pub(crate) struct World {
    pub(crate) chain: SimulatedChain,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<MemoryChainEventStore>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::new(now()));
        Self {
            chain: SimulatedChain::new(ALICE, clock.clone()),
            clock,
            store: Arc::new(MemoryChainEventStore::new()),
        }
    }

    pub(crate) fn must(&self, by: Address, call: Call) -> Outcome {
        self.chain.connect(by).execute(&call).unwrap_or_else(|error| panic!("{call:?}: {error}")).outcome
    }

    pub(crate) fn ip(&self, name: &str, owner: Address) -> IpId {
        let collection = SimulatedConfig::default().collection;
        let request = Box::new(request(name, owner));
        let Outcome::Ip(ip) = self.must(owner, Call::MintAndRegisterIp { collection, request }) else {
            panic!("no ip")
        };
        ip
    }

    /// Commercial remix terms at 10 % of this policy and this fee.
    pub(crate) fn terms(&self, royalty_policy: Address, fee: Wei) -> LicenseTermsId {
        let payment = Payment { royalty_policy, ..Payment::default() };
        let terms = PilTerms::commercial_remix(fee, Share::from_percent(10).unwrap(), payment);
        match self.must(ALICE, Call::RegisterLicenseTerms { terms: Box::new(terms) }) {
            Outcome::Terms(id) => id,
            other => panic!("{other:?}"),
        }
    }

    fn sync_from(&self, chain: &SimulatedChain) -> EventSync {
        EventSync::new(Arc::new(chain.events()), self.store.clone(), chain_id(), 0)
    }

    pub(crate) async fn sync(&self) -> Vec<EventRecord> {
        let report = self.sync_from(&self.chain).run_once().await.unwrap();
        assert!(report.is_caught_up, "{report:?}");
        self.stored().await
    }

    /// All of the store, the oldest first.
    async fn stored(&self) -> Vec<EventRecord> {
        let mut query = ChainEventQuery::new(chain_id());
        query.order = SortOrder::Ascending;
        let mut found = Vec::new();
        loop {
            let page = self.store.chain_events(&query).await.unwrap();
            found.extend(page.items);
            match page.next {
                None => return found,
                next => query.cursor = next,
            }
        }
    }

    /// What the transactions of `act` log: who, and what.
    pub(crate) async fn logs_of<T>(&self, act: impl FnOnce(&Self) -> T) -> (T, Vec<(Address, ChainEvent)>) {
        let before = self.sync().await.len();
        let made = act(self);
        let new = self.sync().await.split_off(before);
        (made, new.into_iter().map(|record| (record.emitter, record.event)).collect())
    }
}

pub(crate) fn chain_id() -> ChainId {
    SimulatedConfig::default().chain_id
}

pub(crate) fn kinds(logs: &[(Address, ChainEvent)]) -> Vec<(Address, Kind)> {
    logs.iter().map(|(emitter, event)| (*emitter, event.kind())).collect()
}

#[tokio::test]
async fn what_reverts_or_is_only_tried_leaves_no_log_and_no_block() {
    let world = World::new();
    let ip = world.ip("mine", ALICE);
    let before = world.sync().await;
    let collection = SimulatedConfig::default().collection;
    let twice = Call::MintAndRegisterIp { collection, request: Box::new(request("mine", ALICE)) };
    assert_eq!(world.chain.execute(&twice).unwrap_err().kind(), ErrorKind::Reverted);
    // The first call of the batch would log; the second takes it back.
    let calls =
        vec![register_terms("gone"), Call::TransferNft { collection, token_id: 9_u64.into(), to: BOB }];
    let batch = Call::ExecuteBatch { ip, calls };
    assert_eq!(world.chain.execute(&batch).unwrap_err().kind(), ErrorKind::Reverted);
    assert_eq!(world.sync().await, before);

    let attached = world.chain.execute(&Call::AttachDefaultLicenseTerms { ip }).unwrap();
    let last = world.sync().await.pop().unwrap();
    assert_eq!(last.event.kind(), Kind::LicenseTermsAttached);
    assert_eq!((last.block.number, last.tx_hash), (attached.mined.block_number, attached.mined.tx_hash));
    assert_eq!((last.at, last.log_index), (attached.mined.at, 0));
}

#[tokio::test]
async fn long_histories_come_in_several_batches_each_event_once() {
    let world = World::new();
    for number in 0..700 {
        world.ip(&format!("ip-{number}"), ALICE);
    }
    let report = world.sync_from(&world.chain).run_once().await.unwrap();
    assert_eq!((report.batches, report.added, report.next_block), (3, 2_800, 701));
    assert!(report.is_caught_up && report.dropped == 0);
    let stored = world.stored().await;
    let places: Vec<_> = stored.iter().map(|record| (record.block.number, record.log_index)).collect();
    let expected: Vec<_> = (1..=700).flat_map(|block| (0..4).map(move |index| (block, index))).collect();
    assert_eq!(places, expected);
    // Nothing new is nothing to do.
    let again = world.sync_from(&world.chain).run_once().await.unwrap();
    assert_eq!((again.batches, again.added, again.is_caught_up), (0, 0, true));
}

#[tokio::test]
async fn a_store_that_outlives_a_chain_in_memory_keeps_what_the_new_chain_has_too_and_drops_the_rest() {
    let world = World::new();
    // The same first transaction at the same time is the same block.
    world.ip("same", ALICE);
    let old = world.ip("old", ALICE);
    world.must(ALICE, Call::AttachDefaultLicenseTerms { ip: old });
    assert_eq!(world.sync().await.len(), 9);

    let new = World { store: world.store.clone(), ..World::new() };
    new.ip("same", ALICE);
    let report = new.sync_from(&new.chain).run_once().await.unwrap();
    assert_eq!((report.dropped, report.reorganisations, report.next_block), (5, 1, 2));
    let ip = new.ip("new", ALICE);
    let stored = new.sync().await;
    assert_eq!(stored.len(), 8);
    assert!(stored[4..].iter().all(|record| record.event.ips().contains(&ip)), "{stored:?}");

    // An hour later even the same transaction is another block.
    world.clock.advance(std::time::Duration::from_secs(3_600));
    let later = World { chain: SimulatedChain::new(ALICE, world.clock.clone()), ..world };
    later.ip("same", ALICE);
    let report = later.sync_from(&later.chain).run_once().await.unwrap();
    assert_eq!((report.dropped, report.added, report.reorganisations), (8, 4, 1));
}

#[tokio::test]
async fn what_another_process_wrote_into_the_file_is_read_and_a_restart_goes_on() {
    let path = fresh_path("events");
    let clock = Arc::new(ManualClock::new(now()));
    let open = |signer| {
        SimulatedChain::open(path.clone(), SimulatedConfig::default(), signer, clock.clone()).unwrap()
    };
    let world = World { chain: open(ALICE), ..World::new() };
    world.chain.register(&request("here", ALICE)).await.unwrap();
    let before = world.sync().await;
    assert_eq!(before.len(), 4);
    open(BOB).register(&request("there", BOB)).await.unwrap();
    assert_eq!(world.sync().await.len(), 8);

    let restarted = World { chain: open(ALICE), store: world.store.clone(), ..World::new() };
    restarted.chain.register(&request("after", ALICE)).await.unwrap();
    let report = restarted.sync_from(&restarted.chain).run_once().await.unwrap();
    assert_eq!((report.added, report.dropped), (4, 0));
    assert_eq!(restarted.stored().await[..4], before);
}

#[tokio::test]
async fn a_cursor_of_another_chain_is_refused() {
    let world = World::new();
    let cursor = EventCursor::new(ChainId::AENEID, 0);
    let error = world.chain.events().events_after(&cursor).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
