//! The suites of the narrow chain ports on the simulated chain.
#![cfg(feature = "conformance")]

use std::{sync::Arc, time::Duration};

use lore_core::{
    Address, IpId, LicenseTermsId, Result,
    conformance::{
        Clients, dispute_client,
        group_client::{self, GroupClients},
        permission_client, royalty_client, wallet_verifier,
    },
    domain::license::LicensingConfig,
    memory::{
        chain::{Call, SimulatedChain},
        clock::ManualClock,
    },
    port::chain::{DisputeClient, GroupClient, RoyaltyClient, WalletVerifier},
    protocol,
};

const ALICE: Address = Address::from_bytes([0xa1; 20]);
const BOB: Address = Address::from_bytes([0xb0; 20]);

/// One chain in memory, whose time the test moves.
struct Simulated {
    clock: ManualClock,
    chain: SimulatedChain,
}

impl Simulated {
    fn new() -> Self {
        let clock = ManualClock::default();
        let chain = SimulatedChain::new(ALICE, Arc::new(clock.clone()));
        Self { clock, chain }
    }

    fn signer(&self, signer: Address) -> Arc<SimulatedChain> {
        Arc::new(self.chain.connect(signer))
    }
}

impl royalty_client::Harness for Simulated {
    async fn fresh(&self) -> Result<Clients<dyn RoyaltyClient>> {
        let alice = self.signer(ALICE);
        Ok(Clients::<dyn RoyaltyClient>::new(alice.clone(), alice).with_again(self.signer(ALICE)))
    }
}

impl group_client::Harness for Simulated {
    async fn fresh(&self) -> Result<GroupClients> {
        let alice = self.signer(ALICE);
        let of_groups = Clients::<dyn GroupClient>::new(alice.clone(), alice.clone())
            .with_again(self.signer(ALICE))
            .with_other(self.signer(BOB));
        Ok(GroupClients::new(alice, of_groups))
    }

    async fn opt_in(&self, ip: &IpId, terms_id: LicenseTermsId) -> Result<()> {
        let terms = self.chain.inspect(|ledger| ledger.license_terms(terms_id).cloned())?;
        let config = LicensingConfig {
            is_set: true,
            minting_fee: terms.as_ref().map(|terms| terms.default_minting_fee).unwrap_or_default(),
            commercial_rev_share: terms.map_or(0, |terms| terms.commercial_rev_share),
            expect_group_reward_pool: protocol::EVEN_SPLIT_GROUP_POOL,
            ..LicensingConfig::default()
        };
        self.chain.execute(&Call::SetLicensingConfig { ip: *ip, terms_id, config }).map(|_| ())
    }
}

impl dispute_client::Harness for Simulated {
    async fn fresh(&self) -> Result<Clients<dyn DisputeClient>> {
        let alice = self.signer(ALICE);
        Ok(Clients::<dyn DisputeClient>::new(alice.clone(), alice)
            .with_again(self.signer(ALICE))
            .with_other(self.signer(BOB)))
    }

    async fn pass(&self, time: Duration) -> Result<bool> {
        self.clock.advance(time);
        Ok(true)
    }
}

impl permission_client::Harness for Simulated {
    async fn fresh(&self) -> Result<permission_client::Clients> {
        let party = |signer| {
            let client = self.signer(signer);
            permission_client::Party::new(client.clone(), client)
        };
        Ok(permission_client::Clients::new(party(ALICE)).with_other(party(BOB)))
    }
}

impl wallet_verifier::Harness for Simulated {
    async fn fresh(&self) -> Result<Arc<dyn WalletVerifier>> {
        Ok(self.signer(ALICE))
    }
}

mod royalties {
    lore_core::royalty_client_conformance!(super::Simulated::new());
}

mod groups {
    lore_core::group_client_conformance!(super::Simulated::new());
}

mod disputes {
    lore_core::dispute_client_conformance!(super::Simulated::new());
}

mod permissions {
    lore_core::permission_client_conformance!(super::Simulated::new());
}

mod wallets {
    lore_core::wallet_verifier_conformance!(super::Simulated::new());
}
