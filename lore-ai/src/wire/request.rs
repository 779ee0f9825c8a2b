//! The body of a chat request.

use std::borrow::Cow;

use lore_core::{
    Error, ErrorKind, Result,
    port::llm::{AnswerSchema, CompletionRequest, Message, Role},
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Map, Value, value::RawValue};

use crate::config::{OpenAiConfig, TokenLimitField};

/// How the shape of an answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// By `response_format`; the model is known to keep it.
    Format,
    /// By `response_format`, which may be ignored, and in words.
    Both,
    /// In words.
    Words,
}

struct Body<'a> {
    request: &'a CompletionRequest,
    config: &'a OpenAiConfig,
    schema: Option<(&'a AnswerSchema, &'a RawValue, Shape)>,
    is_stream: bool,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: Cow<'a, str>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    r#type: &'static str,
    json_schema: JsonSchema<'a>,
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a RawValue,
}

impl<'a> WireMessage<'a> {
    fn of(message: &'a Message) -> Self {
        let role = match message.role {
            Role::System => "system",
            Role::Assistant => "assistant",
            _ => "user",
        };
        Self { role, content: Cow::Borrowed(&message.text) }
    }
}

impl Body<'_> {
    fn messages(&self) -> Vec<WireMessage<'_>> {
        let mut messages: Vec<_> = self.request.messages.iter().map(WireMessage::of).collect();
        if let Some((_, schema, Shape::Both | Shape::Words)) = self.schema {
            let words = schema_words(schema.get());
            // As a part of the last message: some models' templates take a system message in the first place only.
            match messages.last_mut() {
                Some(last) => last.content = Cow::Owned([&last.content, "\n\n", &words].concat()),
                None => messages.push(WireMessage { role: "user", content: Cow::Owned(words) }),
            }
        }
        messages
    }

    fn routing(&self) -> Option<Cow<'_, Value>> {
        let own = self.config.options.get("provider");
        if !self.config.require_parameters || !matches!(self.schema, Some((_, _, Shape::Format))) {
            return own.map(Cow::Borrowed);
        }
        let mut routing = own.and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
        routing.entry("require_parameters").or_insert(Value::Bool(true));
        Some(Cow::Owned(Value::Object(routing)))
    }
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", &self.request.model)?;
        map.serialize_entry("messages", &self.messages())?;
        let limit = match self.config.token_limit_field {
            TokenLimitField::MaxTokens => "max_tokens",
            TokenLimitField::MaxCompletionTokens => "max_completion_tokens",
        };
        map.serialize_entry(limit, &self.request.max_tokens)?;
        map.serialize_entry("temperature", &(f64::from(self.request.temperature_millis) / 1_000.0))?;
        if let Some((schema, json, Shape::Format | Shape::Both)) = self.schema {
            let json_schema = JsonSchema { name: &schema.name, strict: true, schema: json };
            map.serialize_entry("response_format", &ResponseFormat { r#type: "json_schema", json_schema })?;
        }
        if self.is_stream {
            map.serialize_entry("stream", &true)?;
            map.serialize_entry("stream_options", &StreamOptions { include_usage: true })?;
        }
        for (name, value) in self.config.options.iter().filter(|(name, _)| *name != "provider") {
            map.serialize_entry(name, value)?;
        }
        if let Some(routing) = self.routing() {
            map.serialize_entry("provider", &routing)?;
        }
        map.end()
    }
}

/// What asks for an answer of this shape in words.
pub(crate) fn schema_words(json: &str) -> String {
    ["Answer with one JSON value that matches this JSON schema, and with nothing else:\n", json].concat()
}

/// The body that asks `request`.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if there are no messages, or if the schema is no JSON.
pub(crate) fn chat_body(
    request: &CompletionRequest,
    config: &OpenAiConfig,
    shape: Shape,
    is_stream: bool,
) -> Result<Vec<u8>> {
    if request.messages.is_empty() {
        return Err(Error::invalid("messages", "empty", "at least one message"));
    }
    let schema = match &request.schema {
        None => None,
        Some(schema) => {
            let json = serde_json::from_str::<&RawValue>(&schema.json)
                .map_err(|_| Error::invalid("schema.json", "malformed", "a JSON schema"))?;
            Some((schema, json, shape))
        }
    };
    let texts = request.messages.iter().map(|message| message.text.len());
    let json = request.schema.as_ref().map_or(0, |schema| schema.json.len());
    // With some room for escapes, names and settings.
    let mut body = Vec::with_capacity(texts.sum::<usize>().saturating_add(json).saturating_mul(2));
    serde_json::to_writer(&mut body, &Body { request, config, schema, is_stream })
        .map(|()| body)
        .map_err(|err| Error::new(ErrorKind::Unexpected, "the request cannot be written").with_source(err))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request() -> CompletionRequest {
        let messages = vec![Message::new(Role::System, "s"), Message::new(Role::User, "u")];
        let mut request = CompletionRequest::new("m", messages);
        request.schema = Some(AnswerSchema::new("titles", r#"{"type":"object"}"#));
        request.temperature_millis = 700;
        request.max_tokens = 99;
        request
    }

    fn body(config: &OpenAiConfig, shape: Shape, is_stream: bool) -> Value {
        serde_json::from_slice(&chat_body(&request(), config, shape, is_stream).unwrap()).unwrap()
    }

    #[test]
    fn a_known_model_is_held_to_the_schema_by_format_and_on_openrouter_by_hosts_that_keep_it() {
        let mut config = OpenAiConfig::openrouter("k");
        config.options.insert("provider".to_owned(), json!({ "sort": "price" }));
        config.options.insert("seed".to_owned(), json!(7));
        assert_eq!(
            body(&config, Shape::Format, false),
            json!({
                "model": "m", "max_tokens": 99, "temperature": 0.7, "seed": 7,
                "messages": [{ "role": "system", "content": "s" }, { "role": "user", "content": "u" }],
                "response_format": { "type": "json_schema", "json_schema":
                    { "name": "titles", "strict": true, "schema": { "type": "object" } } },
                "provider": { "sort": "price", "require_parameters": true },
            })
        );
    }

    #[test]
    fn words_ask_for_the_schema_where_the_format_may_not_count() {
        let mut config = OpenAiConfig::new("local", "http://localhost");
        config.token_limit_field = TokenLimitField::MaxCompletionTokens;
        for (shape, has_format) in [(Shape::Both, true), (Shape::Words, false)] {
            let body = body(&config, shape, true);
            assert_eq!(body.get("response_format").is_some(), has_format);
            let last = body["messages"][1]["content"].as_str().unwrap();
            assert!(last.starts_with("u\n\n") && last.ends_with("\n{\"type\":\"object\"}"), "{last}");
            assert_eq!(body["max_completion_tokens"], 99);
            assert_eq!(
                (&body["stream"], &body["stream_options"]),
                (&json!(true), &json!({"include_usage": true}))
            );
            assert_eq!((body.get("max_tokens"), body.get("provider")), (None, None));
        }
    }

    #[test]
    fn a_request_that_cannot_be_asked_is_refused() {
        let config = OpenAiConfig::default();
        let mut empty = request();
        empty.messages.clear();
        let mut shapeless = request();
        shapeless.schema = Some(AnswerSchema::new("x", "{"));
        for request in [empty, shapeless] {
            let error = chat_body(&request, &config, Shape::Words, false).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}
