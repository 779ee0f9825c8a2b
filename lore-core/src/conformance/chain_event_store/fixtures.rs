//! Blocks, events of every kind, and batches.

use crate::{
    conformance::repository::fixtures::{address, at, hash, ip_id},
    domain::{
        chain_event::{BlockHash, ChainEvent, ChainEventQuery, GroupReward, HexBytes, Selector, Tag},
        page::SortOrder,
    },
    error::Result,
    onchain::{Address, AssertionId, ChainId, LicenseTermsId, TokenId, TxHash, Uint256, Wei},
    port::{
        chain::PermissionLevel,
        chain_events::{BlockRef, ChainEventStore, EventBatch, EventCursor, EventRecord},
    },
};

/// The chain of the suite.
pub const CHAIN: ChainId = ChainId::AENEID;

fn word(number: u64, fork: u8) -> [u8; 32] {
    let mut word = [fork; 32];
    for (to, from) in word.iter_mut().zip(number.to_be_bytes()) {
        *to = from;
    }
    word
}

/// The block of this number on a fork.
pub fn block(number: u64, fork: u8) -> BlockRef {
    BlockRef::new(number, BlockHash::from_bytes(word(number, fork)))
}

/// An event at a place of a block.
pub fn record(block: BlockRef, log_index: u64, event: ChainEvent) -> EventRecord {
    let tx_hash = TxHash::from_bytes(word(log_index, 77));
    EventRecord::new((block, at(block.number.min(1_000_000))), tx_hash, log_index, address(600), event)
}

/// An event that names one IP.
pub fn attached(ip: u32) -> ChainEvent {
    ChainEvent::LicenseTermsAttached {
        ip: ip_id(ip),
        template: address(601),
        terms_id: LicenseTermsId::from(u64::from(ip)),
        caller: address(602),
    }
}

/// One event of each kind, in the order of the kinds.
pub fn every_event() -> Vec<ChainEvent> {
    [registrations(), licenses(), royalties(), groups(), disputes(), access()].concat()
}

fn registrations() -> Vec<ChainEvent> {
    let (ip, uri) = (ip_id(1), "ipfs://星空\"\n".to_owned());
    vec![
        ChainEvent::IpRegistered {
            ip,
            chain_id: CHAIN.into(),
            token_contract: address(10),
            token_id: TokenId::MAX,
            name: "1315: 星空 #1".to_owned(),
            uri: uri.clone(),
            registered_at: at(1),
        },
        ChainEvent::IpMetadataSet { ip, uri: uri.clone(), hash: hash(1) },
        ChainEvent::NftMetadataSet { ip, uri, hash: hash(2) },
        ChainEvent::IpMetadataFrozen { ip },
    ]
}

fn licenses() -> Vec<ChainEvent> {
    let (template, terms_id, caller) = (address(11), LicenseTermsId::from(7_u64), address(12));
    vec![
        ChainEvent::LicenseTermsRegistered { template, terms_id, encoded: HexBytes::new(vec![0, 1, 255]) },
        attached(2),
        ChainEvent::LicensingConfigSet {
            ip: ip_id(2),
            template,
            terms_id,
            is_set: true,
            minting_fee: Wei::MAX,
            licensing_hook: Address::ZERO,
            hook_data: HexBytes::default(),
            commercial_rev_share: 100_000_000,
            is_disabled: false,
            min_group_reward_share: u32::MAX,
            group_reward_pool: address(13),
        },
        ChainEvent::LicenseTokensMinted {
            licensor: ip_id(2),
            template,
            terms_id,
            amount: Uint256::MAX,
            receiver: address(14),
            first_token: TokenId::ZERO,
            caller,
        },
        ChainEvent::DerivativeRegistered {
            child: ip_id(3),
            parents: vec![ip_id(1), ip_id(2)],
            terms_ids: vec![terms_id, LicenseTermsId::MAX],
            template,
            license_tokens: vec![TokenId::from(4_u64)],
            caller,
        },
    ]
}

fn royalties() -> Vec<ChainEvent> {
    let (token, amount, amount_after_fee) = (address(15), Wei::from_coins(10), Wei::from_coins(9));
    vec![
        ChainEvent::RoyaltyPaid {
            receiver: ip_id(1),
            payer: Some(ip_id(3)),
            sender: address(16),
            token,
            amount,
            amount_after_fee,
        },
        ChainEvent::LicenseMintingFeePaid {
            receiver: ip_id(1),
            payer: address(16),
            token,
            amount,
            amount_after_fee,
        },
        ChainEvent::VaultDeployed { ip: ip_id(1), vault: address(17) },
        ChainEvent::RevenueTransferredToVault { ip: ip_id(3), ancestor: ip_id(1), token, amount },
        ChainEvent::RevenueClaimed { ip: ip_id(1), claimer: address(18), token, amount },
    ]
}

