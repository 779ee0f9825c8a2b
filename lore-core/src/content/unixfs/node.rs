//! [`FileNode`]: the dag-pb block of a UnixFS file, encoded and decoded.
//!
//! Decoding is strict. A block is either exactly what encoding its own parts gives, or an error: fields in their order,
//! shortest numbers, empty link names, a size for every link, sizes that add up. (Formats: the dag-pb and UnixFS
//! specifications of IPLD and IPFS, read 2026-11.) Only files are understood; the rest is named and refused.

use std::ops::Range;

use crate::{
    content::Cid,
    error::{Error, ErrorKind, Result},
};

/// Largest block in bytes that is decoded or walked: what IPFS nodes exchange (2 MiB).
pub const MAX_BLOCK_BYTES: usize = 2 * 1024 * 1024;

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

/// A link from a node of a file to a part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileLink {
    /// The block below.
    pub cid: Cid,
    /// Bytes of that block and all blocks below it, as the link's `Tsize` says.
    pub total_bytes: u64,
    /// Bytes of the file below.
    pub file_bytes: u64,
}

/// A decoded dag-pb block of a file: a leaf with data, or a node with links.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileNode<'a> {
    /// The bytes of a leaf; empty if there are links.
    pub data: &'a [u8],
    /// The parts of the file in order; empty for a leaf.
    pub links: Vec<FileLink>,
    /// Bytes of the file here and below.
    pub file_bytes: u64,
}

impl<'a> FileNode<'a> {
    /// Decodes a dag-pb block.
    ///
    /// # Errors
    /// [`ErrorKind::IntegrityMismatch`] if it is not canonical or its sizes do not add up; [`ErrorKind::Unsupported`] if
    /// it is well-formed UnixFS but no file that Lore could have made: a directory, a symbolic link, data beside links.
    pub fn decode(block: &'a [u8]) -> Result<Self> {
        if block.len() > MAX_BLOCK_BYTES {
            return Err(malformed("the block is larger than any node exchanges"));
        }
        let mut node = Fields(block);
        let mut links = Vec::new();
        while node.next_is(wire::NODE_LINKS) {
            links.push(decode_link(node.bytes(wire::NODE_LINKS)?)?);
        }
        let file = node.bytes(wire::NODE_DATA)?;
        node.end()?;
        Self::decode_file(Fields(file), links)
    }

    fn decode_file(mut file: Fields<'a>, mut links: Vec<FileLink>) -> Result<Self> {
        let kind = file.number(wire::FILE_TYPE)?;
        if kind != wire::TYPE_FILE {
            return Err(unsupported_type(kind));
        }
        let data = if file.next_is(wire::FILE_DATA) { Some(file.bytes(wire::FILE_DATA)?) } else { None };
        let file_bytes = file.number(wire::FILE_SIZE)?;
        for link in &mut links {
            link.file_bytes = file.number(wire::FILE_BLOCKSIZES)?;
            if link.file_bytes == 0 {
                return Err(malformed("a link leads to an empty part"));
            }
        }
        if let Some(unknown) = file.0.first() {
            return Err(match unknown {
                // Mode and time of UnixFS 1.5, hash type and fan-out: well-formed, but never made by an importer.
                0x28 | 0x30 | 0x38 | 0x42 => {
                    Error::new(ErrorKind::Unsupported, "the node has fields of no plain file")
                }
                _ => malformed("there is more after the sizes"),
            });
        }
        let below = links.iter().try_fold(0_u64, |sum, link| sum.checked_add(link.file_bytes));
        match (data, below) {
            (Some(_), _) if !links.is_empty() => {
                Err(Error::new(ErrorKind::Unsupported, "the node has data beside links"))
            }
            (Some([]), _) => Err(malformed("the data is there but empty")),
            (_, None) => Err(malformed("the sizes of the parts are impossible")),
            (data, Some(below)) => {
                let data = data.unwrap_or_default();
                let announced = if links.is_empty() { data.len() as u64 } else { below };
                if announced == file_bytes {
                    Ok(Self { data, links, file_bytes })
                } else {
                    Err(malformed("the size of the file is not that of its parts")
                        .with_context("expected_bytes", file_bytes)
                        .with_context("found_bytes", announced))
                }
            }
        }
    }

