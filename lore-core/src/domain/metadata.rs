//! IPA and NFT metadata as canonical JSON.
