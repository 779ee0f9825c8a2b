//! What the file system says, as [`Error`]s.

use std::{io, path::Path};

use lore_core::{Error, ErrorKind, Retry};

/// `err` while doing `what` with `path`.
pub(crate) fn io_error(err: io::Error, what: &'static str, path: &Path) -> Error {
    let (kind, retry) = classify(err.kind());
    let error = Error::new(kind, what).with_retry(retry).with_context("path", path.display());
    // The one case that people can do something about gets its own words.
    let error = match err.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            error.with_context("reason", "no space left")
        }
        _ => error,
    };
    error.with_source(err)
}

fn classify(kind: io::ErrorKind) -> (ErrorKind, Retry) {
    match kind {
        io::ErrorKind::NotFound => (ErrorKind::NotFound, Retry::Never),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            (ErrorKind::PermissionDenied, Retry::Never)
        }
        io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::InvalidFilename
        | io::ErrorKind::InvalidInput => (ErrorKind::InvalidInput, Retry::Never),
        io::ErrorKind::Unsupported => (ErrorKind::Unsupported, Retry::Never),
        // A full disk, too: it can be emptied, and nothing half-written counts.
        _ => (ErrorKind::Unavailable, Retry::After(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_the_file_system_has_its_kind() {
        let table = [
            (io::ErrorKind::NotFound, ErrorKind::NotFound, Retry::Never),
            (io::ErrorKind::PermissionDenied, ErrorKind::PermissionDenied, Retry::Never),
            (io::ErrorKind::ReadOnlyFilesystem, ErrorKind::PermissionDenied, Retry::Never),
            (io::ErrorKind::NotADirectory, ErrorKind::InvalidInput, Retry::Never),
            (io::ErrorKind::StorageFull, ErrorKind::Unavailable, Retry::After(None)),
            (io::ErrorKind::QuotaExceeded, ErrorKind::Unavailable, Retry::After(None)),
            (io::ErrorKind::Other, ErrorKind::Unavailable, Retry::After(None)),
        ];
        for (io_kind, kind, retry) in table {
            let error = io_error(io_kind.into(), "the file cannot be written", Path::new("dir/file"));
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{io_kind}");
            assert!(error.to_string().contains("`dir/file`"));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_says_so() {
        use std::io::Write as _;

        // The kernel's own full disk.
        let path = Path::new("/dev/full");
        let mut file = std::fs::File::options().write(true).open(path).unwrap();
        let error = io_error(file.write_all(b"x").unwrap_err(), "the file cannot be written", path);
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.context().contains(&("reason", "no space left".to_owned())), "{error:?}");
    }
}
