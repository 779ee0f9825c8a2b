//! The JSON of the interface (OpenAI's chat completions with what OpenRouter adds), private to this crate.

mod answer;
mod list;
mod request;

pub(crate) use self::{
    answer::{Chunk, Finish, WireAnswer, WireUsage},
    list::read_models,
    request::{Shape, chat_body, schema_words},
};
