//! Uploads in pieces: what is remembered, what is asked, what is sent again.

use std::sync::Arc;

use lore_core::{Cid, ErrorKind, MediaType, Retry, content::unixfs::Profile, port::pins::PinStore as _};

use super::{
    AGAIN, CHUNK_BYTES, Sample, Setup, Way, config, context,
    server::{Fault, Operation, Settings},
};

fn count(setup: &Setup, operation: Operation) -> usize {
    setup.server.counts().by_operation.get(&operation).copied().unwrap_or_default()
}

#[tokio::test]
async fn a_file_goes_up_in_pieces_and_comes_out_whole() {
    let (setup, sample) = (Setup::new(Way::Tus).await, Sample::large());
    assert!(sample.pin(&setup.store).await.unwrap().uploaded);
    let pieces = sample.bytes.len().div_ceil(CHUNK_BYTES as usize);
    assert_eq!(count(&setup, Operation::TusPatch), pieces);
    assert_eq!(count(&setup, Operation::TusHead), 0, "nothing went wrong, nothing is asked");
    assert_eq!(sample.kept(&setup.server), 1);
    assert_eq!(setup.server.files()[0].name, "sample.bin");
}

#[tokio::test]
async fn the_next_pin_goes_on_where_the_last_one_broke() {
    let (setup, sample) = (Setup::new(Way::Tus).await, Sample::large());
    setup.server.skip(Operation::TusPatch, 2);
    setup.server.script(Operation::TusPatch, [Fault::Refuse(429, Some("5"))]);
    let error = sample.pin(&setup.store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(sample.pin(&setup.store).await.unwrap().uploaded);
    assert_eq!(count(&setup, Operation::TusCreate), 1);
    assert_eq!(setup.server.counts().bytes, sample.bytes.len());
}

#[tokio::test]
async fn half_a_piece_is_kept_or_sent_again_as_the_service_says() {
    for keeps_partial_pieces in [true, false] {
        let settings = Settings { keeps_partial_pieces, ..Settings::default() };
        let (setup, sample) = (Setup::with(Way::Tus, settings).await, Sample::large());
        setup.server.skip(Operation::TusPatch, 1);
        setup.server.script(Operation::TusPatch, [Fault::HalfPiece]);
        assert!(sample.pin(&setup.store).await.unwrap().uploaded);
        assert_eq!(sample.kept(&setup.server), 1);
        let again = if keeps_partial_pieces { 0 } else { CHUNK_BYTES as usize / 2 };
        assert_eq!(setup.server.counts().bytes, sample.bytes.len() + again);
        assert_eq!(count(&setup, Operation::TusHead), 1);
    }
}

#[tokio::test]
async fn an_upload_that_the_service_dropped_starts_over() {
    let (setup, sample) = (Setup::new(Way::Tus).await, Sample::large());
    setup.server.skip(Operation::TusPatch, 2);
    setup.server.script(Operation::TusPatch, [Fault::Refuse(429, None)]);
    sample.pin(&setup.store).await.unwrap_err();
    setup.server.expire_uploads();
    assert!(sample.pin(&setup.store).await.unwrap().uploaded);
    assert_eq!((count(&setup, Operation::TusCreate), sample.kept(&setup.server)), (2, 1));
}

#[tokio::test]
async fn a_complete_upload_that_is_not_listed_yet_is_waited_for_and_not_sent_again() {
    let (setup, sample) = (Setup::new(Way::Tus).await, Sample::large());
    let pieces = sample.bytes.len().div_ceil(CHUNK_BYTES as usize);
    setup.server.skip(Operation::TusPatch, pieces - 1);
    setup.server.script(Operation::TusPatch, [Fault::DropAfter]);
    setup.server.hide_files(true);
    for _ in 0..3 {
        let error = sample.pin(&setup.store).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, AGAIN));
    }
    setup.server.hide_files(false);
    sample.pin(&setup.store).await.unwrap();
    assert_eq!((setup.server.counts().uploads, setup.server.counts().bytes), (1, sample.bytes.len()));
}

#[tokio::test]
async fn a_multipart_upload_never_stands_in_for_pieces() {
    let (setup, sample) = (Setup::new(Way::Tus).await, Sample::large());
    setup.server.script(Operation::TusPatch, [Fault::Refuse(500, None); 3]);
    sample.pin(&setup.store).await.unwrap_err();
    assert_eq!(count(&setup, Operation::Upload), 0);
}

#[tokio::test]
async fn a_wrong_cid_after_the_last_piece_is_refused_and_removed_if_it_is_ours() {
    let (setup, sample) = (Setup::new(Way::Tus).await, Sample::large());
    let pieces = sample.bytes.len().div_ceil(CHUNK_BYTES as usize);
    setup.server.skip(Operation::TusPatch, pieces - 1);
    setup.server.script(Operation::TusPatch, [Fault::OtherProfile(Profile::UnixFsV1_2025)]);
    let error = sample.pin(&setup.store).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::IntegrityMismatch, Retry::Never));
    assert_eq!(context(&error, "matched_profile"), "unixfs-v1-2025");
    assert_eq!(context(&error, "removed"), "true");
    assert!(setup.server.files().is_empty());
}

#[tokio::test]
async fn the_token_stays_at_the_accounts_own_addresses() {
    let (setup, elsewhere) = (Setup::new(Way::Tus).await, Setup::new(Way::Tus).await);
    setup.server.upload_elsewhere(elsewhere.server.url());
    // The other server gets no token, so it refuses.
    let error = Sample::large().pin(&setup.store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(count(&elsewhere, Operation::TusPatch), 1);
    assert!(!elsewhere.server.saw_a_token());
}

#[tokio::test]
async fn the_kind_of_file_and_the_group_are_told() {
    for way in [Way::Multipart, Way::Tus] {
        let setup = Setup::new(way).await;
        let mut config = config(&setup.server, way);
        config.group_id = Some("group-7".to_owned());
        let store = setup.store(config);
        let sample = Sample::new(Profile::Pinata, b"\x89PNG\r\n\x1a\n and so on".to_vec());
        sample.pin(&store).await.unwrap();
        let file = &setup.server.files()[0];
        assert_eq!(file.group_id.as_deref(), Some("group-7"), "{way:?}");
        assert_eq!(file.media_type.parse::<MediaType>().unwrap().as_str(), "image/png", "{way:?}");
    }
}

#[tokio::test]
async fn stores_of_one_account_do_not_disturb_each_other() {
    let (setup, sample) = (Setup::new(Way::Tus).await, Arc::new(Sample::large()));
    let other = setup.store(config(&setup.server, Way::Tus));
    // Two processes: nothing is shared but the account.
    let (left, right) = futures_util::join!(sample.pin(&setup.store), sample.pin(&other));
    assert_eq!((left.unwrap().cid, right.unwrap().cid), (sample.expected.cid, sample.expected.cid));
    assert_eq!(sample.kept(&setup.server), 1);
    let cid: Cid = sample.expected.cid;
    assert!(other.find(&cid).await.unwrap().is_some());
}
