//! [`Profile`] and [`Fingerprint`]: which CID a file gets, and what else an import finds out.

use serde::{Deserialize, Serialize};

use crate::{
    content::{Cid, ContentHash},
    error::{Error, ErrorKind, Result},
};

/// The parameters that decide which CID a file gets. Names and numbers are IPIP-0499's (ratified 2025), but for
/// [`Profile::Pinata`], which is the recipe of Pinata's documentation ("predetermining the CID").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Profile {
    /// Version 0, wrapped leaves, 256 KiB chunks, 174 links: Kubo's old default.
    #[serde(rename = "unixfs-v0-2015")]
    UnixFsV0_2015,
    /// Version 1, raw leaves, 1 MiB chunks, 1024 links: the present recommendation.
    #[serde(rename = "unixfs-v1-2025")]
    UnixFsV1_2025,
    /// Version 1, raw leaves, 256 KiB chunks, 174 links: Pinata, and Kubo's `--cid-version=1`.
    #[serde(rename = "pinata")]
    Pinata,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::UnixFsV0_2015, Self::UnixFsV1_2025, Self::Pinata];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnixFsV0_2015 => "unixfs-v0-2015",
            Self::UnixFsV1_2025 => "unixfs-v1-2025",
            Self::Pinata => "pinata",
        }
    }

    /// Version of the CIDs, 0 or 1.
    #[must_use]
    pub const fn cid_version(self) -> u8 {
        match self {
            Self::UnixFsV0_2015 => 0,
            Self::UnixFsV1_2025 | Self::Pinata => 1,
        }
    }

    /// Whether leaves are the bare bytes instead of dag-pb nodes.
    #[must_use]
    pub const fn raw_leaves(self) -> bool {
        self.cid_version() == 1
    }

    /// Bytes in a leaf.
    #[must_use]
    pub const fn chunk_bytes(self) -> usize {
        match self {
            Self::UnixFsV1_2025 => 1024 * 1024,
            Self::UnixFsV0_2015 | Self::Pinata => 256 * 1024,
        }
    }

    /// Links in a node.
    #[must_use]
    pub const fn max_links(self) -> usize {
        match self {
            Self::UnixFsV1_2025 => 1024,
            Self::UnixFsV0_2015 | Self::Pinata => 174,
        }
    }

    pub(super) fn node_cid(self, digest: [u8; 32]) -> Cid {
        if self.cid_version() == 0 { Cid::v0(digest) } else { Cid::dag_pb(digest) }
    }
}

/// What an import found out about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fingerprint {
    /// CID of the root.
    pub cid: Cid,
    /// SHA-256 of the file's bytes.
    pub sha256: ContentHash,
    /// Size of the file.
    pub size_bytes: u64,
    /// The profile that gave the CID.
    pub profile: Profile,
}

impl Fingerprint {
    /// Describes a file.
    #[must_use]
    pub const fn new(cid: Cid, sha256: ContentHash, size_bytes: u64, profile: Profile) -> Self {
        Self { cid, sha256, size_bytes, profile }
    }

    /// Fails unless `found` is this fingerprint in every part.
    ///
    /// # Errors
    /// [`ErrorKind::IntegrityMismatch`] with both CIDs, hashes or sizes.
    pub fn verify(&self, found: &Self) -> Result<()> {
        if self == found {
            return Ok(());
        }
        Err(Error::new(ErrorKind::IntegrityMismatch, "the content is not what was expected")
            .with_context("expected_cid", self.cid)
            .with_context("found_cid", found.cid)
            .with_context("expected_sha256", self.sha256)
            .with_context("found_sha256", found.sha256)
            .with_context("expected_bytes", self.size_bytes)
            .with_context("found_bytes", found.size_bytes))
    }
}
