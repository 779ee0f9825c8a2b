use std::{fs, path::Path, sync::Arc};

use lore_core::{
    ChainId, ContentHash, Error, ErrorKind, Result, Retry, Wei,
    memory::{
        chain::{Call, Outcome, SimulatedChain, SimulatedConfig},
        clock::ManualClock,
    },
    port::chain::ChainClient,
    protocol::{ARBITRATION_POLICY_UMA, EVEN_SPLIT_GROUP_POOL, WIP},
};

use crate::{ALICE, BOB, fresh_path, register_terms, request};

fn open(path: &Path) -> Result<SimulatedChain> {
    SimulatedChain::open(path, SimulatedConfig::default(), ALICE, Arc::new(ManualClock::default()))
}

fn digest(chain: &SimulatedChain) -> ContentHash {
    chain.inspect(|ledger| ledger.state_digest()).unwrap()
}

fn terms_count(chain: &SimulatedChain) -> u64 {
    chain.stats().unwrap().license_terms
}

/// A file with three transactions, and the digest after each, that of the empty chain first.
fn three_transactions(name: &str) -> (std::path::PathBuf, Vec<ContentHash>) {
    let path = fresh_path(name);
    let chain = open(&path).unwrap();
    let mut digests = vec![digest(&chain)];
    for uri in ["one", "two", "three"] {
        chain.execute(&register_terms(uri)).unwrap();
        digests.push(digest(&chain));
    }
    (path, digests)
}

/// Where each line ends, the header's first.
fn line_ends(bytes: &[u8]) -> Vec<usize> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect()
}

fn context<'a>(error: &'a Error, key: &str) -> Option<&'a str> {
    error.context().iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
}

#[test]
fn opening_again_gives_the_same_state() {
    let (path, digests) = three_transactions("again");
    let chain = open(&path).unwrap();
    assert_eq!(digest(&chain), digests[3]);
    assert_eq!(chain.stats().unwrap().transactions, 3);
}

#[test]
fn a_revert_is_not_in_the_file() {
    let (path, _) = three_transactions("revert");
    let before = fs::read(&path).unwrap();
    let chain = open(&path).unwrap();
    let mut terms = lore_core::domain::license::PilTerms::non_commercial_social_remixing();
    terms.commercial_attribution = true;
    let call = lore_core::memory::chain::Call::RegisterLicenseTerms { terms: Box::new(terms) };
    assert_eq!(chain.execute(&call).unwrap_err().kind(), ErrorKind::Reverted);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn two_handles_on_one_file_see_each_other() {
    let path = fresh_path("two-handles");
    let (first, second) = (open(&path).unwrap(), open(&path).unwrap());
    for round in 0..5 {
        first.register(&request(&format!("first-{round}"), ALICE)).await.unwrap();
        second.register(&request(&format!("second-{round}"), ALICE)).await.unwrap();
        // What the one registered, the other finds and does not register again.
        let known = request(&format!("first-{round}"), ALICE);
        assert_eq!(second.register(&known).await.unwrap(), first.register(&known).await.unwrap());
    }
    assert_eq!(first.stats().unwrap().registrations, 10);
    assert_eq!(digest(&first), digest(&second));
    assert_eq!(digest(&open(&path).unwrap()), digest(&first));
}

#[test]
fn threads_with_handles_of_their_own_lose_nothing() {
    let path = fresh_path("threads");
    open(&path).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let chain = open(path).unwrap();
                for number in 0..10 {
                    chain.execute(&register_terms(&format!("{writer}-{number}"))).unwrap();
                }
            });
        }
    });
    // The default terms and forty more.
    assert_eq!(terms_count(&open(&path).unwrap()), 41);
}

#[test]
fn a_crash_at_any_byte_of_a_write_loses_only_that_write() {
    let (path, digests) = three_transactions("torn");
    let whole = fs::read(&path).unwrap();
    let ends = line_ends(&whole);
    for length in ends[2]..=ends[3] {
        fs::write(&path, &whole[..length]).unwrap();
        let chain = open(&path).unwrap();
        let complete = length == ends[3];
        assert_eq!(digest(&chain), digests[if complete { 3 } else { 2 }], "cut at byte {length}");
        assert_eq!(fs::metadata(&path).unwrap().len(), if complete { ends[3] } else { ends[2] } as u64);
        // The next write follows the last whole line. It waits for the disk, so not every length is tried.
        if length % 16 != 0 && !complete {
            continue;
        }
        chain.execute(&register_terms("three")).unwrap();
        assert_eq!(digest(&open(&path).unwrap()), digest(&chain), "written after a cut at byte {length}");
        assert!(complete || digest(&chain) == digests[3], "written again after a cut at byte {length}");
    }
}

#[test]
fn a_crash_while_the_file_is_made_leaves_an_empty_chain() {
    let (path, digests) = three_transactions("torn-header");
    let whole = fs::read(&path).unwrap();
    for length in 0..line_ends(&whole)[0] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(digest(&open(&path).unwrap()), digests[0], "cut at byte {length}");
    }
}

#[test]
fn a_line_torn_by_another_process_is_cut_off_by_the_next_writer() {
    let (path, digests) = three_transactions("torn-live");
    let chain = open(&path).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let whole = bytes.len();
    bytes.extend(b"{\"sender\":\"0x");
    fs::write(&path, &bytes).unwrap();
    // A reader cannot know whether the line is being written.
    assert_eq!(digest(&chain), digests[3]);
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes.len() as u64);
    chain.execute(&register_terms("four")).unwrap();
    let after = fs::read(&path).unwrap();
    assert_eq!(after[..whole], bytes[..whole]);
    assert_eq!(digest(&open(&path).unwrap()), digest(&chain));
}

