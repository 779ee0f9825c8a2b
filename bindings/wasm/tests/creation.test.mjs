// The main job on in-memory adapters and a simulated chain: what compiles for wasm also runs there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { lore } from "./lore.mjs";

const OWNER = "0x00000000000000000000000000000000000A11cE";
const image = (name) => readFileSync(new URL(`../../../examples/assets/${name}.png`, import.meta.url));

const original = (title) => ({
    asset_type: "digital_art",
    title,
    description: `${title}, as an original.`,
    tags: ["landscape"],
    license: lore.commercialRemix("0", 10_000_000),
});

/** Two originals and a derivative of both. */
async function family(engine, onProgress) {
    const tide = await engine.create(original("Tide"), image("tide"), onProgress);
    const dunes = await engine.create(original("Dunes"), image("dunes"), onProgress);
    const request = {
        asset_type: "digital_art",
        title: "Where the tide meets the dunes",
        description: "Both in one.",
        parents: [
            { asset: tide.id, relationship: "remix", share: lore.parseShare("62.5") },
            { asset: dunes.id, relationship: "remix", share: lore.parseShare("37.5") },
        ],
    };
    const both = await engine.create(request, image("tide-and-dunes"), onProgress);
    return { tide, dunes, both };
}

describe("creation in memory", () => {
    test("makes three registered assets and one link with two parents", async () => {
        const engine = new lore.MemoryLore(OWNER);
        const { tide, dunes, both } = await family(engine);
        const ipIds = [tide, dunes, both].map((asset) => asset.registration.ip_id);
        assert.equal(new Set(ipIds).size, 3);

        const summary = await engine.summary();
        assert.deepEqual(new Set(summary.ip_ids), new Set(ipIds));
        delete summary.ip_ids;
        // Each asset has three contents: its media and two metadata documents.
        assert.equal(new Set(summary.cids).size, 9);
        delete summary.cids;
        assert.deepEqual(summary, {
            simulated: true,
            assets: 3,
            registrations: 3,
            license_attachments: 2,
            links: 1,
            linked_parents: 2,
            pins: 9,
            uploads: 9,
            creations_unfinished: 0,
        });
    });

    test("tells its steps while it goes on", async () => {
        const events = [];
        const engine = new lore.MemoryLore(OWNER);
        await family(engine, (event) => events.push(event));
        const recorded = events.filter(({ event }) => event === "recorded").map(({ step }) => step);
        assert.equal(recorded.filter((step) => step === "registration").length, 3);
        assert.equal(recorded.filter((step) => step === "parent_linking").length, 1);
        assert.equal(events.filter(({ event }) => event === "finished").length, 3);
    });

    test("a listener that throws stops nothing", async () => {
        const engine = new lore.MemoryLore(OWNER);
        const asset = await engine.create(original("Tide"), image("tide"), () => {
            throw new Error("a fault of the listener's own");
        });
        assert.ok(asset.registration.ip_id);
    });

    test("finds, draws and previews what it made", async () => {
        const engine = new lore.MemoryLore(OWNER);
        const { tide, dunes, both } = await family(engine);
        const found = await engine.assets("dunes");
        assert.deepEqual(new Set(found.map(({ id }) => id)), new Set([dunes.id, both.id]));
        assert.equal((await engine.assets()).length, 3);

        const drawn = await engine.familyTree(both.id);
        assert.match(drawn, /Tide/);
        assert.match(drawn, /Dunes/);

        const preview = await engine.royaltyPreview(both.id, "10000000000000000000");
        assert.equal(preview.kept, "8000000000000000000");
        const earned = Object.fromEntries(preview.ancestors.map(({ ip, amount }) => [ip, amount]));
        assert.deepEqual(earned, { [tide.id]: "1000000000000000000", [dunes.id]: "1000000000000000000" });
    });

    test("the same key makes one asset, and another request under it is a conflict", async () => {
        const engine = new lore.MemoryLore(OWNER);
        const request = { ...original("Tide"), idempotency_key: "tide" };
        const first = await engine.create(request, image("tide"));
        const second = await engine.create(request, image("tide"));
        assert.equal(second.id, first.id);
        assert.equal((await engine.summary()).registrations, 1);
        await assert.rejects(engine.create({ ...request, title: "Ebb" }, image("tide")), {
            name: "LoreError",
            kind: "conflict",
        });
    });

    test("several creations at once do not disturb each other", async () => {
        const engine = new lore.MemoryLore(OWNER);
        const titles = ["One", "Two", "Three", "Four"];
        await Promise.all(titles.map((title) => engine.create(original(title), image("tide"))));
        const summary = await engine.summary();
        assert.equal(summary.registrations, 4);
        assert.equal(summary.creations_unfinished, 0);
        // The media is the same, and stored once.
        assert.equal(summary.pins, 1 + 2 * 4);
    });

    test("bad input is refused before anything happens, and the field is named", async () => {
        const engine = new lore.MemoryLore(OWNER);
        const { id } = await engine.create(original("Tide"), image("tide"));
        const before = await engine.summary();
        const parent = (share) => [{ asset: id, relationship: "remix", share }];
        const { license, ...plain } = original("Bad");
        for (const [request, media] of [
            [original(""), image("tide")],
            [original("x".repeat(201)), image("tide")],
            [plain, Buffer.alloc(0)],
            [{ ...plain, parents: parent(99_999_999) }, image("tide")],
            [{ ...plain, parents: [...parent(50_000_000), ...parent(50_000_000)] }, image("tide")],
            [{ ...plain, colour: "blue" }, image("tide")],
            [undefined, image("tide")],
        ]) {
            await assert.rejects(engine.create(request, media), (error) => {
                assert.equal(error.kind, "invalid_input", `${error.kind}: ${error.message}`);
                assert.ok(error.violations.length > 0);
                return true;
            });
        }
        assert.deepEqual(await engine.summary(), before);
        assert.throws(() => new lore.MemoryLore("nobody"), { kind: "invalid_input" });
    });
});
