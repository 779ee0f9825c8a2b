//! What a status and the names of an error mean. The order is: a name, then the status that the error states, then the
//! status of the answer.

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
        400 | 406 | 409..=428 => FailureReason::BadRequest,
        // Also what is no failure by its status, and 3xx, 405 and the like: the endpoint does not do what it should.
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
    fn a_failure_is_worth_another_try_exactly_when_it_passes() {
        for reason in FailureReason::ALL {
            let (kind, retry, _) = meaning(reason, 0);
            let passes = matches!(kind, ErrorKind::RateLimited | ErrorKind::Unavailable)
                && !matches!(reason, FailureReason::Truncated | FailureReason::Filtered);
            assert_eq!(retry == Retry::After(None), passes, "{reason:?}");
        }
    }
}
