//! Answers, and the pieces of streamed ones. Nothing that is missing or odd in one field spoils another.

use lore_core::{Usd, port::llm::Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{or_nothing, parsed, raw, usd};

/// A whole answer.
#[derive(Debug, Deserialize)]
pub(crate) struct WireAnswer {
    #[serde(default, deserialize_with = "or_nothing")]
    pub(crate) model: Option<String>,
    #[serde(default, deserialize_with = "or_nothing")]
    choices: Option<Vec<Choice>>,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(crate) usage: Option<WireUsage>,
    #[serde(default, deserialize_with = "raw")]
    pub(crate) error: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default, deserialize_with = "or_nothing")]
    message: Option<Said>,
    #[serde(default, deserialize_with = "or_nothing")]
    delta: Option<Said>,
    #[serde(default, deserialize_with = "or_nothing")]
    finish_reason: Option<String>,
    #[serde(default, deserialize_with = "raw")]
    error: Option<Box<RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default, deserialize_with = "raw")]
    content: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "or_nothing")]
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

impl Said {
    /// Plain text, or the text of all parts.
    fn text(&self) -> String {
        let Some(content) = self.content.as_deref() else { return String::new() };
        if let Ok(text) = serde_json::from_str::<String>(content.get()) {
            return text;
        }
        let parts = serde_json::from_str::<Vec<Part>>(content.get()).unwrap_or_default();
        parts.into_iter().map(|part| part.text).collect()
    }

    fn refuses(&self) -> bool {
        self.refusal.as_deref().is_some_and(|refusal| !refusal.is_empty())
    }
}

/// Why a model stopped; the worse is the greater, for streams that say it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Finish {
    /// It had said everything, or the endpoint does not tell.
    Done,
    /// The most tokens were reached.
    Length,
    /// The host withheld the rest.
    Filtered,
    /// It failed half way.
    Failed,
}

impl Finish {
    fn of(reason: &str) -> Self {
        match reason {
            "length" | "max_tokens" => Self::Length,
            "content_filter" => Self::Filtered,
            "error" => Self::Failed,
            _ => Self::Done,
        }
    }
}

/// What one answer, or one piece of it, holds.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) text: String,
    /// Set once the model has stopped.
    pub(crate) finish: Option<Finish>,
    /// What went wrong, as the endpoint says it.
    pub(crate) error: Option<Box<RawValue>>,
    /// Whether there was a list of choices, be it an empty one.
    pub(crate) has_choices: bool,
}

impl WireAnswer {
    /// Takes out what the first choice says.
    pub(crate) fn take_chunk(&mut self) -> Chunk {
        let error = self.error.take();
        let choices = self.choices.take();
        let has_choices = choices.is_some();
        let Some(choice) = choices.and_then(|choices| choices.into_iter().next()) else {
            return Chunk { error, has_choices, ..Chunk::default() };
        };
        let said = choice.message.or(choice.delta).unwrap_or_default();
        let finish = choice.finish_reason.as_deref().map(Finish::of);
        // A refusal is an answer that its host withholds, however it ended.
        let finish = if said.refuses() { Some(Finish::Filtered) } else { finish };
        Chunk { text: said.text(), finish, error: error.or(choice.error), has_choices }
    }
}

/// What a completion used, and what was charged for it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct WireUsage {
    #[serde(default, deserialize_with = "parsed")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "parsed")]
    completion_tokens: Option<u64>,
    #[serde(default, deserialize_with = "usd")]
    cost: Option<Usd>,
    #[serde(default, deserialize_with = "or_nothing")]
    is_byok: Option<bool>,
    #[serde(default, deserialize_with = "or_nothing")]
    cost_details: Option<CostDetails>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct CostDetails {
    #[serde(default, deserialize_with = "usd")]
    upstream_inference_cost: Option<Usd>,
}

impl WireUsage {
    /// As it is stated.
    pub(crate) fn usage(&self) -> Usage {
        self.usage_or(Usage::default())
    }

    /// As it is stated, and as `estimated` where it is not. Nothing without a cost is not stated: servers write it who do
    /// not count, while one that answers from a cache of its own says that it cost nothing.
    pub(crate) fn usage_or(&self, estimated: Usage) -> Usage {
        let counted = |tokens: Option<u64>| tokens.filter(|tokens| *tokens > 0 || self.cost.is_some());
        Usage::new(
            counted(self.prompt_tokens).unwrap_or(estimated.prompt_tokens),
            counted(self.completion_tokens).unwrap_or(estimated.completion_tokens),
        )
    }

