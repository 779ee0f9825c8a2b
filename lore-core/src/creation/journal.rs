//! What is stored about a creation: its input, its events, its state.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    content::ContentHash,
    creation::{Output, Step, Token},
    domain::{
        asset::{AssetText, AssetType, Media, Relationship},
        license::PilTerms,
    },
    error::{Error, FailureRecord},
    ids::{AssetId, CreationId},
    onchain::{Address, Share},
    port::repository::Lease,
    time::Timestamp,
};

/// A parent that the new asset is to be linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ParentInput {
    /// The parent's asset.
    pub asset: AssetId,
    /// How the child uses it.
    pub relationship: Relationship,
    /// Its part of the attribution.
    pub share: Share,
}

impl ParentInput {
    /// Names a parent.
    #[must_use]
    pub const fn new(asset: AssetId, relationship: Relationship, share: Share) -> Self {
        Self { asset, relationship, share }
    }
}

/// What is to be created: everything but the bytes of the media, which are named by their hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CreationInput {
    /// What kind of work it is.
    pub asset_type: AssetType,
    /// Title, description, tags, creators.
    pub text: AssetText,
    /// The media file.
    pub media: Media,
    /// Terms to attach; none for a derivative, which inherits its parents'.
    pub license: Option<PilTerms>,
    /// Parents to link to; none for an original.
    pub parents: Vec<ParentInput>,
}

impl CreationInput {
    /// An original without license terms.
    #[must_use]
    pub const fn new(asset_type: AssetType, text: AssetText, media: Media) -> Self {
        Self { asset_type, text, media, license: None, parents: Vec::new() }
    }
}

/// How far a creation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CreationStatus {
    /// Under way, or interrupted: whoever takes the lease goes on.
    Running,
    /// A step failed for good; it goes on when somebody asks for a retry.
    Stuck,
    /// Everything is done.
    Finished,
    /// Given up before anything was on chain.
    Cancelled,
}

impl CreationStatus {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Running, Self::Stuck, Self::Finished, Self::Cancelled];

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stuck => "stuck",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled)
    }
}

impl fmt::Display for CreationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CreationStatus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| Error::invalid("status", "unknown", "the name of a creation state"))
    }
}

/// Something that happened to a creation. The journal holds nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// The effect of a step is about to be caused.
    Intended {
        /// The step.
        step: Step,
        /// By what the effect can be looked up.
        token: Token,
    },
    /// The effect is there.
    Done {
        /// The step.
        step: Step,
        /// What came out.
        output: Output,
    },
    /// An attempt failed.
    Failed {
        /// The step.
        step: Step,
        /// Why.
        why: FailureRecord,
        /// When the next attempt may start; `None` if there will be none unless somebody asks.
        retry_at: Option<Timestamp>,
    },
    /// Somebody asked to go on after the creation was stuck: attempts are counted from zero again.
    Retried {
        /// The step it goes on with.
        step: Step,
    },
    /// The creation was given up.
    Cancelled,
}

/// An [`Event`] with its place in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedEvent {
    /// Number in the journal of its creation, from 1 without a gap.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

impl RecordedEvent {
    /// Numbers an event.
    #[must_use]
    pub const fn new(seq: u64, at: Timestamp, event: Event) -> Self {
        Self { seq, at, event }
    }
}

/// A creation to be recorded.
#[derive(Clone, Debug)]
pub struct NewCreation {
    /// Its id.
    pub id: CreationId,
    /// The asset that it will make.
    pub asset: AssetId,
    /// Who it belongs to.
    pub owner: Address,
    /// The owner's name for this piece of work, 1 to 200 characters, unique per owner.
    pub idempotency_key: String,
    /// What is to be created.
    pub input: CreationInput,
    /// SHA-256 of the input's canonical JSON.
    pub input_hash: ContentHash,
    /// Where the application finds the media again, for example a path; Lore only keeps it.
    pub media_source: Option<String>,
    /// The time now.
    pub at: Timestamp,
}

/// A stored creation, without its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CreationRecord {
    /// Its id.
    pub id: CreationId,
    /// The asset that it makes.
    pub asset: AssetId,
    /// Who it belongs to.
    pub owner: Address,
    /// The owner's name for this piece of work.
    pub idempotency_key: String,
    /// What is created.
    pub input: CreationInput,
    /// SHA-256 of the input's canonical JSON.
    pub input_hash: ContentHash,
    /// Where the application finds the media again.
    pub media_source: Option<String>,
    /// How far it is.
    pub status: CreationStatus,
    /// The step it is at; `None` before the first and once it is over.
    pub step: Option<Step>,
    /// Who drives it, or drove it last.
    pub lease: Option<Lease>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its last event was recorded.
    pub updated_at: Timestamp,
}

impl CreationRecord {
    /// A creation as it is first stored.
    #[must_use]
    pub fn new(new: NewCreation) -> Self {
        Self {
            id: new.id,
            asset: new.asset,
            owner: new.owner,
            idempotency_key: new.idempotency_key,
            input: new.input,
            input_hash: new.input_hash,
            media_source: new.media_source,
            status: CreationStatus::Running,
            step: None,
            lease: None,
            created_at: new.at,
            updated_at: new.at,
        }
    }
}
