//! When the timeout layer ends a call, and what it says then. A fault layer inside it is the service that never answers.

use std::{sync::Arc, time::Duration};

use lore_core::{
    Address, AssetId, Cid, Clock, ContentHash, CreationId, Error, ErrorKind, IpId, LicenseTermsId, Retry,
    content::{
        BytesContent,
        unixfs::{Profile, fingerprint_bytes},
    },
    domain::license::PilTerms,
    ids::HolderId,
    layer::{Fault, FaultLayer, FaultPlan, Layer, TimeoutLayer},
    memory::{
        cache::MemoryCache, chain::SimulatedChain, clock::ManualClock, llm::Reply, pins::MemoryPinStore,
        repository::MemoryRepository,
    },
    port::{
        chain::{DerivativeTerms, OnChainDocument, RegisterIp},
        pins::{PinRequest, PinStore},
        repository::{ChangeSet, Lease},
    },
};

use crate::{SECOND, ask, scripted};

fn timing(clock: &ManualClock) -> TimeoutLayer {
    TimeoutLayer::default()
        .calls(3 * SECOND)
        .confirmations(30 * SECOND)
        .transfers(300 * SECOND)
        .clock(Arc::new(clock.clone()))
}

fn assert_timed_out(error: &Error, op: &str, retry: Retry) {
    assert_eq!((error.kind(), error.retry(), error.op()), (ErrorKind::Unavailable, retry, op));
}

fn bytes(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

#[tokio::test]
async fn a_completion_has_the_time_that_its_request_gives_it() {
    let (provider, clock) = scripted();
    let hang = FaultLayer::new(FaultPlan::every("complete", Fault::CrashBefore));
    let provider = provider.model("m", [Reply::text("yes")]);
    let layered = timing(&clock).llm_provider(hang.llm_provider(Arc::new(provider)));
    let mut request = ask("m");
    request.timeout = 7 * SECOND;
    let error = layered.complete(&request).await.unwrap_err();
    assert_timed_out(&error, "complete", Retry::After(None));
    assert_eq!(clock.monotonic(), 7 * SECOND);
}

#[tokio::test]
async fn an_answer_in_time_is_handed_on() {
    let (provider, clock) = scripted();
    let provider = provider.model("m", [Reply::text("yes").after(59 * SECOND)]);
    let layered = timing(&clock).llm_provider(Arc::new(provider));
    assert_eq!(layered.complete(&ask("m")).await.unwrap().text, "yes");
    assert_eq!((clock.monotonic(), clock.sleepers()), (59 * SECOND, 0));
}

#[tokio::test]
async fn a_lost_write_to_a_cache_says_whether_it_may_be_repeated() {
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for (op, retry) in [
            ("get", Retry::After(None)),
            ("put", Retry::After(None)),
            ("put_if_absent", Retry::Reconcile),
            ("remove", Retry::After(None)),
        ] {
            let clock = ManualClock::default().auto_advance();
            let hang = FaultLayer::new(FaultPlan::every(op, fault));
            let cache = Arc::new(MemoryCache::new(Arc::new(clock.clone()), 1 << 20));
            let layered = timing(&clock).cache(hang.cache(cache));
            let answer = match op {
                "get" => layered.get("k").await.map(drop),
                "put" => layered.put("k", bytes("v"), SECOND).await,
                "put_if_absent" => layered.put_if_absent("k", bytes("v"), SECOND).await.map(drop),
                _ => layered.remove("k").await,
            };
            assert_timed_out(&answer.unwrap_err(), op, retry);
            assert_eq!(clock.monotonic(), 3 * SECOND, "{op}");
        }
    }
}

#[tokio::test]
async fn a_lost_write_to_a_repository_says_whether_it_may_be_repeated() {
    for (op, retry) in [
        ("asset", Retry::After(None)),
        ("commit", Retry::Reconcile),
        ("acquire_lease", Retry::Reconcile),
        ("renew_lease", Retry::After(None)),
        ("release_lease", Retry::After(None)),
    ] {
        let clock = ManualClock::default().auto_advance();
        let hang = FaultLayer::new(FaultPlan::every(op, Fault::CrashBefore));
        let layered = timing(&clock).repository(hang.repository(Arc::new(MemoryRepository::new())));
        let (id, holder) = (CreationId::from_bytes([1; 16]), HolderId::from_bytes([2; 16]));
        let lease = Lease::new(1, holder, clock.now());
        let answer = match op {
            "asset" => layered.asset(&AssetId::from_bytes([3; 16])).await.map(drop),
            "commit" => layered.commit(ChangeSet::default()).await,
            "acquire_lease" => layered.acquire_lease(&id, holder, clock.now(), SECOND).await.map(drop),
            "renew_lease" => layered.renew_lease(&id, &lease, clock.now(), SECOND).await.map(drop),
            _ => layered.release_lease(&id, &lease).await,
        };
        assert_timed_out(&answer.unwrap_err(), op, retry);
        assert_eq!(clock.monotonic(), 3 * SECOND, "{op}");
    }
}

