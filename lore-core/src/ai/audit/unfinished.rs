//! [`Unfinished`]: a file that gets its name once all of it is on disk.
//!
//! Its writer holds a lock on it. The lock ends with the process, so a leftover is known by having none, and nobody removes a
//! file that another one still writes.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::error::{Error, ErrorKind, Result};

/// Begins the name of a file that is not whole.
const PREFIX: &str = "audit.unfinished.";

/// Ends a failed access to a file or directory.
pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.display().to_string();
    |err| {
        Error::new(ErrorKind::Unavailable, "an archive of the audit log cannot be read or written")
            .with_context("path", path)
            .with_source(err)
    }
}

/// A file that is being written. Dropped before it is published, it is removed.
#[derive(Debug)]
pub(super) struct Unfinished {
    directory: PathBuf,
    path: PathBuf,
    pub(super) file: File,
}

impl Unfinished {
    /// Begins a file in `directory`, and removes what dead processes left there.
    pub(super) fn create(directory: &Path) -> Result<Self> {
        remove_leftovers(directory).map_err(failed(directory))?;
        loop {
            let random =
                getrandom::u64().map_err(|err| failed(directory)(io::Error::other(err.to_string())))?;
            let path = directory.join(format!("{PREFIX}{random:016x}"));
            let file = File::create_new(&path).map_err(failed(&path))?;
            let created = Self { directory: directory.to_owned(), path, file };
            match created.file.try_lock() {
                Ok(()) if created.path.try_exists().map_err(failed(&created.path))? => return Ok(created),
                // Before it was locked, somebody took it for a leftover.
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                // Where files cannot be locked, leftovers are never removed.
                Err(TryLockError::Error(_)) => return Ok(created),
            }
        }
    }

    /// Puts the file on disk, and then its name, unless a file has that already. Which of the two it is, is for the caller to
    /// find out.
    pub(super) fn publish(self, name: &str) -> Result<PathBuf> {
        let (directory, path) = (self.directory.clone(), self.directory.join(name));
        self.file.sync_all().map_err(failed(&self.path))?;
        place(&self.path, &path, |from, to| fs::hard_link(from, to)).map_err(failed(&path))?;
        // Its first name goes, and the lock, which on some systems keeps others from reading.
        drop(self);
        sync_directory(&directory).map_err(failed(&directory))?;
        Ok(path)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // If it stays, it has no lock from here on, and the next archiver removes it.
        let _removed_or_left = fs::remove_file(&self.path);
    }
}

fn remove_leftovers(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_unfinished = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !is_unfinished || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        // What cannot be opened or locked is gone meanwhile, or somebody writes it.
        if let Ok(file) = OpenOptions::new().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            let _removed_or_gone = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// Gives a file the name `to`, unless one has it.
fn place(from: &Path, to: &Path, link: impl FnOnce(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    match link(from, to) {
        Ok(()) => Ok(()),
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Some file systems have no links. If two archivers come here at once, their files are whole and hold the same lines:
        // the name has the hash of the last one.
        Err(_) if to.try_exists()? => Ok(()),
        Err(_) => fs::rename(from, to),
    }
}

/// A name is on disk once its directory is.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tempfile::TempDir;

    use super::*;

    type Link = fn(&Path, &Path) -> io::Result<()>;

    fn written(directory: &Path, text: &str) -> Unfinished {
        let mut unfinished = Unfinished::create(directory).unwrap();
        unfinished.file.write_all(text.as_bytes()).unwrap();
        unfinished
    }

    #[test]
    fn no_file_is_written_over_with_links_or_without() {
        let linked: Link = |from, to| fs::hard_link(from, to);
        let unlinked: Link = |_, _| Err(io::ErrorKind::Unsupported.into());
        for link in [linked, unlinked] {
            let directory = TempDir::new().unwrap();
            let (first, second) = (written(directory.path(), "first"), written(directory.path(), "second"));
            let to = directory.path().join("to");
            place(&first.path, &to, link).unwrap();
            place(&second.path, &to, link).unwrap();
            assert_eq!(fs::read_to_string(&to).unwrap(), "first");
        }
    }

    #[test]
    fn what_is_dropped_or_published_leaves_nothing_and_what_is_written_is_nobodys_leftover() {
        let directory = TempDir::new().unwrap();
        let one = written(directory.path(), "one");
        let two = written(directory.path(), "two");
        drop(written(directory.path(), "three"));
        assert_eq!(fs::read_to_string(one.publish("1").unwrap()).unwrap(), "one");
        assert_eq!(fs::read_to_string(two.publish("2").unwrap()).unwrap(), "two");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
