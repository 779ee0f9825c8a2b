//! The cases recorded on the real template, and the chain they were recorded on.

use serde::Deserialize;

use crate::{
    domain::license::{PilTerms, TemplateFacts},
    onchain::{Address, Uint256, Wei},
    protocol::{ROYALTY_POLICY_LAP, ROYALTY_POLICY_LRP, WIP},
};

pub(super) struct Case {
    pub(super) name: String,
    pub(super) terms: PilTerms,
    pub(super) error: Option<String>,
    pub(super) hash: Option<String>,
    pub(super) id: Option<String>,
    pub(super) uri_stored: Option<String>,
    pub(super) get_license_terms_id_of_unescaped: Option<String>,
}

#[derive(Deserialize)]
struct RawCase {
    name: String,
    terms: RawTerms,
    error: Option<String>,
    hash: Option<String>,
    id: Option<String>,
    uri_stored: Option<String>,
    get_license_terms_id_of_unescaped: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawTerms {
    transferable: bool,
    royalty_policy: Address,
    default_minting_fee: Wei,
    expiration: Uint256,
    commercial_use: bool,
    commercial_attribution: bool,
    commercializer_checker: Address,
    commercializer_checker_data: String,
    commercial_rev_share: u32,
    commercial_rev_ceiling: Wei,
    derivatives_allowed: bool,
    derivatives_attribution: bool,
    derivatives_approval: bool,
    derivatives_reciprocal: bool,
    derivative_rev_ceiling: Wei,
    currency: Address,
    uri: String,
}

impl From<RawTerms> for PilTerms {
    fn from(raw: RawTerms) -> Self {
        let data = raw.commercializer_checker_data.strip_prefix("0x").unwrap();
        Self {
            transferable: raw.transferable,
            royalty_policy: raw.royalty_policy,
            default_minting_fee: raw.default_minting_fee,
            expiration_seconds: raw.expiration,
            commercial_use: raw.commercial_use,
            commercial_attribution: raw.commercial_attribution,
            commercializer_checker: raw.commercializer_checker,
            commercializer_checker_data: data_encoding::HEXLOWER_PERMISSIVE.decode(data.as_bytes()).unwrap(),
            commercial_rev_share: raw.commercial_rev_share,
            commercial_rev_ceiling: raw.commercial_rev_ceiling,
            derivatives_allowed: raw.derivatives_allowed,
            derivatives_attribution: raw.derivatives_attribution,
            derivatives_approval: raw.derivatives_approval,
            derivatives_reciprocal: raw.derivatives_reciprocal,
            derivative_rev_ceiling: raw.derivative_rev_ceiling,
            currency: raw.currency,
            uri: raw.uri,
        }
    }
}

/// Every case of `terms.json`, in its order.
pub(super) fn terms() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/story/vectors/terms.json");
    let raw: Vec<RawCase> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    raw.into_iter()
        .map(|case| Case {
            name: case.name,
            terms: case.terms.into(),
            error: case.error,
            hash: case.hash,
            id: case.id,
            uri_stored: case.uri_stored,
            get_license_terms_id_of_unescaped: case.get_license_terms_id_of_unescaped,
        })
        .collect()
}

/// Runs `check` with the facts of the chain of the recording.
pub(super) fn with_facts<T>(check: impl FnOnce(&TemplateFacts<'_>) -> T) -> T {
    let address = |text: &str| text.parse::<Address>().unwrap();
    // Registered as an external royalty policy; it also says it is a hook, without being a registered module.
    let external = address("0x00000000000000000000000000000000000e1001");
    // A licensing hook: a registered module, but not of the interface asked for.
    let lock_license_hook = address("0x54c52990da304643e7412a3e13d8e8923cd5bff2");
    let merc20 = address("0xf2104833d386a2734a4eb3b8ad6fc6812f29e38e");
    check(&TemplateFacts {
        royalty_policies: &[ROYALTY_POLICY_LAP, ROYALTY_POLICY_LRP, external],
        currencies: &[WIP, merc20],
        hook_modules: &[external],
        registered_modules: &[lock_license_hook],
    })
}
