//! Lore's client of language models: the `LlmProvider` port over OpenRouter and every compatible endpoint.
//!
//! Nothing is here yet. The port is [`lore_core::port::llm::LlmProvider`]; a provider that answers from a script, for tests,
//! is [`lore_core::memory::llm`].

#![forbid(unsafe_code)]
