//! Plain prose about a work.

use crate::ai::operations::{
    DESCRIPTION_LEAST_WORDS, Description, DescriptionRequest, beginning, plain_words,
    text::{clean_line, has_markup},
    type_name, word_count,
};

/// Said one by one until there are words enough; all true of any work that was described by rules.
const REMARKS: [&str; 9] = [
    "This description was put together by fixed rules from the words that came with the work, and by nobody who has seen or \
     heard it.",
    "It says what was said already and adds no judgement of its own.",
    "Whoever made the work knows it better and is free to replace these sentences with better ones at any time.",
    "Until then they give a reader the plain facts in one place, so that the work can be found, shown and compared.",
    "What it means, and whether it is any good, is for those to say who take the time to look at it closely.",
    "Its licence, where there is one, tells what others may do with it and what they owe for that.",
    "Works that build on it name it as their parent, and it names those that it builds on itself.",
    "Questions about it are best asked of its creator.",
    "A longer text, with the tone and the details that only its creator can give, would serve it better than this one.",
];

/// What is given about a work, and then as many plain remarks as it takes.
pub(super) fn description(asked: &DescriptionRequest) -> Option<Description> {
    let work = &asked.work;
    let kind = type_name(work.asset_type).to_lowercase();
    let title = work.title.as_deref().map(|title| quoted(title, 12)).filter(|title| !title.is_empty());
    let mut text = match title {
        Some(title) => format!("The title of this work of the type {kind} is {title}."),
        None => format!("This is a work of the type {kind}, and it has no title yet."),
    };
    let said = work.description.as_deref().or(work.content.as_deref()).map(|said| quoted(said, 45));
    if let Some(said) = said.filter(|said| !said.is_empty()) {
        text.push_str(&format!(" In its own words: {said}."));
    }
    let tags: Vec<_> =
        work.tags.iter().take(5).map(|tag| plain_words(&clean_line(tag.as_str()), 3)).collect();
    let tags: Vec<_> = tags.into_iter().filter(|tag| !tag.is_empty()).collect();
    if !tags.is_empty() {
        text.push_str(&format!(" It is tagged {}.", tags.join(", ")));
    }
    for remark in REMARKS {
        if word_count(&text) >= DESCRIPTION_LEAST_WORDS {
            break;
        }
        text.push(' ');
        text.push_str(remark);
    }
    Some(Description { description: text })
}

/// The beginning of a text on one line; its bare words where it holds links or markup.
fn quoted(text: &str, words: usize) -> String {
    let line = clean_line(text);
    let short = beginning(&line, words);
    if has_markup(short) || short.chars().count() > words * 30 {
        plain_words(&line, words)
    } else {
        short.trim_end_matches(['.', ',', ';', ':', ' ', '(']).to_owned()
    }
}
