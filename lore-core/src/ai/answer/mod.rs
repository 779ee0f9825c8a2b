//! From a model's text to a value that keeps the rules, or to what is wrong with it.

mod extract;
mod finding;
mod ladder;
mod lenient;
mod schema;

pub use self::{
    finding::{Finding, reask_message},
    ladder::{MAX_ANSWER_BYTES, read},
    schema::{AnswerShape, answer_shape},
};
