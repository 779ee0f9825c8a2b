//! Texts that try to be instructions, and models that obey them.

use std::{fs, sync::Arc};

use futures_util::FutureExt;
use lore_core::{
    ai::{
        Operation,
        answer::{answer_shape, read},
    },
    memory::{
        clock::ManualClock,
        llm::{Reply, ScriptedLlmProvider},
    },
    port::llm::LlmProvider,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    hostile::with_text,
    offline::{answer, request},
    requests::{ForEach, for_each},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Injection {
    name: String,
    /// What a user writes into every field.
    text: String,
    /// So many times, for those that work by length.
    #[serde(default = "once")]
    times: usize,
    /// What a model says that obeys.
    obeys: String,
}

fn once() -> usize {
    1
}

fn corpus() -> Vec<Injection> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/ai/injections.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Whether a value has this shape, as far as Lore's schemas go.
fn fits(schema: &Value, value: &Value) -> bool {
    match schema["type"].as_str().unwrap() {
        "object" => {
            let (properties, value) = (schema["properties"].as_object().unwrap(), value.as_object().unwrap());
            value.len() == properties.len()
                && properties
                    .iter()
                    .all(|(name, schema)| value.get(name).is_some_and(|value| fits(schema, value)))
        }
        "array" => {
            value.as_array().is_some_and(|items| items.iter().all(|item| fits(&schema["items"], item)))
        }
        "string" => {
            let names = schema.get("enum").and_then(Value::as_array);
            value.is_string() && names.is_none_or(|names| names.contains(value))
        }
        "boolean" => value.is_boolean(),
        other => panic!("no schema of Lore's has the type {other}"),
    }
}

/// What nobody may find in an answer.
fn assert_harmless(value: &Value) {
    match value {
        Value::String(text) => {
            let lower = text.to_lowercase();
            for mark in [
                "://",
                "www.prize",
                "](",
                "javascript:",
                "<script",
                "<img",
                "</data>",
                "\u{202e}",
                "\u{200b}",
            ] {
                assert!(!lower.contains(mark), "{text}");
            }
            assert!(!text.chars().any(|letter| ('\u{e0000}'..='\u{e007f}').contains(&letter)), "{text:?}");
        }
        Value::Array(items) => items.iter().for_each(assert_harmless),
        Value::Object(members) => members.values().for_each(assert_harmless),
        _ => {}
    }
}

struct Obeyed<'a> {
    injection: &'a Injection,
    text: String,
    refused: usize,
    read: usize,
}

impl Obeyed<'_> {
    /// What a model could say that obeys: the words asked for, the user's text itself, a good answer that carries it in every
    /// text, in a field more, beside another answer, or inside.
    fn answers<O: Operation>(&self, operation: &O) -> Vec<String> {
        let good = answer(operation).text;
        let value: Value = serde_json::from_str(&good).unwrap();
        let obeys = &self.injection.obeys;
        let mut more = value.clone();
        more["system"] = json!(obeys);
        vec![
            obeys.clone(),
            self.text.clone(),
            with_text(&value, obeys).to_string(),
            with_text(&value, &self.text).to_string(),
            more.to_string(),
            format!("{obeys}\n{good}"),
            format!("{good}\n{obeys}"),
            format!("```json\n{obeys}\n```\n{good}"),
            json!({ "answer": value, "note": self.text }).to_string(),
            good.replacen('{', &format!("{{\"instructions\": {}, ", json!(obeys)), 1),
        ]
    }

    fn assert_prompt<O: Operation>(&self, operation: &O) {
        struct System(Vec<String>);
        impl ForEach for System {
            fn run<O: Operation>(&mut self, operation: &O) {
                self.0.push(operation.prompt()[0].text.clone());
            }
        }
        let mut harmless = System(Vec::new());
        for_each("x", &mut harmless);
        let prompt = operation.prompt();
        assert_eq!(prompt.len(), 2);
        assert!(harmless.0.contains(&prompt[0].text), "the text reached the instructions");
        let user = &prompt[1].text;
        assert_eq!((user.matches("<data>").count(), user.matches("</data>").count()), (1, 1), "{user}");
        assert!(user.starts_with("<data>\n{") && user.ends_with("with the JSON object alone."), "{user}");
        assert!(!user.contains('`') && !user.contains('\u{202e}'), "{user}");
    }
}

impl ForEach for Obeyed<'_> {
    fn run<O: Operation>(&mut self, operation: &O) {
        assert_eq!(operation.check(), Ok(()), "{}", self.injection.name);
        self.assert_prompt(operation);
        let answers = self.answers(operation);
        let clock = Arc::new(ManualClock::default());
        let model = ScriptedLlmProvider::new("hostile", clock).model("m", answers.iter().map(Reply::text));
        let schema: Value = serde_json::from_str(&answer_shape::<O>().schema.json).unwrap();
        for _ in &answers {
            let completion = model.complete(&request(operation, "m")).now_or_never().unwrap().unwrap();
            match read(operation, &completion.text) {
                Ok((output, _)) => {
                    self.read += 1;
                    let value = serde_json::to_value(&output).unwrap();
                    assert!(fits(&schema, &value), "{}: {value}", self.injection.name);
                    assert_harmless(&value);
                    assert_eq!(operation.accept(output.clone()), Ok(output));
                }
                Err(_) => self.refused += 1,
            }
        }
    }
}

#[test]
fn a_model_that_obeys_a_users_text_gives_a_harmless_answer_or_none() {
    let corpus = corpus();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    let (mut read, mut refused) = (0, 0);
    for injection in &corpus {
        let text = injection.text.repeat(injection.times);
        let mut obeyed = Obeyed { injection, text, refused: 0, read: 0 };
        for_each(&obeyed.text.clone(), &mut obeyed);
        assert!(obeyed.refused > 0, "{}: nothing was refused", injection.name);
        read += obeyed.read;
        refused += obeyed.refused;
    }
    println!("{} texts: {read} answers read, {refused} refused", corpus.len());
    assert!(read > 0);
}
