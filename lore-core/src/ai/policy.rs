//! [`AiPolicy`]: which models, how long answers keep, what a user may spend, what the log holds.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::operation::Tier;
use crate::{
    error::{Error, ErrorKind, Result},
    port::{ai_log::Budget, llm::Price},
};

/// A model of a tier.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TierModel {
    /// The model, by its providers' name for it.
    pub model: String,
    /// The provider that is asked; `None`: each in turn, in the order in which they were added.
    #[serde(default)]
    pub provider: Option<String>,
}

impl TierModel {
    /// A model that each provider is asked for.
    pub fn new(model: impl Into<String>) -> Self {
        Self { model: model.into(), provider: None }
    }

    /// Asks this provider only.
    #[must_use]
    pub fn at(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }
}

fn models<const N: usize>(names: [&str; N]) -> Vec<TierModel> {
    names.into_iter().map(TierModel::new).collect()
}

/// What the audit log keeps of inputs and outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogText {
    /// Inputs and outputs as they are.
    #[default]
    Whole,
    /// Hashes of inputs, and no outputs.
    Hashed,
    /// Neither.
    Redacted,
}

/// How AI help behaves. Times are in the unit that their names end with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AiPolicy {
    /// The models of [`Tier::Fast`], in order.
    pub fast: Vec<TierModel>,
    /// The models of [`Tier::Quality`], in order.
    pub quality: Vec<TierModel>,
    /// How long a request may take, all models together. A call that is under way then is finished and kept all the same:
    /// it is charged anyway.
    pub deadline_seconds: u64,
    /// How long one call may take.
    pub call_seconds: u64,
    /// How long a model is left alone at least after it said that it was asked too often; longer if it said so.
    pub cooling_seconds: u64,
    /// How long a model is left alone after several failures in a row that are not about the request.
    pub outage_cooling_seconds: u64,
    /// How many failures in a row these are.
    pub outage_failures: u32,
    /// How long a model is left alone that its endpoint does not have.
    pub gone_seconds: u64,
    /// How long an answer counts as fresh.
    pub fresh_seconds: u64,
    /// How long after that an answer still serves while a new one is fetched; 0: never.
    pub stale_while_revalidate_seconds: u64,
    /// How long after that an answer still serves when no model answers; 0: never.
    pub stale_if_error_seconds: u64,
    /// How long a request is remembered that every model refuses; 0: not at all.
    pub refused_seconds: u64,
    /// Most bytes of answers in this process.
    pub cache_bytes: u64,
    /// How long the shared cache may take for an answer, in milliseconds: 1 to 1,000.
    pub shared_cache_millis: u64,
    /// Whether rules answer when no model does, for operations that have rules.
    pub rules_when_no_model_answers: bool,
    /// Randomness of answers in thousandths: 0 to 2000.
    pub temperature_millis: u16,
    /// What a user may use in a day.
    pub budget: Budget,
    /// What the audit log keeps of inputs and outputs.
    pub log_text: LogText,
    /// How many log lines of answers out of the cache may wait to be written; with more, callers wait too.
    pub log_queue_lines: usize,
    /// Prices of models that no endpoint lists, or that are to count instead.
    pub prices: BTreeMap<String, Price>,
}

impl Default for AiPolicy {
    fn default() -> Self {
        const HOUR: u64 = 3_600;
        Self {
            fast: models([
                "google/gemini-flash-1.5",
                "meta-llama/llama-3.2-3b-instruct",
                "mistralai/mistral-7b-instruct",
            ]),
            quality: models(["google/gemini-pro-1.5", "meta-llama/llama-3.1-8b-instruct"]),
            deadline_seconds: 60,
            call_seconds: 45,
            cooling_seconds: 300,
            outage_cooling_seconds: 30,
            outage_failures: 3,
            gone_seconds: 6 * HOUR,
            fresh_seconds: HOUR,
            stale_while_revalidate_seconds: 24 * HOUR,
            stale_if_error_seconds: 24 * HOUR,
            refused_seconds: 300,
            cache_bytes: 64 << 20,
            shared_cache_millis: 30,
            rules_when_no_model_answers: true,
            temperature_millis: 0,
            budget: Budget::default(),
            log_text: LogText::Whole,
            log_queue_lines: 20_000,
            prices: BTreeMap::new(),
        }
    }
}

