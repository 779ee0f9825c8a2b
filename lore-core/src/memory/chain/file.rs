//! The file of a simulated chain: every executed transaction, one JSON line each.
//!
//! The state is not stored: it is what executing the lines again gives. Each line ends in a SHA-256 over the line and
//! the checksum before it, so that no line can be changed, lost or moved unnoticed; only the last may be torn, by a
//! crash before it was acknowledged, and then has no line end. Writers hold an exclusive lock on the file, readers a
//! shared one, and both first execute what others appended.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, ErrorKind, Result, Retry},
    memory::chain::{call::Call, config::SimulatedConfig, ledger::SimulatedLedger},
    onchain::Address,
    time::Timestamp,
};

const FORMAT: &str = "lore-simulated-chain";
const VERSION: u32 = 1;
/// What stands between a record and its checksum.
const CHECKSUM: &[u8] = b",\"sha256\":\"";
/// Length of everything after the record's last field: the above, 64 digits, and the end of the object.
const TAIL: usize = CHECKSUM.len() + 64 + 2;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    /// Always true: nothing in the file is on a real chain.
    simulated: bool,
    config: SimulatedConfig,
}

/// Enough of a header to know that a newer version wrote it.
#[derive(Debug, Deserialize)]
struct AnyHeader {
    format: String,
    version: u32,
}

/// Any other line. Borrowed when written, owned when read.
#[derive(Debug, Serialize)]
struct NewRecord<'a> {
    sender: Address,
    at: Timestamp,
    call: &'a Call,
}

#[derive(Debug, Deserialize)]
struct Record {
    sender: Address,
    at: Timestamp,
    call: Call,
    /// Checked on the bytes before this is read.
    #[serde(rename = "sha256")]
    _checksum: String,
}

/// Where the verified part of the file ends.
#[derive(Clone, Copy, Debug)]
struct End {
    offset: u64,
    lines: u64,
    checksum: [u8; 32],
}

/// An open file and how far it was read.
#[derive(Debug)]
pub(super) struct ChainFile {
    path: PathBuf,
    file: File,
    end: End,
}

/// Gives the file back when it goes out of scope.
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // The system releases the lock with the file at the latest, so a failure to do it early changes nothing.
        drop(self.0.unlock());
    }
}

