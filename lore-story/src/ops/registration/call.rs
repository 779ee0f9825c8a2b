//! The calls of the workflows, from typed arguments; no chain is asked.

use alloy::sol_types::SolCall;
use lore_core::{Address, ChainId};

use crate::{
    addresses::Addresses,
    contracts::licensing::{
        DerivativeWorkflows, LicenseAttachmentWorkflows, RegistrationWorkflows,
        RoyaltyTokenDistributionWorkflows, SignatureData,
    },
    convert,
    eip712::{SignedCall, Workflow},
    operation::Draft,
    ops::{
        arguments::{ExistingNft, NewNft, royalty_shares, terms_data},
        registration::shape::{Also, Minted, Registered, Shape},
    },
};

/// The workflow that is called.
pub(crate) const fn workflow(shape: Shape<'_>, addresses: &Addresses) -> Address {
    if shape.has_vault() {
        return addresses.royalty_token_distribution_workflows;
    }
    match shape.also() {
        Also::Nothing => addresses.registration_workflows,
        Also::AttachTerms(_) => addresses.license_attachment_workflows,
        Also::Link(_) | Also::BurnTokens(_) => addresses.derivative_workflows,
    }
}

/// The call that mints and registers, without what it costs.
pub(crate) fn mint_draft(nft: &NewNft, minted: Minted<'_>, addresses: &Addresses) -> Draft {
    let workflow = workflow(Shape::Mint(nft, minted), addresses);
    Draft::from_data(workflow, mint(nft, minted, addresses), mint_summary(nft, minted))
}

/// The data of that call.
pub(crate) fn mint(nft: &NewNft, minted: Minted<'_>, addresses: &Addresses) -> Vec<u8> {
    let spg_nft = convert::evm_address(nft.collection);
    let recipient = convert::evm_address(nft.recipient);
    let metadata = nft.metadata.to_sol();
    let duplicates = nft.allow_duplicates;
    match minted {
        Minted::Plain(Also::Nothing) => RegistrationWorkflows::mintAndRegisterIpCall {
            spgNftContract: spg_nft,
            recipient,
            ipMetadata: metadata,
            allowDuplicates: duplicates,
        }
        .abi_encode(),
        Minted::Plain(Also::AttachTerms(terms)) => {
            LicenseAttachmentWorkflows::mintAndRegisterIpAndAttachPILTermsCall {
                spgNftContract: spg_nft,
                recipient,
                ipMetadata: metadata,
                licenseTermsData: terms_data(terms),
                allowDuplicates: duplicates,
            }
            .abi_encode()
        }
        Minted::Plain(Also::Link(link)) => DerivativeWorkflows::mintAndRegisterIpAndMakeDerivativeCall {
            spgNftContract: spg_nft,
            derivData: link.to_sol(addresses),
            ipMetadata: metadata,
            recipient,
            allowDuplicates: duplicates,
        }
        .abi_encode(),
        Minted::Plain(Also::BurnTokens(link)) => {
            DerivativeWorkflows::mintAndRegisterIpAndMakeDerivativeWithLicenseTokensCall {
                spgNftContract: spg_nft,
                licenseTokenIds: link.ids(),
                royaltyContext: link.royalty_context(),
                maxRts: link.max_royalty_tokens,
                ipMetadata: metadata,
                recipient,
                allowDuplicates: duplicates,
            }
            .abi_encode()
        }
        Minted::TermsShared(terms, shares) => {
            type Call = RoyaltyTokenDistributionWorkflows::mintAndRegisterIpAndAttachPILTermsAndDistributeRoyaltyTokensCall;
            Call {
                spgNftContract: spg_nft,
                recipient,
                ipMetadata: metadata,
                licenseTermsData: terms_data(terms),
                royaltyShares: royalty_shares(shares),
                allowDuplicates: duplicates,
            }
            .abi_encode()
        }
        Minted::LinkShared(link, shares) => {
            type Call = RoyaltyTokenDistributionWorkflows::mintAndRegisterIpAndMakeDerivativeAndDistributeRoyaltyTokensCall;
            Call {
                spgNftContract: spg_nft,
                recipient,
                ipMetadata: metadata,
                derivData: link.to_sol(addresses),
                royaltyShares: royalty_shares(shares),
                allowDuplicates: duplicates,
            }
            .abi_encode()
        }
    }
}

