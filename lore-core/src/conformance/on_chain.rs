//! What the suites of one chain share: clients, IPs, and what a refusal must look like.

use std::{fmt::Debug, sync::Arc};

use crate::{
    content::ContentHash,
    error::{Error, ErrorKind, Result, Retry},
    onchain::IpId,
    port::chain::{ChainClient, OnChainDocument, RegisterIp},
};

/// Clients of one chain on which nothing of the suite happened yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct Clients<P: ?Sized> {
    /// Registers, licenses and links; the same signer.
    pub chain: Arc<dyn ChainClient>,
    /// The client under test. Its signer can pay for transactions, and for what the suite says besides.
    pub client: Arc<P>,
    /// A client of the same chain as the same signer, as another process would have it; may be the same.
    pub again: Arc<P>,
    /// A client of the same chain as another signer that can pay as much, if there can be one.
    pub other: Option<Arc<P>>,
}

impl<P: ?Sized> Clients<P> {
    /// One signer's ports.
    #[must_use]
    pub fn new(chain: Arc<dyn ChainClient>, client: Arc<P>) -> Self {
        Self { chain, again: Arc::clone(&client), client, other: None }
    }

    /// Adds a second client of the same signer.
    #[must_use]
    pub fn with_again(mut self, again: Arc<P>) -> Self {
        self.again = again;
        self
    }

    /// Adds a client of another signer.
    #[must_use]
    pub fn with_other(mut self, other: Arc<P>) -> Self {
        self.other = Some(other);
        self
    }

    /// The other signer's client; without one the case is skipped.
    pub(super) fn other_or_skip(&self, case: &str) -> Option<&Arc<P>> {
        if self.other.is_none() {
            println!("skipped {case}: the harness has no client of a second signer");
        }
        self.other.as_ref()
    }
}

impl Clients<dyn ChainClient> {
    /// One signer's client, which is under test itself.
    #[must_use]
    pub fn of_chain(client: Arc<dyn ChainClient>) -> Self {
        Self::new(Arc::clone(&client), client)
    }
}

pub(super) fn missing(what: &'static str) -> Error {
    Error::new(ErrorKind::Unexpected, "the chain does not know what was made on it")
        .with_context("what", what)
}

/// An IP of the signer, with metadata that is named after it.
pub(super) async fn register(chain: &Arc<dyn ChainClient>, name: &str) -> Result<IpId> {
    let document = |kind: &str| {
        let bytes = format!("{kind}-{name}");
        OnChainDocument::new(format!("ipfs://{bytes}"), ContentHash::of(bytes.as_bytes()))
    };
    let owner = chain.info().await?.signer;
    Ok(chain.register(&RegisterIp::new(owner, document("ipa"), document("nft"))).await?.ip_id)
}

/// The error of a call that must fail for good.
pub(super) fn refused<T: Debug>(answer: Result<T>, kind: ErrorKind) -> Result<Error> {
    match answer {
        Ok(value) => Err(Error::new(ErrorKind::Unexpected, "what must be refused was accepted")
            .with_context("value", format_args!("{value:?}"))),
        Err(error) => {
            assert_eq!((error.kind(), error.retry()), (kind, Retry::Never), "{error:?}");
            Ok(error)
        }
    }
}

/// Asserts that the chain refused with an error of this name, and returns its arguments.
pub(super) fn reverted<T: Debug>(answer: Result<T>, name: &str) -> Result<Vec<String>> {
    let error = refused(answer, ErrorKind::Reverted)?;
    let revert = error.revert().ok_or_else(|| missing("the reason of a revert"))?;
    assert_eq!(revert.name, name, "{error:?}");
    Ok(revert.args.clone())
}