impl ChainFile {
    pub(super) fn open(path: PathBuf, config: SimulatedConfig) -> Result<(Self, SimulatedLedger)> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| failed(&path, "open", error))?;
        let mut this = Self { path, file, end: End { offset: 0, lines: 0, checksum: [0; 32] } };
        let lock = this.lock()?;
        let mut ledger = SimulatedLedger::new(config);
        match this.next_line()? {
            Some(line) => this.check_header(&line, ledger.config())?,
            None => this.begin(ledger.config())?,
        }
        this.catch_up_to_write(&mut ledger)?;
        drop(lock);
        Ok((this, ledger))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until nobody else uses the file.
    pub(super) fn lock(&self) -> Result<Lock> {
        let file = self.file.try_clone().map_err(|error| failed(&self.path, "lock", error))?;
        file.lock().map_err(|error| failed(&self.path, "lock", error))?;
        Ok(Lock(file))
    }

    /// Executes what others appended. A line that is being written, or was torn, is left alone.
    pub(super) fn catch_up(&mut self, ledger: &mut SimulatedLedger) -> Result<()> {
        if self.length()? == self.end.offset {
            return Ok(());
        }
        let file = self.file.try_clone().map_err(|error| failed(&self.path, "lock", error))?;
        file.lock_shared().map_err(|error| failed(&self.path, "lock", error))?;
        let lock = Lock(file);
        let read = self.replay(ledger);
        drop(lock);
        read
    }

    /// As [`catch_up`](Self::catch_up) under the exclusive lock: what is torn then was torn by a crash, and is cut off.
    pub(super) fn catch_up_to_write(&mut self, ledger: &mut SimulatedLedger) -> Result<()> {
        self.replay(ledger)?;
        let length = self.length()?;
        if length > self.end.offset {
            tracing::warn!(
                bytes = length - self.end.offset,
                "cut a torn line off the simulated chain's file"
            );
            self.file.set_len(self.end.offset).map_err(|error| failed(&self.path, "truncate", error))?;
        }
        Ok(())
    }

    /// The file's length. Acknowledged lines are never taken back, so it cannot be less than what was read.
    fn length(&self) -> Result<u64> {
        let length = self.file.metadata().map_err(|error| failed(&self.path, "read", error))?.len();
        if length < self.end.offset {
            return Err(self.damaged("a line that was there before", self.end.lines));
        }
        Ok(length)
    }

    /// Appends a transaction and waits for the disk. If that fails, what was written is cut off again.
    pub(super) fn append(&mut self, sender: Address, at: Timestamp, call: &Call) -> Result<()> {
        self.append_line(&NewRecord { sender, at, call })
    }

    fn append_line(&mut self, content: &impl Serialize) -> Result<()> {
        let (line, checksum) = seal(content, &self.end.checksum)?;
        let start = self.end.offset;
        let written = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.file.write_all(&line))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            let undone = self.file.set_len(start).and_then(|()| self.file.sync_data());
            let error = failed(&self.path, "append", error);
            // Whether the line is still there is for the next reader to see.
            return Err(if undone.is_ok() { error } else { error.with_retry(Retry::Reconcile) });
        }
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        self.end =
            End { offset: start.saturating_add(length), lines: self.end.lines.saturating_add(1), checksum };
        Ok(())
    }

    /// Writes the first line of a new file, or of one whose first line was torn. Any other file is left as it is.
    fn begin(&mut self, config: &SimulatedConfig) -> Result<()> {
        let header =
            Header { format: FORMAT.to_owned(), version: VERSION, simulated: true, config: config.clone() };
        let (whole, _) = seal(&header, &self.end.checksum)?;
        let mut torn = Vec::new();
        self.reader()?
            .take(u64::try_from(whole.len()).unwrap_or(u64::MAX))
            .read_to_end(&mut torn)
            .map_err(|error| failed(&self.path, "read", error))?;
        if !whole.starts_with(&torn) {
            return Err(self.damaged("the file of a simulated chain", 1));
        }
        self.file.set_len(0).map_err(|error| failed(&self.path, "truncate", error))?;
        self.append_line(&header)?;
        // The name must be on disk, too.
        #[cfg(unix)]
        if let Some(parent) = self.path.parent() {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            File::open(parent)
                .and_then(|directory| directory.sync_all())
                .map_err(|error| failed(&self.path, "sync the directory of", error))?;
        }
        Ok(())
    }

    fn check_header(&mut self, line: &[u8], config: &SimulatedConfig) -> Result<()> {
        let header: AnyHeader =
            serde_json::from_slice(line).map_err(|error| self.damaged("a header", 1).with_source(error))?;
        if header.format != FORMAT {
            return Err(self
                .damaged("the file of a simulated chain", 1)
                .with_context("format", header.format));
        }
        if header.version > VERSION {
            return Err(Error::new(
                ErrorKind::Config,
                "a newer version wrote the file of the simulated chain",
            )
            .with_context("path", self.path.display())
            .with_context("version", header.version)
            .with_context("newest_known", VERSION));
        }
        let checksum =
            verify(line, &self.end.checksum).ok_or_else(|| self.damaged("a line with its checksum", 1))?;
        let header: Header = serde_json::from_slice(&without_checksum(line))
            .map_err(|error| self.damaged("a header", 1).with_source(error))?;
        if !header.simulated {
            return Err(self.damaged("a header that says `simulated`", 1));
        }
        if header.config != *config {
            return Err(Error::new(
                ErrorKind::Config,
                "the file holds a simulated chain with other constants",
            )
            .with_context("path", self.path.display())
            .with_context("chain_id", header.config.chain_id)
            .with_context("expected_chain_id", config.chain_id));
        }
        self.accept(line, checksum);
        Ok(())
    }

    /// Executes every complete line after the verified part.
    fn replay(&mut self, ledger: &mut SimulatedLedger) -> Result<()> {
        let mut reader = self.reader()?;
        let mut line = Vec::new();
        loop {
            line.clear();
            reader.read_until(b'\n', &mut line).map_err(|error| failed(&self.path, "read", error))?;
            if line.pop() != Some(b'\n') {
                return Ok(());
            }
            let number = self.end.lines.saturating_add(1);
            let checksum = verify(&line, &self.end.checksum)
                .ok_or_else(|| self.damaged("a line with its checksum", number))?;
            let record: Record = serde_json::from_slice(&line)
                .map_err(|error| self.damaged("a transaction", number).with_source(error))?;
            ledger.execute(record.sender, record.at, &record.call).map_err(|revert| {
                self.damaged("a transaction that does not revert", number).with_context("revert", revert)
            })?;
            self.accept(&line, checksum);
        }
    }

    /// The complete line after the verified part, without its end.
    fn next_line(&self) -> Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        self.reader()?.read_until(b'\n', &mut line).map_err(|error| failed(&self.path, "read", error))?;
        Ok((line.pop() == Some(b'\n')).then_some(line))
    }

    fn reader(&self) -> Result<BufReader<File>> {
        let file = self.file.try_clone().and_then(|mut file| {
            file.seek(SeekFrom::Start(self.end.offset))?;
            Ok(file)
        });
        file.map(BufReader::new).map_err(|error| failed(&self.path, "read", error))
    }

    fn accept(&mut self, line: &[u8], checksum: [u8; 32]) {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX).saturating_add(1);
        self.end = End {
            offset: self.end.offset.saturating_add(length),
            lines: self.end.lines.saturating_add(1),
            checksum,
        };
    }

    fn damaged(&self, expected: &str, line: u64) -> Error {
        Error::new(ErrorKind::IntegrityMismatch, "the file of the simulated chain is damaged")
            .with_context("path", self.path.display())
            .with_context("line", line)
            .with_context("expected", expected)
    }
}

