//! Royalties: vaults, what can be claimed, percentages, and the tokens that the protocol takes.

use lore_core::{Address, IpId, Result, Share, Wei, port::chain::RevenueSource};

use crate::{
    client::StoryClient,
    contracts::royalty::{IpRoyaltyVault, RoyaltyModule, RoyaltyPolicyLap},
    convert,
    ops::{policy_contract, vault_of},
};

impl StoryClient {
    /// The vault of an IP, if it has one: it is deployed with the first license or link.
    ///
    /// # Errors
    /// [`Unavailable`](lore_core::ErrorKind::Unavailable). So for every read here.
    pub async fn royalty_vault(&self, ip: &IpId) -> Result<Option<Address>> {
        vault_of(&self.view(), *ip).await
    }

    /// What a holder of an IP's royalty tokens could claim now; zero for an IP without a vault, or one that is tagged.
    ///
    /// # Errors
    /// As [`royalty_vault`](Self::royalty_vault).
    pub async fn claimable_revenue(&self, ip: &IpId, claimer: &Address, token: &Address) -> Result<Wei> {
        let Some(vault) = self.royalty_vault(ip).await? else {
            return Ok(Wei::ZERO);
        };
        let ask = IpRoyaltyVault::claimableRevenueCall {
            claimer: convert::evm_address(*claimer),
            token: convert::evm_address(*token),
        };
        self.view().call(vault, &ask).await.map(convert::wei)
    }

    /// The tokens that an IP's vault was ever paid in, in order.
    ///
    /// # Errors
    /// As [`royalty_vault`](Self::royalty_vault).
    pub async fn revenue_tokens(&self, ip: &IpId) -> Result<Vec<Address>> {
        let Some(vault) = self.royalty_vault(ip).await? else {
            return Ok(Vec::new());
        };
        let tokens = self.view().call(vault, &IpRoyaltyVault::tokensCall {}).await?;
        Ok(tokens.into_iter().map(convert::from_evm_address).collect())
    }

    /// How many of an IP's 100,000,000 royalty tokens somebody holds: the part of what the vault pays.
    ///
    /// # Errors
    /// As [`royalty_vault`](Self::royalty_vault); [`IntegrityMismatch`](lore_core::ErrorKind::IntegrityMismatch) if the
    /// vault has more than there can be.
    pub async fn royalty_token_share(&self, ip: &IpId, holder: &Address) -> Result<Share> {
        let Some(vault) = self.royalty_vault(ip).await? else {
            return Ok(Share::ZERO);
        };
        let ask = IpRoyaltyVault::balanceOfCall { account: convert::evm_address(*holder) };
        let tokens = self.view().call(vault, &ask).await?;
        convert::share(u32::try_from(tokens).unwrap_or(u32::MAX))
    }

    /// What all ancestors of an IP together take of its revenue.
    ///
    /// # Errors
    /// As [`royalty_vault`](Self::royalty_vault).
    pub async fn royalty_stack(&self, ip: &IpId) -> Result<Share> {
        let ask = RoyaltyModule::globalRoyaltyStackCall { ipId: convert::evm_ip(*ip) };
        convert::share(self.view().call(self.addresses().royalty_module, &ask).await?)
    }

    /// What one ancestor takes of a descendant's revenue under a policy; 0 if it is none.
    ///
    /// # Errors
    /// As [`royalty_vault`](Self::royalty_vault).
    pub async fn ancestor_share(&self, source: &RevenueSource, ancestor: &IpId) -> Result<Share> {
        let policy = policy_contract(source.policy, self.addresses());
        let ask = RoyaltyPolicyLap::getPolicyRoyaltyCall {
            ipId: convert::evm_ip(source.descendant),
            ancestorIpId: convert::evm_ip(*ancestor),
        };
        convert::share(self.view().call(policy, &ask).await?)
    }

    /// The protocol's own part of every payment.
    ///
    /// # Errors
    /// As [`royalty_vault`](Self::royalty_vault).
    pub async fn royalty_fee(&self) -> Result<Share> {
        let ask = RoyaltyModule::royaltyFeePercentCall {};
        convert::share(self.view().call(self.addresses().royalty_module, &ask).await?)
    }

    /// Whether the protocol takes payments in a token.
    ///
    /// # Errors
    /// As [`royalty_vault`](Self::royalty_vault).
    pub async fn is_royalty_token(&self, token: &Address) -> Result<bool> {
        let ask = RoyaltyModule::isWhitelistedRoyaltyTokenCall { token: convert::evm_address(*token) };
        self.view().call(self.addresses().royalty_module, &ask).await
    }

    /// Of the network's known tokens those that the protocol takes payments in. The chain keeps no list of them.
    ///
    /// # Errors
    /// As [`royalty_vault`](Self::royalty_vault).
    pub async fn royalty_tokens(&self) -> Result<Vec<Address>> {
        let mut taken = Vec::new();
        for token in [Some(self.addresses().wip), self.addresses().test_token].into_iter().flatten() {
            if self.is_royalty_token(&token).await? {
                taken.push(token);
            }
        }
        Ok(taken)
    }
}
