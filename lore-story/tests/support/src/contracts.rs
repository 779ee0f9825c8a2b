//! The test contracts: what can be called, and how they get onto a node.

use std::fs;

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol_types::{SolCall, SolValue as _},
};
use serde_json::{Value, json};

use crate::{
    anvil::{ACCOUNTS, Node, directory},
    rpc::RpcFailure,
};

/// Where the chains that the client knows have Multicall3.
pub const MULTICALL3: Address = alloy::primitives::address!("cA11bde05977b3631167028862bE2a173976CA11");

/// Calls, events and errors of the contracts in `lore-story/tests/contracts`.
pub mod interface {
    alloy::sol! {
        #[derive(Debug)]
        struct IPMetadata {
            string ipMetadataURI;
            bytes32 ipMetadataHash;
            string nftMetadataURI;
            bytes32 nftMetadataHash;
        }

        #[derive(Debug)]
        struct PILTerms {
            bool transferable;
            address royaltyPolicy;
            uint256 defaultMintingFee;
            uint256 expiration;
            bool commercialUse;
            bool commercialAttribution;
            address commercializerChecker;
            bytes commercializerCheckerData;
            uint32 commercialRevShare;
            uint256 commercialRevCeiling;
            bool derivativesAllowed;
            bool derivativesAttribution;
            bool derivativesApproval;
            bool derivativesReciprocal;
            uint256 derivativeRevCeiling;
            address currency;
            string uri;
        }

        #[derive(Debug)]
        struct LicensingConfig {
            bool isSet;
            uint256 mintingFee;
            address licensingHook;
            bytes hookData;
            uint32 commercialRevShare;
            bool disabled;
            uint32 expectMinimumGroupRewardShare;
            address expectGroupRewardPool;
        }

        #[derive(Debug)]
        struct LicenseTermsData {
            PILTerms terms;
            LicensingConfig licensingConfig;
        }

        #[derive(Debug)]
        interface Registrar {
            function mints() external view returns (uint256);
            function registrations() external view returns (uint256);
            function totalRegisteredLicenseTerms() external view returns (uint256);
            function getTokenIdByMetadataHash(bytes32 nftMetadataHash) external view returns (uint256);
            function ownerOf(uint256 tokenId) external view returns (address);
            function tokenURI(uint256 tokenId) external view returns (string memory);
            function ipId(uint256 chainId, address tokenContract, uint256 tokenId) external view returns (address);
            function isRegistered(address id) external view returns (bool);
            function setMintOpen(bool open) external;
            function mint(address to, string memory nftMetadataURI, bytes32 nftMetadataHash, bool allowDuplicates) external returns (uint256 tokenId);
            function register(uint256 chainId, address tokenContract, uint256 tokenId) external returns (address id);
            function mintAndRegisterIp(address spgNftContract, address recipient, IPMetadata memory ipMetadata, bool allowDuplicates) external returns (address ipId, uint256 tokenId);
            function mintAndRegisterIpAndAttachPILTerms(address spgNftContract, address recipient, IPMetadata memory ipMetadata, LicenseTermsData[] memory licenseTermsData, bool allowDuplicates) external returns (address ipId, uint256 tokenId, uint256[] memory licenseTermsIds);
            function multicall(bytes[] memory data) external returns (bytes[] memory results);
            event LicenseTermsAttached(address indexed caller, address indexed ipId, address licenseTemplate, uint256 licenseTermsId);
            event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
            event IPRegistered(address ipId, uint256 indexed chainId, address indexed tokenContract, uint256 indexed tokenId, string name, string uri, uint256 registrationDate);
            event MetadataURISet(address indexed ipId, string metadataURI, bytes32 metadataHash);
            error SPGNFT__DuplicatedNFTMetadataHash(address spgNftContract, uint256 tokenId, bytes32 nftMetadataHash);
            error SPGNFT__MintingClosed();
        }

        #[derive(Debug)]
        interface Wallet1271 {
            function owner() external view returns (address);
            function setOwner(address owner) external;
            function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4);
        }

