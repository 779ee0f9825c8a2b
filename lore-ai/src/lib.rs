#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod estimate;
mod failure;
mod http;
mod lenient;
mod provider;
mod stream;
mod wire;

pub use self::{
    config::{OpenAiConfig, SchemaMode, TokenLimitField},
    provider::OpenAiLlmProvider,
    stream::{CompletionEvent, CompletionStream},
};
