//! How a text search finds its assets.
//!
//! The trigram index names the assets that may match: for a word of three characters and more those with all its
//! trigrams, for a shorter word those with a trigram that starts with it. They are few, or the word is so common that
//! walking the list in its order and looking into each text meets enough of them soon. Either way the text itself decides:
//! the index only says where to look.

use std::collections::BTreeSet;

use lore_core::Result;

use super::{
    connection::{Readers, Statement},
    values::Columns,
};

/// Where to look for the words of a search.
pub(super) enum Plan {
    /// In every asset of the list. Without words this is no search.
    Walk { words: Vec<String> },
    /// In these assets: row numbers as a JSON array.
    Candidates { keys: String, words: Vec<String> },
    /// Nowhere: no asset matches.
    Nothing,
}

impl Plan {
    pub(super) fn words(&self) -> &[String] {
        match self {
            Self::Walk { words } | Self::Candidates { words, .. } => words,
            Self::Nothing => &[],
        }
    }
}

/// Plans a search. More than `max_candidates` assets that may match make the word a common one.
pub(super) async fn plan(readers: &Readers, words: Vec<String>, max_candidates: usize) -> Result<Plan> {
    let distinct: BTreeSet<String> = words.into_iter().collect();
    let words: Vec<String> = distinct.into_iter().collect();
    let limit = i64::try_from(max_candidates).unwrap_or(i64::MAX).saturating_add(1);
    let Some(statement) = candidates(&words, limit) else { return Ok(Plan::Walk { words }) };
    let rows = readers.rows(statement).await?;
    let columns = rows.first().map(Columns);
    let found = columns.as_ref().map_or(Ok(0), |columns| columns.count("found"))?;
    match (columns, usize::try_from(found)) {
        (None, _) | (_, Ok(0)) => Ok(Plan::Nothing),
        (Some(columns), Ok(found)) if found <= max_candidates => {
            Ok(Plan::Candidates { keys: columns.get("keys")?, words })
        }
        _ => Ok(Plan::Walk { words }),
    }
}

/// The statement that counts and names the assets which may match; none if there are no words.
fn candidates<'q>(words: &[String], limit: i64) -> Option<Statement<'q>> {
    let trigrams: BTreeSet<String> = words.iter().flat_map(|word| trigrams(word)).collect();
    if !trigrams.is_empty() {
        let expression: Vec<String> = trigrams.iter().map(|trigram| quote(trigram)).collect();
        return Some(
            sqlx::query(
                "SELECT count(*) AS found, json_group_array(pk) AS keys \
                 FROM (SELECT rowid AS pk FROM lore_search WHERE lore_search MATCH ?1 LIMIT ?2)",
            )
            .bind(expression.join(" AND "))
            .bind(limit),
        );
    }
    // The longest word is the rarest, as a rule.
    let word = words.iter().max_by_key(|word| word.chars().count())?;
    Some(
        sqlx::query(
            "SELECT count(*) AS found, json_group_array(pk) AS keys FROM \
             (SELECT DISTINCT doc AS pk FROM lore_search_terms WHERE term >= ?1 AND term <= ?2 LIMIT ?3)",
        )
        .bind(word.clone())
        .bind(format!("{word}{LAST}{LAST}"))
        .bind(limit),
    )
}

/// Sorts after every character.
const LAST: char = char::MAX;

/// Trigrams that cover a word of at least three characters; none for a shorter one.
fn trigrams(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    let last = chars.windows(3).last();
    // Every third is enough to cover the word; the last one covers what is left over.
    chars.windows(3).step_by(3).chain(last).map(|window| window.iter().collect()).collect()
}

/// A string of the FTS5 query syntax: nothing in it is special.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trigrams_cover_the_word() {
        assert_eq!(trigrams("ab"), Vec::<String>::new());
        assert_eq!(trigrams("abc"), ["abc", "abc"]);
        assert_eq!(trigrams("abcd"), ["abc", "bcd"]);
        assert_eq!(trigrams("星空下的故事集"), ["星空下", "的故事", "故事集"]);
    }

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(quote("a\"b"), "\"a\"\"b\"");
    }
}
