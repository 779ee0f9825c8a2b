//! What happened on the chain, from its logs into a store.

use std::sync::Arc;

use lore_core::{
    Wei,
    domain::chain_event::{ChainEvent, ChainEventQuery},
    memory::chain_events::MemoryChainEventStore,
    port::chain_events::ChainEventStore as _,
    sync::EventSync,
};
use lore_story::{
    logs::EventOptions,
    ops::{LicensedTerms, MintAndRegister, MintAndRegisterWithTerms},
};

use crate::chain::{live, remix};

#[test]
fn what_happened_is_read_from_the_logs_once() {
    live(|story| async move {
        let client = &story.client;
        let first = client.send(&MintAndRegister::new(story.new_nft("logged").await)).await.unwrap();
        let licensed = MintAndRegisterWithTerms::new(
            story.new_nft("logged too").await,
            vec![LicensedTerms::new(remix(Wei::ZERO, 5))],
        );
        let second = client.send(&licensed).await.unwrap();
        let from = first.mined.unwrap().block_number;

        // A few blocks at once, so that there are several batches.
        let mut options = EventOptions::new(vec![story.collection().await]);
        (options.confirmations, options.max_blocks) = (0, 3);
        let store = Arc::new(MemoryChainEventStore::default());
        let source = Arc::new(client.events(options));
        let sync = EventSync::new(source, store.clone(), client.chain_id(), from);
        let report = sync.run_once().await.unwrap();
        assert!(report.is_caught_up && report.added > 0, "{report:?}");
        // Once more, in case other tests went on meanwhile; what is known does not come again.
        sync.run_once().await.unwrap();

        for (ip, block) in [(first.ip_id, from), (second.ip_id, second.mined.unwrap().block_number)] {
            let mut query = ChainEventQuery::new(client.chain_id());
            query.ip = Some(ip);
            let found = store.chain_events(&query).await.unwrap().items;
            let registered: Vec<_> = found
                .iter()
                .filter(|record| matches!(record.event, ChainEvent::IpRegistered { .. }))
                .map(|record| record.block.number)
                .collect();
            assert_eq!(registered, [block], "{found:?}");
        }
        let mut query = ChainEventQuery::new(client.chain_id());
        query.ip = Some(second.ip_id);
        let found = store.chain_events(&query).await.unwrap().items;
        let attached = |event: &ChainEvent| match event {
            ChainEvent::LicenseTermsAttached { terms_id, .. } => second.license_terms.contains(terms_id),
            _ => false,
        };
        assert!(found.iter().any(|record| attached(&record.event)), "{found:?}");
    });
}
