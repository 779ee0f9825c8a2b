//! What a work is about, as far as counting words tells.

use std::{cmp::Reverse, collections::HashMap, iter};

use crate::{
    ai::operations::{
        Analysis, AnalysisRequest, LEAST_TAGS, MOST_TAGS, Work, plain_words, text::clean_line, type_name,
        word_count,
    },
    domain::asset::AssetLimits,
};

/// Tags that fit every work, for those whose words give too few.
const ANY: [&str; 3] = ["creative work", "original", "unsorted"];
/// Words of fewer letters are mostly those that every text has.
const LEAST_LETTERS: usize = 4;
/// Most words that become tags and themes.
const MOST_WORDS: usize = 3;
const COMMON: [&str; 24] = [
    "about", "after", "also", "been", "from", "have", "into", "just", "like", "more", "only", "over", "some",
    "than", "that", "their", "them", "then", "there", "they", "this", "what", "when", "with",
];

/// The type as category, the given tags and the most frequent words as tags and themes, and what there is as notes.
pub(super) fn analysis(asked: &AnalysisRequest) -> Option<Analysis> {
    let work = &asked.work;
    let category = type_name(work.asset_type).to_lowercase();
    let words = frequent_words(work);
    let given = work.tags.iter().map(|tag| plain_words(&clean_line(tag.to_lowercase()), 5));
    let any = iter::once(category.clone()).chain(ANY.map(str::to_owned));
    let mut tags: Vec<String> = Vec::new();
    for tag in given.chain(words.iter().cloned()).filter(|tag| fits(tag)) {
        if tags.len() < MOST_TAGS && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    for tag in any {
        if tags.len() < LEAST_TAGS && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let mut themes = words;
    if themes.is_empty() {
        themes.push(category.clone());
    }
    Some(Analysis { category, tags, themes, quality_notes: notes(work) })
}

fn fits(tag: &str) -> bool {
    (1..=AssetLimits::TAG_CHARS).contains(&tag.chars().count())
}

/// The words of a work that occur most, and of those that occur equally often the earlier one first.
fn frequent_words(work: &Work) -> Vec<String> {
    const MOST_COUNTED: usize = 5_000;
    let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
    let texts = work.words().map(|text| plain_words(&clean_line(text.to_lowercase()), MOST_COUNTED));
    let words: Vec<_> =
        texts.flat_map(|text| text.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    for (position, word) in words.into_iter().enumerate() {
        if word.chars().count() >= LEAST_LETTERS && fits(&word) && !COMMON.contains(&word.as_str()) {
            counts.entry(word).or_insert((0, position)).0 += 1;
        }
    }
    let mut counted: Vec<_> = counts.into_iter().collect();
    counted.sort_by_key(|(_, (count, position))| (Reverse(*count), *position));
    counted.into_iter().map(|(word, _)| word).take(MOST_WORDS).collect()
}

fn notes(work: &Work) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, text) in
        [("title", &work.title), ("description", &work.description), ("content", &work.content)]
    {
        notes.push(match text {
            Some(text) => format!("The {name} has {} words.", word_count(text)),
            None => format!("There is no {name}."),
        });
    }
    notes.push("These notes were counted by rules; nobody looked at the work.".to_owned());
    notes
}
