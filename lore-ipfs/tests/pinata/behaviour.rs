//! What only this adapter does: keys and scopes, limits, wrong answers, the gateway.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use lore_core::{
    Clock as _, Error, ErrorKind, Retry, Secret,
    content::{read_all, unixfs::Profile},
    port::pins::PinStore as _,
};
use lore_ipfs::pinata::{PinataConfig, PinataPinStore};
use tokio::net::TcpListener;

use super::{
    AGAIN, Sample, Setup, Way, config, context,
    server::{Fault, GATEWAY_TOKEN, Operation, READ_TOKEN, REVOKED_TOKEN, SCOPELESS_TOKEN, Settings},
};

#[tokio::test]
async fn keys_are_refused_with_the_reason_and_never_shown() {
    let forged = "header.forged.signature";
    let table = [
        (forged, ErrorKind::Unauthenticated, "INVALID_CREDENTIALS"),
        (REVOKED_TOKEN, ErrorKind::Unauthenticated, "API_KEY_REVOKED"),
        (SCOPELESS_TOKEN, ErrorKind::PermissionDenied, "NO_SCOPES_FOUND"),
        (READ_TOKEN, ErrorKind::PermissionDenied, "NO_SCOPES_FOUND"),
    ];
    for way in Way::ALL {
        for (token, kind, reason) in table {
            let setup = Setup::new(way).await;
            let mut config = config(&setup.server, way);
            config.jwt = Secret::from(token);
            let store = setup.store(config);
            let error = Sample::large().pin(&store).await.unwrap_err();
            assert_eq!((error.kind(), error.retry()), (kind, Retry::Never), "{way:?} {token}");
            assert!(context(&error, "reason").starts_with(reason), "{error:?}");
            if kind == ErrorKind::PermissionDenied {
                assert_eq!(context(&error, "needed_scopes"), "org:files:read org:files:write");
            }
            let shown = format!("{error:?} {error} {store:?} {:?}", error.to_record());
            assert!(!shown.contains(token), "{shown}");
            assert_eq!(setup.server.counts().bytes, 0, "the body was sent although the key is bad");
        }
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let setup = Setup::new(Way::Multipart).await;
    let mut config = config(&setup.server, Way::Multipart);
    config.api_url = url;
    let error = Sample::small().pin(&setup.store(config)).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, AGAIN));
    assert_eq!(context(&error, "phase"), "connect");
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_before_anything_is_sent() {
    let setup = Setup::new(Way::Multipart).await;
    let good = config(&setup.server, Way::Multipart);
    let wrong: [(&str, fn(&mut PinataConfig)); 5] = [
        ("jwt", |config| config.jwt = Secret::default()),
        ("jwt", |config| config.jwt = Secret::from("two\nlines")),
        ("api_url", |config| config.api_url = "http://api.example".to_owned()),
        ("uploads_url", |config| config.uploads_url = "not an address".to_owned()),
        ("gateway_url", |config| config.gateway_url = "ftp://gateway.example".to_owned()),
    ];
    for (field, change) in wrong {
        let mut config = good.clone();
        change(&mut config);
        let error = PinataPinStore::new(config, Arc::new(setup.clock.clone())).unwrap_err();
        assert_eq!((error.kind(), context(&error, "field")), (ErrorKind::Config, field));
        assert!(!format!("{error:?}").contains("two"), "{error:?}");
    }
    assert_eq!(setup.server.counts().requests, 0);
}

#[tokio::test]
async fn a_private_file_is_not_public_content() {
    let (setup, sample) = (Setup::new(Way::Multipart).await, Sample::small());
    setup.server.put("private", &sample.bytes);
    assert_eq!(setup.store.find(&sample.expected.cid).await.unwrap(), None);
    assert!(sample.pin(&setup.store).await.unwrap().uploaded);
    assert_eq!(sample.kept(&setup.server), 1);
    setup.store.unpin(&sample.expected.cid).await.unwrap();
    assert_eq!(setup.server.files().len(), 1, "the private file is not ours to delete");
}

