//! Permissions: given, used, read, taken back, signed, and for one transaction. The port's suite runs here too.

use std::sync::Arc;

use lore_core::{
    Address, ErrorKind, IpId, Result,
    conformance::permission_client::{Clients, Harness, Party},
    port::chain::{Permission, PermissionLevel, PermissionScope},
};
use lore_story::ops::{
    AccountCall, AttachTerms, Execute, ExecuteWithTransientPermissions, RegisterTerms, SetPermissions,
};

use crate::{
    chain::{Story, live, remix},
    fresh,
};

struct Fresh;

impl Harness for Fresh {
    async fn fresh(&self) -> Result<Clients> {
        let party = async || {
            let client = Arc::new(fresh::client().await?);
            Ok::<_, lore_core::Error>(Party::new(client.clone(), client))
        };
        Ok(Clients::new(party().await?).with_other(party().await?))
    }
}

mod suite {
    lore_core::permission_client_conformance!(super::Fresh, skip_if: crate::fresh::missing());
}

/// `attachLicenseTerms(address,address,uint256)`.
const ATTACH: [u8; 4] = [0x2a, 0x41, 0x30, 0xc0];

fn may_attach(story: &Story, ip: IpId, signer: Address) -> Permission {
    let scope = PermissionScope::Function(story.client.addresses().licensing_module, ATTACH);
    Permission::allow(ip, signer, scope)
}

async fn attach(story: &Story, ip: IpId) -> AttachTerms {
    let mut terms = remix(lore_core::Wei::ZERO, 5);
    terms.uri = story.unique("https://example.org/permission");
    let terms_id = story.client.send(&RegisterTerms::new(terms)).await.unwrap().terms_id;
    AttachTerms::new(ip, terms_id)
}

#[test]
fn a_permission_is_given_used_and_taken_back() {
    live(|story| async move {
        let Some(other) = story.other() else { return };
        let ip = story.ip("permitted").await;
        let permission = may_attach(story, ip, other.signer());
        let (first, second) = (attach(story, ip).await, attach(story, ip).await);
        let denied = "AccessController__PermissionDenied";
        assert_eq!(other.send(&first).await.unwrap_err().revert().unwrap().name, denied);
        let set = SetPermissions::new(vec![permission]);
        assert!(story.client.send(&set).await.unwrap().is_some());
        assert!(other.send(&first).await.unwrap().is_some());
        let mut back = permission;
        back.level = PermissionLevel::Abstain;
        story.client.send(&SetPermissions::new(vec![back])).await.unwrap();
        assert_eq!(other.send(&second).await.unwrap_err().revert().unwrap().name, denied);
    });
}

#[test]
fn a_signed_permission_lasts_and_anybody_relays_it_once() {
    live(|story| async move {
        let Some(other) = story.other() else { return };
        let client = &story.client;
        let ip = story.ip("signed").await;
        let permission = may_attach(story, ip, other.signer());
        let deadline = client.chain_time().await.unwrap() + 1_000;
        let signed = client.sign_permissions(&ip, &[permission], deadline).await.unwrap();
        let relayed = other.send(&signed).await.unwrap();
        assert_eq!(client.account_state(&ip).await.unwrap(), relayed.state);
        let stored = client.permission(&ip, &other.signer(), &permission.scope).await.unwrap();
        assert_eq!(stored, PermissionLevel::Allow);
        assert!(other.send(&attach(story, ip).await).await.unwrap().is_some());
        let replayed = other.send(&signed).await.unwrap_err();
        assert_eq!(replayed.revert().unwrap().name, "IPAccount__InvalidSignature");

        let late = client.sign_permissions(&ip, &[permission], 1).await.unwrap();
        let error = other.send(&late).await.unwrap_err();
        assert_eq!(error.revert().unwrap().name, "IPAccount__ExpiredSignature");
        let of_another = other.sign_permissions(&ip, &[permission], deadline).await.unwrap();
        assert_eq!(other.send(&of_another).await.unwrap_err().kind(), ErrorKind::Reverted);
    });
}

#[test]
fn transient_permissions_end_with_the_transaction() {
    live(|story| async move {
        let client = &story.client;
        let ip = story.ip("transient").await;
        let delegate = Address::from_bytes([0xd1; 20]);
        let permission = may_attach(story, ip, delegate);
        let attach = attach(story, ip).await;
        let draft = client.plan(&attach, story.me()).await.unwrap().transactions.remove(0);
        let call = AccountCall::new(draft.to, draft.data);
        let operation = ExecuteWithTransientPermissions::new(ip, vec![permission], vec![call]);
        client.send(&operation).await.unwrap();
        assert!(client.has_attached_terms(&ip, attach.terms_id).await.unwrap());
        let stored = client.permission(&ip, &delegate, &permission.scope).await.unwrap();
        assert_eq!(stored, PermissionLevel::Abstain);
    });
}

#[test]
fn what_is_no_ip_has_no_permissions() {
    live(|story| async move {
        let nobody = IpId::new(Address::from_bytes([0x11; 20]));
        let module = story.client.addresses().licensing_module;
        let asked = story.client.is_permitted(&nobody, &story.me(), &module, ATTACH).await.unwrap_err();
        assert_eq!(asked.revert().unwrap().name, "AccessController__IPAccountIsNotValid");
        let read = story.client.permission(&nobody, &story.me(), &PermissionScope::Everything).await;
        assert!(matches!(read.unwrap_err().kind(), ErrorKind::NotFound | ErrorKind::Reverted));
        let execute = Execute::new(nobody, AccountCall::new(module, ATTACH.to_vec()));
        assert!(story.client.send(&execute).await.is_err());
    });
}
