//! [`Asker`]: a process that asks one question.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use lore::{
    AssetType, Caller, Config, OpenAiConfig, RedisConfig,
    ai::{
        Ask, TierModel,
        audit::CacheOutcome,
        operations::{TitleRequest, Work},
    },
    open,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{process::Process, request::user};

const VARIABLE: &str = "LORE_TEST_ASKER";
/// A process that has not answered by then hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// The models of the tier, in order.
pub(crate) const FIRST: &str = "first";
pub(crate) const SECOND: &str = "second";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asker {
    /// Where everything is stored, of all askers.
    pub(crate) data: PathBuf,
    pub(crate) base_url: String,
    pub(crate) redis_url: String,
    /// Titles are asked for a work of this title.
    pub(crate) title: String,
    /// Tells askers of the same question apart.
    pub(crate) name: String,
    pub(crate) deadline_seconds: u64,
}

/// What an asker was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) cache: CacheOutcome,
    pub(crate) model: Option<String>,
    pub(crate) titles: Vec<String>,
}

impl Asker {
    pub(crate) fn from_environment() -> Self {
        let asker = env::var(VARIABLE).expect("a process is started with a question");
        serde_json::from_str(&asker).unwrap()
    }

    pub(crate) fn start(&self) -> Process {
        Process::start_as("an_asker_of_the_other_tests", VARIABLE, &serde_json::to_string(self).unwrap())
    }

    /// Starts it, and returns what it was answered once it has ended.
    pub(crate) async fn ask(&self) -> Answered {
        self.answered(self.start()).await
    }

    pub(crate) async fn answered(&self, mut process: Process) -> Answered {
        let ended = async {
            loop {
                match process.ended() {
                    Some(status) => return status,
                    None => sleep(Duration::from_millis(5)).await,
                }
            }
        };
        let status = tokio::time::timeout(LIMIT, ended).await.expect("the process ends");
        assert!(status.success(), "{}: {status}", self.name);
        serde_json::from_slice(&fs::read(self.file()).unwrap()).unwrap()
    }

    fn file(&self) -> PathBuf {
        Path::new(&self.data).join(format!("{}.json", self.name))
    }

    fn config(&self) -> Config {
        let mut config = Config::embedded(&self.data, user(0));
        config.ai.endpoints = vec![OpenAiConfig::new("loopback", self.base_url.clone())];
        config.ai.shared_cache = Some(RedisConfig::new(self.redis_url.clone()));
        let policy = &mut config.ai.policy;
        policy.fast = [FIRST, SECOND].map(TierModel::new).to_vec();
        policy.deadline_seconds = self.deadline_seconds;
        policy.call_seconds = policy.call_seconds.min(self.deadline_seconds);
        // The machine may be loaded, and what is tested is not how long it takes.
        policy.shared_cache_millis = 1_000;
        policy.rules_when_no_model_answers = false;
        config
    }

    pub(crate) fn run(self) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let lore = open(&self.config()).await.unwrap();
            let ai = lore.ai().unwrap();
            let work = Work::new(AssetType::Writing).title(self.title.clone());
            let reply =
                ai.ask(&Caller::User(user(1)), &Ask::new(TitleRequest::new(work)).public()).await.unwrap();
            let answered = Answered {
                cache: reply.cache,
                model: reply.answer.model.clone(),
                titles: reply.value().titles.clone(),
            };
            ai.flush().await;
            fs::write(self.file(), serde_json::to_vec(&answered).unwrap()).unwrap();
        });
    }
}
