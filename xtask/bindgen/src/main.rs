//! Writes the JavaScript and TypeScript side of a compiled wasm module: `xtask-bindgen TARGET IN.wasm OUT_DIR`.
//!
//! A package of its own, so that `cargo xtask` does not wait for it, and so that `Cargo.lock` keeps the generator
//! and the `wasm-bindgen` crate at one version.

use std::{env, process::ExitCode};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [target, input, out_dir] = args.as_slice() else {
        eprintln!("usage: xtask-bindgen nodejs|web|bundler IN.wasm OUT_DIR");
        return ExitCode::from(2);
    };
    match generate(target, input, out_dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("cannot generate bindings for {input}: {why}");
            ExitCode::FAILURE
        }
    }
}

fn generate(target: &str, input: &str, out_dir: &str) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    let chosen = match target {
        "nodejs" => bindgen.nodejs(true),
        "web" => bindgen.web(true),
        "bundler" => bindgen.bundler(true),
        other => return Err(format!("unknown target `{other}`")),
    };
    // `{:#}` shows the whole chain of causes.
    chosen
        .map_err(|err| format!("{err:#}"))?
        .input_path(input)
        .typescript(true)
        .keep_debug(false)
        .generate(out_dir)
        .map_err(|err| format!("{err:#}"))
}
