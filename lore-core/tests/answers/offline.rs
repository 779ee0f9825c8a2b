//! The provider that answers by rules.

use std::sync::Arc;

use futures_util::FutureExt;
use lore_core::{
    ErrorKind, Result,
    ai::{
        OfflineProvider, Operation,
        answer::{answer_shape, read},
        audit::Rung,
    },
    conformance::llm_provider::Harness,
    port::llm::{Completion, CompletionRequest, LlmProvider},
};
use proptest::prelude::any;

use crate::requests::{ForEach, for_each};

struct Offline;

impl Harness for Offline {
    async fn fresh(&self) -> Result<Arc<dyn LlmProvider>> {
        Ok(Arc::new(OfflineProvider::new()))
    }

    fn model(&self) -> String {
        OfflineProvider::MODEL.to_owned()
    }
}

mod suite {
    lore_core::llm_provider_conformance!(super::Offline);
}

pub(crate) fn request<O: Operation>(operation: &O, model: &str) -> CompletionRequest {
    let mut request = CompletionRequest::new(model, operation.prompt());
    request.operation = Some(O::KIND.as_str().to_owned());
    request.schema = Some(answer_shape::<O>().schema.clone());
    request.max_tokens = operation.max_tokens();
    request
}

/// The answer of the offline provider, which waits for nothing.
pub(crate) fn answer<O: Operation>(operation: &O) -> Completion {
    let request = request(operation, OfflineProvider::MODEL);
    let answer = OfflineProvider::new().complete(&request).now_or_never().unwrap();
    answer.unwrap_or_else(|err| panic!("{err}: {operation:?}"))
}

struct Accepted;

impl ForEach for Accepted {
    fn run<O: Operation>(&mut self, operation: &O) {
        assert_eq!(operation.check(), Ok(()));
        let completion = answer(operation);
        assert!(completion.by_rules);
        assert_eq!(completion.model, OfflineProvider::MODEL);
        let (output, rung) = read(operation, &completion.text).expect(&completion.text);
        assert_eq!(rung, Rung::Strict);
        assert_eq!(answer(operation), completion);
        if let Some(output) = operation.by_rules() {
            assert_eq!(operation.accept(output.clone()), Ok(output));
        }
        assert_eq!(operation.accept(output.clone()), Ok(output));
    }
}

#[test]
fn every_operation_has_an_answer_that_keeps_the_rules() {
    for text in [
        "A harbor at night",
        "x",
        "\u{661f}\u{7a7a}\u{4e0b}\u{7684}\u{732b}",
        "https://bad.example [a](b) <script>",
        &"long ".repeat(4_000),
        &"\u{661f}".repeat(20_000),
        &"w".repeat(20_000),
        "\u{202e}!!!\n\u{0}...",
    ] {
        for_each(text, &mut Accepted);
    }
}

proptest::proptest! {
    #[test]
    fn every_text_has_answers_that_keep_the_rules(text in any::<String>(), word in "\\PC{1,40}") {
        for text in [text, word] {
            if !text.trim().is_empty() {
                for_each(&text, &mut Accepted);
            }
        }
    }
}

#[test]
fn answers_by_rules_are_plain_and_honest() {
    #[derive(Default)]
    struct Shown(String);
    impl ForEach for Shown {
        fn run<O: Operation>(&mut self, operation: &O) {
            self.0.push_str(&format!("{}: {}\n", O::KIND, answer(operation).text));
        }
    }
    let mut shown = Shown::default();
    for_each("A harbor at night, seen from the last ferry.", &mut shown);
    insta::assert_snapshot!(shown.0);
}

#[test]
fn a_prompt_that_is_no_operations_is_refused() {
    let mut request = request(&crate::requests::titles(), OfflineProvider::MODEL);
    request.messages.remove(1);
    let answer = OfflineProvider::new().complete(&request).now_or_never().unwrap();
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::InvalidInput);
}
