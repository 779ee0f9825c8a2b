//! How many tokens a text is, for endpoints that do not state it.
//!
//! What counts against a budget must rather be too much than too little, or the budget never fills. So a token is three
//! bytes of UTF-8 here: [`estimated_tokens`](lore_core::ai::estimated_tokens) takes four characters, which is the average
//! of English prose; JSON and program text have about three to a token, and the scripts of East Asia, with three bytes to a
//! character, about one character. A model's hidden thoughts cannot be seen, and are not counted.

use lore_core::port::llm::CompletionRequest;

use crate::wire::{Shape, schema_words};

const BYTES_PER_TOKEN: usize = 3;
/// What frames a message: its role and its ends (OpenAI's cookbook counts three, and one for a name).
const FRAME_TOKENS: u64 = 4;

/// About how many tokens a text is.
pub(crate) fn tokens(text: &str) -> u64 {
    text.len().div_ceil(BYTES_PER_TOKEN) as u64
}

/// About how many tokens the question is, with the schema in every form in which it is sent.
pub(crate) fn prompt_tokens(request: &CompletionRequest, shape: Shape) -> u64 {
    let messages = request.messages.iter().map(|message| tokens(&message.text).saturating_add(FRAME_TOKENS));
    let schema = request.schema.as_ref().map_or(0, |schema| {
        let format = if shape == Shape::Words { 0 } else { tokens(&schema.json) };
        let words = if shape == Shape::Format { 0 } else { tokens(&schema_words(&schema.json)) };
        format.saturating_add(words)
    });
    messages.fold(schema, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use lore_core::{
        ai::estimated_tokens,
        port::llm::{AnswerSchema, Message, Role},
    };

    use super::*;

    #[test]
    fn an_estimate_is_rather_too_high() {
        for (text, wanted) in [
            ("", 0),
            ("a", 1),
            ("Blue, as ever.", 5),
            // One for each character.
            ("\u{7a7a}\u{306f}\u{9752}\u{3044}\u{3067}\u{3059}\u{3002}", 7),
        ] {
            assert_eq!(tokens(text), wanted, "{text}");
            assert!(tokens(text) >= estimated_tokens(text), "{text}");
        }
    }

    #[test]
    fn the_schema_counts_as_often_as_it_is_sent() {
        let messages = vec![Message::new(Role::System, "abc"), Message::new(Role::User, "abcdef")];
        let mut request = CompletionRequest::new("m", messages);
        let plain = 3 + 2 * FRAME_TOKENS;
        assert_eq!(prompt_tokens(&request, Shape::Both), plain);
        let json = r#"{"type":"object"}"#;
        request.schema = Some(AnswerSchema::new("x", json));
        let (format, words) = (tokens(json), tokens(&schema_words(json)));
        assert_eq!(prompt_tokens(&request, Shape::Format), plain + format);
        assert_eq!(prompt_tokens(&request, Shape::Words), plain + words);
        assert_eq!(prompt_tokens(&request, Shape::Both), plain + format + words);
    }
}