#[tokio::test]
async fn a_store_that_cuts_files_in_another_way_is_told_apart_and_keeps_nothing() {
    for (way, operation) in [(Way::Multipart, Operation::Upload), (Way::Legacy, Operation::LegacyUpload)] {
        for profile in [Profile::UnixFsV1_2025, Profile::UnixFsV0_2015] {
            let (setup, sample) = (Setup::new(way).await, Sample::large());
            setup.server.script(operation, [Fault::OtherProfile(profile)]);
            let error = sample.pin(&setup.store).await.unwrap_err();
            assert_eq!((error.kind(), error.retry()), (ErrorKind::IntegrityMismatch, Retry::Never));
            assert_eq!(context(&error, "expected"), sample.expected.cid.to_string());
            assert_eq!(context(&error, "matched_profile"), profile.as_str());
            assert_eq!(context(&error, "removed"), "true");
            assert!(setup.server.files().is_empty(), "{way:?}");
        }
    }
}

#[tokio::test]
async fn a_file_that_was_there_before_is_not_removed_with_a_wrong_answer() {
    for (way, operation) in [(Way::Multipart, Operation::Upload), (Way::Legacy, Operation::LegacyUpload)] {
        let (setup, sample) = (Setup::new(way).await, Sample::large());
        // Somebody pinned the same bytes under the other profile, and needs them.
        setup.server.put_with(Profile::UnixFsV1_2025, &sample.bytes);
        setup.server.script(operation, [Fault::OtherProfile(Profile::UnixFsV1_2025)]);
        let error = sample.pin(&setup.store).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
        assert_eq!(context(&error, "removed"), "false");
        assert_eq!(setup.server.files().len(), 1, "{way:?}");
    }
}

#[tokio::test]
async fn a_wrong_file_that_cannot_be_removed_is_named() {
    let (setup, sample) = (Setup::new(Way::Multipart).await, Sample::large());
    setup.server.script(Operation::Upload, [Fault::OtherProfile(Profile::UnixFsV1_2025)]);
    setup.server.script(Operation::Delete, [Fault::Refuse(500, None)]);
    let error = sample.pin(&setup.store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
    assert_eq!(context(&error, "left_behind"), setup.server.files()[0].id);
}

#[tokio::test]
async fn an_answer_with_an_unknown_cid_matches_no_profile() {
    for (way, operation) in [
        (Way::Multipart, Operation::Upload),
        (Way::Tus, Operation::TusPatch),
        (Way::Legacy, Operation::LegacyUpload),
    ] {
        let (setup, sample) = (Setup::new(way).await, Sample::small());
        setup.server.script(operation, [Fault::WrongCid]);
        let error = sample.pin(&setup.store).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch, "{way:?}");
        assert_eq!(context(&error, "matched_profile"), "none", "{way:?}");
    }
}

#[tokio::test]
async fn every_file_of_a_cid_is_unpinned_over_all_pages() {
    let settings = Settings { page_limit: 2, ..Settings::default() };
    let (setup, sample) = (Setup::with(Way::Multipart, settings).await, Sample::small());
    for _ in 0..5 {
        setup.server.put("public", &sample.bytes);
    }
    setup.server.put("public", b"another file");
    setup.store.unpin(&sample.expected.cid).await.unwrap();
    assert_eq!(setup.server.files().len(), 1);
    assert_eq!(setup.server.counts().by_operation[&Operation::List], 3);
}

#[tokio::test]
async fn a_file_that_is_gone_already_counts_as_deleted() {
    let (setup, sample) = (Setup::new(Way::Multipart).await, Sample::small());
    setup.server.put("public", &sample.bytes);
    setup.server.script(Operation::Delete, [Fault::RefuseAfter(404)]);
    setup.store.unpin(&sample.expected.cid).await.unwrap();
    assert!(setup.server.files().is_empty());
}

#[tokio::test]
async fn a_file_over_the_services_limit_is_refused_for_good() {
    let settings = Settings { multipart_limit: 1_000, ..Settings::default() };
    let setup = Setup::with(Way::Multipart, settings).await;
    let error = Sample::large().pin(&setup.store).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::InvalidInput, Retry::Never), "{error:?}");
    let settings = Settings { chunk_limit: 1_000, ..Settings::default() };
    let setup = Setup::with(Way::Tus, settings).await;
    let error = Sample::large().pin(&setup.store).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::InvalidInput, Retry::Never), "{error:?}");
}

