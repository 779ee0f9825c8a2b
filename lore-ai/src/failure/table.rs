//! What a status and the names of an error mean. The order is: a name, then the status that the error states, then the
//! status of the answer.

use std::fmt;

use lore_core::{ErrorKind, Retry, error::FailureReason};

use super::told::Told;

/// Names of errors. OpenRouter's (`error_type`, `availability.code`; API reference, 2026-11), OpenAI's `code` and `type`,
/// and those of servers that people put in front of models: LiteLLM, llama.cpp, vLLM, Azure, Groq, Anthropic.
const NAMES: &[(FailureReason, &[&str])] = &[
    (
        FailureReason::ModelGone,
        &[
            "model_not_found",
            "model_deprecated",
            "model_decommissioned",
            "free_variant_ended",
            "wrong_endpoint",
            "no_endpoints",
            "constraint_filtered",
            "privacy_restricted",
            "region_restricted",
            "not_found_error",
            "NotFoundError",
        ],
    ),
    (
        FailureReason::ContextLength,
        &[
            "context_length_exceeded",
            "exceed_context_size_error",
            "max_tokens_exceeded",
            "string_too_long",
            "token_limit_exceeded",
        ],
    ),
    (
        FailureReason::Credits,
        &[
            "billing_hard_limit_reached",
            "budget_exceeded",
            "insufficient_credits",
            "insufficient_quota",
            "payment_required",
        ],
    ),
    (
        FailureReason::KeyRefused,
        &[
            "account_deactivated",
            "auth_error",
            "authentication",
            "authentication_error",
            "invalid_api_key",
            "no_db_connection",
            "permission_denied",
            "permission_error",
            "token_not_found_in_db",
            "expired_key",
        ],
    ),
    (FailureReason::Moderated, &["content_policy_violation", "moderation"]),
    (FailureReason::Filtered, &["content_filter", "refusal", "ResponsibleAIPolicyViolation"]),
    (
        FailureReason::RateLimited,
        &["rate_limit_error", "rate_limit_exceeded", "throttling_error", "too_many_requests"],
    ),
    (FailureReason::Timeout, &["request_timeout", "timeout", "timeout_error"]),
    (
        FailureReason::Outage,
        &[
            "api_error",
            "capacity_exhausted",
            "engine_overloaded",
            "internal_server_error",
            "model_unavailable_upstream",
            "overloaded_error",
            "provider_overloaded",
            "provider_unavailable",
            "server",
            "server_error",
            "service_unavailable",
            "temporarily_unavailable",
            "unavailable_error",
        ],
    ),
    (
        FailureReason::BadRequest,
        &["invalid_prompt", "invalid_request", "payload_too_large", "precondition_failed", "unprocessable"],
    ),
];

/// Names that stand in the explanation only, because their services state nothing but a status beside it: limits of a day
/// (OpenRouter), classes of errors (LiteLLM 1.106), refusals of a model's name (both), and OpenAI's sentence about long
/// prompts, which vLLM and others repeat with a plain 400.
const MENTIONS: &[(u16, &str, FailureReason)] = &[
    (429, "free-models-per-day", FailureReason::DailyCap),
    (400, "ContextWindowExceededError", FailureReason::ContextLength),
    (400, "maximum context length", FailureReason::ContextLength),
    (400, "ContentPolicyViolationError", FailureReason::Moderated),
    (400, "Invalid model name passed in model=", FailureReason::ModelGone),
    (400, "is not a valid model ID", FailureReason::ModelGone),
];

/// Names of refusals that are about what one model takes, not about the request: OpenAI's.
const PARAMETER_NAMES: &[&str] = &["unsupported_parameter", "unsupported_value"];

/// The same in words, by services that give it no name: OpenAI's older ones, and the class of LiteLLM's.
const PARAMETER_WORDS: &[&str] = &["is not supported with this model", "unsupportedparamserror"];

/// What refusals of `response_format` speak of, in lower case. No service has a name for them, and few have the same words:
/// "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model" (OpenAI), "This
/// response_format type is unavailable now" (DeepSeek), "'response_format.type' : value is not one of the allowed values"
/// and "invalid schema for response format" (Groq), "JSON mode is not enabled for this model" (Gemini), "JSON Schema not
/// supported" (Fireworks), "failed to parse grammar" (llama.cpp), a list of findings with the path of the field (vLLM and
/// others on FastAPI). OpenRouter repeats them in `metadata.raw`.
const FORMAT_WORDS: &[&str] = &[
    "response_format",
    "response format",
    "json_schema",
    "json schema",
    "json mode",
    "structured output",
    "guided decoding",
    "grammar",
];

/// OpenRouter's words where no host of a model keeps every parameter, with `provider.require_parameters`: a plain 404.
const ROUTING_WORDS: &str = "no endpoints found that can handle the requested parameters";

/// A part of a request that a model does not take, though others may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// `response_format`.
    Format,
    /// A parameter, or its value.
    Parameter,
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "the model cannot be held to a schema by `response_format`",
            Self::Parameter => "the model does not take a parameter as it was sent",
        })
    }
}

