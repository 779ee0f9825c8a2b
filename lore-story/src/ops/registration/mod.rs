//! Registers IP assets: tokens to be minted, or tokens that are there, each with what the protocol can do in the same
//! transaction.
//!
//! The twelve operations are one thing in twelve shapes, as the workflows of the protocol are. A [`Shape`](shape::Shape)
//! says which; from it come the call, the costs, the signature, what is there already, and the result.

mod any;
pub(crate) mod call;
pub(crate) mod existing;
mod minted;
mod nft;
mod output;
mod plain;
pub(crate) mod shape;
mod unified;

pub use self::{
    any::IpRegistration,
    minted::{
        MintAndRegister, MintAndRegisterDerivative, MintAndRegisterDerivativeWithTokens,
        MintAndRegisterWithTerms, MintRegisterDerivativeAndDistribute, MintRegisterTermsAndDistribute,
    },
    nft::{
        RegisterNftAsDerivative, RegisterNftAsDerivativeWithTokens, RegisterNftDerivativeAndDeployVault,
        RegisterNftTermsAndDeployVault, RegisterNftWithMetadata, RegisterNftWithTerms,
    },
    output::RegisteredIp,
    plain::RegisterNft,
    unified::{IpLink, NftSource, RegisterIpAsset},
};