#[tokio::test]
async fn requests_over_the_plans_rate_wait_and_are_not_refused() {
    let settings = Settings { requests_per_minute: Some(4), ..Settings::default() };
    let setup = Setup::with(Way::Multipart, settings).await;
    let mut config = config(&setup.server, Way::Multipart);
    config.requests_per_minute = 4;
    let store = setup.store(config);
    let cid = Sample::small().expected.cid;
    for _ in 0..4 {
        store.find(&cid).await.unwrap();
    }
    let waiting = store.find(&cid);
    let passing = async {
        setup.clock.until_sleeping(1).await;
        assert_eq!(setup.server.counts().requests, 4);
        setup.clock.advance(Duration::from_secs(60));
    };
    let (found, ()) = futures_util::join!(waiting, passing);
    assert_eq!(found.unwrap(), None);
    assert_eq!(setup.clock.monotonic(), Duration::from_secs(60));
    // Without waiting the server refuses: the rule that is kept is a real one.
    let hasty = setup.store;
    for _ in 0..3 {
        hasty.find(&cid).await.unwrap();
    }
    assert_eq!(hasty.find(&cid).await.unwrap_err().kind(), ErrorKind::RateLimited);
}

async fn fetch(store: &PinataPinStore, sample: &Sample) -> Result<Vec<u8>, Error> {
    let mut reader = store.fetch(&sample.expected.cid).await?;
    read_all(reader.as_mut(), sample.bytes.len()).await
}

#[tokio::test]
async fn a_damaged_block_is_never_given_out() {
    let sample = Sample::large();
    for whole_blocks in [0, 1, 3] {
        let setup = Setup::new(Way::Multipart).await;
        setup.server.put("public", &sample.bytes);
        let leaf = &sample.bytes[whole_blocks * 262_144..][..262_144];
        setup.server.damage(&lore_core::Cid::raw(*lore_core::ContentHash::of(leaf).as_bytes()));
        let mut reader = setup.store.fetch(&sample.expected.cid).await.unwrap();
        let mut read = Vec::new();
        let mut buffer = vec![0; 100_000];
        let error = loop {
            match reader.read(&mut buffer).await {
                Ok(count) => read.extend_from_slice(&buffer[..count]),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
        assert!(read == sample.bytes[..whole_blocks * 262_144], "only what was verified is given out");
    }
}

#[tokio::test]
async fn a_restricted_gateway_gets_its_own_token_alone() {
    let (setup, sample) = (Setup::new(Way::Multipart).await, Sample::large());
    setup.server.put("public", &sample.bytes);
    let mut config = config(&setup.server, Way::Multipart);
    config.gateway_token = Some(Secret::from(GATEWAY_TOKEN));
    assert!(fetch(&setup.store(config.clone()), &sample).await.unwrap() == sample.bytes);
    config.gateway_token = Some(Secret::from("another"));
    let error = fetch(&setup.store(config), &sample).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn pinned_content_that_has_not_reached_the_gateway_may_be_asked_for_again() {
    let (setup, sample) = (Setup::new(Way::Multipart).await, Sample::small());
    setup.server.put("public", &sample.bytes);
    setup.server.script(Operation::Block, [Fault::Refuse(404, None)]);
    let error = fetch(&setup.store, &sample).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, AGAIN));
    assert!(fetch(&setup.store, &sample).await.unwrap() == sample.bytes);
    // A gateway that searched in vain says nothing about content that nobody pinned.
    setup.store.unpin(&sample.expected.cid).await.unwrap();
    setup.server.script(Operation::Block, [Fault::Refuse(504, None)]);
    assert_eq!(fetch(&setup.store, &sample).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let setup = Setup::new(Way::Multipart).await;
    setup.server.script(Operation::List, [Fault::Refuse(307, None)]);
    let error = Sample::small().pin(&setup.store).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Config, Retry::Never));
}
