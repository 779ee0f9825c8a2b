//! What the server keeps.

use std::{collections::HashMap, time::Duration};

use lore_core::{
    Cid,
    content::unixfs::{BlockSink, Importer, Profile},
};
use serde_json::{Value, json};

use super::faults::{Operation, Script};

/// A file of the account.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) cid: Cid,
    pub(crate) name: String,
    pub(crate) network: String,
    pub(crate) group_id: Option<String>,
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
    blocks: HashMap<Cid, Vec<u8>>,
}

impl File {
    pub(super) fn block(&self, cid: &Cid) -> Option<&Vec<u8>> {
        self.blocks.get(cid)
    }

    pub(super) fn to_json(&self, is_duplicate: bool) -> Value {
        let mut value = json!({
            "id": self.id, "name": self.name, "cid": self.cid.to_string(), "size": self.bytes.len(),
            "number_of_files": 1, "mime_type": self.media_type, "group_id": self.group_id,
            "keyvalues": {}, "created_at": "2026-01-01T00:00:00.000Z",
        });
        if is_duplicate {
            value["is_duplicate"] = json!(true);
        }
        value
    }
}

/// What the server was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: usize,
    pub(crate) by_operation: HashMap<Operation, usize>,
    /// Files that came whole, wanted or not.
    pub(crate) uploads: u64,
    /// Bytes of files that came, wanted or not.
    pub(crate) bytes: usize,
}

/// An upload in pieces.
#[derive(Clone, Debug)]
pub(super) struct Piecewise {
    pub(super) length: usize,
    pub(super) network: String,
    pub(super) name: String,
    pub(super) group_id: Option<String>,
    pub(super) media_type: String,
    pub(super) cid_version: u8,
    pub(super) received: Vec<u8>,
    /// A piece is being received.
    pub(super) is_busy: bool,
}

/// What a signed address allows.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) until_unix: u64,
    pub(super) max_file_size: Option<usize>,
    pub(super) allow_mime_types: Vec<String>,
    pub(super) network: String,
    pub(super) signature: String,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) files: Vec<File>,
    pub(super) uploads: HashMap<String, Piecewise>,
    pub(super) signed: Vec<Signed>,
    pub(super) counts: Counts,
    pub(super) script: Script,
    /// When recent requests came.
    pub(super) recent: Vec<Duration>,
    /// Listings are empty.
    pub(super) is_hiding: bool,
    /// Where uploads in pieces are sent, if not here.
    pub(super) elsewhere: Option<String>,
    pub(super) saw_a_token: bool,
    last_id: u64,
}

/// A file that was stored, and whether it was there before.
pub(super) struct StoredFile {
    pub(super) file: File,
    pub(super) is_duplicate: bool,
}

impl StoredFile {
    pub(super) fn to_json(&self) -> Value {
        self.file.to_json(self.is_duplicate)
    }
}

/// A file that came in.
#[derive(Debug)]
pub(super) struct NewFile {
    /// Its id, if it has one already.
    pub(super) id: Option<String>,
    pub(super) network: String,
    pub(super) name: String,
    pub(super) group_id: Option<String>,
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

impl NewFile {
    pub(super) fn new(network: &str, name: &str, bytes: Vec<u8>) -> Self {
        let (network, name) = (network.to_owned(), name.to_owned());
        Self { id: None, network, name, group_id: None, media_type: String::new(), bytes }
    }
}

/// The CID and the blocks of a file.
fn cut(bytes: &[u8], profile: Profile) -> (Cid, HashMap<Cid, Vec<u8>>) {
    let (mut importer, mut blocks) = (Importer::new(profile), Blocks::default());
    importer.update(bytes, &mut blocks).unwrap();
    (importer.finish(&mut blocks).unwrap().cid, blocks.0)
}

#[derive(Default)]
struct Blocks(HashMap<Cid, Vec<u8>>);

impl BlockSink for Blocks {
    fn block(&mut self, cid: &Cid, bytes: &[u8]) -> lore_core::Result<()> {
        self.0.insert(*cid, bytes.to_vec());
        Ok(())
    }
}

impl State {
    pub(super) fn fresh_id(&mut self) -> String {
        self.last_id += 1;
        format!("0196b5a1-0000-7000-8000-{:012}", self.last_id)
    }

    /// Keeps a file; one that the account has already stays the only one.
    pub(super) fn store(&mut self, new: NewFile, profile: Profile) -> StoredFile {
        let cid = cut(&new.bytes, profile).0;
        if let Some(known) = self.files.iter().find(|file| file.cid == cid && file.network == new.network) {
            return StoredFile { file: known.clone(), is_duplicate: true };
        }
        StoredFile { file: self.add(new, profile), is_duplicate: false }
    }

    /// Keeps a file whatever is there.
    pub(super) fn add(&mut self, new: NewFile, profile: Profile) -> File {
        let (cid, blocks) = cut(&new.bytes, profile);
        let id = new.id.unwrap_or_else(|| self.fresh_id());
        let NewFile { network, name, group_id, media_type, bytes, .. } = new;
        let file = File { id, cid, name, network, group_id, media_type, bytes, blocks };
        self.files.push(file.clone());
        file
    }

    pub(super) fn damage(&mut self, cid: &Cid) {
        for block in self.files.iter_mut().filter_map(|file| file.blocks.get_mut(cid)) {
            if let Some(last) = block.last_mut() {
                *last ^= 1;
            }
        }
    }
}