    /// What was charged. With a key of one's own at the model's host, OpenRouter's `cost` is its fee alone.
    pub(crate) fn cost(&self) -> Option<Usd> {
        let upstream = self.cost_details.and_then(|details| details.upstream_inference_cost);
        match (self.cost, upstream.filter(|_| self.is_byok == Some(true))) {
            (Some(fee), Some(upstream)) => Some(fee.saturating_add(upstream)),
            (fee, upstream) => fee.or(upstream),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (Chunk, Option<WireUsage>) {
        let mut answer: WireAnswer = serde_json::from_str(json).unwrap();
        (answer.take_chunk(), answer.usage)
    }

    #[test]
    fn text_is_found_in_every_form() {
        for json in [
            r#"{"choices":[{"message":{"content":"a b"}}]}"#,
            r#"{"choices":[{"delta":{"content":"a b"},"message":null}]}"#,
            r#"{"choices":[{"message":{"content":[{"type":"text","text":"a "},{"type":"text","text":"b"}]}}]}"#,
            r#"{"choices":[{"message":{"content":"a b","refusal":null,"tool_calls":7}}],"usage":"none","model":3}"#,
        ] {
            let (chunk, _) = read(json);
            assert_eq!((chunk.text.as_str(), chunk.finish, chunk.has_choices), ("a b", None, true), "{json}");
        }
        assert!(read(r#"{"choices":[]}"#).0.has_choices);
        for json in ["{}", r#"{"choices":null}"#, r#"{"choices":"odd"}"#] {
            assert!(!read(json).0.has_choices, "{json}");
        }
    }

    #[test]
    fn the_end_is_understood() {
        for (json, finish) in [
            (r#"{"finish_reason":"stop"}"#, Some(Finish::Done)),
            (r#"{"finish_reason":"tool_calls"}"#, Some(Finish::Done)),
            (r#"{"finish_reason":"length"}"#, Some(Finish::Length)),
            (r#"{"finish_reason":"content_filter"}"#, Some(Finish::Filtered)),
            (r#"{"finish_reason":"stop","message":{"refusal":"I cannot"}}"#, Some(Finish::Filtered)),
            (r#"{"finish_reason":"error"}"#, Some(Finish::Failed)),
            (r#"{"finish_reason":null}"#, None),
        ] {
            assert_eq!(read(&format!(r#"{{"choices":[{json}]}}"#)).0.finish, finish, "{json}");
        }
    }

    #[test]
    fn what_is_not_stated_is_as_estimated() {
        let estimated = Usage::new(70, 30);
        for (usage, prompt, completion) in [
            (r#"{"prompt_tokens":7,"completion_tokens":3}"#, 7, 3),
            (r#"{"prompt_tokens":"7","completion_tokens":[3]}"#, 7, 30),
            (r#"{"prompt_tokens":null,"completion_tokens":3}"#, 70, 3),
            (r#"{"prompt_tokens":-1,"completion_tokens":0}"#, 70, 30),
            (r#"{"prompt_tokens":0,"completion_tokens":0,"cost":0}"#, 0, 0),
            (r#"{"input":7}"#, 70, 30),
        ] {
            let read = read(&format!(r#"{{"usage":{usage}}}"#)).1.unwrap();
            assert_eq!(read.usage_or(estimated), Usage::new(prompt, completion), "{usage}");
        }
    }

    #[test]
    fn cost_includes_what_the_hosts_own_key_was_charged() {
        let cost = |usage: &str| read(&format!(r#"{{"usage":{usage}}}"#)).1.unwrap().cost();
        let usd = |text: &str| text.parse::<Usd>().ok();
        assert_eq!(cost(r#"{"cost":0.01}"#), usd("0.01"));
        let own = r#"{"cost":0.01,"is_byok":true,"cost_details":{"upstream_inference_cost":0.2}}"#;
        assert_eq!(cost(own), usd("0.21"));
        assert_eq!(cost(&own.replace("true", "false")), usd("0.01"));
        assert_eq!(cost(r#"{"prompt_tokens":3}"#), None);
    }
}
