//! The canonical bytes.

use lore_core::{
    ErrorKind,
    ai::audit::{AuditEntry, canonical},
    conformance::audit_log::fixtures::{call_entry, every_entry, request_id, spent},
    conformance::repository::fixtures::at,
};
use proptest::prelude::{any, prop, proptest};

#[test]
fn every_entry_is_read_back_and_has_its_request_at_a_fixed_place() {
    for entry in every_entry() {
        let bytes = canonical::encode(&entry);
        assert_eq!(canonical::decode(&bytes).unwrap(), entry);
        assert_eq!(bytes[0], canonical::VERSION);
        assert_eq!(bytes[2..18], entry.request().to_bytes());
    }
}

/// A change here breaks every log that was ever written: it needs a new version of the form.
#[test]
fn the_bytes_of_an_entry_stay_what_they_are() {
    let bytes: Vec<String> = every_entry()
        .iter()
        .map(canonical::encode)
        .filter(|bytes| bytes.len() < 1_000)
        .map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    insta::assert_json_snapshot!("bytes", bytes);
}

#[test]
fn whatever_is_cut_off_or_added_is_refused() {
    for entry in every_entry() {
        let bytes = canonical::encode(&entry);
        let step = 1 + bytes.len() / 200;
        for len in (0..bytes.len()).step_by(step) {
            assert_eq!(canonical::decode(&bytes[..len]).unwrap_err().kind(), ErrorKind::IntegrityMismatch);
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(canonical::decode(&longer).unwrap_err().kind(), ErrorKind::IntegrityMismatch);
    }
}

#[test]
fn a_version_that_nobody_knows_is_told() {
    let mut bytes = canonical::encode(&every_entry()[0]);
    bytes[0] = 2;
    let error = canonical::decode(&bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("version `2`"), "{error}");
}

proptest! {
    /// What is read at all is written the same again: no entry has two forms.
    #[test]
    fn changed_bytes_are_refused_or_are_the_one_form_of_another_entry(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let entries = every_entry();
        let mut bytes = canonical::encode(&entries[which.index(entries.len())]);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(entry) = canonical::decode(&bytes) {
            assert_eq!(canonical::encode(&entry), bytes);
        }
    }

    #[test]
    fn any_call_is_read_back(
        number in any::<u64>(), tokens in any::<u64>(), picos in any::<u64>(), micros in any::<u64>(),
        seconds in 0..200_000_000_000_u64, provider in ".*", model in ".{0,300}", choice in any::<u16>(),
    ) {
        let mut entry = call_entry(number, spent(tokens, picos));
        (entry.response_micros, entry.at, entry.choice) = (micros, at(seconds), choice);
        (entry.provider, entry.model, entry.request) = (provider, model, request_id(tokens));
        let entry = AuditEntry::Call(Box::new(entry));
        assert_eq!(canonical::decode(&canonical::encode(&entry)).unwrap(), entry);
    }
}
