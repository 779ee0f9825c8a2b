//! Help by language models, end to end: all five operations and a validation, each asked twice, then what the log says.
//!
//! Without an endpoint documented rules answer, on this machine, and say so. With one, its models do:
//!
//! ```text
//! cargo run --release --example ai
//! cargo run --release --example ai -- --json --data some-directory
//! LORE_AI_BASE_URL=http://127.0.0.1:8080/v1 LORE_AI_MODEL=some-model cargo run --release --example ai
//! LORE_AI_BASE_URL=https://openrouter.ai/api/v1 LORE_AI_KEY=… cargo run --release --example ai -- --tier quality
//! ```
//!
//! `LORE_AI_MODEL` may name several models, separated by commas, in the order in which they are asked.

mod args;
mod show;
mod work;

use std::process::ExitCode;

use args::Args;
use lore::{
    Address, Caller, Clock as _, Config, Day, Error, ErrorKind, OpenAiConfig, Result, Secret, SystemClock,
    ai::{
        AiService, Ask, Operation, TierModel,
        operations::{
            AnalysisRequest, DerivativeRequest, DescriptionRequest, LicenseRequest, Subject, TitleRequest,
            ValidationRequest,
        },
        stats::Days,
    },
};

/// Whoever asks: any wallet will do, nothing is signed.
const CREATOR: Address = Address::from_bytes([0x11; 20]);

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("ai: {message}\n\n{}", args::HELP);
            return ExitCode::from(2);
        }
    };
    match run(&args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            show::failed(args.json, "ai", &error);
            ExitCode::FAILURE
        }
    }
}

/// Everything in one directory; the models of the endpoint that the environment names, if it names one.
fn config(args: &Args) -> Result<Config> {
    let mut config = Config::embedded(&args.data, CREATOR);
    let Ok(base_url) = std::env::var("LORE_AI_BASE_URL") else { return Ok(config) };
    let mut endpoint = OpenAiConfig::new("endpoint", base_url);
    endpoint.key = Secret::from(std::env::var("LORE_AI_KEY").unwrap_or_default());
    config.ai.endpoints = vec![endpoint];
    if let Ok(names) = std::env::var("LORE_AI_MODEL") {
        let models: Vec<_> = names.split(',').map(str::trim).map(TierModel::new).collect();
        if models.iter().any(|model| model.model.is_empty()) {
            return Err(Error::invalid("LORE_AI_MODEL", "empty", "names of models, separated by commas"));
        }
        config.ai.policy.fast = models.clone();
        config.ai.policy.quality = models;
    }
    Ok(config)
}

/// Asks twice: the second answer comes out of the cache. Says whether there was one.
async fn ask<O: Operation>(args: &Args, ai: &AiService, operation: O) -> bool {
    let ask = Ask::new(operation).tier(args.tier);
    for _ in 0..2 {
        let start = SystemClock.monotonic();
        match ai.ask(&Caller::User(CREATOR), &ask).await {
            Ok(reply) => {
                show::answer(args.json, O::KIND, &reply, SystemClock.monotonic().saturating_sub(start))
            }
            Err(error) => {
                show::failed(args.json, O::KIND.as_str(), &error);
                // A model that cannot do it is a clear answer too; anything else is not.
                return matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::RateLimited);
            }
        }
    }
    true
}

async fn run(args: &Args) -> Result<bool> {
    let lore = lore::open(&config(args)?).await?;
    let ai = lore.ai()?;
    if std::env::var("LORE_AI_BASE_URL").is_ok() {
        show::models(args.json, &ai.refresh_models().await);
    }
    let (dunes, tide) = (work::dunes(), work::tide());
    let answered = [
        ask(args, ai, TitleRequest::new(dunes.clone())).await,
        ask(args, ai, DescriptionRequest::new(dunes.clone())).await,
        ask(args, ai, AnalysisRequest::new(dunes.clone())).await,
        ask(args, ai, LicenseRequest::new(dunes.clone()).commercial_use(true)).await,
        ask(args, ai, DerivativeRequest::new(tide, dunes)).await,
        ask(args, ai, ValidationRequest::new(Subject::Title("Tide and Dunes".to_owned()))).await,
    ];
    ai.flush().await;

    let reports = lore.ai_reports()?;
    reports.roll_up(&Caller::System).await?;
    let today = Days::one(Day::of(SystemClock.now()));
    let analytics = reports.analytics(&Caller::System, today, None).await?;
    show::analytics(args.json, &analytics)?;
    Ok(answered.into_iter().all(|answered| answered))
}