        #[derive(Debug)]
        interface Wallet1271Factory {
            function walletAt(bytes32 salt, address owner) external view returns (address);
            function deploy(bytes32 salt, address owner) external returns (address wallet);
        }

        #[derive(Debug)]
        interface Coin {
            function mint(address to, uint256 amount) external;
            function approve(address spender, uint256 value) external returns (bool);
            function transfer(address to, uint256 value) external returns (bool);
            function transferFrom(address from, address to, uint256 value) external returns (bool);
            function balanceOf(address account) external view returns (uint256);
            function allowance(address owner, address spender) external view returns (uint256);
            function totalSupply() external view returns (uint256);
            error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
            error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        }

        #[derive(Debug)]
        interface Troublemaker {
            function works() external view returns (uint256);
            function setBroken(bool broken) external;
            function work() external payable;
            function refuse(address who, uint256 amount, string memory why) external payable;
            function complain(string memory why) external payable;
            function panicAssert() external payable;
            function panicOverflow(uint256 amount) external payable returns (uint256);
            function fallSilent() external payable;
            function revertWith(bytes memory data) external payable;
            function burn(uint256 amount) external payable returns (uint256 left);
            function burnAll() external payable;
            function invalid() external payable;
            error Refused(address who, uint256 amount, string why);
        }

        #[derive(Debug)]
        struct Call3 {
            address target;
            bool allowFailure;
            bytes callData;
        }

        #[derive(Debug)]
        struct CallResult {
            bool success;
            bytes returnData;
        }

        #[derive(Debug)]
        interface Catalogue {
            function owner() external view returns (address);
            function isRegistered(address id) external view returns (bool);
            function getMetadataURI(address id) external view returns (string memory);
            function getMetadataHash(address id) external view returns (bytes32);
            function getAttachedLicenseTermsCount(address id) external view returns (uint256);
            function getParentIpCount(address id) external view returns (uint256);
            function getDerivativeIpCount(address id) external view returns (uint256);
            function getAncestorsCount(address id) external view returns (uint256);
            function getExpireTime(address id) external view returns (uint256);
            function isIpTagged(address id) external view returns (bool);
            function getAttachedLicenseTerms(address id, uint256 index) external view returns (address licenseTemplate, uint256 licenseTermsId);
            function getParentIp(address id, uint256 index) external view returns (address parent);
            function getParentLicenseTerms(address id, address parent) external view returns (address licenseTemplate, uint256 licenseTermsId);
            function getLicenseTerms(uint256 licenseTermsId) external view returns (PILTerms memory terms);
            function getLicensingConfig(address id, address licenseTemplate, uint256 licenseTermsId) external view returns (LicensingConfig memory config);
            function getRoyaltyPercent(address id, address licenseTemplate, uint256 licenseTermsId) external view returns (uint32 share);
            function getPolicyRoyalty(address id, address ancestor) external view returns (uint32 share);
        }

        #[derive(Debug)]
        interface Aggregator {
            function aggregate3(Call3[] memory calls) external payable returns (CallResult[] memory results);
            function getBlockNumber() external view returns (uint256);
        }
    }
}

/// Where the contracts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Workflows, registry of IP assets and terms: every address of the protocol that the client may be given.
    pub registrar: Address,
    /// A collection: the same contract at an address of its own, so that logs of the two can be told apart.
    pub collection: Address,
    /// Makes ERC-1271 wallets.
    pub wallets: Address,
    /// An ERC-20.
    pub coin: Address,
    /// Fails in all ways.
    pub troublemaker: Address,
    /// The call aggregator, at [`MULTICALL3`].
    pub aggregator: Address,
}

