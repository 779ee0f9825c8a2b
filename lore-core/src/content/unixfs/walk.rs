//! [`FileWalk`]: from blocks to the bytes of a file, without trusting whoever gives the blocks.

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::{
    content::{
        Cid,
        unixfs::node::{FileNode, MAX_BLOCK_BYTES},
    },
    error::{Error, ErrorKind, Result},
};

/// Levels of a tree. Nine levels of 174 links hold more bytes than a 64-bit size can say.
const MAX_DEPTH: usize = 16;

/// Walks the blocks of a file in reading order. It does no I/O: it says which block it [wants](Self::wanted), and gives
/// the file's bytes out of the block it [takes](Self::take), after it has checked
///
/// - that the block hashes to its CID,
/// - that it is a file's block in canonical form ([`FileNode`]),
/// - that file size and total size below are what the block above announced.
///
/// Every block below the root yields or leads to at least one byte, so the work is bounded by the size of the file.
#[derive(Clone, Debug)]
pub struct FileWalk {
    /// Blocks to come, the next one last.
    open: Vec<Open>,
    file_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    cid: Cid,
    depth: usize,
    announced: Option<Announced>,
}

#[derive(Clone, Copy, Debug)]
struct Announced {
    total_bytes: u64,
    file_bytes: u64,
}

impl FileWalk {
    /// Starts at the root.
    #[must_use]
    pub fn new(root: Cid) -> Self {
        Self { open: vec![Open { cid: root, depth: 1, announced: None }], file_bytes: None }
    }

    /// The block that must come next; `None` at the end of the file.
    #[must_use]
    pub fn wanted(&self) -> Option<&Cid> {
        self.open.last().map(|open| &open.cid)
    }

    /// The size of the file, as soon as the root was taken.
    #[must_use]
    pub const fn file_bytes(&self) -> Option<u64> {
        self.file_bytes
    }

    /// Takes the wanted block and says where in it the next bytes of the file are; nowhere if it is an inner node. A block
    /// that is refused stays wanted.
    ///
    /// # Errors
    /// [`ErrorKind::IntegrityMismatch`], naming the CID, for other bytes, sizes or forms than announced;
    /// [`ErrorKind::Unsupported`] if this is no file; [`ErrorKind::InvalidInput`] if no block is wanted.
    pub fn take(&mut self, block: &[u8]) -> Result<Range<usize>> {
        let Some(open) = self.open.last().copied() else {
            return Err(Error::new(ErrorKind::InvalidInput, "the file is over, no block is wanted"));
        };
        let node = Self::check(&open, block).map_err(|err| err.with_context("cid", open.cid))?;
        self.file_bytes.get_or_insert(node.file_bytes);
        self.open.pop();
        self.open.extend(node.links.iter().rev().map(|link| Open {
            cid: link.cid,
            depth: open.depth + 1,
            announced: Some(Announced { total_bytes: link.total_bytes, file_bytes: link.file_bytes }),
        }));
        Ok(if open.cid.is_raw() { 0..block.len() } else { node.data_range(block.len()) })
    }

