//! [`Importer`]: from a stream to blocks, CID and SHA-256, in one pass.
//!
//! Nothing is allocated per chunk: the open chunk, the encoded block and the links of each level live in buffers that are
//! filled again and again. Whole chunks that come in one piece are hashed where they lie.

use sha2::{Digest, Sha256};

use crate::{
    content::{
        Cid, Content, ContentHash,
        unixfs::{
            Fingerprint, Profile,
            node::{FileLink, encode_leaf, encode_node},
        },
    },
    error::{Error, ErrorKind, Result},
};

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

/// Computes CID and SHA-256 of a stream. Feed it with [`update`](Self::update), end with [`finish`](Self::finish).
#[derive(Debug)]
pub struct Importer {
    content: Sha256,
    blocks: BlockImporter,
}

impl Importer {
    /// A fresh import.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self { content: Sha256::new(), blocks: BlockImporter::new(profile) }
    }

    /// Takes the next bytes. Pieces of [`Profile::chunk_bytes`] are never copied if leaves are raw.
    ///
    /// # Errors
    /// What the sink returns.
    pub fn update(&mut self, bytes: &[u8], sink: &mut impl BlockSink) -> Result<()> {
        self.blocks.take(bytes, Some(&mut self.content), sink)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What the sink returns.
    pub fn finish(mut self, sink: &mut impl BlockSink) -> Result<Fingerprint> {
        self.blocks.end(Some(&mut self.content), sink)?;
        let profile = self.blocks.profile;
        let (cid, size_bytes) = self.blocks.root(sink)?;
        let sha256 = ContentHash::from_bytes(self.content.finalize().into());
        Ok(Fingerprint { cid, sha256, size_bytes, profile })
    }
}

/// An [`Importer`] without the hash of the whole content, for callers that compute that one beside it
/// ([`ContentHasher`](crate::content::ContentHasher)) on another thread.
#[derive(Debug)]
pub struct BlockImporter {
    profile: Profile,
    /// The open chunk, unless whole chunks come in from outside.
    chunk: Vec<u8>,
    /// The block that was encoded last.
    block: Vec<u8>,
    /// Links that wait for their node, leaves first.
    levels: Vec<Vec<FileLink>>,
    size_bytes: u64,
}

impl BlockImporter {
    /// A fresh import.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self { profile, chunk: Vec::new(), block: Vec::new(), levels: Vec::new(), size_bytes: 0 }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// What the sink returns.
    pub fn update(&mut self, bytes: &[u8], sink: &mut impl BlockSink) -> Result<()> {
        self.take(bytes, None, sink)
    }

    /// Ends the file, whose bytes have the hash `sha256`.
    ///
    /// # Errors
    /// What the sink returns.
    pub fn finish(mut self, sha256: ContentHash, sink: &mut impl BlockSink) -> Result<Fingerprint> {
        self.end(None, sink)?;
        let profile = self.profile;
        let (cid, size_bytes) = self.root(sink)?;
        Ok(Fingerprint { cid, sha256, size_bytes, profile })
    }

    fn take(
        &mut self,
        mut bytes: &[u8],
        mut content: Option<&mut Sha256>,
        sink: &mut impl BlockSink,
    ) -> Result<()> {
        let chunk_bytes = self.profile.chunk_bytes();
        while !bytes.is_empty() {
            if self.chunk.is_empty() && bytes.len() >= chunk_bytes {
                let (whole, rest) = bytes.split_at(chunk_bytes);
                self.leaf(whole, content.as_deref_mut(), sink)?;
                bytes = rest;
            } else {
                let (part, rest) = bytes.split_at(bytes.len().min(chunk_bytes - self.chunk.len()));
                self.chunk.extend_from_slice(part);
                bytes = rest;
                if self.chunk.len() == chunk_bytes {
                    self.flush(content.as_deref_mut(), sink)?;
                }
            }
        }
        Ok(())
    }

    /// Makes a leaf of what is left.
    fn end(&mut self, content: Option<&mut Sha256>, sink: &mut impl BlockSink) -> Result<()> {
        if !self.chunk.is_empty() || self.size_bytes == 0 { self.flush(content, sink) } else { Ok(()) }
    }

