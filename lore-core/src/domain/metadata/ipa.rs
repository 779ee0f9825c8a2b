//! The IPA metadata: what a work is, who made it, and what it is made from.
//!
//! Fields are those of the protocol's IPA Metadata Standard (<https://docs.story.foundation/docs/ipa-metadata-standard>,
//! read 2026-11-22). Hashes are SHA-256 with `0x`, media is named by `ipfs://` and its CID.

use serde::Serialize;

use crate::{
    content::ContentHash,
    creation::CreationRecord,
    domain::{
        asset::Relationship,
        metadata::{Document, canonical_json},
    },
    error::{Error, Result},
    onchain::{Address, IpId},
    time::Timestamp,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ipa<'a> {
    title: &'a str,
    description: &'a str,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_hash: Option<ContentHash>,
    creators: Vec<IpaCreator<'a>>,
    media_url: &'a str,
    media_hash: ContentHash,
    media_type: &'a str,
    ip_type: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relationships: Vec<IpaRelationship>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IpaCreator<'a> {
    name: &'a str,
    address: Address,
    contribution_percent: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IpaRelationship {
    parent_ip_id: IpId,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The standard's word for a relationship.
///
/// The standard lists 41 words, most of them about plots and models. These four are the nearest, one for each of Lore's,
/// so that the relationship can be read back from the document:
///
/// | Lore | standard | as the standard explains it |
/// |---|---|---|
/// | remix | `MODIFIES` | a remix modifies the base |
/// | adaptation | `BASED_ON` | a work is based on another |
/// | translation | `DERIVED_FROM` | the same in another form is derived from a base |
/// | continuation | `CONTINUES_FROM` | a chapter continues from the previous one |
#[must_use]
pub const fn relationship_type(relationship: Relationship) -> &'static str {
    match relationship {
        Relationship::Remix => "MODIFIES",
        Relationship::Adaptation => "BASED_ON",
        Relationship::Translation => "DERIVED_FROM",
        Relationship::Continuation => "CONTINUES_FROM",
    }
}

/// The IPA metadata of a creation. `parents` are the IPs of its parents, in the order of the input.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) if there is not one IP for each parent, or the document is larger
/// than [`MAX_DOCUMENT_BYTES`](super::MAX_DOCUMENT_BYTES).
pub fn ipa_document(record: &CreationRecord, parents: &[IpId]) -> Result<Document> {
    let input = &record.input;
    if parents.len() != input.parents.len() {
        return Err(Error::invalid(
            "parents",
            "wrong_count",
            format!("{} parent IPs, one for each parent, not {}", input.parents.len(), parents.len()),
        ));
    }
    let owner = record.owner.to_string();
    let media_url = input.media.fingerprint.cid.to_uri();
    let media_hash = input.media.fingerprint.sha256;
    let is_image = input.media.media_type.top_level() == "image";
    let relationships = parents.iter().zip(&input.parents).map(|(ip_id, parent)| IpaRelationship {
        parent_ip_id: *ip_id,
        kind: relationship_type(parent.relationship),
    });
    canonical_json(&Ipa {
        title: &input.text.title,
        description: &input.text.description,
        created_at: record.created_at,
        image: is_image.then_some(&media_url),
        image_hash: is_image.then_some(media_hash),
        creators: creators(record, &owner),
        media_url: &media_url,
        media_hash,
        media_type: input.media.media_type.as_str(),
        ip_type: input.asset_type.as_str(),
        tags: &input.text.tags,
        relationships: relationships.collect(),
    })
}

/// The creators; if none are named, the owner alone, under the address for a name.
fn creators<'a>(record: &'a CreationRecord, owner: &'a str) -> Vec<IpaCreator<'a>> {
    if record.input.text.creators.is_empty() {
        return vec![IpaCreator { name: owner, address: record.owner, contribution_percent: 100 }];
    }
    let creators = record.input.text.creators.iter().map(|creator| IpaCreator {
        name: &creator.name,
        address: creator.address,
        contribution_percent: creator.contribution_percent,
    });
    creators.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::metadata::{MAX_DOCUMENT_BYTES, sample};

    fn text(document: &Document) -> &str {
        std::str::from_utf8(&document.bytes).unwrap()
    }

    #[test]
    fn an_image_is_its_own_picture_and_an_unnamed_creator_is_the_owner() {
        let record = sample::record("image/png", |_| ());
        insta::assert_snapshot!(text(&ipa_document(&record, &[]).unwrap()));
    }

    #[test]
    fn a_derivative_names_its_creators_and_parents() {
        let (record, parents) = sample::derivative();
        let document = ipa_document(&record, &parents).unwrap();
        assert_eq!(ipa_document(&record.clone(), &parents).unwrap(), document);
        insta::assert_snapshot!(text(&document));
    }

    #[test]
    fn every_parent_needs_its_ip() {
        let (record, parents) = sample::derivative();
        assert_eq!(ipa_document(&record, &parents[..1]).unwrap_err().violations()[0].field, "parents");
    }

    #[test]
    fn a_document_above_the_bound_is_refused_by_name() {
        let record =
            sample::record("image/png", |input| input.text.description = "x".repeat(MAX_DOCUMENT_BYTES));
        let found = ipa_document(&record, &[]).unwrap_err();
        assert_eq!(found.violations()[0].rule, "too_large");
    }

    #[test]
    fn each_relationship_has_a_word_of_its_own() {
        let words: HashSet<_> = Relationship::ALL.into_iter().map(relationship_type).collect();
        assert_eq!(words.len(), Relationship::ALL.len());
    }
}
