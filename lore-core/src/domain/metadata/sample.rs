//! A creation to make documents of.

use crate::{
    content::{ContentHash, unixfs},
    creation::{CreationInput, CreationRecord, NewCreation, ParentInput},
    domain::asset::{AssetText, AssetType, Creator, Media, Relationship},
    ids::{AssetId, CreationId},
    onchain::{Address, IpId, Share},
    time::Timestamp,
};

pub(super) const OWNER: Address = Address::from_bytes([0xab; 20]);

pub(super) fn record(media_type: &str, input: impl FnOnce(&mut CreationInput)) -> CreationRecord {
    let fingerprint = unixfs::fingerprint_bytes(unixfs::Profile::Pinata, b"the media").unwrap();
    let media = Media::new(fingerprint, media_type.parse().unwrap(), Some("a.bin".into()));
    let text = AssetText::new("Dawn \u{1f305} \"one\"", "First line\nsecond line");
    let mut created = CreationInput::new(AssetType::DigitalArt, text, media);
    input(&mut created);
    CreationRecord::new(NewCreation {
        id: CreationId::from_bytes([1; 16]),
        asset: AssetId::from_bytes([2; 16]),
        owner: OWNER,
        idempotency_key: "dawn".into(),
        input: created,
        input_hash: ContentHash::of(b""),
        media_source: Some("dawn.png".into()),
        at: "2026-01-31T12:00:00.5Z".parse::<Timestamp>().unwrap(),
    })
}

/// A derivative of two parents by two people.
pub(super) fn derivative() -> (CreationRecord, [IpId; 2]) {
    let record = record("audio/mpeg", |input| {
        input.asset_type = AssetType::Music;
        input.text.tags = vec!["dawn".into(), "朝".into()];
        input.text.creators =
            vec![Creator::new("Ada", OWNER, 60), Creator::new("Bo", Address::from_bytes([0xcd; 20]), 40)];
        let share = |text: &str| text.parse::<Share>().unwrap();
        input.parents = vec![
            ParentInput::new(AssetId::from_bytes([3; 16]), Relationship::Remix, share("62.5")),
            ParentInput::new(AssetId::from_bytes([4; 16]), Relationship::Continuation, share("37.5")),
        ];
    });
    (record, [3, 4].map(|byte| IpId::new(Address::from_bytes([byte; 20]))))
}