/// The compiler's output for one contract. Panics if the contract was changed since.
fn artifact(contract: &str) -> Value {
    let path = directory().join("build").join(format!("{contract}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
    let artifact: Value = serde_json::from_str(&text).unwrap();
    let source =
        directory().join("../../lore-story/tests/contracts").join(artifact["file"].as_str().unwrap());
    let is_current = fs::read_to_string(source).is_ok_and(|source| artifact["source"] == *source);
    assert!(is_current, "{contract} was changed and not compiled; run `cargo xtask setup`");
    artifact
}

fn code(artifact: &Value, part: &str) -> Bytes {
    artifact[part].as_str().unwrap().parse().unwrap()
}

/// The code that makes a contract, before the arguments of its constructor.
#[must_use]
pub fn creation_code(contract: &str) -> Bytes {
    code(&artifact(contract), "bytecode")
}

/// The code of a contract that is there.
#[must_use]
pub fn runtime_code(contract: &str) -> Bytes {
    code(&artifact(contract), "runtime")
}

/// The contract's interface as the compiler describes it.
#[must_use]
pub fn abi(contract: &str) -> Value {
    artifact(contract)["abi"].clone()
}

impl Node {
    /// Deploys a contract by name. `arguments` are those of its constructor, encoded.
    pub async fn deploy(&self, contract: &str, arguments: &[u8]) -> Address {
        let code = [&creation_code(contract), arguments].concat().into();
        let hash = self.send_raw(ACCOUNTS[9], None, &code, U256::ZERO).await;
        let receipt = self.settle(hash).await;
        assert_eq!(receipt["status"], "0x1", "{contract} is deployed");
        serde_json::from_value(receipt["contractAddress"].clone()).unwrap()
    }

    /// Puts a contract that has no constructor at an address, without a transaction.
    pub async fn place(&self, contract: &str, at: Address) {
        self.set_code(at, &runtime_code(contract)).await;
    }

    /// Deploys a wallet of `owner`.
    pub async fn deploy_wallet(&self, owner: Address) -> Address {
        self.deploy("Wallet1271", &owner.abi_encode()).await
    }

    /// Deploys all contracts.
    pub async fn deploy_all(&self) -> Deployed {
        self.place("Aggregator", MULTICALL3).await;
        Deployed {
            registrar: self.deploy("Registrar", &[]).await,
            collection: self.deploy("Registrar", &[]).await,
            wallets: self.deploy("Wallet1271Factory", &[]).await,
            coin: self.deploy("Coin", &[]).await,
            troublemaker: self.deploy("Troublemaker", &[]).await,
            aggregator: MULTICALL3,
        }
    }

    /// Calls a contract without a transaction.
    ///
    /// # Errors
    /// The node's, with the bytes of a revert.
    pub async fn try_read<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, RpcFailure> {
        let request = json!({ "to": to, "data": Bytes::from(call.abi_encode()) });
        let answer = self.rpc().ask("eth_call", json!([request, "latest"])).await?;
        let answer: Bytes = answer.as_str().unwrap().parse().unwrap();
        Ok(C::abi_decode_returns(&answer).unwrap())
    }

    /// Calls a contract without a transaction. Panics if it reverts.
    pub async fn read<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        match self.try_read(to, call).await {
            Ok(answer) => answer,
            Err(failure) => panic!("{}: {failure:?}", C::SIGNATURE),
        }
    }

    /// Sends a call as a transaction of one of the node's accounts, signed by the node. Returns the hash.
    pub async fn send<C: SolCall>(&self, from: Address, to: Address, call: &C) -> B256 {
        self.send_raw(from, Some(to), &call.abi_encode().into(), U256::ZERO).await
    }

    /// [`send`](Self::send), and waits for the receipt. It may be that of a revert.
    pub async fn run<C: SolCall>(&self, from: Address, to: Address, call: &C) -> Value {
        let hash = self.send(from, to, call).await;
        self.settle(hash).await
    }

    /// The tokens that a [`Registrar`](interface::Registrar) minted.
    pub async fn mints(&self, registrar: Address) -> u64 {
        self.read(registrar, &interface::Registrar::mintsCall {}).await.to()
    }
}
