//! [`DistributeRoyaltyTokens`]: gives an IP's royalty tokens away, and with them its revenue.

use alloy::{
    primitives::U256,
    sol_types::{SolCall, SolEvent},
};
use async_trait::async_trait;
use lore_core::{
    Address, Error, ErrorKind, IpId, Result, Share, Violations, domain::asset::Mined, onchain::keccak256,
    port::transactions::OperationKey,
};

use crate::{
    addresses::Addresses,
    client::StoryClient,
    contracts::{
        licensing::{RoyaltyTokenDistributionWorkflows, SignatureData},
        royalty::IpRoyaltyVault,
    },
    convert,
    eip712::SignedCall,
    operation::{Draft, Operation},
    ops::{
        arguments::{RoyaltyShare, check_shares, royalty_shares, sum_of_shares},
        authorization::{self, Authorization, AuthorizationRequest, AuthorizedOperation},
        registration::{
            RegisterNftDerivativeAndDeployVault, RegisterNftTermsAndDeployVault, RegisteredIp,
            existing::vault,
        },
    },
    receipt::Receipt,
    view::View,
};

/// Royalty tokens that were given away.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DistributedRoyaltyTokens {
    /// The IP.
    pub ip_id: IpId,
    /// Its vault, whose tokens they are.
    pub royalty_vault: Address,
    /// Who got which part, in order.
    pub shares: Vec<RoyaltyShare>,
    /// The transaction.
    pub mined: Mined,
}

/// Gives parts of an IP's royalty tokens away, by a signature of the IP's owner. Each call gives again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DistributeRoyaltyTokens {
    /// The IP, which has a vault and still holds what is given.
    pub ip_id: IpId,
    /// Who gets which part.
    pub shares: Vec<RoyaltyShare>,
    /// What the owner's wallet signed; `None` if the client signs for the owner.
    pub authorization: Option<Authorization>,
}

impl DistributeRoyaltyTokens {
    /// Gives these parts.
    #[must_use]
    pub const fn new(ip_id: IpId, shares: Vec<RoyaltyShare>) -> Self {
        Self { ip_id, shares, authorization: None }
    }

    /// The workflow may take from the account exactly what it gives.
    fn signed_call(&self, vault: Address, addresses: &Addresses) -> SignedCall {
        let approve = IpRoyaltyVault::approveCall {
            spender: convert::evm_address(addresses.royalty_token_distribution_workflows),
            value: U256::from(sum_of_shares(&self.shares).millionths()),
        };
        SignedCall::new(self.ip_id, vault, approve.abi_encode())
    }

    pub(crate) fn call(
        &self,
        signature: SignatureData,
    ) -> RoyaltyTokenDistributionWorkflows::distributeRoyaltyTokensCall {
        RoyaltyTokenDistributionWorkflows::distributeRoyaltyTokensCall {
            ipId: convert::evm_ip(self.ip_id),
            royaltyShares: royalty_shares(&self.shares),
            sigApproveRoyaltyTokens: signature,
        }
    }

    async fn vault(&self, view: &View<'_>) -> Result<Address> {
        vault(view, self.ip_id).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the IP has no royalty vault yet")
                .with_context("ip_id", self.ip_id)
        })
    }

    /// Names the first distribution of an IP, which follows its registration.
    fn first_key(&self) -> Result<OperationKey> {
        let mut shares = Vec::with_capacity(self.shares.len() * 24);
        for share in &self.shares {
            shares.extend(share.recipient.as_bytes());
            shares.extend(share.share.millionths().to_be_bytes());
        }
        let digest = data_encoding::HEXLOWER.encode(&keccak256(&shares));
        OperationKey::new(format!("{}/{}/{digest}", self.name(), self.ip_id))
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Operation for DistributeRoyaltyTokens {
    type Output = DistributedRoyaltyTokens;

    fn name(&self) -> &'static str {
        "distribute_royalty_tokens"
    }

    fn check(&self, violations: &mut Violations) {
        check_shares(violations, &self.shares);
    }

    async fn draft(&self, view: &View<'_>) -> Result<Draft> {
        let signed = self.signed_call(self.vault(view).await?, view.addresses());
        let signature = authorization::signature(view, &signed, self.authorization.as_ref()).await?;
        let summary = format!(
            "gives {} % of the royalty tokens of IP {} to {} accounts",
            sum_of_shares(&self.shares),
            self.ip_id,
            self.shares.len()
        );
        let workflow = view.addresses().royalty_token_distribution_workflows;
        Ok(Draft::new(workflow, &self.call(signature), summary))
    }

    fn output(&self, receipt: &Receipt, _addresses: &Addresses) -> Result<DistributedRoyaltyTokens> {
        let transfers = receipt
            .events_of_any::<IpRoyaltyVault::Transfer>()
            .filter(|(_, transfer)| convert::from_evm_ip(transfer.from) == self.ip_id);
        let mut royalty_vault = None;
        let mut shares = Vec::new();
        for (vault, transfer) in transfers {
            royalty_vault = Some(vault);
            let millionths = u32::try_from(transfer.value).unwrap_or(u32::MAX);
            let share: Share = convert::share(millionths)?;
            shares.push(RoyaltyShare::new(convert::from_evm_address(transfer.to), share));
        }
        let royalty_vault = royalty_vault
            .ok_or_else(|| receipt.missing(IpRoyaltyVault::Transfer::SIGNATURE, self.ip_id.address()))?;
        Ok(DistributedRoyaltyTokens { ip_id: self.ip_id, royalty_vault, shares, mined: receipt.mined() })
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AuthorizedOperation for DistributeRoyaltyTokens {
    async fn authorization_request(&self, view: &View<'_>) -> Result<AuthorizationRequest> {
        let signed = self.signed_call(self.vault(view).await?, view.addresses());
        authorization::request(view, &signed).await
    }

    fn with_authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = Some(authorization);
        self
    }
}

impl StoryClient {
    /// Registers a token of the signer under license terms, and gives its royalty tokens away: two transactions, each
    /// made once. Called again after a failure or a crash, it goes on where it stopped.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn register_nft_and_distribute(
        &self,
        registration: &RegisterNftTermsAndDeployVault,
        shares: &[RoyaltyShare],
    ) -> Result<(RegisteredIp, DistributedRoyaltyTokens)> {
        check_before(shares)?;
        self.distribute(self.send(registration).await?, shares).await
    }

    /// Registers a token of the signer as a derivative, and gives its royalty tokens away: two transactions, each made
    /// once. Called again after a failure or a crash, it goes on where it stopped.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn register_nft_derivative_and_distribute(
        &self,
        registration: &RegisterNftDerivativeAndDeployVault,
        shares: &[RoyaltyShare],
    ) -> Result<(RegisteredIp, DistributedRoyaltyTokens)> {
        check_before(shares)?;
        self.distribute(self.send(registration).await?, shares).await
    }

    async fn distribute(
        &self,
        registered: RegisteredIp,
        shares: &[RoyaltyShare],
    ) -> Result<(RegisteredIp, DistributedRoyaltyTokens)> {
        let distribution = DistributeRoyaltyTokens::new(registered.ip_id, shares.to_vec());
        let distributed = self.send_once(&distribution.first_key()?, &distribution).await?;
        Ok((registered, distributed))
    }
}

/// Nothing is registered if the second step cannot be made.
fn check_before(shares: &[RoyaltyShare]) -> Result<()> {
    let mut violations = Violations::new();
    check_shares(&mut violations, shares);
    violations.into_result(()).map_err(Error::from)
}