    /// Makes nodes of the open levels, up to the root.
    fn root(mut self, sink: &mut impl BlockSink) -> Result<(Cid, u64)> {
        let mut level = 0;
        loop {
            let above = self.levels.iter().skip(level + 1).any(|links| !links.is_empty());
            match self.levels.get(level).map(Vec::as_slice) {
                Some([root]) if !above => return Ok((root.cid, self.size_bytes)),
                None => return Err(Error::new(ErrorKind::Unexpected, "an import ended without a root")),
                Some([]) => {}
                Some(_) => self.close(level, sink)?,
            }
            level += 1;
        }
    }

    fn flush(&mut self, content: Option<&mut Sha256>, sink: &mut impl BlockSink) -> Result<()> {
        let mut chunk = std::mem::take(&mut self.chunk);
        let result = self.leaf(&chunk, content, sink);
        chunk.clear();
        self.chunk = chunk;
        result
    }

    fn leaf(&mut self, chunk: &[u8], content: Option<&mut Sha256>, sink: &mut impl BlockSink) -> Result<()> {
        let is_first = self.size_bytes == 0;
        let file_bytes = chunk.len() as u64;
        self.size_bytes += file_bytes;
        // The first leaf is the content so far: if it is raw, its hash is known without hashing it again.
        let known = content.and_then(|content| {
            content.update(chunk);
            (is_first && self.profile.raw_leaves()).then(|| content.clone().finalize())
        });
        let link = if self.profile.raw_leaves() {
            let cid = Cid::raw(known.unwrap_or_else(|| Sha256::digest(chunk)).into());
            sink.block(&cid, chunk)?;
            FileLink { cid, total_bytes: file_bytes, file_bytes }
        } else {
            encode_leaf(&mut self.block, chunk);
            let cid = self.profile.node_cid(Sha256::digest(&self.block).into());
            sink.block(&cid, &self.block)?;
            FileLink { cid, total_bytes: self.block.len() as u64, file_bytes }
        };
        self.push(0, link, sink)
    }

    fn push(&mut self, level: usize, link: FileLink, sink: &mut impl BlockSink) -> Result<()> {
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Vec::new);
        }
        let Some(links) = self.levels.get_mut(level) else {
            return Err(Error::new(ErrorKind::Unexpected, "a tree level is missing"));
        };
        links.push(link);
        if links.len() < self.profile.max_links() { Ok(()) } else { self.close(level, sink) }
    }

    /// Makes a node of the links of a level and links it from the level above.
    fn close(&mut self, level: usize, sink: &mut impl BlockSink) -> Result<()> {
        let Some(links) = self.levels.get_mut(level) else {
            return Err(Error::new(ErrorKind::Unexpected, "a tree level is missing"));
        };
        encode_node(&mut self.block, links);
        let below: u64 = links.iter().map(|link| link.total_bytes).sum();
        let link = FileLink {
            cid: self.profile.node_cid(Sha256::digest(&self.block).into()),
            total_bytes: self.block.len() as u64 + below,
            file_bytes: links.iter().map(|link| link.file_bytes).sum(),
        };
        links.clear();
        sink.block(&link.cid, &self.block)?;
        self.push(level + 1, link, sink)
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

    #[test]
    fn the_two_halves_of_an_import_give_the_whole() {
        let bytes: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
        for profile in Profile::ALL {
            let mut importer = BlockImporter::new(profile);
            importer.update(&bytes, &mut ()).unwrap();
            let found = importer.finish(ContentHash::of(&bytes), &mut ()).unwrap();
            assert_eq!(found, fingerprint_bytes(profile, &bytes).unwrap());
        }
    }

    #[test]
    fn an_import_holds_one_chunk_and_one_open_node_per_level() {
        let profile = Profile::UnixFsV0_2015;
        let (mut importer, piece) = (Importer::new(profile), vec![7; 100_000]);
        for _ in 0..500 {
            importer.update(&piece, &mut ()).unwrap();
            let held = &importer.blocks;
            assert!(held.chunk.capacity() <= 2 * profile.chunk_bytes());
            assert!(held.block.capacity() <= 2 * profile.chunk_bytes());
            assert!(held.levels.len() <= 2);
            assert!(held.levels.iter().all(|links| links.capacity() <= 2 * profile.max_links()));
        }
        // The file was large enough for a full node, so the bound was tried.
        assert!(importer.blocks.size_bytes > (profile.chunk_bytes() * profile.max_links()) as u64);
    }
}
