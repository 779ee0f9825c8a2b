//! The main job of Lore, end to end, on a fresh machine: no account, no server, no key.
//!
//! Registers two works with commercial-remix terms and a derivative of both, then finds them again: list, search, family
//! tree, and what every ancestor earns of a payment of 10 coins. Everything lives in one directory; the chain is simulated,
//! unless a real one is asked for.
//!
//! ```text
//! cargo run --release --example quickstart
//! cargo run --release --example quickstart -- --help
//! LORE_STORY_RPC=… LORE_STORY_KEY=… cargo run --release --features story --example quickstart -- --chain story
//! ```

mod args;
mod crash;
mod report;
#[cfg(feature = "story")]
mod story;
mod summary;
mod wallet;
mod work;

use std::process::ExitCode;

use args::{Args, Chain, Command};
use lore::{Config, Result};
use wallet::Wallet;

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(args)) => args,
        Ok(Command::Help) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Command::ListCrashPoints) => {
            crash::points().iter().for_each(|point| println!("{point}"));
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("quickstart: {message}\n\n{}", args::HELP);
            return ExitCode::from(2);
        }
    };
    match run(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failed(args.json, &error);
            ExitCode::FAILURE
        }
    }
}

/// Who signs, and where everything is.
async fn prepare(args: &Args) -> Result<(Wallet, Config)> {
    match args.chain {
        Chain::Simulated => {
            let wallet = wallet::open_or_create(&args.data)?;
            let config = Config::embedded(&args.data, wallet.address());
            Ok((wallet, config))
        }
        #[cfg(feature = "story")]
        Chain::Story => story::prepare(args).await,
        #[cfg(not(feature = "story"))]
        Chain::Story => Err(lore::Error::new(
            lore::ErrorKind::Unsupported,
            "this build knows no real chain: add `--features story`",
        )),
    }
}

async fn run(args: &Args) -> Result<()> {
    let (wallet, mut config) = prepare(args).await?;
    // A crash here is followed by `--resume` at once, so a dead run should not keep its successor out for long.
    config.creation.lease_seconds = 2;
    let lore = lore::open(&config).await?;
    report::opened(args, &lore, &wallet).await?;

    let jobs = work::Job::find(&lore, wallet.address(), args).await?;
    if jobs.is_empty() && !args.json {
        println!("\nNothing was interrupted.");
    }
    for job in jobs {
        job.finish(&lore, args).await?;
    }
    report::tour(args, &lore, wallet.address()).await?;
    summary::print(args, &config, &lore, wallet.address()).await
}