/// The call that registers a token that is there.
pub(crate) fn register(
    nft: &ExistingNft,
    registered: Registered<'_>,
    signature: SignatureData,
    addresses: &Addresses,
) -> Vec<u8> {
    let contract = convert::evm_address(nft.contract);
    let token_id = convert::u256_of_token(nft.token_id);
    let metadata = nft.metadata.to_sol();
    match registered {
        Registered::Plain(Also::Nothing) => RegistrationWorkflows::registerIpCall {
            nftContract: contract,
            tokenId: token_id,
            ipMetadata: metadata,
            sigMetadata: signature,
        }
        .abi_encode(),
        Registered::Plain(Also::AttachTerms(terms)) => {
            LicenseAttachmentWorkflows::registerIpAndAttachPILTermsCall {
                nftContract: contract,
                tokenId: token_id,
                ipMetadata: metadata,
                licenseTermsData: terms_data(terms),
                sigMetadataAndAttachAndConfig: signature,
            }
            .abi_encode()
        }
        Registered::Plain(Also::Link(link)) => DerivativeWorkflows::registerIpAndMakeDerivativeCall {
            nftContract: contract,
            tokenId: token_id,
            derivData: link.to_sol(addresses),
            ipMetadata: metadata,
            sigMetadataAndRegister: signature,
        }
        .abi_encode(),
        Registered::Plain(Also::BurnTokens(link)) => {
            DerivativeWorkflows::registerIpAndMakeDerivativeWithLicenseTokensCall {
                nftContract: contract,
                tokenId: token_id,
                licenseTokenIds: link.ids(),
                royaltyContext: link.royalty_context(),
                maxRts: link.max_royalty_tokens,
                ipMetadata: metadata,
                sigMetadataAndRegister: signature,
            }
            .abi_encode()
        }
        Registered::TermsWithVault(terms) => {
            RoyaltyTokenDistributionWorkflows::registerIpAndAttachPILTermsAndDeployRoyaltyVaultCall {
                nftContract: contract,
                tokenId: token_id,
                ipMetadata: metadata,
                licenseTermsData: terms_data(terms),
                sigMetadataAndAttachAndConfig: signature,
            }
            .abi_encode()
        }
        Registered::LinkWithVault(link) => {
            RoyaltyTokenDistributionWorkflows::registerIpAndMakeDerivativeAndDeployRoyaltyVaultCall {
                nftContract: contract,
                tokenId: token_id,
                ipMetadata: metadata,
                derivData: link.to_sol(addresses),
                sigMetadataAndRegister: signature,
            }
            .abi_encode()
        }
    }
}

/// What the workflow must be permitted to register a token that is there.
pub(crate) fn authorized(
    chain_id: ChainId,
    nft: &ExistingNft,
    registered: Registered<'_>,
    addresses: &Addresses,
) -> SignedCall {
    let workflow = match registered {
        Registered::Plain(Also::Nothing) => Workflow::RegisterIp,
        Registered::Plain(Also::AttachTerms(_)) => Workflow::RegisterIpAndAttachTerms,
        Registered::Plain(Also::Link(_)) => Workflow::RegisterDerivative,
        Registered::Plain(Also::BurnTokens(_)) => Workflow::RegisterDerivativeWithLicenseTokens,
        Registered::TermsWithVault(_) => Workflow::RegisterIpAndDeployVault,
        Registered::LinkWithVault(_) => Workflow::RegisterDerivativeAndDeployVault,
    };
    workflow.permit(addresses.ip_id(chain_id, nft.contract, nft.token_id), addresses)
}

/// What minting and registering does, for a person who signs.
pub(crate) fn mint_summary(nft: &NewNft, minted: Minted<'_>) -> String {
    let shares = match minted {
        Minted::Plain(_) => "",
        Minted::TermsShared(..) | Minted::LinkShared(..) => ", and gives away its royalty tokens",
    };
    format!(
        "mints a token of collection {} for {}, registers it as IP{}{shares}",
        nft.collection,
        nft.recipient,
        also_summary(Shape::Mint(nft, minted).also())
    )
}

/// What registering does, for a person who signs.
pub(crate) fn register_summary(nft: &ExistingNft, registered: Registered<'_>) -> String {
    let vault = match registered {
        Registered::Plain(_) => "",
        Registered::TermsWithVault(_) | Registered::LinkWithVault(_) => ", and makes its royalty vault",
    };
    format!(
        "registers token {} of {} as IP{}{vault}",
        nft.token_id,
        nft.contract,
        also_summary(Shape::Nft(nft, registered).also())
    )
}

fn also_summary(also: Also<'_>) -> String {
    match also {
        Also::Nothing => " with its metadata".to_owned(),
        Also::AttachTerms(terms) => format!(" under {} license terms", terms.len()),
        Also::Link(link) => format!(" as a derivative of {} parents", link.parents.len()),
        Also::BurnTokens(link) => {
            format!(" as a derivative by {} license tokens, which are burned", link.token_ids.len())
        }
    }
}
