//! A wallet of this directory's own: a fresh secp256k1 key that never leaves it.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::Path,
};

use k256::{
    SecretKey,
    elliptic_curve::{Generate as _, sec1::ToSec1Point as _},
};
use lore::{Address, Error, ErrorKind, Result};

/// The wallet's address; the key itself stays in its file.
pub(crate) struct Wallet {
    address: Address,
    is_new: bool,
}

impl Wallet {
    /// A wallet whose key came from elsewhere.
    #[cfg(feature = "story")]
    pub(crate) const fn known(address: Address) -> Self {
        Self { address, is_new: false }
    }

    pub(crate) fn address(&self) -> Address {
        self.address
    }

    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({})", self.address)
    }
}

/// Reads the key of `dir`, or makes one.
pub(crate) fn open_or_create(dir: &Path) -> Result<Wallet> {
    let path = dir.join("wallet.key");
    let failed = |err: io::Error| {
        Error::new(ErrorKind::Unavailable, "the wallet cannot be read or written")
            .with_op("open_wallet")
            .with_context("path", path.display())
            .with_context("cause", err.to_string())
            .with_source(err)
    };
    fs::create_dir_all(dir).map_err(failed)?;
    let is_new = !path.try_exists().map_err(failed)?;
    if is_new {
        write(dir, &path, &SecretKey::generate()).map_err(failed)?;
    }
    let key = parse(&fs::read_to_string(&path).map_err(failed)?).ok_or_else(|| {
        Error::new(ErrorKind::IntegrityMismatch, "the wallet's file does not hold a key")
            .with_op("open_wallet")
            .with_context("path", path.display())
    })?;
    Ok(Wallet { address: address(&key)?, is_new })
}

/// Writes the key where only its owner may read it. The file appears whole or not at all, and never over another.
fn write(dir: &Path, path: &Path, key: &SecretKey) -> io::Result<()> {
    let temporary = dir.join(format!("wallet.key.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    for byte in key.to_bytes() {
        write!(file, "{byte:02x}")?;
    }
    file.sync_all()?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        // Another process made the wallet first: its key counts.
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

fn parse(text: &str) -> Option<SecretKey> {
    let digits = text.trim();
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..32).map(|at| u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()).collect();
    SecretKey::from_slice(&bytes?).ok()
}

fn address(key: &SecretKey) -> Result<Address> {
    let point = key.public_key().to_sec1_point(false);
    // The first byte says that the point is not compressed.
    let coordinates: Option<&[u8; 64]> = point.as_bytes().get(1..).and_then(|bytes| bytes.try_into().ok());
    coordinates
        .map(Address::from_public_key)
        .ok_or_else(|| Error::new(ErrorKind::Unexpected, "a public key of another size"))
}
