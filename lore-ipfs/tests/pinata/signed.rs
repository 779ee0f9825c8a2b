//! Uploads by a browser, through a signed address.

use std::{sync::Arc, time::Duration};

use lore_core::{ErrorKind, port::pins::PinStore as _};
use lore_ipfs::pinata::{SignUpload, SignedUpload};
use reqwest::{
    Client,
    multipart::{Form, Part},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::{Sample, Setup, Way};

/// What a browser does. It has no token.
async fn browse(signed: &SignedUpload, bytes: &[u8], media_type: &str) -> u16 {
    let part = Part::bytes(bytes.to_vec()).file_name("photo.png").mime_str(media_type).unwrap();
    let answer = browser().post(&signed.url).multipart(Form::new().part("file", part)).send().await.unwrap();
    answer.status().as_u16()
}

fn browser() -> Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}

#[tokio::test]
async fn a_browser_uploads_without_a_token_and_the_file_is_found() {
    let (setup, sample) = (Setup::new(Way::Multipart).await, Sample::small());
    let request = SignUpload::new(Duration::from_secs(600)).max_bytes(1_000).media_type("image/*");
    let signed = setup.store.sign_upload(&request.file_name("photo.png")).await.unwrap();
    assert_eq!(signed.expires_at.to_string(), "2026-01-01T00:10:00Z");
    assert_eq!(browse(&signed, &sample.bytes, "image/png").await, 200);
    assert!(setup.store.find(&sample.expected.cid).await.unwrap().is_some());
    // And so Lore does not upload it a second time.
    assert!(!sample.pin(&setup.store).await.unwrap().uploaded);
}

#[tokio::test]
async fn a_signed_address_allows_no_more_than_it_says() {
    let setup = Setup::new(Way::Multipart).await;
    let request = SignUpload::new(Duration::from_secs(600)).max_bytes(5).media_type("image/*");
    let signed = setup.store.sign_upload(&request).await.unwrap();
    assert_eq!(browse(&signed, b"too long", "image/png").await, 413);
    assert_eq!(browse(&signed, b"short", "text/html").await, 400);
    setup.clock.advance(Duration::from_secs(601));
    assert_eq!(browse(&signed, b"short", "image/png").await, 403);
    assert!(setup.server.files().is_empty());
}

#[tokio::test]
async fn a_signed_address_is_not_shown_and_not_given_for_no_time() {
    let setup = Setup::new(Way::Multipart).await;
    let signed = setup.store.sign_upload(&SignUpload::new(Duration::from_secs(60))).await.unwrap();
    assert!(!format!("{signed:?}").contains("signature"));
    let error = setup.store.sign_upload(&SignUpload::new(Duration::ZERO)).await.unwrap_err();
    assert_eq!(error.violations()[0].field, "valid_for");
    let legacy = Setup::new(Way::Legacy).await;
    let error = legacy.store.sign_upload(&SignUpload::new(Duration::from_secs(60))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
