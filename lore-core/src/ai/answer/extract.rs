//! Finds JSON within other words.

use std::cmp::Reverse;

/// Most places where reading begins anew after one that led nowhere: each may cost one pass over the text.
const MOST_STARTS: usize = 8;
/// Most candidates that are tried.
const MOST_CANDIDATES: usize = 8;

/// What stands between fences and begins as an object, in order; the last fence need not be closed. Fences around anything
/// else are passed over, so that they mask nothing.
pub(super) fn fenced(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("```") {
        let (inside, next) = after.split_once("```").unwrap_or((after, ""));
        // The fence's first line may name a language.
        let is_tag = |tag: &str| tag.trim().chars().all(char::is_alphanumeric);
        let json = inside.find('{').map(|begin| inside.split_at(begin));
        match json.filter(|(tag, _)| is_tag(tag)) {
            Some((_, json)) => {
                found.push(json.trim_end());
                rest = next;
            }
            // It may be this fence's end that opens the one with JSON.
            None => rest = after,
        }
        if found.len() == MOST_CANDIDATES {
            break;
        }
    }
    found
}

/// Objects that are closed within the text, the largest first, and the first of those that are equally large.
pub(super) fn objects(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut failed = 0;
    while let Some(start) = rest.find('{') {
        let here = rest.get(start..).unwrap_or_default();
        let taken = match closed(here) {
            Some(object) => {
                found.push(object);
                object.len()
            }
            None => {
                failed += 1;
                1
            }
        };
        rest = here.get(taken..).unwrap_or_default();
        if failed == MOST_STARTS {
            break;
        }
    }
    found.sort_by_key(|object| Reverse(object.len()));
    found.truncate(MOST_CANDIDATES);
    found
}

/// The object at the beginning, if it is closed.
fn closed(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b'{' if !in_text => depth += 1,
            b'}' if !in_text => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return text.get(..=at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The text from each of its first braces on.
pub(super) fn starts(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').take(MOST_STARTS).filter_map(|(start, _)| text.get(start..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_without_json_masks_no_later_one() {
        let text = "```python\nprint(1)\n```\nThen:\n```json\n{\"a\": 1}\n```\nAnd ```JSON {\"b\": 2}";
        assert_eq!(fenced(text), ["{\"a\": 1}", "{\"b\": 2}"]);
        assert_eq!(fenced("```\nfn main() {}\n```"), [""; 0]);
    }

    #[test]
    fn the_largest_object_comes_first() {
        let text = r#"As {"x": 1} asks: {"titles": ["a } b", "\"{"]} or {y} and { more."#;
        assert_eq!(objects(text), [r#"{"titles": ["a } b", "\"{"]}"#, r#"{"x": 1}"#, "{y}"]);
    }
}
