//! Titles: four suggestions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    prompt,
    text::{check_written, clean_line, reads_as},
    words::{plain_words, word_count},
    work::{Work, check_with_wishes, normal},
};
use crate::{
    ai::{
        key::KeyHasher,
        operation::{Operation, OperationKind},
    },
    domain::asset::{AssetLimits, AssetType},
    error::Violations,
    port::llm::Message,
};

/// How many titles there are.
pub const TITLES: usize = 4;
/// Fewest words of a title.
pub const TITLE_LEAST_WORDS: usize = 2;
/// Most words of a title.
pub const TITLE_MOST_WORDS: usize = 6;

const INSTRUCTIONS: &str = "You suggest titles for a creative work on a platform for creators.\nSuggest exactly 4 titles \
    that differ from each other, each of 2 to 6 words, in the language named in `language`, or else in that of the work. \
    Fit the work's type and what the block tells about it; heed `wishes` as far as they are about titles. No numbering, no \
    quotation marks around a title.\nShape: {\"titles\": [\"…\", \"…\", \"…\", \"…\"]}";

/// Asks for titles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TitleRequest {
    /// The work.
    pub work: Work,
    /// What its creator wishes, up to [`MAX_WISHES_CHARS`](super::MAX_WISHES_CHARS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wishes: Option<String>,
}

impl TitleRequest {
    /// Titles for a work.
    #[must_use]
    pub const fn new(work: Work) -> Self {
        Self { work, wishes: None }
    }

    /// Sets the creator's wishes.
    #[must_use]
    pub fn wishes(mut self, wishes: impl Into<String>) -> Self {
        self.wishes = Some(wishes.into());
        self
    }

    /// Titles about a subject of at most three words.
    fn titles_of(&self, subject: &str) -> Titles {
        let kind = type_name(self.work.asset_type);
        Titles {
            titles: vec![
                format!("{subject} {kind}"),
                format!("{subject} in Focus"),
                format!("Echoes of {subject}"),
                format!("A Study of {subject}"),
            ],
        }
    }
}

/// Suggested titles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Titles {
    /// Exactly 4 different titles of 2 to 6 words each.
    pub titles: Vec<String>,
}

/// A type of work as one says it.
pub(in crate::ai) const fn type_name(asset_type: AssetType) -> &'static str {
    match asset_type {
        AssetType::DigitalArt => "Digital Art",
        AssetType::Music => "Music",
        AssetType::Writing => "Writing",
        AssetType::Photography => "Photography",
        AssetType::GameAsset => "Game Asset",
        AssetType::Video => "Video",
        AssetType::Other => "Creative Work",
    }
}

