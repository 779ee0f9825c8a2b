//! [`KuboPinStore`].

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use lore_core::{
    Cid, Clock, Error, ErrorKind, Result,
    content::{
        CidLocks, ContentReader,
        unixfs::{MAX_BLOCK_BYTES, Profile},
    },
    port::pins::{PinRequest, PinStore, Pinned},
};

use super::{
    config::KuboConfig,
    rpc::{NAME, Rpc},
};
use crate::{
    http::{other_cid, verify_source},
    verify::{BlockSource, VerifiedReader},
};

/// Content on a node. Cheap to clone.
///
/// Needs a running tokio runtime.
#[derive(Clone)]
pub struct KuboPinStore {
    rpc: Arc<Rpc>,
    config: KuboConfig,
    node_version: String,
    locks: CidLocks,
}

impl KuboPinStore {
    /// Connects to a node and asks for its version.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the field that is wrong; [`ErrorKind::Unavailable`] if the node is not there;
    /// [`ErrorKind::Unauthenticated`] and [`ErrorKind::PermissionDenied`] if it refuses.
    pub async fn connect(config: KuboConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let connect = async {
            let rpc = Rpc::new(&config, clock)?;
            let node_version = rpc.version().await?;
            Ok((rpc, node_version))
        };
        let (rpc, node_version) = connect.await.map_err(|err: Error| err.with_op("connect"))?;
        Ok(Self { rpc: Arc::new(rpc), config, node_version, locks: CidLocks::new() })
    }

    /// The version that the node told when it was connected to.
    #[must_use]
    pub fn node_version(&self) -> &str {
        &self.node_version
    }

    async fn pin_unnamed(&self, request: &PinRequest<'_>) -> Result<Pinned> {
        request.check(self.profile(), self.max_bytes())?;
        let cid = request.expected.cid;
        let _working = self.locks.lock(&cid).await;
        if self.rpc.is_pinned(&cid).await? {
            return Ok(Pinned::new(cid, false));
        }
        verify_source(request).await?;
        let returned = self.rpc.add(request, self.config.profile).await?;
        if returned.parse::<Cid>().ok() != Some(cid) {
            // Nothing is pinned, so the node drops the blocks by itself.
            return Err(other_cid(request, &returned, NAME).await);
        }
        self.rpc.pin(&cid).await?;
        Ok(Pinned::new(cid, true))
    }

    async fn open(&self, cid: &Cid) -> Result<Box<dyn ContentReader>> {
        // Asked first: a connected node would search the whole network for a block it does not have.
        if !self.rpc.is_pinned(cid).await? {
            return Err(Error::new(ErrorKind::NotFound, "the content is not pinned")
                .with_context("store", NAME)
                .with_context("cid", cid));
        }
        Ok(Box::new(VerifiedReader::open(Node(self.rpc.clone()), *cid).await?))
    }
}

#[derive(Debug)]
struct Node(Arc<Rpc>);

#[async_trait]
impl BlockSource for Node {
    async fn block(&self, cid: &Cid, into: &mut Vec<u8>) -> Result<()> {
        *into = self.0.block(cid, MAX_BLOCK_BYTES).await?;
        Ok(())
    }
}

impl fmt::Debug for KuboPinStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KuboPinStore")
            .field("config", &self.config)
            .field("node_version", &self.node_version)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl PinStore for KuboPinStore {
    fn name(&self) -> &str {
        NAME
    }

    fn profile(&self) -> Profile {
        self.config.profile
    }

    fn max_bytes(&self) -> u64 {
        self.config.max_bytes
    }

    async fn find(&self, cid: &Cid) -> Result<Option<Pinned>> {
        let is_pinned = self.rpc.is_pinned(cid).await.map_err(|err| err.with_op("find"))?;
        Ok(is_pinned.then(|| Pinned::new(*cid, false)))
    }

    async fn pin(&self, request: PinRequest<'_>) -> Result<Pinned> {
        self.pin_unnamed(&request).await.map_err(|err| err.with_op("pin"))
    }

    async fn fetch(&self, cid: &Cid) -> Result<Box<dyn ContentReader>> {
        self.open(cid).await.map_err(|err| err.with_op("fetch"))
    }

    async fn unpin(&self, cid: &Cid) -> Result<()> {
        let _working = self.locks.lock(cid).await;
        self.rpc.unpin(cid).await.map_err(|err| err.with_op("unpin"))
    }
}
