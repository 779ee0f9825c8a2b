//! Every fault at every request: the content is there exactly once, it was sent no more often than could be avoided, and
//! the error says what happened and that the call may be repeated.

use std::time::Duration;

use futures_util::{
    FutureExt as _,
    future::{Either, LocalBoxFuture, select},
};
use lore_core::{Error, ErrorKind, Result, Retry, content::read_all, port::pins::PinStore as _};
use lore_ipfs::pinata::SignUpload;

use super::{
    AGAIN, CHUNK_BYTES, Sample, Setup, Way,
    server::{Fault, Operation},
};

const FAULTS: [Fault; 13] = [
    Fault::DropBefore,
    Fault::DropAfter,
    Fault::SilentBefore,
    Fault::SilentAfter,
    Fault::Refuse(408, None),
    Fault::Refuse(429, None),
    Fault::Refuse(429, Some("7")),
    Fault::Refuse(500, None),
    Fault::Refuse(503, Some("3")),
    Fault::RefuseAfter(500),
    Fault::Page(200),
    Fault::Page(502),
    Fault::Truncated,
];

/// What the first call fails with, where nothing in it recovers.
fn expected(fault: Fault) -> (ErrorKind, Retry) {
    let after = |seconds| Retry::After(Some(Duration::from_secs(seconds)));
    match fault {
        Fault::Refuse(429, None) => (ErrorKind::RateLimited, AGAIN),
        Fault::Refuse(429, Some(_)) => (ErrorKind::RateLimited, after(7)),
        Fault::Refuse(503, Some(_)) => (ErrorKind::Unavailable, after(3)),
        _ => (ErrorKind::Unavailable, AGAIN),
    }
}

/// Repeats a call as the retry layer does, and lets time pass where no answer will come. Returns what went wrong before
/// it worked.
async fn until_done<'a, T>(
    setup: &'a Setup,
    call: impl Fn() -> LocalBoxFuture<'a, Result<T>>,
) -> (Vec<Error>, Result<T>) {
    let (mut errors, mut silences) = (Vec::new(), 0);
    loop {
        let mut attempt = call();
        let result = loop {
            match select(attempt, setup.server.silent(silences + 1).boxed_local()).await {
                Either::Left((result, _)) => break result,
                Either::Right((_, unfinished)) => {
                    silences += 1;
                    setup.clock.advance(Duration::from_secs(3_600));
                    attempt = unfinished;
                }
            }
        };
        match result {
            Err(error) if errors.len() < 5 && matches!(error.retry(), Retry::After(_)) => errors.push(error),
            result => return (errors, result),
        }
    }
}

fn assert_first_error(errors: &[Error], fault: Fault, op: &str, what: &str) {
    assert_eq!(errors.len(), 1, "{what}: {errors:?}");
    let error = &errors[0];
    assert_eq!((error.kind(), error.retry()), expected(fault), "{what}: {error:?}");
    assert_eq!(error.op(), op, "{what}");
}

/// The requests of a pin, one way or another.
fn requests_of(way: Way) -> &'static [Operation] {
    match way {
        Way::Multipart => &[Operation::List, Operation::Upload],
        Way::Tus => &[Operation::List, Operation::TusCreate, Operation::TusPatch, Operation::TusHead],
        Way::Legacy => &[Operation::LegacyList, Operation::LegacyUpload],
    }
}

/// Whether the pin goes on by itself: a broken piece is followed by a question, not by an error.
fn recovers(operation: Operation, fault: Fault) -> bool {
    match operation {
        Operation::TusPatch => !matches!(fault, Fault::Refuse(429, _)),
        // Their answers have no body that could be cut.
        Operation::TusCreate | Operation::TusHead => fault == Fault::Truncated,
        _ => false,
    }
}

#[tokio::test]
async fn whatever_goes_wrong_the_content_is_pinned_once() {
    let sample = Sample::large();
    let mut cases = 0;
    for way in Way::ALL {
        for operation in requests_of(way) {
            for fault in FAULTS {
                let what = format!("{way:?}, {operation:?}, {fault:?}");
                let setup = Setup::new(way).await;
                if *operation == Operation::TusHead {
                    // It is asked only after something else failed.
                    setup.server.script(Operation::TusPatch, [Fault::DropAfter]);
                }
                setup.server.script(*operation, [fault]);
                let (errors, result) = until_done(&setup, || sample.pin(&setup.store).boxed_local()).await;
                assert_eq!(result.unwrap_or_else(|err| panic!("{what}: {err:?}")).cid, sample.expected.cid);
                assert_eq!(setup.server.faults_left(), 0, "{what}: the fault was not met");
                if recovers(*operation, fault) {
                    assert!(errors.is_empty(), "{what}: {errors:?}");
                } else {
                    assert_first_error(&errors, fault, "pin", &what);
                }
                assert_eq!(sample.kept(&setup.server), 1, "{what}");
                assert_eq!(setup.server.files().len(), 1, "{what}");
                let counts = setup.server.counts();
                assert_eq!(counts.uploads, 1, "{what}: sent whole more than once");
                let once = sample.bytes.len();
                assert_eq!(counts.bytes, once, "{what}: bytes sent that were there already");
                cases += 1;
            }
        }
    }
    println!("{cases} faults, content pinned and sent once after each");
}