    /// The block of this node.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.links.is_empty() {
            encode_leaf(&mut out, self.data);
        } else {
            encode_node(&mut out, &self.links);
        }
        out
    }

    /// Where the data is in the block that this was decoded from: before the size, which ends a leaf.
    pub(super) fn data_range(&self, block_bytes: usize) -> Range<usize> {
        let end = block_bytes.saturating_sub(1 + varint_len(self.file_bytes));
        if self.data.is_empty() { 0..0 } else { end.saturating_sub(self.data.len())..end }
    }

    /// Bytes of all blocks below, as the links say.
    ///
    /// # Errors
    /// [`ErrorKind::IntegrityMismatch`] if the sum is impossible.
    pub fn linked_bytes(&self) -> Result<u64> {
        let sum = self.links.iter().try_fold(0_u64, |sum, link| sum.checked_add(link.total_bytes));
        sum.ok_or_else(|| malformed("the sizes of the parts are impossible"))
    }
}

fn decode_link(bytes: &[u8]) -> Result<FileLink> {
    let mut link = Fields(bytes);
    let hash = link.bytes(wire::LINK_HASH)?;
    let cid = Cid::from_bytes(hash).map_err(|err| {
        Error::new(ErrorKind::Unsupported, "a link is no CID that Lore can verify").with_source(err)
    })?;
    if !link.bytes(wire::LINK_NAME)?.is_empty() {
        return Err(Error::new(ErrorKind::Unsupported, "a link has a name, so this is no file"));
    }
    let total_bytes = link.number(wire::LINK_TSIZE)?;
    link.end()?;
    Ok(FileLink { cid, total_bytes, file_bytes: 0 })
}

fn malformed(why: &'static str) -> Error {
    Error::new(ErrorKind::IntegrityMismatch, "the block is no canonical file node")
        .with_context("reason", why)
}

fn unsupported_type(kind: u64) -> Error {
    let name = match kind {
        0 => "raw",
        1 => "directory",
        3 => "metadata",
        4 => "symlink",
        5 => "hamt_shard",
        _ => return malformed("the UnixFS type is unknown"),
    };
    Error::new(ErrorKind::Unsupported, "the node is no file").with_context("unixfs_type", name)
}

/// What is left of a protobuf message.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next_is(&self, key: u8) -> bool {
        self.0.first() == Some(&key)
    }

    fn key(&mut self, key: u8) -> Result<()> {
        match self.0.split_first() {
            Some((first, rest)) if *first == key => {
                self.0 = rest;
                Ok(())
            }
            _ => Err(malformed("a field is missing or in the wrong place")),
        }
    }

    fn number(&mut self, key: u8) -> Result<u64> {
        self.key(key)?;
        self.varint()
    }

    fn bytes(&mut self, key: u8) -> Result<&'a [u8]> {
        self.key(key)?;
        let length = self.varint()?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (bytes, rest) =
            self.0.split_at_checked(length).ok_or_else(|| malformed("a field is longer than the block"))?;
        self.0 = rest;
        Ok(bytes)
    }

    /// A number in its shortest form.
    fn varint(&mut self) -> Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let Some((byte, rest)) = self.0.split_first() else {
                return Err(malformed("a number is cut off"));
            };
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && bits > 1 {
                return Err(malformed("a number is too large"));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                let is_shortest = *byte != 0 || shift == 0;
                return if is_shortest {
                    Ok(value)
                } else {
                    Err(malformed("a number is not in its shortest form"))
                };
            }
        }
        Err(malformed("a number is too large"))
    }

    fn end(&self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(malformed("there is more after the last field")) }
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(0x80 | u8::try_from(value & 0x7f).unwrap_or_default());
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or_default());
}

const fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

