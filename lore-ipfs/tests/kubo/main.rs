//! The Kubo adapter against a real IPFS node, and against answers that no healthy node gives.

#![cfg(test)]

mod failures;
#[path = "../../../lore-story/tests/support/src/launch.rs"]
mod launch;
mod node;

use std::sync::Arc;

use lore_core::{
    ErrorKind, Result, SystemClock,
    conformance::pin_store::Harness,
    content::{
        BytesContent,
        unixfs::{Profile, fingerprint_bytes},
    },
    port::pins::{PinRequest, PinStore},
};
use lore_ipfs::kubo::{KuboConfig, KuboPinStore};

use self::node::{missing, node_url};

async fn connect(profile: Profile) -> Result<KuboPinStore> {
    let mut config = KuboConfig::new(node_url());
    config.profile = profile;
    KuboPinStore::connect(config, SystemClock::shared()).await
}

/// All cases share one node, whose repository is new in every run.
struct Node(Profile);

impl Harness for Node {
    async fn fresh(&self) -> Result<Arc<dyn PinStore>> {
        Ok(Arc::new(connect(self.0).await?))
    }

    fn salt(&self) -> String {
        // Small files are the same under two of the profiles.
        format!("{:?}", self.0)
    }
}

mod pinata_profile {
    lore_core::pin_store_conformance!(super::Node(super::Profile::Pinata), skip_if: super::missing());
}

mod unixfs_v0_2015 {
    lore_core::pin_store_conformance!(super::Node(super::Profile::UnixFsV0_2015), skip_if: super::missing());
}

mod unixfs_v1_2025 {
    lore_core::pin_store_conformance!(super::Node(super::Profile::UnixFsV1_2025), skip_if: super::missing());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_tells_its_version() {
    if let Some(why) = missing() {
        return println!("skipped: the_node_tells_its_version: {why}");
    }
    let store = connect(Profile::Pinata).await.unwrap();
    assert_eq!(store.node_version(), "0.18.1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_program_pinned_is_not_uploaded_again() {
    if let Some(why) = missing() {
        return println!("skipped: a_file_that_another_program_pinned_is_not_uploaded_again: {why}");
    }
    let (ours, theirs) = (connect(Profile::Pinata).await.unwrap(), connect(Profile::Pinata).await.unwrap());
    let bytes = vec![5_u8; 600_000];
    let (content, expected) =
        (BytesContent::new(bytes.clone()), fingerprint_bytes(Profile::Pinata, &bytes).unwrap());
    let request = PinRequest::new(&content, &expected, "shared.bin");
    assert!(theirs.pin(request).await.unwrap().uploaded);
    assert!(!ours.pin(request).await.unwrap().uploaded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_without_a_pin_are_not_pinned_content() {
    if let Some(why) = missing() {
        return println!("skipped: blocks_without_a_pin_are_not_pinned_content: {why}");
    }
    let store = connect(Profile::Pinata).await.unwrap();
    let bytes: Vec<u8> = (0..700_000_u32).map(|n| (n / 3 % 241) as u8).collect();
    let (content, expected) =
        (BytesContent::new(bytes.clone()), fingerprint_bytes(Profile::Pinata, &bytes).unwrap());
    store.pin(PinRequest::new(&content, &expected, "whole.bin")).await.unwrap();
    // The leaf is there, as a part of the file, but nobody asked to keep it for itself.
    let leaf = fingerprint_bytes(Profile::Pinata, &bytes[..262_144]).unwrap();
    assert_eq!(store.find(&leaf.cid).await.unwrap(), None);
    assert_eq!(store.fetch(&leaf.cid).await.unwrap_err().kind(), ErrorKind::NotFound);
    store.unpin(&leaf.cid).await.unwrap();
    assert!(store.find(&expected.cid).await.unwrap().is_some());
}
