//! What is printed: words for people, or one JSON object per line.

use std::time::Duration;

use lore::{
    Error, ErrorKind, Result,
    ai::{ModelReport, OperationKind, Reply, stats::Analytics},
};
use serde::Serialize;
use serde_json::json;

pub(crate) fn answer<T: Serialize>(json: bool, kind: OperationKind, reply: &Reply<T>, took: Duration) {
    let answer = &reply.answer;
    let micros = took.as_micros();
    if json {
        let line = json!({
            "event": "answer", "operation": kind, "request": reply.request, "cache": reply.cache,
            "source": answer.source, "model": answer.model, "rung": answer.rung, "value": answer.value,
            "usage": answer.usage, "cost_usd": answer.cost, "took_micros": u64::try_from(micros).unwrap_or(u64::MAX),
        });
        println!("{line}");
        return;
    }
    let by = answer.model.as_deref().unwrap_or("documented rules, no model");
    println!("{kind}: {:?} in {micros} us, by {by}", reply.cache);
    if reply.cache == lore::ai::audit::CacheOutcome::Miss {
        let value = serde_json::to_string_pretty(&answer.value).unwrap_or_default();
        println!("{}\n", value.lines().map(|line| format!("    {line}\n")).collect::<String>().trim_end());
    }
}

pub(crate) fn failed(json: bool, what: &str, error: &Error) {
    if json {
        println!("{}", json!({ "event": "failed", "what": what, "failure": error.to_record() }));
    } else {
        eprintln!("{what}: {error:?}");
    }
}

pub(crate) fn models(json: bool, report: &ModelReport) {
    for (provider, model) in &report.missing {
        if json {
            println!("{}", json!({ "event": "model_missing", "provider": provider, "model": model }));
        } else {
            println!("{provider} does not list {model}");
        }
    }
    for (provider, why) in &report.unread {
        if json {
            println!("{}", json!({ "event": "models_unread", "provider": provider, "why": why }));
        } else {
            println!("{provider} does not say which models it has: {why}");
        }
    }
}

pub(crate) fn analytics(json: bool, analytics: &Analytics) -> Result<()> {
    let value = serde_json::to_value(analytics).map_err(|err| {
        Error::new(ErrorKind::Unexpected, "the analytics cannot be written as JSON").with_source(err)
    })?;
    if json {
        println!("{}", json!({ "event": "analytics", "analytics": value }));
    } else {
        println!("today:\n{value:#}");
    }
    Ok(())
}
