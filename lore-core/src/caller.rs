//! [`Caller`]: who asks.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, ErrorKind, Result},
    onchain::Address,
};

/// The identity that every service method takes, and checks before it does anything.
///
/// The application makes it from its own session: Lore trusts what it is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "address")]
#[non_exhaustive]
pub enum Caller {
    /// A signed-in user, by wallet.
    User(Address),
    /// A user who also resolves disputes and sees everybody's work.
    Moderator(Address),
    /// The application itself: jobs, migrations, scripts.
    System,
}

impl Caller {
    /// The caller's wallet, if a person calls.
    #[must_use]
    pub const fn address(&self) -> Option<Address> {
        match self {
            Self::User(address) | Self::Moderator(address) => Some(*address),
            Self::System => None,
        }
    }

    /// Fails unless the caller is `owner`, a moderator or the application.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`].
    pub fn require_owner(&self, owner: Address, op: &'static str) -> Result<()> {
        match self {
            Self::System | Self::Moderator(_) => Ok(()),
            Self::User(address) if *address == owner => Ok(()),
            Self::User(address) => Err(Error::new(ErrorKind::PermissionDenied, "only the owner may do this")
                .with_op(op)
                .with_context("caller", address)),
        }
    }

    /// The wallet that new things will belong to.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] if no person calls.
    pub fn require_wallet(&self, op: &'static str) -> Result<Address> {
        self.address().ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "this needs a caller with a wallet").with_op(op)
        })
    }
}
