//! [`Cid`]: the name of content in IPFS.

use std::{fmt, str::FromStr};

use multihash::Multihash;

use crate::{
    content::ContentHash,
    error::{Error, Result},
    onchain::serde_as_text,
};

/// SHA-2 256 in the multihash table.
const SHA2_256: u64 = 0x12;
/// Raw bytes in the multicodec table.
const RAW: u64 = 0x55;
/// dag-pb in the multicodec table.
const DAG_PB: u64 = 0x70;

/// A version 0 CID is a bare multihash: hash and length.
const V0_PREFIX: [u8; 2] = [0x12, 32];
/// Version, codec, hash and length.
const V1_RAW_PREFIX: [u8; 4] = [1, 0x55, 0x12, 32];
const V1_DAG_PB_PREFIX: [u8; 4] = [1, 0x70, 0x12, 32];

/// Content identifier, version 0 or 1, of a SHA-2 256 digest over a raw or dag-pb block.
///
/// Shown in its usual form: `Qm…` for version 0, base32 (`bafk…`, `bafy…`) for version 1; read in any base.
/// Other codecs and hashes are refused: Lore never makes them and could not verify them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid(cid::Cid);

impl Cid {
    /// Version 1, one raw block.
    #[must_use]
    pub fn raw(digest: [u8; 32]) -> Self {
        Self(cid::Cid::new_v1(RAW, multihash(digest)))
    }

    /// Version 1, a dag-pb block.
    #[must_use]
    pub fn dag_pb(digest: [u8; 32]) -> Self {
        Self(cid::Cid::new_v1(DAG_PB, multihash(digest)))
    }

    /// Version 0: a dag-pb block in the old form.
    #[must_use]
    pub fn v0(digest: [u8; 32]) -> Self {
        // A SHA-2 256 multihash of 32 bytes is the one thing `new_v0` accepts; version 1 is equal content.
        cid::Cid::new_v0(multihash(digest)).map_or_else(|_| Self::dag_pb(digest), Self)
    }

    /// The version, 0 or 1.
    #[must_use]
    pub fn version(&self) -> u8 {
        match self.0.version() {
            cid::Version::V0 => 0,
            cid::Version::V1 => 1,
        }
    }

    /// Whether this names one raw block, so that its digest is the SHA-256 of the content itself.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.0.codec() == RAW
    }

    /// The 32 bytes of the digest of the (root) block.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        for (to, from) in digest.iter_mut().zip(self.0.hash().digest()) {
            *to = *from;
        }
        digest
    }

    /// SHA-256 of the whole content, if the CID says it: only raw blocks do.
    #[must_use]
    pub fn content_hash(&self) -> Option<ContentHash> {
        self.is_raw().then(|| ContentHash::from_bytes(self.digest()))
    }

    /// The binary form, as links in dag-pb blocks carry it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.encoded_len());
        self.encode_to(&mut bytes);
        bytes
    }

    /// Appends the binary form, without allocating for it.
    pub(crate) fn encode_to(&self, out: &mut Vec<u8>) {
        match self.0.version() {
            cid::Version::V0 => out.extend_from_slice(&V0_PREFIX),
            cid::Version::V1 if self.is_raw() => out.extend_from_slice(&V1_RAW_PREFIX),
            cid::Version::V1 => out.extend_from_slice(&V1_DAG_PB_PREFIX),
        }
        out.extend_from_slice(&self.digest());
    }

    /// Bytes of the binary form.
    pub(crate) fn encoded_len(&self) -> usize {
        let prefix = if self.version() == 0 { V0_PREFIX.len() } else { V1_RAW_PREFIX.len() };
        prefix + 32
    }

    /// From the binary form, and nothing after it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if malformed or of an unsupported codec or hash.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let cid =
            cid::Cid::try_from(bytes).map_err(|err| malformed().with_source(err)).and_then(Self::checked)?;
        // The reader stops at the end of the CID and takes numbers that are longer than need be.
        if cid.to_bytes() == bytes { Ok(cid) } else { Err(malformed()) }
    }

    /// `ipfs://` and this CID.
    #[must_use]
    pub fn to_uri(&self) -> String {
        format!("ipfs://{self}")
    }

    fn checked(cid: cid::Cid) -> Result<Self> {
        let supported =
            cid.hash().code() == SHA2_256 && cid.hash().size() == 32 && matches!(cid.codec(), RAW | DAG_PB);
        if supported {
            Ok(Self(cid))
        } else {
            Err(Error::invalid("cid", "unsupported", "a CID of a raw or dag-pb block with a SHA-2 256 hash"))
        }
    }
}

fn multihash(digest: [u8; 32]) -> Multihash<64> {
    // 32 bytes always fit in 64; the default is never taken.
    Multihash::wrap(SHA2_256, &digest).unwrap_or_default()
}

fn malformed() -> Error {
    Error::invalid("cid", "malformed", "a content identifier such as bafkrei… or Qm…")
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Cid {
    type Err = Error;

    /// Reads a CID, with or without `ipfs://` before it.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.strip_prefix("ipfs://").unwrap_or(text);
        text.parse::<cid::Cid>().map_err(|err| malformed().with_source(err)).and_then(Self::checked)
    }
}

serde_as_text!(Cid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cid_is_read_in_any_base_and_shown_in_the_usual_one() {
        let raw = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
        let cid: Cid = raw.parse().unwrap();
        assert_eq!(cid.to_string(), raw);
        assert_eq!(cid, Cid::raw(cid.digest()));
        assert_eq!(format!("ipfs://{raw}").parse::<Cid>().unwrap(), cid);
        assert_eq!(Cid::from_bytes(&cid.to_bytes()).unwrap(), cid);
        let v0 = "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD";
        assert_eq!(v0.parse::<Cid>().unwrap().to_string(), v0);
        assert_eq!(v0.parse::<Cid>().unwrap().version(), 0);
    }

    #[test]
    fn the_binary_form_is_that_of_the_cid_crate_and_has_nothing_after_it() {
        for cid in [Cid::raw([7; 32]), Cid::dag_pb([7; 32]), Cid::v0([7; 32])] {
            let mut bytes = cid.to_bytes();
            assert_eq!(bytes, cid.0.to_bytes());
            assert_eq!(bytes.len(), cid.encoded_len());
            assert_eq!(Cid::from_bytes(&bytes).unwrap(), cid);
            bytes.push(0);
            assert!(Cid::from_bytes(&bytes).is_err());
        }
    }

    #[test]
    fn other_hashes_and_codecs_are_refused() {
        // An identity hash, and dag-cbor.
        for text in
            ["bafkqabtimvwgy3yk", "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua", "x", ""]
        {
            assert!(text.parse::<Cid>().is_err(), "{text}");
        }
    }
}
