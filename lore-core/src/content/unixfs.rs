//! UnixFS: how a file becomes blocks, and so gets its CID, computed from a stream in one pass.
//!
//! The [`Importer`] holds one chunk and one partial node per tree level, whatever the size of the file. The same
//! bytes get different CIDs under different [`Profile`]s (IPIP-0499); a file of one raw chunk is the exception: its
//! CID is its SHA-256. This module hashes and encodes; reading files and keeping blocks is the adapters' work.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    content::{Cid, Content, ContentHash},
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

    fn node_cid(self, digest: [u8; 32]) -> Cid {
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
}

/// Takes the blocks of a file as they come: leaves in order, each node after its children, the root last.
pub trait BlockSink {
    /// Takes a block.
    ///
    /// # Errors
    /// Whatever the sink returns ends the import.
    fn block(&mut self, cid: &Cid, bytes: &[u8]) -> Result<()>;
}

/// Drops the blocks: for computing a CID alone.
impl BlockSink for () {
    fn block(&mut self, _: &Cid, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct Link {
    cid: Cid,
    /// Bytes of the linked block and all below it, as the link's `Tsize`.
    total_bytes: u64,
    /// Bytes of the file below.
    file_bytes: u64,
}

/// Computes CID and SHA-256 of a stream. Feed it with [`update`](Self::update), end with [`finish`](Self::finish).
#[derive(Debug)]
pub struct Importer {
    profile: Profile,
    content: Sha256,
    /// The open chunk, unless whole chunks come in from outside.
    chunk: Vec<u8>,
    /// Links that wait for their node, leaves first.
    levels: Vec<Vec<Link>>,
    size_bytes: u64,
}

impl Importer {
    /// A fresh import.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self { profile, content: Sha256::new(), chunk: Vec::new(), levels: Vec::new(), size_bytes: 0 }
    }

    /// Takes the next bytes. Pieces of [`Profile::chunk_bytes`] are never copied.
    ///
    /// # Errors
    /// What the sink returns.
    pub fn update(&mut self, mut bytes: &[u8], sink: &mut impl BlockSink) -> Result<()> {
        let chunk_bytes = self.profile.chunk_bytes();
        while !bytes.is_empty() {
            if self.chunk.is_empty() && bytes.len() >= chunk_bytes {
                let (whole, rest) = bytes.split_at(chunk_bytes);
                self.leaf(whole, sink)?;
                bytes = rest;
            } else {
                let (part, rest) = bytes.split_at(bytes.len().min(chunk_bytes - self.chunk.len()));
                self.chunk.extend_from_slice(part);
                bytes = rest;
                if self.chunk.len() == chunk_bytes {
                    self.flush(sink)?;
                }
            }
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What the sink returns.
    pub fn finish(mut self, sink: &mut impl BlockSink) -> Result<Fingerprint> {
        if !self.chunk.is_empty() || self.size_bytes == 0 {
            self.flush(sink)?;
        }
        let mut level = 0;
        let root = loop {
            let above = self.levels.iter().skip(level + 1).any(|links| !links.is_empty());
            let links = self.levels.get_mut(level).map(std::mem::take).unwrap_or_default();
            match (above, links.len()) {
                (false, 0) => {
                    return Err(Error::new(ErrorKind::Unexpected, "an import ended without a root"));
                }
                (false, 1) => break links.into_iter().next(),
                (true, 0) => {}
                _ => self.node(level, &links, sink)?,
            }
            level += 1;
        };
        let root = root.ok_or_else(|| Error::new(ErrorKind::Unexpected, "an import ended without a root"))?;
        Ok(Fingerprint {
            cid: root.cid,
            sha256: ContentHash::from_bytes(self.content.finalize().into()),
            size_bytes: self.size_bytes,
            profile: self.profile,
        })
    }

    fn flush(&mut self, sink: &mut impl BlockSink) -> Result<()> {
        let mut chunk = std::mem::take(&mut self.chunk);
        let result = self.leaf(&chunk, sink);
        chunk.clear();
        self.chunk = chunk;
        result
    }

    fn leaf(&mut self, chunk: &[u8], sink: &mut impl BlockSink) -> Result<()> {
        let is_first = self.size_bytes == 0;
        let file_bytes = chunk.len() as u64;
        self.content.update(chunk);
        self.size_bytes += file_bytes;
        let (cid, total_bytes) = if self.profile.raw_leaves() {
            // The first raw leaf is the content so far: its hash is already known.
            let digest = if is_first { self.content.clone().finalize() } else { Sha256::digest(chunk) };
            let cid = Cid::raw(digest.into());
            sink.block(&cid, chunk)?;
            (cid, file_bytes)
        } else {
            let block = encode_node(&[], Some(chunk), file_bytes);
            let cid = self.profile.node_cid(Sha256::digest(&block).into());
            sink.block(&cid, &block)?;
            (cid, block.len() as u64)
        };
        self.push(0, Link { cid, total_bytes, file_bytes }, sink)
    }

    fn push(&mut self, level: usize, link: Link, sink: &mut impl BlockSink) -> Result<()> {
        while self.levels.len() <= level {
            self.levels.push(Vec::new());
        }
        let Some(links) = self.levels.get_mut(level) else {
            return Err(Error::new(ErrorKind::Unexpected, "a tree level is missing"));
        };
        links.push(link);
        if links.len() < self.profile.max_links() {
            return Ok(());
        }
        let full = std::mem::take(links);
        self.node(level, &full, sink)
    }

    fn node(&mut self, level: usize, links: &[Link], sink: &mut impl BlockSink) -> Result<()> {
        let file_bytes = links.iter().map(|link| link.file_bytes).sum();
        let block = encode_node(links, None, file_bytes);
        let cid = self.profile.node_cid(Sha256::digest(&block).into());
        sink.block(&cid, &block)?;
        let total_bytes = block.len() as u64 + links.iter().map(|link| link.total_bytes).sum::<u64>();
        self.push(level + 1, Link { cid, total_bytes, file_bytes }, sink)
    }
}

/// The fingerprint of bytes in memory.
///
/// # Errors
/// None in practice; the signature is the importer's.
pub fn fingerprint_bytes(profile: Profile, bytes: &[u8]) -> Result<Fingerprint> {
    let mut importer = Importer::new(profile);
    importer.update(bytes, &mut ())?;
    importer.finish(&mut ())
}

/// The fingerprint of content, read once from its start.
///
/// # Errors
/// What the content's reader returns; [`ErrorKind::IntegrityMismatch`] if there are more or fewer bytes than the
/// content said.
pub async fn fingerprint(profile: Profile, content: &dyn Content) -> Result<Fingerprint> {
    let mut reader = content.open(0).await?;
    let mut importer = Importer::new(profile);
    let mut buffer = vec![0; profile.chunk_bytes()];
    let mut filled = 0;
    loop {
        let count = reader.read(buffer.get_mut(filled..).unwrap_or_default()).await?;
        filled += count;
        if count == 0 || filled == buffer.len() {
            importer.update(buffer.get(..filled).unwrap_or_default(), &mut ())?;
            filled = 0;
        }
        if count == 0 {
            break;
        }
    }
    let found = importer.finish(&mut ())?;
    if found.size_bytes != content.size_bytes() {
        return Err(Error::new(ErrorKind::IntegrityMismatch, "the content does not have the size it says")
            .with_context("expected_bytes", content.size_bytes())
            .with_context("found_bytes", found.size_bytes));
    }
    Ok(found)
}

/// Field numbers and wire types of dag-pb and UnixFS (protobuf).
mod wire {
    pub(super) const NODE_DATA: u8 = 0x0a;
    pub(super) const NODE_LINKS: u8 = 0x12;
    pub(super) const LINK_HASH: u8 = 0x0a;
    pub(super) const LINK_NAME: u8 = 0x12;
    pub(super) const LINK_TSIZE: u8 = 0x18;
    pub(super) const FILE_TYPE: u8 = 0x08;
    pub(super) const FILE_DATA: u8 = 0x12;
    pub(super) const FILE_SIZE: u8 = 0x18;
    pub(super) const FILE_BLOCKSIZES: u8 = 0x20;
    /// UnixFS type of a file.
    pub(super) const TYPE_FILE: u64 = 2;
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(0x80 | u8::try_from(value & 0x7f).unwrap_or_default());
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or_default());
}

fn field(out: &mut Vec<u8>, key: u8, bytes: &[u8]) {
    out.push(key);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A dag-pb node of a UnixFS file. Links come before data: the order matters for the hash.
fn encode_node(links: &[Link], data: Option<&[u8]>, file_bytes: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(links.len() * 56 + data.map_or(0, <[u8]>::len) + 64);
    let mut encoded = Vec::with_capacity(64);
    for link in links {
        encoded.clear();
        field(&mut encoded, wire::LINK_HASH, &link.cid.to_bytes());
        field(&mut encoded, wire::LINK_NAME, b"");
        encoded.push(wire::LINK_TSIZE);
        varint(&mut encoded, link.total_bytes);
        field(&mut out, wire::NODE_LINKS, &encoded);
    }
    let mut file = Vec::with_capacity(links.len() * 4 + data.map_or(0, <[u8]>::len) + 32);
    file.push(wire::FILE_TYPE);
    varint(&mut file, wire::TYPE_FILE);
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        field(&mut file, wire::FILE_DATA, data);
    }
    file.push(wire::FILE_SIZE);
    varint(&mut file, file_bytes);
    for link in links {
        file.push(wire::FILE_BLOCKSIZES);
        varint(&mut file, link.file_bytes);
    }
    field(&mut out, wire::NODE_DATA, &file);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cid(profile: Profile, bytes: &[u8]) -> String {
        fingerprint_bytes(profile, bytes).unwrap().cid.to_string()
    }

    #[test]
    fn small_files_get_the_published_cids() {
        let v1 = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
        assert_eq!(
            cid(Profile::UnixFsV0_2015, b"hello world"),
            "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"
        );
        assert_eq!(cid(Profile::UnixFsV1_2025, b"hello world"), v1);
        assert_eq!(cid(Profile::Pinata, b"hello world"), v1);
        assert_eq!(cid(Profile::UnixFsV0_2015, b""), "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH");
        assert!(cid(Profile::UnixFsV1_2025, b"").starts_with("bafkreihdwdc"));
    }

    #[test]
    fn the_pieces_in_which_a_file_arrives_do_not_matter() {
        let bytes: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
        for profile in Profile::ALL {
            let whole = fingerprint_bytes(profile, &bytes).unwrap();
            assert_eq!(whole.sha256, ContentHash::of(&bytes));
            for piece in [1_000, 262_144, 262_145, 699_999] {
                let mut importer = Importer::new(profile);
                for part in bytes.chunks(piece) {
                    importer.update(part, &mut ()).unwrap();
                }
                assert_eq!(importer.finish(&mut ()).unwrap(), whole, "{profile:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_one_chunk_file_is_named_by_its_own_hash() {
        let found = fingerprint_bytes(Profile::Pinata, b"some metadata").unwrap();
        assert_eq!(found.cid.content_hash(), Some(found.sha256));
    }
}
