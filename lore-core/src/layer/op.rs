//! What every layer must know about a call: which port, which operation, and what a lost answer means.
//!
//! One table holds it for all operations of all ports, so that a layer never decides by name.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Retry;

/// A port, as layers, metrics and logs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Port {
    /// [`ChainClient`](crate::port::chain::ChainClient) with the narrow clients under it.
    ChainClient,
    /// [`PinStore`](crate::port::pins::PinStore).
    PinStore,
    /// [`LlmProvider`](crate::port::llm::LlmProvider).
    LlmProvider,
    /// [`Repository`](crate::port::repository::Repository) with the narrow repositories under it.
    Repository,
    /// [`Cache`](crate::port::cache::Cache).
    Cache,
}

impl Port {
    /// Every port.
    pub const ALL: [Self; 5] =
        [Self::ChainClient, Self::PinStore, Self::LlmProvider, Self::Repository, Self::Cache];

    /// The stable name, for example `pin_store`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChainClient => "chain_client",
            Self::PinStore => "pin_store",
            Self::LlmProvider => "llm_provider",
            Self::Repository => "repository",
            Self::Cache => "cache",
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What it means if the answer to a call is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing was changed.
    Read,
    /// Something may have been changed; the same call again ends in the same state with the same answer.
    Repeatable,
    /// Something may have been changed, and the same call again answers differently: look it up.
    Once,
}

impl Effect {
    /// The class of a failure after which nobody knows whether the call took effect.
    pub(super) const fn retry_when_lost(self) -> Retry {
        match self {
            Self::Read | Self::Repeatable => Retry::After(None),
            Self::Once => Retry::Reconcile,
        }
    }
}

/// How long a call usually takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// One question, one answer.
    Prompt,
    /// Until a transaction is confirmed.
    Confirmation,
    /// As long as sending all the content takes.
    Transfer,
}

/// One operation of a port.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Op {
    pub(super) port: Port,
    pub(super) name: &'static str,
    pub(super) effect: Effect,
    pub(super) pace: Pace,
}

macro_rules! ops {
    ($($name:ident = $port:ident $text:literal $effect:ident $pace:ident;)+) => {
        $(pub(super) const $name: &Op =
            &Op { port: Port::$port, name: $text, effect: Effect::$effect, pace: Pace::$pace };)+

        /// Every operation.
        #[cfg(test)]
        pub(super) const ALL: &[&Op] = &[$($name),+];
    };
}

ops! {
    INFO = ChainClient "info" Read Prompt;
    FIND_REGISTRATION = ChainClient "find_registration" Read Prompt;
    REGISTER = ChainClient "register" Once Confirmation;
    IP = ChainClient "ip" Read Prompt;
    FIND_LICENSE_TERMS = ChainClient "find_license_terms" Read Prompt;
    REGISTER_LICENSE_TERMS = ChainClient "register_license_terms" Once Confirmation;
    ATTACH_LICENSE_TERMS = ChainClient "attach_license_terms" Once Confirmation;
    LINK_DERIVATIVE = ChainClient "link_derivative" Once Confirmation;
    PAY_ROYALTY = ChainClient "pay_royalty" Once Confirmation;
    CLAIMABLE_REVENUE = ChainClient "claimable_revenue" Read Prompt;
    CLAIM_REVENUE = ChainClient "claim_revenue" Once Confirmation;
    TRANSFER_TO_VAULT = ChainClient "transfer_to_vault" Once Confirmation;
    ROYALTY_VAULT = ChainClient "royalty_vault" Read Prompt;
    REGISTER_GROUP = ChainClient "register_group" Once Confirmation;
    ADD_GROUP_MEMBERS = ChainClient "add_group_members" Once Confirmation;
    REMOVE_GROUP_MEMBERS = ChainClient "remove_group_members" Once Confirmation;
    GROUP = ChainClient "group" Read Prompt;
    GROUP_MEMBERS = ChainClient "group_members" Read Prompt;
    CLAIMABLE_REWARDS = ChainClient "claimable_rewards" Read Prompt;
    DISTRIBUTE_REWARDS = ChainClient "distribute_rewards" Once Confirmation;
    RAISE_DISPUTE = ChainClient "raise_dispute" Once Confirmation;
    COUNTER_DISPUTE = ChainClient "counter_dispute" Once Confirmation;
    SETTLE_DISPUTE = ChainClient "settle_dispute" Once Confirmation;
    RESOLVE_DISPUTE = ChainClient "resolve_dispute" Once Confirmation;
    CANCEL_DISPUTE = ChainClient "cancel_dispute" Once Confirmation;
    PROPAGATE_DISPUTE = ChainClient "propagate_dispute" Once Confirmation;
    DISPUTE = ChainClient "dispute" Read Prompt;
    DISPUTE_LIMITS = ChainClient "dispute_limits" Read Prompt;
    SET_PERMISSIONS = ChainClient "set_permissions" Once Confirmation;
    PERMISSION = ChainClient "permission" Read Prompt;
    IS_PERMITTED = ChainClient "is_permitted" Read Prompt;
    VERIFY_SIGNATURE = ChainClient "verify_signature" Read Prompt;

    FIND = PinStore "find" Read Prompt;
    // The store finds content that it has by its CID, and does not take it twice.
    PIN = PinStore "pin" Repeatable Transfer;
    FETCH = PinStore "fetch" Read Prompt;
    // One read from the reader that `fetch` opened.
    READ = PinStore "read" Read Prompt;
    UNPIN = PinStore "unpin" Repeatable Prompt;

    // Asking again costs money, but changes nothing.
    COMPLETE = LlmProvider "complete" Read Prompt;
    MODELS = LlmProvider "models" Read Prompt;

    ASSET = Repository "asset" Read Prompt;
    ASSETS = Repository "assets" Read Prompt;
    ASSET_BY_IP = Repository "asset_by_ip" Read Prompt;
    LIST_ASSETS = Repository "list_assets" Read Prompt;
    PARENT_LINKS = Repository "parent_links" Read Prompt;
    CHILD_LINKS = Repository "child_links" Read Prompt;
    NEEDED_CIDS = Repository "needed_cids" Read Prompt;
    // The idempotency key finds what the lost call recorded.
    OPEN_CREATION = Repository "open_creation" Repeatable Prompt;
    CREATION = Repository "creation" Read Prompt;
    CREATION_BY_KEY = Repository "creation_by_key" Read Prompt;
    CREATION_OF_ASSET = Repository "creation_of_asset" Read Prompt;
    LIST_CREATIONS = Repository "list_creations" Read Prompt;
    EVENTS = Repository "events" Read Prompt;
    // After a lost success the same call finds the lease taken.
    ACQUIRE_LEASE = Repository "acquire_lease" Once Prompt;
    RENEW_LEASE = Repository "renew_lease" Repeatable Prompt;
    RELEASE_LEASE = Repository "release_lease" Repeatable Prompt;
    COMMIT = Repository "commit" Once Prompt;

    GET = Cache "get" Read Prompt;
    PUT = Cache "put" Repeatable Prompt;
    // After a lost success the same call finds the key taken.
    PUT_IF_ABSENT = Cache "put_if_absent" Once Prompt;
    REMOVE = Cache "remove" Repeatable Prompt;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn operations_have_different_names_so_that_a_fault_plan_can_name_them() {
        let names: BTreeSet<_> = ALL.iter().map(|op| op.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn a_port_serialises_as_its_stable_name() {
        for port in Port::ALL {
            assert_eq!(serde_json::to_string(&port).unwrap(), format!("\"{port}\""));
        }
    }
}