/// Replaces `out` with the block of a leaf.
pub(super) fn encode_leaf(out: &mut Vec<u8>, data: &[u8]) {
    let size = data.len() as u64;
    let data_bytes = if data.is_empty() { 0 } else { 1 + varint_len(size) + data.len() };
    let file_bytes = 2 + data_bytes + 1 + varint_len(size);
    out.clear();
    out.reserve(file_bytes + 12);
    out.push(wire::NODE_DATA);
    varint(out, file_bytes as u64);
    out.push(wire::FILE_TYPE);
    varint(out, wire::TYPE_FILE);
    if !data.is_empty() {
        out.push(wire::FILE_DATA);
        varint(out, size);
        out.extend_from_slice(data);
    }
    out.push(wire::FILE_SIZE);
    varint(out, size);
}

/// Replaces `out` with the block of a node. Links come before data: the order matters for the hash.
pub(super) fn encode_node(out: &mut Vec<u8>, links: &[FileLink]) {
    out.clear();
    out.reserve(links.len() * 64 + 32);
    for link in links {
        let cid_bytes = link.cid.encoded_len();
        out.push(wire::NODE_LINKS);
        varint(out, (5 + cid_bytes + varint_len(link.total_bytes)) as u64);
        out.push(wire::LINK_HASH);
        varint(out, cid_bytes as u64);
        link.cid.encode_to(out);
        out.push(wire::LINK_NAME);
        varint(out, 0);
        out.push(wire::LINK_TSIZE);
        varint(out, link.total_bytes);
    }
    let size: u64 = links.iter().map(|link| link.file_bytes).sum();
    let sizes: usize = links.iter().map(|link| 1 + varint_len(link.file_bytes)).sum();
    out.push(wire::NODE_DATA);
    varint(out, (3 + varint_len(size) + sizes) as u64);
    out.push(wire::FILE_TYPE);
    varint(out, wire::TYPE_FILE);
    out.push(wire::FILE_SIZE);
    varint(out, size);
    for link in links {
        out.push(wire::FILE_BLOCKSIZES);
        varint(out, link.file_bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};

    use super::*;

    fn kind(block: &[u8]) -> ErrorKind {
        FileNode::decode(block).unwrap_err().kind()
    }

    fn link(seed: u8, file_bytes: u64) -> FileLink {
        FileLink { cid: Cid::raw([seed; 32]), total_bytes: file_bytes, file_bytes }
    }

    fn links() -> impl Strategy<Value = Vec<FileLink>> {
        let link = (any::<[u8; 32]>(), 0..3_u8, any::<u64>(), 1..u64::from(u32::MAX));
        prop::collection::vec(link, 1..20).prop_map(|links| {
            let link = |(digest, version, total_bytes, file_bytes)| {
                let cid = match version {
                    0 => Cid::raw(digest),
                    1 => Cid::dag_pb(digest),
                    _ => Cid::v0(digest),
                };
                FileLink { cid, total_bytes, file_bytes }
            };
            links.into_iter().map(link).collect()
        })
    }

    proptest! {
        #[test]
        fn a_node_comes_back_from_its_block(links in links()) {
            let file_bytes = links.iter().map(|link| link.file_bytes).sum();
            let node = FileNode { data: &[], links, file_bytes };
            let block = node.encode();
            prop_assert_eq!(FileNode::decode(&block).unwrap(), node);
        }

        #[test]
        fn a_leaf_comes_back_from_its_block(data in prop::collection::vec(any::<u8>(), 0..1_000)) {
            let node = FileNode { data: &data, links: vec![], file_bytes: data.len() as u64 };
            let block = node.encode();
            prop_assert_eq!(FileNode::decode(&block).unwrap(), node);
        }

        #[test]
        fn any_bytes_are_refused_or_canonical(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(node) = FileNode::decode(&bytes) {
                prop_assert_eq!(node.encode(), bytes);
            }
        }

        #[test]
        fn a_changed_node_is_refused_or_canonical(links in links(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let file_bytes = links.iter().map(|link| link.file_bytes).sum();
            let mut block = FileNode { data: &[], links, file_bytes }.encode();
            let at = at.index(block.len());
            block[at] = byte;
            if let Ok(node) = FileNode::decode(&block) {
                prop_assert_eq!(node.encode(), block.as_slice());
            }
            let cut = &block[..at];
            if let Ok(node) = FileNode::decode(cut) {
                prop_assert_eq!(node.encode(), cut);
            }
        }
    }

    #[test]
    fn directories_shards_and_links_are_unsupported() {
        for unixfs_type in [0, 1, 3, 4, 5] {
            assert_eq!(kind(&[0x0a, 2, 8, unixfs_type]), ErrorKind::Unsupported, "type {unixfs_type}");
        }
        assert_eq!(kind(&[0x0a, 2, 8, 6]), ErrorKind::IntegrityMismatch);
        // A directory entry: a link with a name.
        let mut named = vec![0x12, 41, 0x0a, 34];
        Cid::v0([1; 32]).encode_to(&mut named);
        named.extend([0x12, 1, b'a', 0x18, 5]);
        named.extend([0x0a, 2, 8, 1]);
        assert_eq!(kind(&named), ErrorKind::Unsupported);
        // A file with a mode (UnixFS 1.5).
        assert_eq!(kind(&[0x0a, 6, 8, 2, 0x18, 0, 0x38, 1]), ErrorKind::Unsupported);
    }

    #[test]
    fn sizes_that_do_not_add_up_are_refused() {
        let leaf = [0x0a, 7, 8, 2, 0x12, 1, b'x', 0x18, 2];
        assert_eq!(kind(&leaf), ErrorKind::IntegrityMismatch);
        let huge = FileNode { data: &[], links: vec![link(1, u64::MAX / 2 + 1); 2], file_bytes: 0 };
        // Encoding would overflow as well, so the sizes are put in by hand.
        let mut block = FileNode { links: vec![link(1, 1); 2], ..huge }.encode();
        let end = block.len();
        block.truncate(end - 4);
        let mut sizes = vec![];
        for _ in 0..2 {
            sizes.push(0x20);
            varint(&mut sizes, u64::MAX / 2 + 1);
        }
        let data_at = block.len() - 5;
        assert_eq!(block[data_at], 8, "[length, 8, 2, 0x18, size] comes before the sizes: {block:?}");
        block[data_at - 1] = u8::try_from(4 + sizes.len()).unwrap();
        block.extend(sizes);
        assert_eq!(kind(&block), ErrorKind::IntegrityMismatch);
        let empty_part = FileNode { data: &[], links: vec![link(1, 0)], file_bytes: 0 };
        assert_eq!(kind(&empty_part.encode()), ErrorKind::IntegrityMismatch);
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        let canonical = [0x0a, 7, 8, 2, 0x12, 1, b'x', 0x18, 1];
        assert!(FileNode::decode(&canonical).is_ok());
        let long_number = [0x0a, 8, 8, 0x82, 0, 0x12, 1, b'x', 0x18, 1];
        let empty_data = [0x0a, 6, 8, 2, 0x12, 0, 0x18, 0];
        let other_order = [0x0a, 7, 8, 2, 0x18, 1, 0x12, 1, b'x'];
        let no_size = [0x0a, 5, 8, 2, 0x12, 1, b'x'];
        let too_long = [0x0a, 9, 8, 2, 0x12, 1, b'x', 0x18, 1];
        for block in [&long_number[..], &empty_data, &other_order, &no_size, &too_long, &[], &[0x0a]] {
            assert_eq!(kind(block), ErrorKind::IntegrityMismatch, "{block:?}");
        }
        let trailing: Vec<u8> = canonical.into_iter().chain([0]).collect();
        assert_eq!(kind(&trailing), ErrorKind::IntegrityMismatch);
        assert_eq!(kind(&vec![0; MAX_BLOCK_BYTES + 1]), ErrorKind::IntegrityMismatch);
    }
}