/// What a text is about, as far as its first words tell.
fn subject(text: &str) -> String {
    const SMALL: [&str; 12] = ["a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to"];
    let is_small = |word: &&str| SMALL.contains(&word.to_lowercase().as_str());
    let words = plain_words(&clean_line(text), 5);
    let words: Vec<_> = words.split(' ').skip_while(is_small).collect();
    let words = plain_words(&words.join(" "), 3);
    let mut words: Vec<_> = words.split(' ').collect();
    while words.last().is_some_and(is_small) {
        words.pop();
    }
    let subject = words.join(" ");
    let mut letters = subject.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Without what lists put around their entries: the entry's number, quotation marks on both sides; also more than once.
fn bare(line: &str, number: usize) -> &str {
    const QUOTES: [(char, char); 4] =
        [('"', '"'), ('\'', '\''), ('\u{201c}', '\u{201d}'), ('\u{ab}', '\u{bb}')];
    let mut bare = line;
    loop {
        let numbered = bare.strip_prefix(&number.to_string());
        let unnumbered = numbered.and_then(|rest| rest.strip_prefix(['.', ')', ':']));
        let unquoted = QUOTES.into_iter().find_map(|(open, close)| {
            let inside = bare.strip_prefix(open)?.strip_suffix(close)?;
            (!inside.contains([open, close])).then_some(inside)
        });
        match unnumbered.or(unquoted) {
            Some(inside) => bare = inside.trim(),
            None => return bare,
        }
    }
}

/// Numbers and quotation marks around **all** titles are a list's; around one alone they are the title's own.
fn without_list_marks(titles: Vec<String>) -> Vec<String> {
    let lines: Vec<_> = titles.into_iter().map(clean_line).collect();
    let bared = lines.iter().zip(1..).map(|(line, number)| (line, bare(line, number)));
    if bared.clone().all(|(line, bare)| line != bare) {
        return bared.map(|(_, bare)| bare.to_owned()).collect();
    }
    lines
}

impl Operation for TitleRequest {
    type Output = Titles;

    const KIND: OperationKind = OperationKind::Titles;
    const PROMPT_VERSION: u32 = 1;

    fn check(&self) -> Result<(), Violations> {
        check_with_wishes(&self.work, self.wishes.as_deref())
    }

    fn key(&self, key: &mut KeyHasher) {
        let Self { work, wishes } = self;
        work.key(key);
        key.optional_text("wishes", wishes.as_deref());
    }

    fn prompt(&self) -> Vec<Message> {
        let Self { work, wishes } = self;
        prompt::messages(INSTRUCTIONS, &Self { work: work.normal(), wishes: normal(wishes.as_deref()) })
    }

    fn max_tokens(&self) -> u32 {
        256
    }

    /// Trims titles, takes a list's numbers and quotation marks off, and hidden letters out.
    fn accept(&self, output: Titles) -> Result<Titles, Violations> {
        let mut found = Violations::new();
        let count = output.titles.len();
        if count != TITLES {
            let expected = format_args!("exactly {TITLES} titles, not {count}");
            found.require(false, "titles", "wrong_count", expected);
            return Err(found);
        }
        let titles = without_list_marks(output.titles);
        for (index, title) in titles.iter().enumerate() {
            let field = format_args!("titles[{index}]");
            check_written(&mut found, field, title, AssetLimits::TITLE_CHARS);
            let words = word_count(title);
            found.require(
                (TITLE_LEAST_WORDS..=TITLE_MOST_WORDS).contains(&words),
                field,
                "wrong_length",
                format_args!("{TITLE_LEAST_WORDS} to {TITLE_MOST_WORDS} words, not {words}"),
            );
            let is_new = !titles.iter().take(index).any(|other| reads_as(other, title));
            found.require(is_new, field, "duplicate", "a title that differs from those before");
        }
        found.into_result(Titles { titles })
    }

    /// Four patterns around a subject: `… Music` (or what the type is called), `… in Focus`, `Echoes of …`, `A Study of …`.
    ///
    /// The subject is the first three words, without punctuation and without English articles and prepositions around them,
    /// of the first of these that has words: title, tags, description, content. Where that gives no title that keeps the rules, it is `Untitled`.
    fn by_rules(&self) -> Option<Titles> {
        let work = self.work.normal();
        let subject = work.words().map(subject).find(|subject| !subject.is_empty());
        let titles = subject.and_then(|subject| self.accept(self.titles_of(&subject)).ok());
        titles.or_else(|| self.accept(self.titles_of("Untitled")).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> TitleRequest {
        TitleRequest::new(Work::new(AssetType::Music).title("Harbor at night"))
    }

    fn accept(titles: [&str; 4]) -> Result<Vec<String>, String> {
        let titles = Titles { titles: titles.map(str::to_owned).to_vec() };
        request().accept(titles).map(|titles| titles.titles).map_err(|found| found.to_string())
    }

    #[test]
    fn titles_lose_what_a_list_puts_around_them() {
        let wanted = ["Night Harbor", "Salt Wind", "Low Tide", "Last Ferry"].map(str::to_owned).to_vec();
        for given in [
            [" Night  Harbor", "Salt Wind\n", "Low\u{200b} Tide", "Last Ferry"],
            ["1. Night Harbor", "2. Salt Wind", "3. Low Tide", "4. Last Ferry"],
            ["\"Night Harbor\"", "\"Salt Wind\"", "\"Low Tide\"", "\u{201c}Last Ferry\u{201d}"],
        ] {
            assert_eq!(accept(given).as_ref(), Ok(&wanted), "{given:?}");
        }
        assert_eq!(
            accept(["1. Night Harbor", "Salt Wind", "Low Tide", "Last Ferry"]).unwrap()[0],
            "1. Night Harbor"
        );
    }

    #[test]
    fn every_broken_rule_is_told_in_words() {
        let found = accept(["Harbor", "harbor", "A b c d e f g", "See www.x.example"]).unwrap_err();
        insta::assert_snapshot!(found);
        let three = Titles { titles: vec!["Night Harbor".into(); 3] };
        let found = request().accept(three).unwrap_err();
        assert_eq!(found.to_string(), "`titles`: expected exactly 4 titles, not 3");
    }

    #[test]
    fn titles_by_rules_are_about_the_work() {
        assert_eq!(
            request().by_rules().unwrap().titles,
            [
                "Harbor at night Music",
                "Harbor at night in Focus",
                "Echoes of Harbor at night",
                "A Study of Harbor at night"
            ]
        );
        let article = TitleRequest::new(Work::new(AssetType::Music).content("The sea of the north, again"));
        assert_eq!(article.by_rules().unwrap().titles[2], "Echoes of Sea");
        let mute = TitleRequest::new(Work::new(AssetType::Other).content("!!! ..."));
        assert_eq!(mute.by_rules().unwrap().titles[0], "Untitled Creative Work");
    }
}
