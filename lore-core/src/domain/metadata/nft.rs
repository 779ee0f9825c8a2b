//! The NFT metadata: what wallets and marketplaces show of the token behind an IP asset.
//!
//! Fields are those of ERC-721 metadata with OpenSea's additions (`animation_url`, `attributes`), and `properties.files`
//! for readers that want the file with its type whatever it is. The creation's id is inside, so that no two creations
//! have the same document: its hash finds a registration again.

use serde::Serialize;

use crate::{
    content::ContentHash,
    creation::CreationRecord,
    domain::metadata::{Document, canonical_json},
    error::Result,
    ids::CreationId,
};

#[derive(Serialize)]
struct Nft<'a> {
    name: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    animation_url: Option<&'a str>,
    attributes: [Attribute<'a>; 3],
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Attribute<'a> {
    trait_type: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
struct Properties<'a> {
    creation_id: CreationId,
    files: [File<'a>; 1],
}

#[derive(Serialize)]
struct File<'a> {
    uri: &'a str,
    #[serde(rename = "type")]
    media_type: &'a str,
    sha256: ContentHash,
    size_bytes: u64,
}

/// The NFT metadata of a creation. It depends on nothing but the creation's id and input.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the document is larger than
/// [`MAX_DOCUMENT_BYTES`](super::MAX_DOCUMENT_BYTES).
pub fn nft_document(record: &CreationRecord) -> Result<Document> {
    let input = &record.input;
    let media = &input.media;
    let creation = record.id.to_string();
    let uri = media.fingerprint.cid.to_uri();
    let media_type = media.media_type.as_str();
    // A marketplace plays sound, film, models and pages; a picture is shown as it is.
    let (image, animation_url) = match media.media_type.top_level() {
        "image" => (Some(uri.as_str()), None),
        "audio" | "video" | "model" => (None, Some(uri.as_str())),
        _ if media_type == "text/html" => (None, Some(uri.as_str())),
        _ => (None, None),
    };
    let attribute = |trait_type, value| Attribute { trait_type, value };
    canonical_json(&Nft {
        name: &input.text.title,
        description: &input.text.description,
        image,
        animation_url,
        attributes: [
            attribute("Asset type", input.asset_type.as_str()),
            attribute("Media type", media_type),
            attribute("Creation", &creation),
        ],
        properties: Properties {
            creation_id: record.id,
            files: [File {
                uri: &uri,
                media_type,
                sha256: media.fingerprint.sha256,
                size_bytes: media.fingerprint.size_bytes,
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metadata::sample;

    fn json(document: &Document) -> serde_json::Value {
        serde_json::from_slice(&document.bytes).unwrap()
    }

    #[test]
    fn the_document_is_the_same_for_the_same_creation_and_another_for_another() {
        let record = sample::record("image/png", |_| ());
        let document = nft_document(&record).unwrap();
        insta::assert_snapshot!(std::str::from_utf8(&document.bytes).unwrap());
        let mut later = record.clone();
        later.updated_at = later.updated_at.saturating_add(std::time::Duration::from_secs(9));
        assert_eq!(nft_document(&later).unwrap(), document);
        let other = crate::creation::CreationRecord { id: CreationId::from_bytes([9; 16]), ..record };
        assert_ne!(nft_document(&other).unwrap().reference, document.reference);
    }

    #[test]
    fn media_is_shown_by_its_type() {
        for (media_type, image, animation) in [
            ("image/svg+xml", true, false),
            ("audio/mpeg", false, true),
            ("video/mp4", false, true),
            ("model/gltf-binary", false, true),
            ("text/html", false, true),
            ("text/plain", false, false),
            ("application/pdf", false, false),
        ] {
            let value = json(&nft_document(&sample::record(media_type, |_| ())).unwrap());
            assert_eq!(value.get("image").is_some(), image, "{media_type}");
            assert_eq!(value.get("animation_url").is_some(), animation, "{media_type}");
            assert_eq!(value["properties"]["files"][0]["type"], media_type);
        }
    }
}
