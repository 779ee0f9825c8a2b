//! The stages of CI, in order. The first failure ends the run.

use std::{path::Path, time::Duration};

use crate::{
    args::Args,
    crash, deny, gates, node_packages,
    process::{Failure, Outcome, now},
    python_packages, redis, rust,
    tests_count::TestCount,
    wasm,
};

/// What the stages share.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) root: &'a Path,
    /// What all test runners of all stages counted.
    pub(crate) tests: TestCount,
}

struct Stage {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Run<'_>) -> Outcome,
}

/// Cheap stages first, so that small mistakes show early; after that, each stage finds what the one before it
/// compiled (the order of lints and docs, and of test and crash, matters for the time only).
const STAGES: &[Stage] = &[
    Stage { name: "format", about: "the code is formatted", run: |run| rust::check_format(run.root) },
    Stage {
        name: "gates",
        about: "dependency rules, file sizes, forbidden words",
        run: |run| gates::check(run.root),
    },
    Stage {
        name: "lints",
        about: "clippy over all crates, targets and features",
        run: |run| rust::lint(run.root),
    },
    Stage {
        name: "docs",
        about: "documentation builds without warnings",
        run: |run| rust::document(run.root),
    },
    Stage {
        name: "setup",
        about: "the IPFS node, the EVM node, the Redis server and LiteLLM's proxy for the tests",
        run: |run| {
            node_packages::install(run.root)?;
            redis::install()?;
            python_packages::install(run.root)
        },
    },
    Stage { name: "test", about: "all tests, documentation examples among them", run: rust::test },
    Stage {
        name: "msrv",
        about: "the oldest Rust that Lore promises",
        run: |run| rust::check_oldest(run.root),
    },
    Stage { name: "deny", about: "licences, bans, sources, advisories", run: |run| deny::check(run.root) },
    Stage { name: "wasm", about: "lore-core on wasm32, and the browser face run in node", run: wasm::stage },
    Stage { name: "crash", about: "the quickstart killed and resumed", run: |run| crash::stage(run.root) },
];

/// The task `ci`.
pub(crate) fn run(root: &Path, mut args: Args) -> Outcome {
    let list = args.flag("--list");
    let only = args.options("--only")?;
    let skip = args.options("--skip")?;
    args.done()?;
    for name in only.iter().chain(&skip) {
        find(name)?;
    }
    if list {
        for stage in STAGES {
            println!("{:<8} {}", stage.name, stage.about);
        }
        return Ok(());
    }
    let chosen = |stage: &&Stage| {
        (only.is_empty() || only.iter().any(|name| name == stage.name))
            && !skip.iter().any(|name| name == stage.name)
    };
    let chosen: Vec<&Stage> = STAGES.iter().filter(chosen).collect();
    let mut run = Run { root, tests: TestCount::default() };
    let mut times = Vec::new();
    let mut outcome = Ok(());
    for stage in chosen {
        let (time, ended) = timed(stage, &mut run);
        times.push((stage.name, time));
        if ended.is_err() {
            outcome = ended;
            break;
        }
    }
    close(&times, &run, &outcome);
    outcome
}

/// One stage as a task of its own.
pub(crate) fn run_stage(root: &Path, name: &str) -> Outcome {
    let stage = find(name)?;
    let mut run = Run { root, tests: TestCount::default() };
    let (time, outcome) = timed(stage, &mut run);
    close(&[(stage.name, time)], &run, &outcome);
    outcome
}

fn find(name: &str) -> Outcome<&'static Stage> {
    STAGES.iter().find(|stage| stage.name == name).ok_or_else(|| {
        let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        Failure::new(format!("no stage or task is called `{name}`; the stages are {}", names.join(", ")))
    })
}

fn timed(stage: &Stage, run: &mut Run<'_>) -> (Duration, Outcome) {
    println!("\n=== {}: {}", stage.name, stage.about);
    let start = now();
    let ended = (stage.run)(run).map_err(|why| Failure::new(format!("stage `{}` failed: {why}", stage.name)));
    let time = start.elapsed();
    println!("=== {}: {} after {}", stage.name, if ended.is_ok() { "ok" } else { "FAILED" }, seconds(time));
    (time, ended)
}

/// The table of times, and alone on the last line what the test runners counted.
fn close(times: &[(&str, Duration)], run: &Run<'_>, outcome: &Outcome) {
    println!();
    for (name, time) in times {
        println!("{name:<8} {:>9}", seconds(*time));
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    println!("{:<8} {:>9}  {}", "all", seconds(total), if outcome.is_ok() { "ok" } else { "FAILED" });
    if !run.tests.is_empty() {
        println!("{}", run.tests);
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_its_own_name() {
        for stage in STAGES {
            assert_eq!(STAGES.iter().filter(|other| other.name == stage.name).count(), 1, "{}", stage.name);
        }
    }

    #[test]
    fn an_unknown_stage_is_refused_with_the_names_of_all() {
        let why = find("lunch").map(|_| ()).unwrap_err().to_string();
        assert!(why.contains("`lunch`") && why.contains("gates"), "{why}");
    }
}
