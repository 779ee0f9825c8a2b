//! What a work is about, and how well it is made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    prompt,
    text::{check_lines, check_written, clean_line, clean_lines},
    work::Work,
};
use crate::{
    ai::{
        key::KeyHasher,
        operation::{Operation, OperationKind},
        text::normalized,
    },
    domain::asset::AssetLimits,
    error::Violations,
    port::llm::Message,
};

/// Most characters of a category.
pub const CATEGORY_CHARS: usize = 50;
/// Fewest tags.
pub const LEAST_TAGS: usize = 3;
/// Most tags.
pub const MOST_TAGS: usize = 10;
/// Most themes; there is at least one.
pub const MOST_THEMES: usize = 5;
/// Most characters of a theme.
pub const THEME_CHARS: usize = 100;
/// Most notes on quality; there is at least one.
pub const MOST_QUALITY_NOTES: usize = 5;
/// Most characters of a note on quality.
pub const QUALITY_NOTE_CHARS: usize = 300;

const INSTRUCTIONS: &str = "You analyse a creative work for a platform for creators.\nGive, in the language named in \
    `language`, or else in that of the work: `category`, what a shop would put it under, in 1 to 3 words; `tags`, 3 to 10 \
    different ones, in lower case, without #; `themes`, 1 to 5; `quality_notes`, 1 to 5 short sentences on what is well \
    made and what could be better. Tell nothing that the block does not show.\nShape: {\"category\": \"…\", \"tags\": \
    [\"…\"], \"themes\": [\"…\"], \"quality_notes\": [\"…\"]}";

/// Asks what a work is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AnalysisRequest {
    /// The work.
    pub work: Work,
}

impl AnalysisRequest {
    /// An analysis of a work.
    #[must_use]
    pub const fn new(work: Work) -> Self {
        Self { work }
    }
}

/// What a work is about, and how well it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Analysis {
    /// What a shop would put it under, in lower case.
    pub category: String,
    /// 3 to 10 different tags in lower case.
    pub tags: Vec<String>,
    /// 1 to 5 themes.
    pub themes: Vec<String>,
    /// 1 to 5 notes on what is well made and what could be better.
    pub quality_notes: Vec<String>,
}

fn lower(text: &str) -> String {
    normalized(&clean_line(text).to_lowercase()).into_owned()
}

impl Operation for AnalysisRequest {
    type Output = Analysis;

    const KIND: OperationKind = OperationKind::Analysis;
    const PROMPT_VERSION: u32 = 1;

    fn check(&self) -> Result<(), Violations> {
        let mut found = Violations::new();
        self.work.check(&mut found, "work");
        found.into_result(())
    }

    fn key(&self, key: &mut KeyHasher) {
        let Self { work } = self;
        work.key(key);
    }

    fn prompt(&self) -> Vec<Message> {
        let Self { work } = self;
        prompt::messages(INSTRUCTIONS, &Self { work: work.normal() })
    }

    fn max_tokens(&self) -> u32 {
        1_024
    }

    /// Puts category and tags into lower case, takes `#` off tags, and keeps each entry of a list once.
    fn accept(&self, output: Analysis) -> Result<Analysis, Violations> {
        let Analysis { category, tags, themes, quality_notes } = output;
        let mut found = Violations::new();
        let category = lower(&category);
        check_written(&mut found, "category", &category, CATEGORY_CHARS);
        let bare = |tag: &String| lower(tag).trim_start_matches(['#', ' ']).to_owned();
        let tags = clean_lines(tags.iter().map(bare).collect());
        check_lines(&mut found, "tags", &tags, LEAST_TAGS..=MOST_TAGS, AssetLimits::TAG_CHARS);
        let themes = clean_lines(themes);
        check_lines(&mut found, "themes", &themes, 1..=MOST_THEMES, THEME_CHARS);
        let quality_notes = clean_lines(quality_notes);
        check_lines(&mut found, "quality_notes", &quality_notes, 1..=MOST_QUALITY_NOTES, QUALITY_NOTE_CHARS);
        found.into_result(Analysis { category, tags, themes, quality_notes })
    }

    /// None: rules do not know what a work is about.
    fn by_rules(&self) -> Option<Analysis> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::asset::AssetType;

    fn accept(tags: &[&str]) -> Result<Analysis, Violations> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        AnalysisRequest::new(Work::new(AssetType::Writing).title("A tale")).accept(Analysis {
            category: " Short  Fiction".into(),
            tags: texts(tags),
            themes: texts(&["Loss"]),
            quality_notes: texts(&["A strong first line."]),
        })
    }

    #[test]
    fn tags_are_lower_case_and_each_is_there_once() {
        let analysis = accept(&["#Sea", "sea ", "Night  Sky", "salt", ""]).unwrap();
        assert_eq!(analysis.tags, ["sea", "night sky", "salt"]);
        assert_eq!(analysis.category, "short fiction");
    }

    #[test]
    fn too_few_tags_after_dropping_doubles_are_refused() {
        let found = accept(&["Sea", "sea", "#SEA", "salt"]).unwrap_err();
        assert_eq!(found.to_string(), "`tags`: expected 3 to 10 different entries, not 2");
    }
}
