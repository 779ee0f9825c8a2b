//! IPA and NFT metadata: the two JSON documents about an asset whose SHA-256 goes on chain.
//!
//! The same creation gives the same bytes always, today and when it is resumed after a crash: the documents are made
//! from the creation's record alone and written in the one canonical form of JSON (RFC 8785). Both fit in one raw block,
//! so the CID carries the hash that goes on chain.

mod canonical;
mod ipa;
mod nft;
#[cfg(test)]
mod sample;

pub use self::{
    canonical::{Document, MAX_DOCUMENT_BYTES, canonical_json},
    ipa::{ipa_document, relationship_type},
    nft::nft_document,
};
