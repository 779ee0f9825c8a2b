//! Development tasks of Lore: `cargo xtask help` lists them.
//!
//! Everything that CI does can be typed by hand: CI is `cargo xtask ci`, and each of its stages is a task too.

#![forbid(unsafe_code)]

mod args;
mod audit;
mod ci;
mod crash;
mod debian;
mod deny;
mod gates;
mod node_packages;
mod process;
mod python_packages;
mod redis;
mod rust;
mod tests_count;
mod tools;
mod wasm;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use self::{
    args::Args,
    process::{Doing, Failure, Outcome},
};

const HELP: &str = "\
Development tasks of Lore: cargo xtask TASK [OPTIONS]

  ci [--only STAGE]... [--skip STAGE]... [--list]
                        everything that must hold, stage by stage
  fmt                   formats the code (ci's stage `format` only checks)
  gates                 dependency rules, file sizes, forbidden words
  lint                  clippy over everything
  setup                 installs what the tests talk to: the IPFS node, the EVM node with the test contracts, the Redis
                        server, LiteLLM's proxy
  test                  all tests
  msrv                  the oldest Rust that Lore promises
  docs                  the documentation, without warnings
  deny                  licences, bans, sources, advisories
  wasm [--toolchain auto|rustup|debian] [--env] [--release]
                        gets a wasm toolchain, builds, and runs Lore in node;
                        --env prints what a shell needs to use the same toolchain
  audit-verify --data D [--expect PLACE:HASH]
                        proves the audit log of data directory D (or of an exported .jsonl file), or names the first entry
                        that was changed
  crash [--runs N] [--seed S] [--profile release|dev]
                        kills the quickstart at random moments and at every named point, and resumes it
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome {
    let root = root()?;
    let mut args = Args::new(env::args().skip(1));
    let task = args.word().unwrap_or_else(|| "help".into());
    match task.as_str() {
        "ci" => ci::run(&root, args),
        "wasm" => wasm::task(&root, args),
        "crash" => crash::task(&root, args),
        "audit-verify" => audit::task(&root, args),
        "help" => {
            print!("{HELP}");
            args.done()
        }
        "fmt" => {
            args.done()?;
            rust::format(&root)
        }
        name => {
            args.done()?;
            // The short names are what people type; the stages have the names that read well in a log.
            let name = if name == "lint" { "lints" } else { name };
            ci::run_stage(&root, name)
        }
    }
}

/// The root of the repository: two levels above this package's manifest is where it was built.
fn root() -> Outcome<PathBuf> {
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    let root = manifest.parent().map(Path::to_path_buf);
    let root = root.ok_or_else(|| Failure::new("xtask must lie inside the repository"))?;
    env::set_current_dir(&root).doing(format_args!("cannot enter {}", root.display()))?;
    Ok(root)
}