fn groups() -> Vec<ChainEvent> {
    let (group, token, pool) = (ip_id(9), address(15), address(19));
    let rewards = vec![GroupReward::new(ip_id(1), Wei::from(5_u64)), GroupReward::new(ip_id(2), Wei::ZERO)];
    vec![
        ChainEvent::GroupRegistered { group, pool },
        ChainEvent::GroupMembersAdded { group, members: vec![ip_id(1), ip_id(2)] },
        ChainEvent::GroupMembersRemoved { group, members: vec![ip_id(2)] },
        ChainEvent::GroupRoyaltiesCollected { group, pool, token, amount: Wei::from(5_u64) },
        ChainEvent::GroupRewardClaimed { group, token, rewards },
    ]
}

fn disputes() -> Vec<ChainEvent> {
    let tag = Tag::from_bytes(*b"IMPROPER_USAGE\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let (dispute, data) = (1, HexBytes::new(vec![1; 3]));
    let assertion = AssertionId::from_bytes([20; 32]);
    vec![
        ChainEvent::DisputeRaised {
            dispute,
            target: ip_id(1),
            initiator: address(21),
            raised_at: at(5),
            arbitration_policy: address(22),
            evidence: hash(3),
            tag,
            data: data.clone(),
        },
        ChainEvent::DisputeBonded {
            dispute,
            assertion,
            caller: address(21),
            liveness_seconds: 2_592_000,
            currency: address(15),
            bond: Wei::from_coins(1),
        },
        ChainEvent::DisputeCountered { dispute, assertion, evidence: hash(4) },
        ChainEvent::DisputeJudged { dispute, is_upheld: true, data: data.clone() },
        ChainEvent::DisputeCancelled { dispute, data: data.clone() },
        ChainEvent::DisputeResolved { dispute, data },
        ChainEvent::DisputePropagated {
            dispute: u64::MAX,
            infringing: ip_id(1),
            tagged: ip_id(3),
            infringer_dispute: dispute,
            tag,
            raised_at: at(6),
        },
    ]
}

fn access() -> Vec<ChainEvent> {
    vec![
        ChainEvent::PermissionSet {
            ip: ip_id(1),
            owner: address(23),
            signer: address(24),
            target: address(25),
            function: Selector::from_bytes([1, 2, 3, 4]),
            level: PermissionLevel::Allow,
        },
        ChainEvent::NftTransferred {
            ip: ip_id(1),
            token_id: TokenId::from(4_u64),
            from: Address::ZERO,
            to: address(26),
        },
    ]
}

/// What follows a cursor, up to the last of these blocks, which are all of one fork. Each block has an event for the IP of
/// its number and one for IP 0.
pub fn batch(after: &EventCursor, numbers: impl IntoIterator<Item = u64>, fork: u8) -> EventBatch {
    let mut cursor = after.clone();
    let mut records = Vec::new();
    for number in numbers {
        let block = block(number, fork);
        let ip = u32::try_from(number).unwrap_or(u32::MAX);
        records.push(record(block, 0, attached(ip)));
        records.push(record(block, 3, attached(0)));
        cursor.advance(block);
    }
    let head = cursor.trail().next().copied().unwrap_or(block(0, fork));
    EventBatch { records, ..EventBatch::new(cursor, head) }
}

/// The batch for a chain that has `common` in common with the cursor and these blocks after it.
pub fn fork_batch(
    after: &EventCursor,
    common: &BlockRef,
    numbers: impl IntoIterator<Item = u64>,
    fork: u8,
) -> EventBatch {
    let mut cursor = after.clone();
    cursor.rewind(Some(common));
    let drop_from = Some(cursor.next_block());
    EventBatch { drop_from, ..batch(&cursor, numbers, fork) }
}

/// A cursor before block 1.
pub fn start() -> EventCursor {
    EventCursor::new(CHAIN, 1)
}

/// Applies blocks 1 to `last` of fork 0 to an empty store.
pub async fn filled(store: &dyn ChainEventStore, last: u64) -> Result<EventCursor> {
    let batch = batch(&start(), 1..=last, 0);
    store.apply_events(None, &batch).await?;
    Ok(batch.cursor)
}

/// Oldest first, two on a page.
pub fn oldest_first() -> ChainEventQuery {
    ChainEventQuery { order: SortOrder::Ascending, limit: 2, ..ChainEventQuery::new(CHAIN) }
}

/// All pages of a query.
pub async fn all(store: &dyn ChainEventStore, query: &ChainEventQuery) -> Result<Vec<EventRecord>> {
    let (mut query, mut found) = (query.clone(), Vec::new());
    loop {
        let page = store.chain_events(&query).await?;
        assert!(page.items.len() <= query.limit as usize);
        found.extend(page.items);
        let Some(next) = page.next else { return Ok(found) };
        query.cursor = Some(next);
    }
}

/// The places of all events of a query: number of the block, first byte of its fork, place in the block.
pub async fn places(store: &dyn ChainEventStore, query: &ChainEventQuery) -> Result<Vec<(u64, u8, u64)>> {
    let place = |found: EventRecord| {
        let fork = found.block.hash.as_bytes().last().copied().unwrap_or_default();
        (found.block.number, fork, found.log_index)
    };
    Ok(all(store, query).await?.into_iter().map(place).collect())
}
