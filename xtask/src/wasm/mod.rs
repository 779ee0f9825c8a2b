//! Lore on wasm: get a toolchain, build `lore-core`, build the browser face, and run its tests in node.
//!
//! Building is not running: clocks, threads and randomness compile for this target and trap when called. So the
//! face's tests run the compiled module.

mod toolchain;

use std::path::Path;

use self::toolchain::Choice;
use self::toolchain::TARGET;
use crate::{
    args::Args,
    ci::Run,
    process::{Cmd, Doing, Failure, Outcome, cargo},
    tests_count::TestCount,
};

/// Where the generated JavaScript goes.
const PACKAGE: &str = "target/wasm/node";

/// The task `wasm`.
pub(crate) fn task(root: &Path, mut args: Args) -> Outcome {
    let choice = args.option::<Choice>("--toolchain")?.unwrap_or(Choice::Auto);
    let show_env = args.flag("--env");
    let release = args.flag("--release");
    args.done()?;
    if show_env {
        // Standard output is for the shell that evaluates it.
        let toolchain = toolchain::find(root, choice)?
            .ok_or_else(|| Failure::new("no wasm toolchain yet; `cargo xtask wasm` makes one"))?;
        print!("{}", toolchain.exports());
        return Ok(());
    }
    let mut tests = TestCount::default();
    check(root, choice, release, &mut tests)?;
    println!("{tests}");
    Ok(())
}

/// The stage of CI.
pub(crate) fn stage(run: &mut Run<'_>) -> Outcome {
    check(run.root, Choice::Auto, false, &mut run.tests)
}

fn check(root: &Path, choice: Choice, release: bool, tests: &mut TestCount) -> Outcome {
    let toolchain = toolchain::get(root, choice)?;
    println!("wasm toolchain: {toolchain}");
    let profile = if release { "release" } else { "debug" };
    let on_target = |words: &[&str]| {
        let cmd = cargo().args(words).args(["--target", TARGET]).envs(toolchain.env()).dir(root);
        if release { cmd.arg("--release") } else { cmd }
    };
    on_target(&["build", "-p", "lore-core"]).run()?;
    on_target(&["build", "-p", "lore-ip-wasm"]).run()?;
    if toolchain.has_clippy() {
        // Natively, clippy does not see what is compiled for this target alone. Ports are `Arc`s on every target; that
        // they need not be `Sync` on this one is intended.
        on_target(&["clippy", "-p", "lore-core", "-p", "lore-ip-wasm"])
            .args(["--", "-D", "warnings", "-A", "clippy::arc_with_non_send_sync"])
            .run()?;
    }
    let module = format!("target/{TARGET}/{profile}/lore_ip_wasm.wasm");
    cargo()
        .args(["run", "--quiet", "-p", "xtask-bindgen", "--", "nodejs", &module, PACKAGE])
        .dir(root)
        .run()?;
    let size =
        std::fs::metadata(root.join(PACKAGE).join("lore_ip_wasm_bg.wasm")).doing("no module was written")?;
    println!("the module has {} kB ({profile})", size.len() / 1000);
    run_in_node(root, tests)
}

fn run_in_node(root: &Path, tests: &mut TestCount) -> Outcome {
    if Cmd::new("node").arg("--version").probe().is_none() {
        return Err(Failure::new("node is missing; install Node.js 20 or newer, or leave the stage out"));
    }
    let folder = root.join("bindings/wasm/tests");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).doing(format_args!("cannot read {}", folder.display()))? {
        let path = entry.doing("cannot read the folder of tests")?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path.strip_prefix(root).unwrap_or(&path).to_path_buf());
        }
    }
    files.sort();
    let before = *tests;
    Cmd::new("node")
        .args(["--test", "--test-reporter=tap"])
        .args(&files)
        .env("LORE_WASM_PACKAGE", root.join(PACKAGE))
        .dir(root)
        .run_seeing(|line| tests.see(line))?;
    if *tests == before { Err(Failure::new("no test ran in node")) } else { Ok(()) }
}