#[tokio::test]
async fn a_lost_write_to_a_chain_is_never_to_be_repeated_blindly() {
    let signer = Address::from_bytes([1; 20]);
    let ip_id = IpId::new(signer);
    let terms = PilTerms::non_commercial_social_remixing();
    let document = OnChainDocument::new("ipfs://cid", ContentHash::of(b"document"));
    let register = RegisterIp::new(signer, document.clone(), document);
    for (op, retry, seconds) in [
        ("info", Retry::After(None), 3),
        ("find_registration", Retry::After(None), 3),
        ("ip", Retry::After(None), 3),
        ("find_license_terms", Retry::After(None), 3),
        ("register", Retry::Reconcile, 30),
        ("register_license_terms", Retry::Reconcile, 30),
        ("attach_license_terms", Retry::Reconcile, 30),
        ("link_derivative", Retry::Reconcile, 30),
    ] {
        let clock = ManualClock::default().auto_advance();
        let hang = FaultLayer::new(FaultPlan::every(op, Fault::CrashAfter));
        let chain = Arc::new(SimulatedChain::new(signer, Arc::new(clock.clone())));
        let layered = timing(&clock).chain_client(hang.chain_client(chain));
        let answer = match op {
            "info" => layered.info().await.map(drop),
            "find_registration" => layered.find_registration(&register.key()).await.map(drop),
            "ip" => layered.ip(&ip_id).await.map(drop),
            "find_license_terms" => layered.find_license_terms(&terms).await.map(drop),
            "register" => layered.register(&register).await.map(drop),
            "register_license_terms" => layered.register_license_terms(&terms).await.map(drop),
            "attach_license_terms" => {
                layered.attach_license_terms(&ip_id, LicenseTermsId::from(1_u64)).await.map(drop)
            }
            _ => layered.link_derivative(&ip_id, &DerivativeTerms::new(Vec::new())).await.map(drop),
        };
        assert_timed_out(&answer.unwrap_err(), op, retry);
        assert_eq!(clock.monotonic(), seconds * SECOND, "{op}");
    }
}

/// A store with one pin, that hangs at `op`.
async fn hanging_store(op: &'static str, clock: &ManualClock) -> (Arc<dyn PinStore>, Cid) {
    let store = Arc::new(MemoryPinStore::new(Profile::UnixFsV1_2025));
    let expected = fingerprint_bytes(Profile::UnixFsV1_2025, b"bytes").unwrap();
    let content = BytesContent::new(*b"bytes");
    store.pin(PinRequest::new(&content, &expected, "name")).await.unwrap();
    let hang = FaultLayer::new(FaultPlan::every(op, Fault::CrashAfter));
    (timing(clock).pin_store(hang.pin_store(store)), expected.cid)
}

#[tokio::test]
async fn a_pin_has_time_for_its_transfer_and_may_be_repeated() {
    let clock = ManualClock::default().auto_advance();
    let (store, _) = hanging_store("pin", &clock).await;
    let expected = fingerprint_bytes(Profile::UnixFsV1_2025, b"other").unwrap();
    let content = BytesContent::new(*b"other");
    let error = store.pin(PinRequest::new(&content, &expected, "name")).await.unwrap_err();
    assert_timed_out(&error, "pin", Retry::After(None));
    assert_eq!(clock.monotonic(), 300 * SECOND);
}

#[tokio::test]
async fn every_read_of_an_opened_reader_has_its_own_time() {
    let clock = ManualClock::default().auto_advance();
    let (store, cid) = hanging_store("read", &clock).await;
    let mut reader = store.fetch(&cid).await.unwrap();
    assert_eq!(clock.monotonic(), Duration::ZERO);
    let error = reader.read(&mut [0; 8]).await.unwrap_err();
    assert_timed_out(&error, "read", Retry::After(None));
    assert_eq!(clock.monotonic(), 3 * SECOND);
}