/// A line with its checksum and end.
fn seal(content: &impl Serialize, before: &[u8; 32]) -> Result<(Vec<u8>, [u8; 32])> {
    let mut line = serde_json::to_vec(content).map_err(|error| {
        Error::new(ErrorKind::Unexpected, "a transaction cannot be written").with_source(error)
    })?;
    // The closing brace comes back after the checksum.
    line.pop();
    let checksum = checksum(&line, before);
    line.extend(CHECKSUM);
    line.extend(HEXLOWER.encode(&checksum).into_bytes());
    line.extend(b"\"}\n");
    Ok((line, checksum))
}

fn checksum(content: &[u8], before: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(before).chain_update(content).finalize().into()
}

/// The checksum of a line, if it is right.
fn verify(line: &[u8], before: &[u8; 32]) -> Option<[u8; 32]> {
    let (content, tail) = line.split_at_checked(line.len().checked_sub(TAIL)?)?;
    let digits = tail.strip_prefix(CHECKSUM)?.strip_suffix(b"\"}")?;
    let written: [u8; 32] = HEXLOWER.decode(digits).ok()?.try_into().ok()?;
    (checksum(content, before) == written).then_some(written)
}

/// A verified line as it was before it was sealed.
fn without_checksum(line: &[u8]) -> Vec<u8> {
    let mut content = line.get(..line.len().saturating_sub(TAIL)).unwrap_or_default().to_vec();
    content.push(b'}');
    content
}

/// What the system refused to do with the file.
fn failed(path: &Path, what: &'static str, error: io::Error) -> Error {
    // A file system without locks cannot keep a chain, now or later.
    let kind = match error.kind() {
        io::ErrorKind::Unsupported => ErrorKind::Unsupported,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, "the file of the simulated chain failed")
        .with_context("what", what)
        .with_context("path", path.display())
        .with_source(error)
}
