//! [`read`]: the ladder.

use serde::de::{DeserializeOwned, Deserializer};

use super::{extract, finding::Finding, lenient};
use crate::ai::{audit::Rung, operation::Operation};

/// Longest answer that is read, in bytes. No operation's answer comes near it.
pub const MAX_ANSWER_BYTES: usize = 1_048_576;

/// Reads a model's answer: strictly as JSON; then as JSON within fences or other words; then with its syntax mended. The
/// first value that has the shape **and** keeps the rules is the answer, with the rung that gave it.
///
/// Takes time in proportion to the text, whatever is in it, and no more stack than 128 levels of JSON do.
///
/// # Errors
/// What is wrong with the candidate that came furthest.
pub fn read<O: Operation>(operation: &O, text: &str) -> Result<(O::Output, Rung), Finding> {
    if text.len() > MAX_ANSWER_BYTES {
        return Err(Finding::TooLong);
    }
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut attempt = Attempt { operation, best: Finding::NoJson };
    if let Some(output) = attempt.strict(text) {
        return Ok((output, Rung::Strict));
    }
    // JSON inside a JSON string: written twice.
    let unwrapped = serde_json::from_str::<String>(text).ok();
    let text = unwrapped.as_deref().unwrap_or(text);
    let fenced = extract::fenced(text);
    for candidate in fenced.iter().copied().chain(extract::objects(text)) {
        if let Some(output) = attempt.strict(candidate) {
            return Ok((output, Rung::Extracted));
        }
    }
    for candidate in fenced.into_iter().chain(extract::starts(text)) {
        let mended = lenient::object(candidate);
        if let Some(output) = mended.and_then(|value| attempt.shaped(value)) {
            return Ok((output, Rung::Repaired));
        }
    }
    Err(attempt.best)
}

struct Attempt<'a, O> {
    operation: &'a O,
    best: Finding,
}

impl<O: Operation> Attempt<'_, O> {
    fn strict(&mut self, text: &str) -> Option<O::Output> {
        // A list of the fields' values would do for serde; no schema asks for one.
        if !text.starts_with('{') {
            return None;
        }
        // Without the names of the fields on the way, which cost more than the reading.
        if let Ok(output) = serde_json::from_str(text) {
            return self.accept(output);
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let output = self.noted(shaped(&mut json))?;
        // What has more behind it is not what it seems: another candidate may be.
        json.end().ok()?;
        self.accept(output)
    }

    fn shaped<'de>(&mut self, json: impl Deserializer<'de, Error = serde_json::Error>) -> Option<O::Output> {
        let output = self.noted(shaped(json))?;
        self.accept(output)
    }

    fn accept(&mut self, output: O::Output) -> Option<O::Output> {
        let accepted = self.operation.accept(output);
        self.noted(accepted.map_err(Finding::Rules))
    }

    /// Keeps the finding of whatever came furthest, the first of several.
    fn noted(&mut self, result: Result<O::Output, Finding>) -> Option<O::Output> {
        match result {
            Ok(output) => Some(output),
            Err(finding) => {
                if finding.progress() > self.best.progress() {
                    self.best = finding;
                }
                None
            }
        }
    }
}

/// Reads a value of this shape. Broken syntax is no JSON; anything else is another shape.
fn shaped<'de, T: DeserializeOwned>(
    json: impl Deserializer<'de, Error = serde_json::Error>,
) -> Result<T, Finding> {
    serde_path_to_error::deserialize(json).map_err(|err| {
        let field = err.path().to_string();
        let err = err.into_inner();
        if err.is_syntax() || err.is_eof() {
            return Finding::NoJson;
        }
        // Lines and columns help nobody who has the name of the field.
        let problem = err.to_string();
        let problem = problem.rsplit_once(" at line ").map_or(problem.as_str(), |(problem, _)| problem);
        Finding::Shape { field, problem: problem.to_owned() }
    })
}
