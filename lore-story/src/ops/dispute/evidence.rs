//! Evidence: a document in IPFS, of which the chain keeps the SHA-256 digest.

use lore_core::{Cid, ContentHash};

/// What the chain keeps of evidence: the digest in its CID.
///
/// Only CIDs with a SHA-2 256 digest have one of 32 bytes; [`Cid`] reads no others.
#[must_use]
pub fn evidence_hash(cid: &Cid) -> ContentHash {
    ContentHash::from_bytes(cid.digest())
}

/// The CID under which evidence is looked for, as the protocol's own clients write it: version 0.
///
/// The chain does not keep which kind of block the digest is of. Evidence that was pinned as one raw block has another
/// CID with the same digest: [`Cid::raw`].
#[must_use]
pub fn evidence_cid(hash: &ContentHash) -> Cid {
    Cid::v0(*hash.as_bytes())
}

#[cfg(test)]
mod tests {
    use lore_core::ErrorKind;

    use super::*;

    #[test]
    fn the_digest_of_a_cid_is_the_evidence_and_the_other_way_round() {
        let cid: Cid = "QmX4zdp8VpzqvtKuEqMo6gfZPdoUx9TeHXCgzKLcFfSUbk".parse().unwrap();
        let hash = evidence_hash(&cid);
        // As the protocol's own client wrote it on chain for this CID.
        let recorded = "0x81b66b75e40c3f48de314c17f1ee6b967daff6d611c051005032a20e2171a9f3";
        assert_eq!(hash.to_string(), recorded);
        assert_eq!(evidence_cid(&hash), cid);
        assert_eq!(evidence_hash(&Cid::raw(cid.digest())), hash);
    }

    #[test]
    fn a_cid_of_another_hash_is_refused_with_the_field() {
        // BLAKE2b-256 and SHA-2 512 of dag-pb blocks.
        for cid in [
            "bafykbzacediwdvyriwv65rppcwv46bczz3daujzsdyxqvqhpplhfevhvsrchm",
            "bafybgqfevpkejdcjkywyfaiv2e5b7thksj7vfngviwjjp6fuhzbnvcjdrpatmjxehxftrxnqqjeisj7msbh3iicxiq4yh2efqulz2ucvdl7ge",
        ] {
            let error = cid.parse::<Cid>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(error.violations()[0].rule, "unsupported");
        }
    }
}
