//! Programmable IP License (PIL) terms: the terms, how the chain encodes and judges them, and what they mean.
//!
//! The rules are those of `PILicenseTemplate` v1.3.2, checked against cases recorded on the contract itself. Nothing
//! here asks a chain: what the template looks up comes in as [`TemplateFacts`].

mod encoding;
mod rules;
mod terms;
#[cfg(test)]
mod vectors;

pub use self::{
    encoding::{encode_terms, escape_uri, terms_hash, terms_hash_as_given},
    rules::{TemplateFacts, protocol_error},
    terms::PilTerms,
};
