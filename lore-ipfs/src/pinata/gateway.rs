//! Reading through a gateway, one block at a time, as trustless gateways give them (`format=raw`).
//!
//! A gateway also gives whole files, in one request; but then the first byte goes out before the last one can be checked.

use std::sync::Arc;

use async_trait::async_trait;
use lore_core::{
    Cid, Error, ErrorKind, Result, Retry,
    content::{ContentReader, unixfs::MAX_BLOCK_BYTES},
};
use reqwest::header::{ACCEPT, HeaderValue};

use super::{
    account::{Account, NAME},
    config::PinataApi,
};
use crate::{
    http::endpoint,
    verify::{BlockSource, VerifiedReader},
};

#[derive(Debug)]
struct Gateway {
    account: Arc<Account>,
    root: Cid,
}

/// Opens content. Public content that the account does not pin may be read too.
///
/// # Errors
/// [`ErrorKind::NotFound`] if the gateway does not have it, or cannot find it and the account does not pin it; what the
/// gateway answers.
pub(super) async fn open(account: &Arc<Account>, cid: &Cid) -> Result<Box<dyn ContentReader>> {
    let error = match VerifiedReader::open(Gateway { account: account.clone(), root: *cid }, *cid).await {
        Ok(reader) => return Ok(Box::new(reader)),
        Err(error) => error,
    };
    // A gateway that searches the network answers late and vaguely for what does not exist.
    match error.kind() {
        ErrorKind::Unavailable if !account.is_pinned(cid).await? => {
            Err(Error::new(ErrorKind::NotFound, "the content is not pinned")
                .with_context("store", NAME)
                .with_context("cid", cid)
                .with_source(error))
        }
        // Fresh pins reach a gateway late.
        ErrorKind::NotFound if account.is_pinned(cid).await? => {
            Err(Error::new(ErrorKind::Unavailable, "the gateway does not have the pinned content yet")
                .with_retry(Retry::After(None))
                .with_context("store", NAME)
                .with_context("cid", cid)
                .with_source(error))
        }
        _ => Err(error),
    }
}

#[async_trait]
impl BlockSource for Gateway {
    async fn block(&self, cid: &Cid, into: &mut Vec<u8>) -> Result<()> {
        let account = &self.account;
        let url = endpoint(&account.gateway, &["ipfs", &cid.to_string()]);
        let mut request = account
            .http
            .client()
            .get(url)
            .query(&[("format", "raw")])
            .header(ACCEPT, HeaderValue::from_static("application/vnd.ipld.raw"));
        if let Some(token) = &account.gateway_token {
            request = request.header("x-pinata-gateway-token", token.clone());
        }
        let answer = account.http.send_for_bytes(request, MAX_BLOCK_BYTES).await?;
        match account.http.accept(answer) {
            Ok(answer) => {
                *into = answer.body;
                Ok(())
            }
            // The root is there: the rest of the file is on its way.
            Err(error) if error.kind() == ErrorKind::NotFound && *cid != self.root => {
                Err(Error::new(ErrorKind::Unavailable, "the gateway does not have all of the content yet")
                    .with_context("store", NAME)
                    .with_context("cid", cid)
                    .with_source(error))
            }
            Err(error) => Err(error),
        }
    }
}

impl Account {
    /// Whether the account pins this CID.
    ///
    /// # Errors
    /// What the service answers.
    pub(super) async fn is_pinned(&self, cid: &Cid) -> Result<bool> {
        match self.config.api {
            PinataApi::V3 => Ok(!self.file_ids(cid, 1).await?.is_empty()),
            PinataApi::Legacy => self.legacy_is_pinned(cid).await,
        }
    }
}