#[tokio::test]
async fn whatever_goes_wrong_the_last_piece_is_sent_once() {
    let sample = Sample::large();
    for fault in FAULTS.into_iter().chain([Fault::HalfPiece]) {
        let setup = Setup::new(Way::Tus).await;
        let pieces = sample.bytes.len().div_ceil(CHUNK_BYTES as usize);
        // The earlier pieces go well.
        setup.server.skip(Operation::TusPatch, pieces - 1);
        setup.server.script(Operation::TusPatch, [fault]);
        let (errors, result) = until_done(&setup, || sample.pin(&setup.store).boxed_local()).await;
        assert!(result.unwrap().uploaded || !errors.is_empty(), "{fault:?}");
        assert_eq!(setup.server.faults_left(), 0, "{fault:?}");
        let counts = setup.server.counts();
        assert_eq!((sample.kept(&setup.server), counts.uploads), (1, 1), "{fault:?}");
        assert_eq!(counts.bytes, sample.bytes.len(), "{fault:?}");
        assert_eq!(counts.by_operation[&Operation::TusCreate], 1, "{fault:?}");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_a_lookup_is_right_in_the_end() {
    let sample = Sample::small();
    for (way, operation) in [(Way::Multipart, Operation::List), (Way::Legacy, Operation::LegacyList)] {
        for fault in FAULTS {
            let what = format!("{operation:?}, {fault:?}");
            let setup = Setup::new(way).await;
            setup.server.put("public", &sample.bytes);
            setup.server.script(operation, [fault]);
            let find = || setup.store.find(&sample.expected.cid);
            let (errors, result) = until_done(&setup, || find().boxed_local()).await;
            assert!(result.unwrap().is_some(), "{what}");
            assert_first_error(&errors, fault, "find", &what);
        }
    }
}

#[tokio::test]
async fn whatever_goes_wrong_content_is_unpinned_in_the_end() {
    let sample = Sample::small();
    let cases = [
        (Way::Multipart, Operation::List),
        (Way::Multipart, Operation::Delete),
        (Way::Legacy, Operation::LegacyList),
        (Way::Legacy, Operation::LegacyUnpin),
    ];
    for (way, operation) in cases {
        for fault in FAULTS {
            let what = format!("{operation:?}, {fault:?}");
            let setup = Setup::new(way).await;
            let other = setup.server.put("public", b"somebody else's");
            setup.server.put("public", &sample.bytes);
            setup.server.script(operation, [fault]);
            let unpin = || setup.store.unpin(&sample.expected.cid);
            let (errors, result) = until_done(&setup, || unpin().boxed_local()).await;
            result.unwrap_or_else(|err| panic!("{what}: {err:?}"));
            let reads_answer = !matches!(operation, Operation::Delete | Operation::LegacyUnpin);
            if reads_answer || !matches!(fault, Fault::Page(200) | Fault::Truncated) {
                assert_first_error(&errors, fault, "unpin", &what);
            }
            let left: Vec<_> = setup.server.files().into_iter().map(|file| file.id).collect();
            assert_eq!(left, [other.id], "{what}");
        }
    }
}

#[tokio::test]
async fn whatever_goes_wrong_only_the_right_bytes_are_read() {
    let sample = Sample::large();
    for way in [Way::Multipart, Way::Legacy] {
        for (fault, block) in FAULTS.into_iter().flat_map(|fault| (0..3).map(move |block| (fault, block))) {
            let what = format!("{way:?}, {fault:?} at block {block}");
            let setup = Setup::new(way).await;
            setup.server.put("public", &sample.bytes);
            setup.server.skip(Operation::Block, block);
            setup.server.script(Operation::Block, [fault]);
            let fetch = || async {
                let mut reader = setup.store.fetch(&sample.expected.cid).await?;
                read_all(reader.as_mut(), sample.bytes.len()).await
            };
            let (errors, result) = until_done(&setup, || fetch().boxed_local()).await;
            if matches!(fault, Fault::Page(200) | Fault::Truncated) {
                // Bytes of another block cannot be told from a lie.
                let error = result.unwrap_err();
                assert_eq!(
                    (error.kind(), error.retry()),
                    (ErrorKind::IntegrityMismatch, Retry::Never),
                    "{what}"
                );
            } else {
                assert!(result.unwrap() == sample.bytes, "{what}");
                assert_eq!((errors[0].kind(), errors[0].retry()), expected(fault), "{what}");
            }
            assert_eq!(setup.server.faults_left(), 0, "{what}");
        }
    }
}

#[tokio::test]
async fn whatever_goes_wrong_an_upload_is_signed_in_the_end() {
    for fault in FAULTS {
        let setup = Setup::new(Way::Multipart).await;
        setup.server.script(Operation::Sign, [fault]);
        let request = SignUpload::new(Duration::from_secs(600));
        let (errors, result) = until_done(&setup, || setup.store.sign_upload(&request).boxed_local()).await;
        assert!(result.is_ok(), "{fault:?}");
        assert_first_error(&errors, fault, "sign_upload", &format!("{fault:?}"));
    }
}

#[tokio::test]
async fn a_service_that_keeps_failing_is_not_asked_for_ever() {
    for operation in [Operation::TusPatch, Operation::TusHead] {
        let setup = Setup::new(Way::Tus).await;
        setup.server.script(Operation::TusPatch, [Fault::DropBefore; 50]);
        setup.server.script(operation, [Fault::DropBefore; 50]);
        let error = Sample::large().pin(&setup.store).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, AGAIN));
        assert!(setup.server.counts().requests < 12);
    }
}
