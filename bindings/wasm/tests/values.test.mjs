// Shares, amounts, time and ids: small things that must not trap on this target.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { lore } from "./lore.mjs";

describe("shares", () => {
    test("are read and shown exactly", () => {
        assert.equal(lore.parseShare("62.5"), 62_500_000);
        assert.equal(lore.parseShare("0.000001"), 1);
        assert.equal(lore.formatShare(37_500_000), "37.5");
        assert.throws(() => lore.parseShare("100.000001"), { kind: "invalid_input" });
        assert.throws(() => lore.parseShare("a half"), { kind: "invalid_input" });
    });

    test("must be 100 % together, to the millionth", () => {
        lore.checkShares(new Uint32Array([62_500_000, 37_500_000]));
        for (const wrong of [[62_500_000, 37_499_999], [62_500_000, 37_500_001], []]) {
            assert.throws(() => lore.checkShares(new Uint32Array(wrong)), { kind: "invalid_input" });
        }
    });

    test("of an amount are exact beyond what a number can hold", () => {
        assert.equal(lore.shareOf("10000000000000000001", 37_500_000), "3750000000000000000");
        assert.throws(() => lore.shareOf("1.5", 1), { kind: "invalid_input" });
    });
});

describe("time and ids", () => {
    test("the clock is the host's", () => {
        const before = Date.now();
        const now = Date.parse(lore.now());
        assert.ok(now >= before - 1 && now <= Date.now() + 1, `${now} is not the time`);
    });

    test("sleeping ends", async () => {
        const before = lore.now();
        await lore.sleep(5);
        assert.ok(Date.parse(lore.now()) >= Date.parse(before));
    });

    test("ids differ and sort by time", async () => {
        const first = lore.newAssetId();
        await lore.sleep(2);
        const second = lore.newAssetId();
        assert.match(first, /^asset_[0-9a-f]{32}$/);
        assert.ok(first < second, `${first} is not before ${second}`);
    });
});
