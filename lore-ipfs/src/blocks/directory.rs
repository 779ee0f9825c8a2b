//! The directory: its layout, its names, its lock, and the few durable operations everything else is made of.

use std::{
    fs::{self, File, TryLockError},
    io::{ErrorKind as IoErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use lore_core::{Cid, Error, ErrorKind, Result, content::unixfs::MAX_BLOCK_BYTES};

use crate::io_error::io_error;

/// The first word of the layout file.
const FORMAT: &str = "lore-blocks";
/// The newest layout this code knows, and the one it writes.
const VERSION: u64 = 1;
/// The letters of base32.
const SHARDS: &str = "abcdefghijklmnopqrstuvwxyz234567";

/// The part of the directory that a path belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Blocks,
    Pins,
}

impl Part {
    const ALL: [Self; 2] = [Self::Blocks, Self::Pins];

    const fn name(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Pins => "pins",
        }
    }
}

/// The name of a block: the CID that its bytes have in version 1.
pub(super) fn canonical(cid: &Cid) -> Cid {
    if cid.is_raw() { Cid::raw(cid.digest()) } else { Cid::dag_pb(cid.digest()) }
}

/// A lock on the directory, until it is dropped.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    next_temp: AtomicU64,
}

impl Directory {
    /// Opens the directory, makes what is missing, and removes what a killed process left half written.
    pub(super) fn open(root: PathBuf) -> Result<Self> {
        let directory = Self { root, next_temp: AtomicU64::new(0) };
        // A directory of a newer version is not touched at all.
        directory.check_layout()?;
        make_dir(&directory.root)?;
        let lock = directory.lock_shared()?;
        directory.make_layout()?;
        drop(lock);
        // Unless somebody is at work here: then the leavings go another time.
        if let Some(_alone) = directory.try_lock_alone()? {
            directory.remove_temps()?;
        }
        Ok(directory)
    }

    /// Whether there is a layout file; it must be one this code knows.
    fn check_layout(&self) -> Result<bool> {
        let path = self.root.join("layout");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(err) if err.kind() == IoErrorKind::NotFound => return Ok(false),
            Err(err) => return Err(io_error(err, "the layout of the block store cannot be read", &path)),
        };
        let version =
            text.trim_end().strip_prefix(FORMAT).and_then(|rest| rest.trim_start().parse::<u64>().ok());
        match version {
            Some(VERSION) => Ok(true),
            Some(found) if found > VERSION => {
                Err(Error::new(ErrorKind::Config, "the block store was made by a newer version")
                    .with_context("path", path.display())
                    .with_context("found_layout", found)
                    .with_context("supported_layout", VERSION))
            }
            _ => Err(Error::new(ErrorKind::Config, "the directory holds something else than a block store")
                .with_context("path", path.display())
                .with_context("supported_layout", VERSION)),
        }
    }

    fn make_layout(&self) -> Result<()> {
        make_dir(&self.root.join("temp"))?;
        for part in Part::ALL {
            make_dir(&self.root.join(part.name()))?;
            for shard in SHARDS.split("").filter(|shard| !shard.is_empty()) {
                make_dir(&self.root.join(part.name()).join(shard))?;
            }
        }
        // The layout comes last: once it is there, so is everything else.
        if !self.check_layout()? {
            for part in Part::ALL {
                sync_dir(&self.root.join(part.name()))?;
            }
            let temp = self.write_temp(format!("{FORMAT} {VERSION}\n").as_bytes())?;
            sync_file(&temp)?;
            rename(&temp, &self.root.join("layout"))?;
            sync_dir(&self.root)?;
        }
        Ok(())
    }

    /// Waits until nobody is alone in the directory.
    pub(super) fn lock_shared(&self) -> Result<DirectoryLock> {
        let (file, path) = self.lock_file()?;
        file.lock_shared().map_err(|err| io_error(err, "the block store cannot be locked", &path))?;
        Ok(DirectoryLock { _file: file })
    }

    /// `None` if anybody else, here or in another process, holds a lock.
    pub(super) fn try_lock_alone(&self) -> Result<Option<DirectoryLock>> {
        let (file, path) = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(DirectoryLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(err)) => Err(io_error(err, "the block store cannot be locked", &path)),
        }
    }

    fn lock_file(&self) -> Result<(File, PathBuf)> {
        let path = self.root.join("lock");
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        Ok((file.map_err(|err| io_error(err, "the block store cannot be opened for writing", &path))?, path))
    }

    fn temp_dir(&self) -> PathBuf {
        self.root.join("temp")
    }

    /// Removes what is half written. Only for who is alone.
    pub(super) fn remove_temps(&self) -> Result<u64> {
        let mut removed = 0;
        for path in files(&self.temp_dir())? {
            removed += u64::from(remove(&path)?);
        }
        Ok(removed)
    }

    /// Writes bytes to a new temporary file; not durable yet.
    pub(super) fn write_temp(&self, bytes: &[u8]) -> Result<PathBuf> {
        let (mut file, path) = self.new_temp()?;
        file.write_all(bytes).map_err(|err| {
            let error =
                io_error(err, "a block cannot be written", &path).with_context("size_bytes", bytes.len());
            // The half block is in the way of nobody if this fails, too; the first error is the one to tell.
            remove(&path).ok();
            error
        })?;
        Ok(path)
    }

    fn new_temp(&self) -> Result<(File, PathBuf)> {
        loop {
            let number = self.next_temp.fetch_add(1, Ordering::Relaxed);
            let path = self.temp_dir().join(format!("{}-{number}", std::process::id()));
            match File::create_new(&path) {
                Ok(file) => return Ok((file, path)),
                // Another store of this process, or a process of the same number in another container.
                Err(err) if err.kind() == IoErrorKind::AlreadyExists => {}
                Err(err) => return Err(io_error(err, "a block cannot be written", &path)),
            }
        }
    }

    pub(super) fn shard_path(&self, part: Part, cid: &Cid) -> PathBuf {
        self.shard_of(part, &canonical(cid).to_string())
    }

    fn shard_of(&self, part: Part, name: &str) -> PathBuf {
        let shard = name.get(name.len().saturating_sub(2)..name.len().saturating_sub(1)).unwrap_or_default();
        self.root.join(part.name()).join(shard)
    }

    pub(super) fn path(&self, part: Part, cid: &Cid) -> PathBuf {
        let name = canonical(cid).to_string();
        let mut path = self.shard_of(part, &name);
        path.push(name);
        path
    }

    /// Everything in a part: path and CID. Files of other names are left out.
    pub(super) fn entries(&self, part: Part) -> Result<Vec<(PathBuf, Cid)>> {
        let mut entries = Vec::new();
        for shard in self.shards(part) {
            for path in files(&shard)? {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if let Some(cid) = name.parse::<Cid>().ok().filter(|cid| canonical(cid).to_string() == name) {
                    entries.push((path, cid));
                }
            }
        }
        Ok(entries)
    }

    pub(super) fn shards(&self, part: Part) -> impl Iterator<Item = PathBuf> {
        let dir = self.root.join(part.name());
        SHARDS.split("").filter(|shard| !shard.is_empty()).map(move |shard| dir.join(shard))
    }

    pub(super) fn is_pinned(&self, cid: &Cid) -> Result<bool> {
        exists(&self.path(Part::Pins, cid))
    }

    /// Records a pin whose blocks are durable, and says whether it was not there before. Durable on return.
    pub(super) fn create_pin(&self, cid: &Cid, note: &[u8]) -> Result<bool> {
        let path = self.path(Part::Pins, cid);
        let is_new = match File::create_new(&path) {
            Ok(mut file) => {
                // The entry is the pin, and others may rely on it already: a note that cannot be written is left out.
                file.write_all(note).ok();
                true
            }
            Err(err) if err.kind() == IoErrorKind::AlreadyExists => false,
            Err(err) => return Err(io_error(err, "a pin cannot be recorded", &path)),
        };
        self.sync_pins_of(cid)?;
        Ok(is_new)
    }

    /// Makes durable whether this content is pinned.
    pub(super) fn sync_pins_of(&self, cid: &Cid) -> Result<()> {
        sync_dir(&self.shard_path(Part::Pins, cid))
    }

    /// Removes a pin, if it is there. Durable on return.
    pub(super) fn remove_pin(&self, cid: &Cid) -> Result<()> {
        remove(&self.path(Part::Pins, cid))?;
        self.sync_pins_of(cid)
    }

    /// Reads a block, not trusting its length. The caller checks the bytes.
    pub(super) fn read_block(&self, cid: &Cid, into: &mut Vec<u8>) -> Result<()> {
        let path = self.path(Part::Blocks, cid);
        into.clear();
        let file = File::open(&path)
            .map_err(|err| io_error(err, "a block cannot be read", &path).with_context("cid", cid))?;
        file.take(MAX_BLOCK_BYTES as u64 + 1)
            .read_to_end(into)
            .map_err(|err| io_error(err, "a block cannot be read", &path).with_context("cid", cid))?;
        Ok(())
    }
}

