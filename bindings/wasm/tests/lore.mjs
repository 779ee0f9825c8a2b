// The compiled module. `cargo xtask wasm` writes it and says where.

import { createRequire } from "node:module";
import { join } from "node:path";

const folder = process.env.LORE_WASM_PACKAGE;
if (!folder) {
    throw new Error("LORE_WASM_PACKAGE is not set: run these tests by `cargo xtask wasm`");
}

export const lore = createRequire(import.meta.url)(join(folder, "lore_ip_wasm.js"));
