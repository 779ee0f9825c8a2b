// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {LicensingConfig, PILTerms} from "./Registrar.sol";

/// Everything that can be read of an IP asset, from whatever contract of the protocol it is asked: its code is put at the
/// address of each, and at that of every IP account. For measuring reads: every IP has one parent and one license, each
/// told apart by its own address.
contract Catalogue {
    address internal constant OWNER = 0x70997970C51812dc3A010C7d01b50e0d17dc79C8;
    address internal constant TEMPLATE = 0x2E896b0b2Fdb7457499B56AAaA4AE55BCB4Cd316;
    address internal constant LAP = 0xBe54FB168b3c982b7AaE60dB6CF75Bd8447b390E;
    address internal constant WIP = 0x1514000000000000000000000000000000000000;

    function owner() external pure returns (address) {
        return OWNER;
    }

    function isRegistered(address) external pure returns (bool) {
        return true;
    }

    function getMetadataURI(address) external pure returns (string memory) {
        return "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";
    }

    function getMetadataHash(address id) external pure returns (bytes32) {
        return keccak256(abi.encode(id));
    }

    function getAttachedLicenseTermsCount(address) external pure returns (uint256) {
        return 1;
    }

    function getParentIpCount(address) external pure returns (uint256) {
        return 1;
    }

    function getDerivativeIpCount(address) external pure returns (uint256) {
        return 3;
    }

    function getAncestorsCount(address) external pure returns (uint256) {
        return 1;
    }

    function getExpireTime(address) external pure returns (uint256) {
        return 0;
    }

    function isIpTagged(address) external pure returns (bool) {
        return false;
    }

    function getAttachedLicenseTerms(address, uint256) external pure returns (address, uint256) {
        return (TEMPLATE, 7);
    }

    function getParentIp(address id, uint256) external pure returns (address) {
        return parentOf(id);
    }

    function getParentLicenseTerms(address, address) external pure returns (address, uint256) {
        return (TEMPLATE, 7);
    }

    function getLicenseTerms(uint256) external pure returns (PILTerms memory terms) {
        terms.transferable = true;
        terms.royaltyPolicy = LAP;
        terms.defaultMintingFee = 1 ether;
        terms.commercialUse = true;
        terms.commercialAttribution = true;
        terms.commercialRevShare = 10_000_000;
        terms.derivativesAllowed = true;
        terms.derivativesAttribution = true;
        terms.derivativesReciprocal = true;
        terms.currency = WIP;
        terms.uri = "https://example.org/terms";
    }

    function getLicensingConfig(address, address, uint256) external pure returns (LicensingConfig memory config) {
        config.isSet = true;
        config.mintingFee = 2 ether;
        config.commercialRevShare = 10_000_000;
    }

    function getRoyaltyPercent(address, address, uint256) external pure returns (uint32) {
        return 10_000_000;
    }

    function getPolicyRoyalty(address id, address ancestor) external pure returns (uint32) {
        return ancestor == parentOf(id) ? 10_000_000 : 0;
    }

    function parentOf(address id) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("parent", id)))));
    }
}
