//! Assets: Lore's records of creative work, before and after registration, and the rules for their text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    content::{Cid, ContentHash, MediaType, unixfs::Fingerprint},
    domain::license::PilTerms,
    error::{Error, Violation, Violations},
    ids::{AssetId, CreationId},
    onchain::{Address, IpId, LicenseTermsId, Share, TokenId, TxHash},
    time::Timestamp,
};

/// What kind of work an asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AssetType {
    /// Drawn or generated images.
    DigitalArt,
    /// Sound.
    Music,
    /// Text.
    Writing,
    /// Photographs.
    Photography,
    /// Parts of games: models, sprites, levels.
    GameAsset,
    /// Moving images.
    Video,
    /// Anything else.
    Other,
}

impl AssetType {
    /// Every type.
    pub const ALL: [Self; 7] = [
        Self::DigitalArt,
        Self::Music,
        Self::Writing,
        Self::Photography,
        Self::GameAsset,
        Self::Video,
        Self::Other,
    ];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DigitalArt => "digital_art",
            Self::Music => "music",
            Self::Writing => "writing",
            Self::Photography => "photography",
            Self::GameAsset => "game_asset",
            Self::Video => "video",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for AssetType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AssetType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid("asset_type", "unknown", format!("one of {names}"))
        })
    }
}

/// A person who made a part of the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Creator {
    /// Name as shown, 1 to 100 characters.
    pub name: String,
    /// The person's wallet.
    pub address: Address,
    /// Part of the work in whole percent, 1 to 100; all creators of an asset sum to 100.
    pub contribution_percent: u8,
}

impl Creator {
    /// A creator.
    pub fn new(name: impl Into<String>, address: Address, contribution_percent: u8) -> Self {
        Self { name: name.into(), address, contribution_percent }
    }
}

/// Bounds of an asset's text, in Unicode scalar values.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AssetLimits;

impl AssetLimits {
    /// Longest title.
    pub const TITLE_CHARS: usize = 200;
    /// Longest description.
    pub const DESCRIPTION_CHARS: usize = 10_000;
    /// Most tags.
    pub const TAGS: usize = 32;
    /// Longest tag.
    pub const TAG_CHARS: usize = 50;
    /// Most creators.
    pub const CREATORS: usize = 50;
    /// Longest creator's name.
    pub const CREATOR_NAME_CHARS: usize = 100;
}

/// The words that describe an asset: what a person writes, checked by [`check_text`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AssetText {
    /// 1 to 200 characters, not only white space.
    pub title: String,
    /// Up to 10,000 characters.
    pub description: String,
    /// Up to 32 distinct tags of 1 to 50 characters.
    pub tags: Vec<String>,
    /// The people who made it; empty means the owner alone.
    pub creators: Vec<Creator>,
}

impl AssetText {
    /// A title and a description; no tags, no creators.
    pub fn new(title: impl Into<String>, description: impl Into<String>) -> Self {
        Self { title: title.into(), description: description.into(), tags: Vec::new(), creators: Vec::new() }
    }
}

/// Checks an asset's words against [`AssetLimits`].
///
/// # Errors
/// Every broken rule, by field.
pub fn check_text(text: &AssetText) -> Result<(), Violations> {
    let mut found = Violations::new();
    check_line(&mut found, "title", &text.title, AssetLimits::TITLE_CHARS);
    found.require(
        text.description.chars().count() <= AssetLimits::DESCRIPTION_CHARS,
        "description",
        "too_long",
        format!("at most {} characters", AssetLimits::DESCRIPTION_CHARS),
    );
    found.require(!text.description.contains('\0'), "description", "control_character", "text without NUL");
    found.require(
        text.tags.len() <= AssetLimits::TAGS,
        "tags",
        "too_many",
        format!("at most {}", AssetLimits::TAGS),
    );
    for (index, tag) in text.tags.iter().enumerate() {
        let field = format!("tags[{index}]");
        check_line(&mut found, &field, tag, AssetLimits::TAG_CHARS);
        found.require(
            !text.tags.iter().take(index).any(|earlier| earlier == tag),
            &field,
            "duplicate",
            "a tag not named before",
        );
    }
    check_creators(&mut found, &text.creators);
    found.into_result(())
}

fn check_creators(found: &mut Violations, creators: &[Creator]) {
    let most = AssetLimits::CREATORS;
    found.require(creators.len() <= most, "creators", "too_many", format!("at most {most}"));
    for (index, creator) in creators.iter().enumerate() {
        let field = format!("creators[{index}]");
        check_line(found, &format!("{field}.name"), &creator.name, AssetLimits::CREATOR_NAME_CHARS);
        found.require(
            (1..=100).contains(&creator.contribution_percent),
            format_args!("{field}.contribution_percent"),
            "out_of_range",
            "1 to 100",
        );
        found.require(
            !creators.iter().take(index).any(|earlier| earlier.address == creator.address),
            format_args!("{field}.address"),
            "duplicate",
            "a creator not named before",
        );
    }
    let sum: u32 = creators.iter().map(|creator| u32::from(creator.contribution_percent)).sum();
    if !creators.is_empty() && sum != 100 {
        found.push(Violation::new(
            "creators",
            "shares_do_not_sum",
            format!("contributions that sum to 100 percent, not {sum}"),
        ));
    }
}

