//! The steps of a creation, what is journalled before each, and what comes out.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    content::Cid,
    domain::{
        asset::{MetadataRef, Mined, OnChainLink, Registration},
        license::PilTerms,
    },
    error::Error,
    ids::AssetId,
    onchain::{IpId, LicenseTermsId},
    port::{
        chain::{ParentTerms, RegisteredTerms, RegistrationKey},
        pins::Pinned,
    },
};

/// One effect of a creation. Stored by name; the order is that of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// The media file is pinned.
    MediaUpload,
    /// The asset's record is written.
    DatabaseSave,
    /// The IPA metadata is pinned.
    IpaMetadataUpload,
    /// The NFT metadata is pinned.
    NftMetadataUpload,
    /// The asset is registered on chain.
    Registration,
    /// The license terms get an id on chain.
    TermsRegistration,
    /// The license terms are attached to the IP.
    TermsAttachment,
    /// The IP is linked to its parents.
    ParentLinking,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 8] = [
        Self::MediaUpload,
        Self::DatabaseSave,
        Self::IpaMetadataUpload,
        Self::NftMetadataUpload,
        Self::Registration,
        Self::TermsRegistration,
        Self::TermsAttachment,
        Self::ParentLinking,
    ];

    /// The stable name, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MediaUpload => "media_upload",
            Self::DatabaseSave => "database_save",
            Self::IpaMetadataUpload => "ipa_metadata_upload",
            Self::NftMetadataUpload => "nft_metadata_upload",
            Self::Registration => "registration",
            Self::TermsRegistration => "terms_registration",
            Self::TermsAttachment => "terms_attachment",
            Self::ParentLinking => "parent_linking",
        }
    }

    /// Whether the effect of this step stays on chain for good.
    #[must_use]
    pub const fn is_on_chain(self) -> bool {
        matches!(
            self,
            Self::Registration | Self::TermsRegistration | Self::TermsAttachment | Self::ParentLinking
        )
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Step {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|step| step.as_str() == text)
            .ok_or_else(|| Error::invalid("step", "unknown", "the name of a creation step"))
    }
}

/// By what the effect of a step can be looked up. Journalled before the effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Token {
    /// Content to be pinned.
    Pin {
        /// Its root.
        cid: Cid,
    },
    /// A record to be written.
    Asset {
        /// Its id.
        id: AssetId,
    },
    /// A registration to be made.
    Registration {
        /// What finds it.
        key: RegistrationKey,
    },
    /// Terms to be registered.
    Terms {
        /// The terms.
        terms: Box<PilTerms>,
    },
    /// Terms to be attached.
    Attachment {
        /// The IP.
        ip_id: IpId,
        /// The terms' id.
        terms_id: LicenseTermsId,
    },
    /// Parents to be linked.
    Link {
        /// The child.
        child: IpId,
        /// The parents, in order.
        parents: Vec<ParentTerms>,
    },
}

/// What came out of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Output {
    /// Media is pinned.
    Media {
        /// What the store says.
        pinned: Pinned,
    },
    /// The record is written.
    Saved {
        /// Its id.
        id: AssetId,
    },
    /// A metadata document is pinned.
    Metadata {
        /// The document.
        document: MetadataRef,
        /// What the store says.
        pinned: Pinned,
    },
    /// The asset is registered.
    Registered {
        /// Where it is on chain.
        registration: Registration,
    },
    /// The terms have an id.
    Terms {
        /// The id, and how it came to be.
        registered: RegisteredTerms,
    },
    /// The terms are attached.
    Attached {
        /// The terms' id.
        terms_id: LicenseTermsId,
        /// The transaction; `None` if they were attached before.
        mined: Option<Mined>,
    },
    /// The parents are linked.
    Linked {
        /// One link per parent, in order.
        links: Vec<OnChainLink>,
        /// The transaction; `None` if they were linked before.
        mined: Option<Mined>,
    },
}
