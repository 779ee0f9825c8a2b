//! [`PinataPinStore`].

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use lore_core::{
    Cid, Clock, Error, ErrorKind, Result,
    content::{CidLocks, ContentReader, unixfs::Profile},
    port::pins::{PinRequest, PinStore, Pinned},
};

use super::{
    account::{Account, NAME, Stored},
    config::{PinataApi, PinataConfig},
    gateway,
    sign::{SignUpload, SignedUpload},
    tus::{Begun, Upload},
};
use crate::http::{other_cid, verify_source};

/// Content at Pinata, public on IPFS. Cheap to clone.
///
/// Needs a running tokio runtime.
#[derive(Clone)]
pub struct PinataPinStore {
    account: Arc<Account>,
    begun: Arc<Begun>,
    locks: CidLocks,
}

impl PinataPinStore {
    /// An account. Sends nothing yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the field that is wrong.
    pub fn new(config: PinataConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let account = Account::new(config, clock).map_err(|err| err.with_op("pinata"))?;
        Ok(Self { account: Arc::new(account), begun: Arc::default(), locks: CidLocks::new() })
    }

    /// An address that a browser may upload one file to. What was uploaded is found by its CID afterwards.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a time below a second; [`ErrorKind::Unsupported`] on the legacy API; as
    /// [`PinStore::pin`] for what the service answers.
    pub async fn sign_upload(&self, request: &SignUpload) -> Result<SignedUpload> {
        match self.account.config.api {
            PinataApi::V3 => self.account.sign_upload(request).await,
            PinataApi::Legacy => Err(Error::new(ErrorKind::Unsupported, "only the v3 API signs uploads")),
        }
        .map_err(|err| err.with_op("sign_upload"))
    }

    async fn pin_unnamed(&self, request: &PinRequest<'_>) -> Result<Pinned> {
        request.check(self.profile(), self.max_bytes())?;
        let cid = request.expected.cid;
        let _working = self.locks.lock(&cid).await;
        if self.account.is_pinned(&cid).await? {
            return Ok(Pinned::new(cid, false));
        }
        let media_type = verify_source(request).await?;
        let config = &self.account.config;
        let stored = match config.api {
            PinataApi::Legacy => self.account.legacy_upload(request, media_type.as_ref()).await?,
            PinataApi::V3 if request.content.size_bytes() <= config.multipart_max_bytes => {
                self.account.upload_file(request, media_type.as_ref()).await?
            }
            PinataApi::V3 => {
                Upload::new(&self.account, &self.begun, request, media_type.as_ref()).run().await?
            }
        };
        if stored.cid.parse::<Cid>().is_ok_and(|made| made == cid) {
            Ok(Pinned::new(cid, true))
        } else {
            Err(self.reject(request, stored).await)
        }
    }

    /// Removes what was stored under another CID than expected, and says what it is.
    async fn reject(&self, request: &PinRequest<'_>, stored: Stored) -> Error {
        let error = other_cid(request, &stored.cid, NAME).await;
        let Some(key) = stored.removable else {
            // It was there before this upload, or nothing names it: somebody else may need it.
            return error.with_context("removed", false);
        };
        let removed = match self.account.config.api {
            PinataApi::V3 => self.account.delete_file(&key).await,
            PinataApi::Legacy => self.account.legacy_unpin(&key).await,
        };
        match removed {
            Ok(()) => error.with_context("removed", true),
            Err(err) => {
                error.with_context("removed", false).with_context("left_behind", key).with_source(err)
            }
        }
    }

    async fn unpin_unnamed(&self, cid: &Cid) -> Result<()> {
        let _working = self.locks.lock(cid).await;
        match self.account.config.api {
            PinataApi::V3 => {
                for id in self.account.file_ids(cid, usize::MAX).await? {
                    self.account.delete_file(&id).await?;
                }
                Ok(())
            }
            PinataApi::Legacy if !self.account.legacy_is_pinned(cid).await? => Ok(()),
            PinataApi::Legacy => match self.account.legacy_unpin(&cid.to_string()).await {
                // Refused, perhaps because it is unpinned meanwhile: then all is well.
                Err(err) if matches!(err.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => {
                    if self.account.legacy_is_pinned(cid).await? { Err(err) } else { Ok(()) }
                }
                result => result,
            },
        }
    }
}

impl fmt::Debug for PinataPinStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PinataPinStore").field("config", &self.account.config).finish_non_exhaustive()
    }
}

#[async_trait]
impl PinStore for PinataPinStore {
    fn name(&self) -> &str {
        NAME
    }

    fn profile(&self) -> Profile {
        self.account.config.profile
    }

    fn max_bytes(&self) -> u64 {
        self.account.config.max_bytes
    }

    async fn find(&self, cid: &Cid) -> Result<Option<Pinned>> {
        let is_pinned = self.account.is_pinned(cid).await.map_err(|err| err.with_op("find"))?;
        Ok(is_pinned.then(|| Pinned::new(*cid, false)))
    }

    async fn pin(&self, request: PinRequest<'_>) -> Result<Pinned> {
        self.pin_unnamed(&request).await.map_err(|err| err.with_op("pin"))
    }

    async fn fetch(&self, cid: &Cid) -> Result<Box<dyn ContentReader>> {
        gateway::open(&self.account, cid).await.map_err(|err| err.with_op("fetch"))
    }

    async fn unpin(&self, cid: &Cid) -> Result<()> {
        self.unpin_unnamed(cid).await.map_err(|err| err.with_op("unpin"))
    }
}
