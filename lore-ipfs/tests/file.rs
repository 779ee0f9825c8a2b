//! Files as content.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its file must stop")]

use std::{fs, io::Write as _, path::PathBuf};

use lore_core::{
    Content as _, ErrorKind, Result,
    content::{
        read_all,
        unixfs::{Profile, fingerprint, fingerprint_bytes},
    },
};
use lore_ipfs::FileContent;
use tempfile::TempDir;

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("media");
    fs::write(&path, bytes).unwrap();
    (directory, path)
}

fn bytes(size: usize) -> Vec<u8> {
    (0..=250).flat_map(|byte| [byte; 3]).cycle().take(size).collect()
}

async fn read(content: &FileContent, offset: u64) -> Result<Vec<u8>> {
    read_all(content.open(offset).await?.as_mut(), 100_000_000).await
}

#[tokio::test]
async fn a_file_gives_its_bytes_from_any_offset() {
    // Less than a read, exactly one, exactly two, and more.
    for size in [1, 1_048_575, 1_048_576, 2_097_152, 2_500_000] {
        let bytes = bytes(size);
        let (_directory, path) = file(&bytes);
        let content = FileContent::describe(&path).await.unwrap();
        assert_eq!(content.size_bytes(), size as u64);
        for offset in [0, 1, size / 2, size - 1, size, size + 1] {
            let expected = bytes.get(offset..).unwrap_or_default();
            assert!(read(&content, offset as u64).await.unwrap() == expected, "{size} from {offset}");
        }
    }
}

#[tokio::test]
async fn an_empty_file_is_content_of_size_zero() {
    let (_directory, path) = file(b"");
    let content = FileContent::describe(&path).await.unwrap();
    assert_eq!(content.size_bytes(), 0);
    assert!(read(&content, 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_file_has_the_fingerprint_of_its_bytes() {
    let bytes = bytes(3_000_000);
    let (_directory, path) = file(&bytes);
    let content = FileContent::describe(&path).await.unwrap();
    for profile in Profile::ALL {
        let expected = fingerprint_bytes(profile, &bytes).unwrap();
        assert_eq!(fingerprint(profile, &content).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn what_is_no_readable_file_is_refused_by_path() {
    let (directory, path) = file(b"x");
    let missing = directory.path().join("missing");
    let table = [
        (missing.clone(), ErrorKind::NotFound),
        (directory.path().to_owned(), ErrorKind::InvalidInput),
        (path.join("below a file"), ErrorKind::InvalidInput),
        #[cfg(unix)]
        (PathBuf::from("/dev/zero"), ErrorKind::InvalidInput),
    ];
    for (path, kind) in table {
        let error = FileContent::describe(&path).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let (_directory, path) = file(b"x");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        println!("skipped: this user may read every file");
        return;
    }
    assert_eq!(FileContent::describe(&path).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn a_file_that_changed_its_size_is_refused() {
    let (_directory, path) = file(&bytes(1_000));
    let content = FileContent::describe(&path).await.unwrap();
    for size in [999, 1_001, 0] {
        fs::write(&path, bytes(size)).unwrap();
        let error = read(&content, 0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch);
        assert!(error.to_string().contains(&format!("`{size}`")), "{error}");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(read(&content, 0).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_file_that_changes_its_size_while_it_is_read_is_refused() {
    let size = 8_000_000;
    for grows in [true, false] {
        let (_directory, path) = file(&bytes(size));
        let content = FileContent::describe(&path).await.unwrap();
        let mut reader = content.open(0).await.unwrap();
        let mut buffer = vec![0; 1_000];
        reader.read(&mut buffer).await.unwrap();
        let mut file = fs::File::options().append(true).open(&path).unwrap();
        if grows {
            file.write_all(b"more").unwrap()
        } else {
            file.set_len(5_000_000).unwrap()
        }
        let error = read_all(reader.as_mut(), 2 * size).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::IntegrityMismatch, "grows: {grows}");
        assert!(reader.read(&mut buffer).await.is_err(), "a failed reader does not look like the end");
    }
}

#[tokio::test]
async fn a_read_that_is_dropped_loses_nothing() {
    let expected = bytes(3_000_000);
    let (_directory, path) = file(&expected);
    let content = FileContent::describe(&path).await.unwrap();
    let mut reader = content.open(0).await.unwrap();
    let (mut found, mut buffer) = (vec![], vec![0; 700_000]);
    loop {
        // Ready at once, or dropped and read again.
        let first = futures_util::poll!(reader.read(&mut buffer));
        let count = match first {
            std::task::Poll::Ready(count) => count.unwrap(),
            std::task::Poll::Pending => reader.read(&mut buffer).await.unwrap(),
        };
        if count == 0 {
            break;
        }
        found.extend_from_slice(buffer.get(..count).unwrap());
    }
    assert!(found == expected);
}
