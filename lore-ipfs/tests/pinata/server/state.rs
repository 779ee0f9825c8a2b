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
pub struct File {
    pub id: String,
    pub cid: Cid,
    pub name: String,
    pub network: String,
    pub group_id: Option<String>,
    pub bytes: Vec<u8>,
    blocks: HashMap<Cid, Vec<u8>>,
}

impl File {
    pub(super) fn block(&self, cid: &Cid) -> Option<&Vec<u8>> {
        self.blocks.get(cid)
    }

    pub(super) fn to_json(&self, is_duplicate: bool) -> Value {
        let mut value = json!({
            "id": self.id, "name": self.name, "cid": self.cid.to_string(), "size": self.bytes.len(),
            "number_of_files": 1, "mime_type": "application/octet-stream", "group_id": self.group_id,
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
pub struct Counts {
    pub requests: usize,
    pub by_operation: HashMap<Operation, usize>,
    /// Files that came whole, wanted or not.
    pub uploads: u64,
    /// Bytes of files that came, wanted or not.
    pub bytes: usize,
}

/// An upload in pieces.
#[derive(Clone, Debug)]
pub(super) struct Piecewise {
    pub(super) length: usize,
    pub(super) network: String,
    pub(super) name: String,
    pub(super) group_id: Option<String>,
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
    pub(super) fn store(
        &mut self,
        id: Option<String>,
        network: &str,
        name: &str,
        group_id: Option<String>,
        profile: Profile,
        bytes: Vec<u8>,
    ) -> StoredFile {
        let (mut importer, mut blocks) = (Importer::new(profile), Blocks::default());
        importer.update(&bytes, &mut blocks).unwrap();
        let cid = importer.finish(&mut blocks).unwrap().cid;
        if let Some(known) = self.files.iter().find(|file| file.cid == cid && file.network == network) {
            return StoredFile { file: known.clone(), is_duplicate: true };
        }
        let id = id.unwrap_or_else(|| self.fresh_id());
        let (name, network) = (name.to_owned(), network.to_owned());
        let file = File { id, cid, name, network, group_id, bytes, blocks: blocks.0 };
        self.files.push(file.clone());
        StoredFile { file, is_duplicate: false }
    }

    pub(super) fn damage(&mut self, cid: &Cid) {
        for block in self.files.iter_mut().filter_map(|file| file.blocks.get_mut(cid)) {
            if let Some(last) = block.last_mut() {
                *last ^= 1;
            }
        }
    }
}