impl std::error::Error for NotTaken {}

/// What the model does not take, if that is why the request was refused. `reason` is what the refusal means otherwise;
/// `sends_format` says whether the request had a `response_format`, as nothing else can be blamed on it.
pub(super) fn not_taken(
    reason: FailureReason,
    status: u16,
    told: &Told,
    sends_format: bool,
) -> Option<NotTaken> {
    match (reason, status) {
        (FailureReason::BadRequest, 400 | 422) => {
            if sends_format && told.says_any(FORMAT_WORDS) {
                return Some(NotTaken::Format);
            }
            let is_named = told.names().any(|name| PARAMETER_NAMES.contains(&name.as_str()));
            (is_named || told.says_any(PARAMETER_WORDS)).then_some(NotTaken::Parameter)
        }
        (FailureReason::ModelGone, 404) if sends_format => {
            told.says_any(&[ROUTING_WORDS]).then_some(NotTaken::Format)
        }
        _ => None,
    }
}

/// Why there is no answer. `status` is that of the answer, which may well be 200.
pub(super) fn reason(status: u16, told: &Told) -> FailureReason {
    let status = told.status().unwrap_or(status);
    if let Some((.., reason)) = MENTIONS.iter().find(|(of, name, _)| *of == status && told.mentions(name)) {
        return *reason;
    }
    if told.is_moderation() {
        return FailureReason::Moderated;
    }
    if let Some(reason) = told.names().find_map(|name| of_name(&name)) {
        let retryable = told.availability.as_ref().and_then(|availability| availability.retryable);
        return match (reason, retryable) {
            // Not for good, so not gone.
            (FailureReason::ModelGone, Some(true)) => FailureReason::Outage,
            (FailureReason::Outage, Some(false)) => FailureReason::ModelGone,
            (reason, _) => reason,
        };
    }
    of_status(status)
}

fn of_name(name: &str) -> Option<FailureReason> {
    NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(reason, _)| *reason)
}

fn of_status(status: u16) -> FailureReason {
    match status {
        401 | 403 | 407 => FailureReason::KeyRefused,
        402 => FailureReason::Credits,
        404 | 410 => FailureReason::ModelGone,
        408 | 504 | 522 | 524 => FailureReason::Timeout,
        429 => FailureReason::RateLimited,
        451 => FailureReason::Moderated,
        400 | 406 | 411..=420 | 422 | 426..=428 => FailureReason::BadRequest,
        // Also what passes and is nobody's fault (409, 421, 423, 424, 425), what is no failure by its status, and 3xx, 405
        // and the like: the endpoint does not do what it should.
        _ => FailureReason::Outage,
    }
}

