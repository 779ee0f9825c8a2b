//! Programmable IP License (PIL) terms: the terms, how the chain encodes and judges them, and what they mean.
//!
//! The rules are those of `PILicenseTemplate` v1.3.2, checked against cases recorded on the contract itself. Nothing
//! here asks a chain: what the template looks up comes in as [`TemplateFacts`].

mod config;
mod encoding;
mod flavors;
mod presets;
mod rules;
mod summary;
mod terms;
#[cfg(test)]
mod vectors;

pub use self::{
    config::LicensingConfig,
    encoding::{encode_terms, escape_uri, terms_hash, terms_hash_as_given},
    flavors::Payment,
    presets::{LicenseOptions, LicensePreset},
    rules::{
        MAX_CHECKER_DATA_BYTES, MAX_EXPIRATION_SECONDS, MAX_URI_BYTES, TemplateFacts, check_terms,
        protocol_error,
    },
    summary::{Point, Summary, Topic, summary},
    terms::PilTerms,
};
