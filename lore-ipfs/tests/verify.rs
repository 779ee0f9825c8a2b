//! Readers that trust nobody.
#![expect(clippy::unwrap_used, reason = "a test on bytes it made itself")]

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use lore_core::{
    Cid, Content as _, Error, ErrorKind, Result,
    content::{
        BytesContent, ContentReader, read_all,
        unixfs::{BlockSink, Importer, Profile, fingerprint_bytes},
    },
};
use lore_ipfs::{BlockSource, ReimportedReader, VerifiedReader};

#[derive(Clone, Debug, Default)]
struct Blocks(Arc<HashMap<Cid, Vec<u8>>>);

impl BlockSink for Blocks {
    fn block(&mut self, cid: &Cid, bytes: &[u8]) -> Result<()> {
        Arc::make_mut(&mut self.0).insert(*cid, bytes.to_vec());
        Ok(())
    }
}

#[async_trait]
impl BlockSource for Blocks {
    async fn block(&self, cid: &Cid, into: &mut Vec<u8>) -> Result<()> {
        let block = self.0.get(cid).ok_or_else(|| Error::new(ErrorKind::NotFound, "no such block"))?;
        into.clear();
        into.extend_from_slice(block);
        Ok(())
    }
}

fn bytes(size: usize) -> Vec<u8> {
    (0..=250).flat_map(|byte| [byte; 3]).cycle().take(size).collect()
}

fn import(profile: Profile, bytes: &[u8]) -> (Cid, Blocks) {
    let (mut importer, mut blocks) = (Importer::new(profile), Blocks::default());
    importer.update(bytes, &mut blocks).unwrap();
    (importer.finish(&mut blocks).unwrap().cid, blocks)
}

async fn read(source: Blocks, root: Cid) -> Result<Vec<u8>> {
    read_all(&mut VerifiedReader::open(source, root).await?, 100_000_000).await
}

#[tokio::test]
async fn blocks_become_the_file_again() {
    for profile in Profile::ALL {
        for size in [0, 1, 262_144, 3_000_000] {
            let bytes = bytes(size);
            let (root, blocks) = import(profile, &bytes);
            let reader = VerifiedReader::open(blocks.clone(), root).await.unwrap();
            assert_eq!(reader.file_bytes(), size as u64);
            assert!(read(blocks, root).await.unwrap() == bytes, "{profile:?} {size}");
        }
    }
}

#[tokio::test]
async fn a_wrong_or_missing_block_is_an_error_and_never_bytes() {
    for profile in Profile::ALL {
        let bytes = bytes(3_000_000);
        let (root, blocks) = import(profile, &bytes);
        for cid in blocks.0.keys() {
            let mut wrong = blocks.clone();
            Arc::make_mut(&mut wrong.0).get_mut(cid).unwrap()[7] ^= 1;
            let error = read(wrong, root).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
            assert!(error.to_string().contains(&cid.to_string()), "{error}");
            let mut missing = blocks.clone();
            Arc::make_mut(&mut missing.0).remove(cid);
            let kind = if *cid == root { ErrorKind::NotFound } else { ErrorKind::IntegrityMismatch };
            assert_eq!(read(missing, root).await.unwrap_err().kind(), kind);
        }
    }
}

async fn stream(bytes: &[u8]) -> Box<dyn ContentReader> {
    BytesContent::new(bytes.to_vec()).open(0).await.unwrap()
}

#[tokio::test]
async fn a_stream_of_the_right_bytes_passes() {
    for profile in Profile::ALL {
        for size in [0, 1, 65_536, 65_537, 3_000_000] {
            let bytes = bytes(size);
            let cid = fingerprint_bytes(profile, &bytes).unwrap().cid;
            let mut reader = ReimportedReader::new(stream(&bytes).await, profile, cid);
            assert!(read_all(&mut reader, size).await.unwrap() == bytes, "{profile:?} {size}");
        }
    }
}

#[tokio::test]
async fn a_stream_of_other_bytes_fails_before_its_end() {
    let right = bytes(200_000);
    let cid = fingerprint_bytes(Profile::Pinata, &right).unwrap().cid;
    let mut flipped = right.clone();
    flipped[0] ^= 1;
    let longer = [right.as_slice(), b"x"].concat();
    for given in [&flipped, &longer, &right[..199_999].to_vec(), &vec![]] {
        let mut reader = ReimportedReader::new(stream(given).await, Profile::Pinata, cid);
        let (mut count, mut buffer) = (0, vec![0; 10_000]);
        let error = loop {
            match reader.read(&mut buffer).await {
                Ok(0) => unreachable!("the end was shown"),
                Ok(more) => count += more,
                Err(err) => break err,
            }
        };
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
        assert!(count < given.len().max(1), "the last bytes were given unproved");
        assert_eq!(reader.read(&mut buffer).await.unwrap_err().kind(), ErrorKind::IntegrityMismatch);
    }
}
