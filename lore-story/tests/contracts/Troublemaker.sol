// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// Fails in every way that a contract can fail.
contract Troublemaker {
    error Refused(address who, uint256 amount, string why);

    event Worked(uint256 indexed count);

    /// How often [`work`] went through.
    uint256 public works;
    /// Whether [`work`] fails.
    bool public broken;

    /// Lets what was simulated with success fail when it is mined, and the other way round.
    function setBroken(bool broken_) external {
        broken = broken_;
    }

    function work() external payable {
        if (broken) revert Refused(msg.sender, msg.value, "broken");
        emit Worked(++works);
    }

    /// An error of its own, with arguments.
    function refuse(address who, uint256 amount, string calldata why) external payable {
        revert Refused(who, amount, why);
    }

    /// `Error(string)`.
    function complain(string calldata why) external payable {
        revert(why);
    }

    /// `Panic(0x01)`.
    function panicAssert() external payable {
        assert(works > type(uint128).max);
    }

    /// `Panic(0x11)`.
    function panicOverflow(uint256 amount) external payable returns (uint256) {
        return amount + type(uint256).max;
    }

    /// Reverts without a word.
    function fallSilent() external payable {
        assembly {
            revert(0, 0)
        }
    }

    /// Reverts with exactly these bytes: an error that no table knows, or that is cut short.
    function revertWith(bytes calldata data) external payable {
        bytes memory copy = data;
        assembly {
            revert(add(copy, 32), mload(copy))
        }
    }

    /// Uses about as much gas as asked for, and succeeds.
    function burn(uint256 amount) external payable returns (uint256 left) {
        uint256 start = gasleft();
        uint256 rounds = 0;
        while (start - gasleft() < amount) rounds++;
        emit Worked(++works);
        return gasleft();
    }

    /// Uses all gas that it is given.
    function burnAll() external payable {
        uint256 rounds = 0;
        while (true) rounds++;
    }

    /// `INVALID`: uses all gas at once.
    function invalid() external payable {
        assembly {
            invalid()
        }
    }

    /// Answers with less than a caller expects of `isValidSignature`, `balanceOf` and the like.
    fallback(bytes calldata) external payable returns (bytes memory) {
        return hex"16";
    }

    /// Takes no money.
    receive() external payable {
        revert Refused(msg.sender, msg.value, "no money");
    }
}