/// One line of text: neither empty nor white space alone, bounded, without control characters.
fn check_line(found: &mut Violations, field: &str, text: &str, max_chars: usize) {
    let chars = text.chars().count();
    let range = format!("1 to {max_chars} characters");
    if text.trim().is_empty() {
        found.push(Violation::new(field, "empty", range));
    } else if chars > max_chars {
        found.push(Violation::new(field, "too_long", format!("{range}, not {chars}")));
    } else if text.chars().any(char::is_control) {
        found.push(Violation::new(field, "control_character", "one line without control characters"));
    }
}

/// The media file of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Media {
    /// What the bytes are: CID, SHA-256, size.
    pub fingerprint: Fingerprint,
    /// Kind of file.
    pub media_type: MediaType,
    /// Name of the file as the user knows it.
    pub file_name: Option<String>,
}

impl Media {
    /// Describes a media file.
    #[must_use]
    pub fn new(fingerprint: Fingerprint, media_type: MediaType, file_name: Option<String>) -> Self {
        Self { fingerprint, media_type, file_name }
    }
}

/// One of the two JSON documents about an asset, as pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MetadataRef {
    /// CID of the exact bytes.
    pub cid: Cid,
    /// SHA-256 of the exact bytes, as written on chain.
    pub sha256: ContentHash,
}

impl MetadataRef {
    /// Names a document.
    #[must_use]
    pub const fn new(cid: Cid, sha256: ContentHash) -> Self {
        Self { cid, sha256 }
    }
}

/// Where an asset is on chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Registration {
    /// The IP asset.
    pub ip_id: IpId,
    /// NFT contract of the token behind it.
    pub token_contract: Address,
    /// The token behind it.
    pub token_id: TokenId,
    /// Owner of the token at registration.
    pub owner: Address,
    /// The transaction that registered it.
    pub tx_hash: TxHash,
    /// The block of that transaction.
    pub block_number: u64,
    /// Time of that block.
    pub registered_at: Timestamp,
}

impl Registration {
    /// Describes a registration.
    #[must_use]
    pub fn new(
        ip_id: IpId,
        token_contract: Address,
        token_id: TokenId,
        owner: Address,
        mined: Mined,
    ) -> Self {
        Self {
            ip_id,
            token_contract,
            token_id,
            owner,
            tx_hash: mined.tx_hash,
            block_number: mined.block_number,
            registered_at: mined.at,
        }
    }
}

/// A transaction in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mined {
    /// Hash of the transaction.
    pub tx_hash: TxHash,
    /// Number of its block.
    pub block_number: u64,
    /// Time of its block.
    pub at: Timestamp,
}

impl Mined {
    /// Describes a mined transaction.
    #[must_use]
    pub const fn new(tx_hash: TxHash, block_number: u64, at: Timestamp) -> Self {
        Self { tx_hash, block_number, at }
    }
}

/// License terms attached to an asset's IP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct License {
    /// Their id on chain.
    pub terms_id: LicenseTermsId,
    /// The terms.
    pub terms: PilTerms,
}

impl License {
    /// Names attached terms.
    #[must_use]
    pub const fn new(terms_id: LicenseTermsId, terms: PilTerms) -> Self {
        Self { terms_id, terms }
    }
}

/// Lore's record of a creative work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Asset {
    /// Lore's own id.
    pub id: AssetId,
    /// Counts the writes to this record, from 1; a write names the version it read.
    pub version: u64,
    /// The creation that made it.
    pub creation: CreationId,
    /// Wallet of the owner.
    pub owner: Address,
    /// What kind of work it is.
    pub asset_type: AssetType,
    /// Title, description, tags, creators.
    pub text: AssetText,
    /// The media file.
    pub media: Media,
    /// The IPA metadata, once pinned.
    pub ipa_metadata: Option<MetadataRef>,
    /// The NFT metadata, once pinned.
    pub nft_metadata: Option<MetadataRef>,
    /// Where it is on chain, once registered.
    pub registration: Option<Registration>,
    /// Its license terms, once attached; a derivative inherits its parents' and has none of its own here.
    pub license: Option<License>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When the record last changed.
    pub updated_at: Timestamp,
    /// When it was archived, if it is.
    pub archived_at: Option<Timestamp>,
}