    fn check<'b>(open: &Open, block: &'b [u8]) -> Result<FileNode<'b>> {
        if block.len() > MAX_BLOCK_BYTES {
            return Err(Error::new(ErrorKind::IntegrityMismatch, "the block is larger than any block")
                .with_context("found_bytes", block.len()));
        }
        if <[u8; 32]>::from(Sha256::digest(block)) != open.cid.digest() {
            return Err(Error::new(ErrorKind::IntegrityMismatch, "the block does not hash to its CID"));
        }
        if open.depth > MAX_DEPTH {
            return Err(Error::new(ErrorKind::IntegrityMismatch, "the tree is deeper than any file")
                .with_context("max_depth", MAX_DEPTH));
        }
        let node = if open.cid.is_raw() {
            FileNode { data: block, links: Vec::new(), file_bytes: block.len() as u64 }
        } else {
            FileNode::decode(block)?
        };
        if let Some(announced) = open.announced {
            let total_bytes = node.linked_bytes()?.saturating_add(block.len() as u64);
            if announced.file_bytes != node.file_bytes || announced.total_bytes != total_bytes {
                return Err(Error::new(
                    ErrorKind::IntegrityMismatch,
                    "the block does not have the announced size",
                )
                .with_context("expected_bytes", announced.file_bytes)
                .with_context("found_bytes", node.file_bytes)
                .with_context("expected_total_bytes", announced.total_bytes)
                .with_context("found_total_bytes", total_bytes));
            }
        }
        Ok(node)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::content::unixfs::{BlockSink, FileLink, Importer, Profile};

    #[derive(Default)]
    struct Blocks(HashMap<Cid, Vec<u8>>);

    impl BlockSink for Blocks {
        fn block(&mut self, cid: &Cid, bytes: &[u8]) -> Result<()> {
            self.0.insert(*cid, bytes.to_vec());
            Ok(())
        }
    }

    impl Blocks {
        fn put(&mut self, node: &FileNode<'_>) -> Cid {
            let block = node.encode();
            let cid = Cid::dag_pb(Sha256::digest(&block).into());
            self.0.insert(cid, block);
            cid
        }
    }

    fn import(profile: Profile, bytes: &[u8]) -> (Cid, Blocks) {
        let (mut importer, mut blocks) = (Importer::new(profile), Blocks::default());
        importer.update(bytes, &mut blocks).unwrap();
        (importer.finish(&mut blocks).unwrap().cid, blocks)
    }

    fn read(root: Cid, blocks: &Blocks) -> Result<Vec<u8>> {
        let (mut walk, mut bytes) = (FileWalk::new(root), vec![]);
        while let Some(cid) = walk.wanted().copied() {
            let block = &blocks.0[&cid];
            bytes.extend_from_slice(&block[walk.take(block)?]);
        }
        assert_eq!(walk.file_bytes(), Some(bytes.len() as u64));
        Ok(bytes)
    }

    #[test]
    fn a_file_comes_back_from_its_blocks_under_every_profile() {
        for profile in Profile::ALL {
            // The last one has two levels of nodes under the profiles of 174 links.
            for size in [0, 1, 262_144, 262_145, 1_048_577, 46_000_000] {
                let bytes: Vec<u8> = (0..size).map(|n: u32| (n / 7 % 251) as u8).collect();
                let (root, blocks) = import(profile, &bytes);
                assert!(read(root, &blocks).unwrap() == bytes, "{profile:?}, {size} bytes");
            }
        }
    }

    #[test]
    fn a_damaged_block_gives_no_byte_and_names_its_cid() {
        let bytes: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
        for profile in Profile::ALL {
            let (root, blocks) = import(profile, &bytes);
            for damaged in blocks.0.keys() {
                let mut walk = FileWalk::new(root);
                while let Some(cid) = walk.wanted().copied() {
                    let mut block = blocks.0[&cid].clone();
                    if cid == *damaged {
                        let last = block.len() - 1;
                        block[last] ^= 1;
                        let error = walk.take(&block).unwrap_err();
                        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
                        assert!(error.context().contains(&("cid", cid.to_string())));
                        // The right block is still welcome.
                        assert_eq!(walk.wanted(), Some(&cid));
                    }
                    walk.take(&blocks.0[&cid]).unwrap();
                }
            }
        }
    }

    #[test]
    fn announced_sizes_must_be_the_sizes_found() {
        let mut blocks = Blocks::default();
        let leaf = Cid::raw(Sha256::digest(b"leaf").into());
        blocks.0.insert(leaf, b"leaf".to_vec());
        for (total_bytes, file_bytes, is_right) in [(4, 4, true), (5, 4, false), (4, 5, false), (4, 3, false)]
        {
            let links = vec![FileLink { cid: leaf, total_bytes, file_bytes }];
            let root = blocks.put(&FileNode { data: &[], links, file_bytes });
            assert_eq!(read(root, &blocks).is_ok(), is_right, "{total_bytes} {file_bytes}");
        }
    }

    #[test]
    fn a_tree_without_end_is_refused() {
        let mut blocks = Blocks::default();
        let mut cid = Cid::raw(Sha256::digest(b"x").into());
        blocks.0.insert(cid, b"x".to_vec());
        let mut total_bytes = 1;
        for _ in 0..MAX_DEPTH {
            let links = vec![FileLink { cid, total_bytes, file_bytes: 1 }];
            let node = FileNode { data: &[], links, file_bytes: 1 };
            total_bytes += node.encode().len() as u64;
            cid = blocks.put(&node);
        }
        assert_eq!(read(cid, &blocks).unwrap_err().kind(), ErrorKind::IntegrityMismatch);
    }

    #[test]
    fn no_block_is_wanted_after_the_end() {
        let (root, blocks) = import(Profile::Pinata, b"x");
        let mut walk = FileWalk::new(root);
        walk.take(&blocks.0[&root]).unwrap();
        assert_eq!(walk.take(b"x").unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    proptest! {
        #[test]
        fn any_block_is_refused_or_is_what_it_says(block in prop::collection::vec(any::<u8>(), 0..300)) {
            // The CID is right, so that the bytes get as far as the decoder.
            let mut walk = FileWalk::new(Cid::dag_pb(Sha256::digest(&block).into()));
            match walk.take(&block) {
                Ok(data) => prop_assert!(data.end <= block.len()),
                Err(err) => prop_assert!(matches!(err.kind(), ErrorKind::IntegrityMismatch | ErrorKind::Unsupported)),
            }
            let mut walk = FileWalk::new(Cid::raw(Sha256::digest(&block).into()));
            prop_assert_eq!(walk.take(&block).unwrap(), 0..block.len());
        }
    }
}
