//! The suite of the port, over every way a file can go up.

use std::sync::{Arc, Mutex};

use lore_core::{Result, conformance::pin_store::Harness, content::unixfs::Profile, port::pins::PinStore};
use lore_ipfs::pinata::PinataPinStore;

use super::{
    Way, config, real_clock,
    server::{PinataServer, Settings},
};

struct Account {
    way: Way,
    profile: Profile,
    /// The server lives as long as the case.
    server: Mutex<Option<PinataServer>>,
}

impl Account {
    fn new(way: Way, profile: Profile) -> Self {
        Self { way, profile, server: Mutex::default() }
    }
}

impl Harness for Account {
    async fn fresh(&self) -> Result<Arc<dyn PinStore>> {
        let server = PinataServer::start(Settings::default()).await;
        let mut config = config(&server, self.way);
        config.profile = self.profile;
        let store = PinataPinStore::new(config, real_clock())?;
        *self.server.lock().unwrap() = Some(server);
        Ok(Arc::new(store))
    }

    async fn uploads(&self) -> Option<u64> {
        self.server.lock().unwrap().as_ref().map(|server| server.counts().uploads)
    }
}

mod multipart {
    use super::{Account, Profile, Way};
    lore_core::pin_store_conformance!(Account::new(Way::Multipart, Profile::Pinata));
}

mod resumable {
    use super::{Account, Profile, Way};
    lore_core::pin_store_conformance!(Account::new(Way::Tus, Profile::Pinata));
}

mod legacy {
    use super::{Account, Profile, Way};
    lore_core::pin_store_conformance!(Account::new(Way::Legacy, Profile::Pinata));
}

mod multipart_v0 {
    use super::{Account, Profile, Way};
    lore_core::pin_store_conformance!(Account::new(Way::Multipart, Profile::UnixFsV0_2015));
}

mod resumable_v0 {
    use super::{Account, Profile, Way};
    lore_core::pin_store_conformance!(Account::new(Way::Tus, Profile::UnixFsV0_2015));
}
