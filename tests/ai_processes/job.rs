//! [`Job`]: what a process is started for.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use futures_util::{StreamExt as _, stream};
use lore::{Config, OpenAiConfig, Price, Usd, ai::TierModel, open};
use serde::{Deserialize, Serialize};

use crate::{
    request::{Ended, Request, user},
    upstream::{BROKEN, BUSY, STEADY},
};

/// Names the job to the process.
const VARIABLE: &str = "LORE_TEST_JOB";
/// What a user may use in a day: less than the first users would.
pub(crate) const TOKENS_PER_DAY: u64 = 150_000;

/// What a process does: all requests that no process before it has done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Where everything is stored.
    pub(crate) data: PathBuf,
    /// The models' endpoint.
    pub(crate) base_url: String,
    pub(crate) requests: u64,
    /// How many at once.
    pub(crate) at_once: usize,
    /// Which of the processes it is.
    pub(crate) run: u32,
}

/// What was noted about a request that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The process that sent it.
    pub(crate) run: u32,
    pub(crate) ended: Ended,
}

impl Job {
    pub(crate) fn to_environment(&self) -> (&'static str, String) {
        (VARIABLE, serde_json::to_string(self).unwrap())
    }

    pub(crate) fn from_environment() -> Self {
        let job = env::var(VARIABLE).expect("a process is started with a job");
        serde_json::from_str(&job).unwrap()
    }

    pub(crate) fn config(&self) -> Config {
        let mut endpoint = OpenAiConfig::new("loopback", self.base_url.clone());
        endpoint.answer_timeout_seconds = 10;
        let mut config = Config::embedded(&self.data, user(0));
        config.ai.endpoints = vec![endpoint];
        let policy = &mut config.ai.policy;
        policy.fast = [BUSY, BROKEN, STEADY].map(TierModel::new).to_vec();
        policy.quality = [BROKEN, STEADY].map(TierModel::new).to_vec();
        policy.cooling_seconds = 1;
        policy.outage_cooling_seconds = 1;
        // A request whose models all fail is to fail.
        policy.rules_when_no_model_answers = false;
        policy.budget.tokens_per_day = Some(TOKENS_PER_DAY);
        let price = Price::new(Usd::from_picos(100_000), Usd::from_picos(200_000));
        policy.prices = [BUSY, BROKEN, STEADY].map(|model| (model.to_owned(), price)).into();
        config
    }

    fn notes_file(&self) -> PathBuf {
        self.data.join("notes.txt")
    }

    /// How many requests have ended; cheap to ask.
    pub(crate) fn noted(&self) -> u64 {
        fs::metadata(self.notes_file()).map_or(0, |file| file.len()) / NOTE_BYTES
    }

    /// The requests that ended, and how. What a process has written stays when it is killed: the system has it.
    pub(crate) fn notes(&self) -> BTreeMap<u64, Note> {
        notes(&self.notes_file())
    }

    /// Sends everything that is left. Returns when all of it is answered, if nothing ends the process before.
    pub(crate) fn run(self) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let lore = open(&self.config()).await.unwrap();
            let ai = lore.ai().unwrap();
            let done = self.notes();
            let file = OpenOptions::new().create(true).append(true).open(self.notes_file()).unwrap();
            stream::iter((0..self.requests).filter(|number| !done.contains_key(number)))
                .for_each_concurrent(self.at_once, |number| {
                    let (mut file, run) = (&file, self.run);
                    async move {
                        let ended = Request::number(number).send(ai).await;
                        file.write_all(line(number, &Note { run, ended }).as_bytes()).unwrap();
                    }
                })
                .await;
            ai.flush().await;
        });
    }
}

/// Each note is as long as the others, so that their count is known from the file's length.
const NOTE_BYTES: u64 = 64;

fn line(number: u64, note: &Note) -> String {
    let Note { run, ended: Ended { how, request } } = note;
    let request = request.map_or_else(|| "-".to_owned(), |request| request.to_string());
    let width = usize::try_from(NOTE_BYTES).unwrap() - 1;
    let text = format!("{number} {run} {how} {request}");
    assert!(text.len() <= width, "{text}");
    format!("{text:<width$}\n")
}

fn notes(file: &Path) -> BTreeMap<u64, Note> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let notes = text.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let request = (words[3] != "-").then(|| words[3].parse().unwrap());
        let ended = Ended { how: words[2].to_owned(), request };
        (words[0].parse().unwrap(), Note { run: words[1].parse().unwrap(), ended })
    });
    notes.collect()
}