/// Kind and message of a reason, and whether the same call can succeed later. `status` tells cases of one reason apart.
pub(super) fn meaning(reason: FailureReason, status: u16) -> (ErrorKind, Retry, &'static str) {
    let later = Retry::After(None);
    match (reason, status) {
        (FailureReason::Outage, 300..=399) => {
            (ErrorKind::Config, Retry::Never, "the endpoint has moved; set its new address")
        }
        (FailureReason::Outage, 405 | 501) => {
            (ErrorKind::Unsupported, Retry::Never, "the endpoint cannot do this")
        }
        (FailureReason::KeyRefused, 403) => {
            (ErrorKind::PermissionDenied, Retry::Never, "the key may not do this")
        }
        (FailureReason::RateLimited, _) => (ErrorKind::RateLimited, later, "the endpoint asks for a pause"),
        (FailureReason::DailyCap, _) => {
            (ErrorKind::RateLimited, later, "the key's requests of the day are used up")
        }
        (FailureReason::Credits, _) => {
            (ErrorKind::InsufficientFunds, Retry::Never, "the key's account cannot pay")
        }
        (FailureReason::KeyRefused, _) => {
            (ErrorKind::Unauthenticated, Retry::Never, "the endpoint refused the key")
        }
        (FailureReason::Timeout, _) => (ErrorKind::Unavailable, later, "the model did not answer in time"),
        (FailureReason::Disconnected, _) => (ErrorKind::Unavailable, later, "the connection broke"),
        (FailureReason::ModelGone, _) => {
            (ErrorKind::NotFound, Retry::Never, "the endpoint does not have this model")
        }
        (FailureReason::Empty, _) => (ErrorKind::Unavailable, later, "the model gave an empty answer"),
        (FailureReason::Truncated, _) => {
            (ErrorKind::Unavailable, Retry::Never, "the answer ends at the most tokens allowed")
        }
        (FailureReason::Filtered, _) => (ErrorKind::Unavailable, Retry::Never, "the answer was withheld"),
        (FailureReason::ContextLength, _) => {
            (ErrorKind::InvalidInput, Retry::Never, "the prompt is longer than the model can read")
        }
        (FailureReason::Malformed, _) => (ErrorKind::Unavailable, later, "the answer cannot be read"),
        (FailureReason::Moderated, _) => {
            (ErrorKind::InvalidInput, Retry::Never, "the request breaks the endpoint's content rules")
        }
        (FailureReason::BadRequest, _) => {
            (ErrorKind::InvalidInput, Retry::Never, "the endpoint refused the request")
        }
        _ => (ErrorKind::Unavailable, later, "the endpoint failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_two_things() {
        let all: Vec<_> = NAMES.iter().flat_map(|(_, names)| names.iter()).collect();
        for name in &all {
            assert_eq!(all.iter().filter(|other| other == &name).count(), 1, "{name}");
        }
    }

    #[test]
    fn statuses_that_pass_are_not_the_requests_fault() {
        for status in [409, 421, 423, 424, 425] {
            assert_eq!(of_status(status), FailureReason::Outage, "{status}");
        }
        for status in [400, 406, 411, 412, 413, 414, 415, 416, 417, 418, 420, 422, 426, 428] {
            assert_eq!(of_status(status), FailureReason::BadRequest, "{status}");
        }
    }

    fn found(status: u16, body: &str, sends_format: bool) -> Option<NotTaken> {
        let told = Told::of_body(body.as_bytes());
        not_taken(reason(status, &told), told.status().unwrap_or(status), &told, sends_format)
    }

    #[test]
    fn a_refused_format_is_known_by_the_words_of_every_service() {
        for (status, body) in [
            (
                400,
                r#"{"error":{"message":"Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more about supported models at the Structured Outputs guide: …","type":"invalid_request_error","param":null,"code":null}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{"error":{"message":"Invalid schema for response_format 'titles'"}}","provider_name":"OpenAI","error_type":"invalid_request"}}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"This response_format type is unavailable now","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"'response_format.type' : value is not one of the allowed values ['text','json_object']","type":"invalid_request_error"}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"invalid schema for response format: minItems is not supported","type":"invalid_request_error"}}"#,
            ),
            (400, r#"{"error":"'response_format.type' must be 'text'"}"#),
            (400, r#"[{"error":{"code":400,"message":"JSON mode is not enabled for this model"}}]"#),
            (
                400,
                r#"{"error":{"object":"error","type":"invalid_request_error","message":"JSON Schema not supported: could not understand the instance"}}"#,
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"Failed to parse grammar","type":"invalid_request_error"}}"#,
            ),
            (
                400,
                r#"{"error":{"message":"litellm.UnsupportedParamsError: groq does not support parameters: ['response_format'], for model=m","type":"None","param":"None","code":"400"}}"#,
            ),
            (
                422,
                r#"{"detail":[{"type":"literal_error","loc":["body","response_format","type"],"msg":"Input should be 'text' or 'json_object'"}]}"#,
            ),
            (
                422,
                "Failed to deserialize the JSON body into the target type: response_format: response_format.type `json_schema` is unavailable now",
            ),
            (
                404,
                r#"{"error":{"message":"No endpoints found that can handle the requested parameters.","code":404}}"#,
            ),
            (200, r#"{"error":{"code":400,"message":"response_format is not supported"}}"#),
        ] {
            assert_eq!(found(status, body, true), Some(NotTaken::Format), "{status} {body}");
            assert_ne!(found(status, body, false), Some(NotTaken::Format), "not sent: {body}");
        }
    }

    #[test]
    fn a_parameter_that_one_model_does_not_take_is_not_the_requests_fault() {
        for body in [
            r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0 with this model.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#,
            r#"{"error":{"message":"Unsupported parameter: 'max_tokens'.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#,
            r#"{"error":{"message":"'top_k' is not supported with this model.","code":null}}"#,
            r#"{"error":{"message":"litellm.UnsupportedParamsError: no temperature","code":"400"}}"#,
        ] {
            assert_eq!(found(400, body, true), Some(NotTaken::Parameter), "{body}");
        }
    }

    #[test]
    fn other_refusals_stay_what_they_are() {
        for (status, body) in [
            (400, r#"{"error":{"code":400,"message":"temperature must be at most 2"}}"#),
            (400, r#"{"error":{"code":"context_length_exceeded","message":"response_format and prompt"}}"#),
            (401, r#"{"error":{"message":"no response_format for you"}}"#),
            (404, r#"{"error":{"message":"no model response_format"}}"#),
            (413, r#"{"error":{"message":"the json_schema is too large"}}"#),
            (429, r#"{"error":{"message":"response_format is not supported with this model"}}"#),
            (500, r#"{"error":{"message":"response_format"}}"#),
        ] {
            assert_eq!(found(status, body, true), None, "{status} {body}");
        }
    }

    #[test]
    fn a_failure_is_worth_another_try_exactly_when_it_passes() {
        for reason in FailureReason::ALL {
            let (kind, retry, _) = meaning(reason, 0);
            let passes = matches!(kind, ErrorKind::RateLimited | ErrorKind::Unavailable)
                && !matches!(reason, FailureReason::Truncated | FailureReason::Filtered);
            assert_eq!(retry == Retry::After(None), passes, "{reason:?}");
        }
    }
}