/// Longest time for one value: longer ones are mistakes.
const MAX_SECONDS: u64 = 30 * 86_400;

impl AiPolicy {
    /// The models of a tier, in order.
    #[must_use]
    pub fn tier(&self, tier: Tier) -> &[TierModel] {
        match tier {
            Tier::Fast => &self.fast,
            Tier::Quality => &self.quality,
        }
    }

    /// # Errors
    /// [`ErrorKind::Config`] naming the first value that cannot work.
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |field: &'static str, expected: &'static str| {
            Err(Error::new(ErrorKind::Config, "a setting of AI help cannot work")
                .with_op("build")
                .with_context("field", field)
                .with_context("expected", expected))
        };
        for (field, models) in [("fast", &self.fast), ("quality", &self.quality)] {
            if models.is_empty() || models.iter().any(|model| model.model.trim().is_empty()) {
                return refuse(field, "at least one model, each with a name");
            }
        }
        for (field, seconds, least) in [
            ("deadline_seconds", self.deadline_seconds, 1),
            ("call_seconds", self.call_seconds, 1),
            ("cooling_seconds", self.cooling_seconds, 1),
            ("outage_cooling_seconds", self.outage_cooling_seconds, 0),
            ("gone_seconds", self.gone_seconds, 0),
            ("fresh_seconds", self.fresh_seconds, 1),
            ("stale_while_revalidate_seconds", self.stale_while_revalidate_seconds, 0),
            ("stale_if_error_seconds", self.stale_if_error_seconds, 0),
            ("refused_seconds", self.refused_seconds, 0),
        ] {
            if !(least..=MAX_SECONDS).contains(&seconds) {
                return refuse(field, "a time of at most 30 days, above zero unless zero means never");
            }
        }
        if self.outage_failures == 0 {
            return refuse("outage_failures", "at least 1");
        }
        if !(1..=1_000).contains(&self.shared_cache_millis) {
            return refuse("shared_cache_millis", "1 to 1000");
        }
        if self.temperature_millis > 2_000 {
            return refuse("temperature_millis", "0 to 2000");
        }
        if self.log_queue_lines < 1_000 {
            return refuse("log_queue_lines", "at least 1000");
        }
        Ok(())
    }

    /// How long after it was made an answer is kept.
    pub(super) fn kept(&self) -> Duration {
        let stale = self.stale_while_revalidate_seconds.max(self.stale_if_error_seconds);
        Duration::from_secs(self.fresh_seconds.saturating_add(stale))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_work_and_what_cannot_work_is_named() {
        AiPolicy::default().check().unwrap();
        type Spoil = fn(&mut AiPolicy);
        let cases: [(&str, Spoil); 6] = [
            ("fast", |policy| policy.fast.clear()),
            ("quality", |policy| policy.quality = vec![TierModel::new(" ")]),
            ("fresh_seconds", |policy| policy.fresh_seconds = 0),
            ("stale_if_error_seconds", |policy| policy.stale_if_error_seconds = u64::MAX),
            ("shared_cache_millis", |policy| policy.shared_cache_millis = 0),
            ("log_queue_lines", |policy| policy.log_queue_lines = 1),
        ];
        for (field, spoil) in cases {
            let mut policy = AiPolicy::default();
            spoil(&mut policy);
            let error = policy.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.context().contains(&("field", field.to_owned())), "{error}");
        }
    }

    #[test]
    fn a_policy_is_read_from_a_configuration() {
        let policy: AiPolicy = serde_json::from_str(
            r#"{"fast": [{"model": "a"}, {"model": "b", "provider": "local"}],
                "budget": {"tokens_per_day": 5, "usd_per_day": "0.25"},
                "prices": {"a": {"prompt": "0.000001", "completion": "0.000002", "request": "0"}}}"#,
        )
        .unwrap();
        assert_eq!(policy.fast, [TierModel::new("a"), TierModel::new("b").at("local")]);
        assert_eq!(policy.budget.usd_per_day, Some("0.25".parse().unwrap()));
        assert_eq!(policy.quality, AiPolicy::default().quality);
        assert!(serde_json::from_str::<AiPolicy>(r#"{"freshseconds": 1}"#).is_err());
    }
}
