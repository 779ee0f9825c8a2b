//! [`PermissionClient`] on the real chain.

use async_trait::async_trait;
use lore_core::{
    Address, IpId, Result,
    domain::asset::Mined,
    port::chain::{Permission, PermissionClient, PermissionLevel, PermissionScope},
};

use crate::{client::StoryClient, ops::SetPermissions};

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl PermissionClient for StoryClient {
    async fn set_permissions(&self, permissions: &[Permission]) -> Result<Option<Mined>> {
        self.send(&SetPermissions::new(permissions.to_vec())).await
    }

    async fn permission(
        &self,
        ip: &IpId,
        signer: &Address,
        scope: &PermissionScope,
    ) -> Result<PermissionLevel> {
        Self::permission(self, ip, signer, scope).await.map_err(|error| error.with_op("permission"))
    }

    async fn is_permitted(
        &self,
        ip: &IpId,
        signer: &Address,
        contract: &Address,
        function: [u8; 4],
    ) -> Result<bool> {
        let permitted = Self::is_permitted(self, ip, signer, contract, function).await;
        permitted.map_err(|error| error.with_op("is_permitted"))
    }
}