/// Whether a file is there and has exactly these bytes.
pub(super) fn holds(path: &Path, bytes: &[u8]) -> Result<bool> {
    let failed = |err| io_error(err, "a block cannot be read", path);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(err) if err.kind() == IoErrorKind::NotFound => return Ok(false),
        Err(err) => return Err(failed(err)),
    };
    if file.metadata().map_err(failed)?.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let mut buffer = vec![0; bytes.len().min(64 * 1024)];
    for part in bytes.chunks(64 * 1024) {
        let Some(found) = buffer.get_mut(..part.len()) else { return Ok(false) };
        match file.read_exact(found) {
            Ok(()) if found == part => {}
            Ok(()) => return Ok(false),
            Err(err) if err.kind() == IoErrorKind::UnexpectedEof => return Ok(false),
            Err(err) => return Err(failed(err)),
        }
    }
    Ok(true)
}

fn exists(path: &Path) -> Result<bool> {
    path.try_exists().map_err(|err| io_error(err, "the block store cannot be read", path))
}

fn make_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path)
        .map_err(|err| io_error(err, "a directory of the block store cannot be made", path))
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|err| io_error(err, "a file of the block store cannot be renamed", to))
}

/// Removes a file; `false` if it was not there.
pub(super) fn remove(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(err) if err.kind() == IoErrorKind::NotFound => Ok(false),
        Err(err) => Err(io_error(err, "a file of the block store cannot be removed", path)),
    }
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let failed = |err| io_error(err, "a directory of the block store cannot be read", dir);
    fs::read_dir(dir).map_err(failed)?.map(|entry| Ok(entry.map_err(failed)?.path())).collect()
}

/// Makes the bytes of a file durable.
pub(super) fn sync_file(path: &Path) -> Result<()> {
    let file = File::options().write(true).open(path);
    file.and_then(|file| file.sync_data())
        .map_err(|err| io_error(err, "a block cannot be made durable", path))
}

/// Makes the entries of a directory durable.
#[cfg(unix)]
pub(super) fn sync_dir(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|dir| dir.sync_all())
        .map_err(|err| io_error(err, "a directory cannot be made durable", path))
}

/// Where directories cannot be synced, a rename is as durable as the file system makes it.
#[cfg(not(unix))]
pub(super) fn sync_dir(_: &Path) -> Result<()> {
    Ok(())
}