/// What a new [`Asset`] record is made of.
#[derive(Clone, Debug)]
pub struct NewAsset {
    /// Its id.
    pub id: AssetId,
    /// The creation that makes it.
    pub creation: CreationId,
    /// Wallet of the owner.
    pub owner: Address,
    /// What kind of work it is.
    pub asset_type: AssetType,
    /// Title, description, tags, creators.
    pub text: AssetText,
    /// The media file.
    pub media: Media,
    /// The time now.
    pub at: Timestamp,
}

impl Asset {
    /// A record as it is first written: version 1, nothing on chain.
    #[must_use]
    pub fn new(new: NewAsset) -> Self {
        Self {
            id: new.id,
            version: 1,
            creation: new.creation,
            owner: new.owner,
            asset_type: new.asset_type,
            text: new.text,
            media: new.media,
            ipa_metadata: None,
            nft_metadata: None,
            registration: None,
            license: None,
            created_at: new.at,
            updated_at: new.at,
            archived_at: None,
        }
    }

    /// The IP asset, once registered.
    #[must_use]
    pub fn ip_id(&self) -> Option<IpId> {
        self.registration.as_ref().map(|registration| registration.ip_id)
    }
}

/// How a child uses its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Relationship {
    /// Mixes or changes the parent.
    Remix,
    /// Brings the parent to another medium.
    Adaptation,
    /// Brings the parent to another language.
    Translation,
    /// Continues the parent.
    Continuation,
}

impl Relationship {
    /// Every relationship.
    pub const ALL: [Self; 4] = [Self::Remix, Self::Adaptation, Self::Translation, Self::Continuation];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Remix => "remix",
            Self::Adaptation => "adaptation",
            Self::Translation => "translation",
            Self::Continuation => "continuation",
        }
    }
}

impl fmt::Display for Relationship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Relationship {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Error::invalid("relationship", "unknown", format!("one of {names}"))
        })
    }
}

/// One child and one of its parents, as Lore records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParentLink {
    /// The derivative.
    pub child: AssetId,
    /// The work it uses.
    pub parent: AssetId,
    /// Position among the child's parents, from 0.
    pub position: u8,
    /// How the child uses the parent.
    pub relationship: Relationship,
    /// The parent's part of the attribution; all parents of a child sum to 100 %.
    pub attribution: Share,
    /// The link on chain, once made.
    pub on_chain: Option<OnChainLink>,
}

impl ParentLink {
    /// A link that is not on chain yet.
    #[must_use]
    pub const fn new(
        child: AssetId,
        parent: AssetId,
        position: u8,
        relationship: Relationship,
        attribution: Share,
    ) -> Self {
        Self { child, parent, position, relationship, attribution, on_chain: None }
    }
}

/// The on-chain side of a [`ParentLink`]; frozen when the link is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OnChainLink {
    /// The parent's terms under which the child was linked.
    pub terms_id: LicenseTermsId,
    /// The royalty policy of the link.
    pub policy: Address,
    /// What the parent takes of the child's revenue, before stacking.
    pub royalty: Share,
}

impl OnChainLink {
    /// Describes a link on chain.
    #[must_use]
    pub const fn new(terms_id: LicenseTermsId, policy: Address, royalty: Share) -> Self {
        Self { terms_id, policy, royalty }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &AssetText) -> Vec<(String, String)> {
        match check_text(text) {
            Ok(()) => Vec::new(),
            Err(found) => found.as_slice().iter().map(|v| (v.field.clone(), v.rule.to_string())).collect(),
        }
    }

    #[test]
    fn titles_are_counted_in_characters_not_bytes() {
        assert_eq!(rules(&AssetText::new("星".repeat(200), "")), []);
        assert_eq!(rules(&AssetText::new("星".repeat(201), "")), [("title".into(), "too_long".into())]);
        assert_eq!(rules(&AssetText::new(" \t", "")), [("title".into(), "empty".into())]);
        assert_eq!(rules(&AssetText::new("a\nb", "")), [("title".into(), "control_character".into())]);
    }

    #[test]
    fn every_broken_rule_is_reported_at_once() {
        let mut text = AssetText::new("", "x".repeat(10_001));
        text.tags = vec!["a".into(), "a".into()];
        text.creators =
            vec![Creator::new("A", Address::ZERO, 60), Creator::new("B", Address::from_bytes([1; 20]), 41)];
        let fields: Vec<_> = rules(&text).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["title", "description", "tags[1]", "creators"]);
    }

    #[test]
    fn types_and_relationships_are_read_by_their_stored_names() {
        for kind in AssetType::ALL {
            assert_eq!(kind.as_str().parse::<AssetType>().unwrap(), kind);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
        for kind in Relationship::ALL {
            assert_eq!(kind.as_str().parse::<Relationship>().unwrap(), kind);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
    }
}