#[test]
fn a_file_that_became_shorter_is_not_written_to() {
    let (path, _) = three_transactions("shorter");
    let chain = open(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let shorter = &whole[..line_ends(&whole)[2]];
    fs::write(&path, shorter).unwrap();
    for error in [chain.stats().unwrap_err(), chain.execute(&register_terms("four")).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
        assert_eq!(context(&error, "line"), Some("4"));
    }
    assert_eq!(fs::read(&path).unwrap(), shorter);
}

#[test]
fn a_changed_byte_is_found_and_its_line_named() {
    let (path, _) = three_transactions("flipped");
    let whole = fs::read(&path).unwrap();
    let ends = line_ends(&whole);
    // The header is checked field by field below; the last byte of a line is its end.
    for at in (ends[0]..whole.len()).step_by(5).filter(|at| !ends.contains(&(at + 1))) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        if bytes[at] == b'\n' {
            continue;
        }
        fs::write(&path, &bytes).unwrap();
        let error = open(&path).unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::IntegrityMismatch, Retry::Never), "byte {at}");
        let line = ends.iter().filter(|end| **end <= at).count() + 1;
        assert_eq!(context(&error, "line"), Some(line.to_string().as_str()), "byte {at}");
    }
}

#[test]
fn lost_and_moved_lines_are_found() {
    let (path, _) = three_transactions("moved");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = whole.lines().collect();
    for (order, line) in [([0, 2, 3], "2"), ([0, 1, 3], "3"), ([0, 2, 1], "2"), ([0, 1, 1], "3")] {
        let text: String = order.into_iter().map(|index| format!("{}\n", lines[index])).collect();
        fs::write(&path, text).unwrap();
        let error = open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
        assert_eq!(context(&error, "line"), Some(line), "{order:?}");
    }
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let (path, _) = three_transactions("newer");
    let newer = fs::read_to_string(&path).unwrap().replacen("\"version\":1", "\"version\":2", 1);
    fs::write(&path, &newer).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(context(&error, "version"), Some("2"));
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
}

#[test]
fn a_file_with_other_constants_is_another_chain() {
    let (path, _) = three_transactions("constants");
    let mut config = SimulatedConfig::default();
    config.chain_id = ChainId::new(7);
    let error = SimulatedChain::open(&path, config, ALICE, Arc::new(ManualClock::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(context(&error, "expected_chain_id"), Some("7"));
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let path = fresh_path("foreign");
    for content in ["not a chain", "not a chain\n", "{}\n", "{\"format\":\"other\",\"version\":1}\n", "\n"] {
        fs::write(&path, content).unwrap();
        let error = open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch, "{content:?}");
        assert_eq!(context(&error, "line"), Some("1"));
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn a_path_that_cannot_be_opened_is_unavailable() {
    let path = fresh_path("no-directory").join("chain.jsonl");
    assert_eq!(open(&path).unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn the_file_says_that_it_is_simulated() {
    let (path, _) = three_transactions("says");
    let text = fs::read_to_string(&path).unwrap();
    let header = text.lines().next().unwrap();
    assert!(
        header.starts_with("{\"format\":\"lore-simulated-chain\",\"version\":1,\"simulated\":true,"),
        "{header}"
    );
    let chain = open(&path).unwrap();
    assert!(format!("{chain:?}").contains("simulated: true"));
    assert!(chain.connect(BOB).to_string().starts_with("simulated chain "));
}

#[test]
fn batches_disputes_and_groups_are_executed_again_as_they_were() {
    let path = fresh_path("lives");
    let clock = ManualClock::default();
    let open =
        || SimulatedChain::open(&path, SimulatedConfig::default(), ALICE, Arc::new(clock.clone())).unwrap();
    let chain = open();
    let run = |call: Call| chain.execute(&call).unwrap().outcome;
    let Outcome::Ip(group) = run(Call::RegisterGroup { pool: EVEN_SPLIT_GROUP_POOL }) else { panic!() };
    let permit =
        Call::SetTransientPermission { ip: group, signer: BOB, to: BOB, func: [1; 4], permission: 1 };
    let money = Call::Transfer { token: WIP, to: group.address(), amount: Wei::from_coins(2) };
    let raise = Call::RaiseDispute {
        target: group,
        evidence_hash: ContentHash::of(b"evidence"),
        tag: "IMPROPER_USAGE".to_owned(),
        liveness_seconds: 2_592_000,
        currency: WIP,
        bond: Wei::from_coins(1),
    };
    run(money);
    let Outcome::Dispute(dispute) = run(raise) else { panic!() };
    let id = chain.inspect(|ledger| ledger.dispute(dispute).unwrap().assertion.unwrap().id).unwrap();
    let approve = Call::Approve { token: WIP, spender: ARBITRATION_POLICY_UMA, amount: Wei::MAX };
    let counter =
        Call::DisputeAssertion { assertion_id: id, counter_evidence_hash: ContentHash::of(b"counter") };
    run(Call::ExecuteBatch { ip: group, calls: vec![approve, permit, counter] });
    clock.advance(std::time::Duration::from_secs(5));
    run(Call::AnswerAsOracle { dispute, upheld: true });
    run(Call::SettleDispute { dispute });
    assert!(chain.inspect(|ledger| ledger.is_tagged(&group)).unwrap());
    assert_eq!(digest(&open()), digest(&chain));
}
