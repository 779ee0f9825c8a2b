//! [`Work`]: what a model is told about a piece of creative work.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    ai::{key::KeyHasher, text::normalized},
    domain::asset::{AssetLimits, AssetType},
    error::{Violation, Violations},
};

/// Most characters of a work's content that a model is given.
pub const MAX_CONTENT_CHARS: usize = 20_000;
/// Most characters of a creator's wishes.
pub const MAX_WISHES_CHARS: usize = 1_000;
/// Most characters of a language's name: that of BCP 47 (RFC 5646, section 4.4.1).
pub const MAX_LANGUAGE_CHARS: usize = 35;

/// What a model is told about a piece of creative work: its type, and one or more of its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Work {
    /// What kind of work it is.
    pub asset_type: AssetType,
    /// Its title so far, up to [`AssetLimits::TITLE_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its description so far, up to [`AssetLimits::DESCRIPTION_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The work itself, or words about it: a text, lyrics, what a picture shows. Up to [`MAX_CONTENT_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Its tags, up to [`AssetLimits::TAGS`]. Their order means nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The language to answer in, as BCP 47 names it (`en`, `pt-BR`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl Work {
    /// A work of which only the type is known: give it a title, a description or content.
    #[must_use]
    pub const fn new(asset_type: AssetType) -> Self {
        Self { asset_type, title: None, description: None, content: None, tags: Vec::new(), language: None }
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the content.
    #[must_use]
    pub fn content(mut self, content: impl Into<String>) -> Self {
        self.content = Some(content.into());
        self
    }

    /// Sets the tags.
    #[must_use]
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the language.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// The words that tell most in the fewest: title, tags, description, content, in this order.
    pub(in crate::ai) fn words(&self) -> impl Iterator<Item = &str> {
        let first = self.title.as_deref().into_iter();
        let last = self.description.as_deref().into_iter().chain(self.content.as_deref());
        first.chain(self.tags.iter().map(String::as_str)).chain(last)
    }

    pub(super) fn check(&self, found: &mut Violations, name: &str) {
        let texts = [&self.title, &self.description, &self.content];
        found.require(
            texts.into_iter().flatten().any(|text| !text.trim().is_empty()),
            name,
            "empty",
            "a title, a description or content",
        );
        for (field, text, most) in [
            ("title", &self.title, AssetLimits::TITLE_CHARS),
            ("description", &self.description, AssetLimits::DESCRIPTION_CHARS),
            ("content", &self.content, MAX_CONTENT_CHARS),
        ] {
            check_optional(found, format_args!("{name}.{field}"), text.as_deref(), most);
        }
        let most = AssetLimits::TAGS;
        if self.tags.len() > most {
            found.push(Violation::new(format!("{name}.tags"), "too_many", format!("at most {most}")));
        }
        for (index, tag) in self.tags.iter().enumerate().take(most) {
            check_optional(found, format_args!("{name}.tags[{index}]"), Some(tag), AssetLimits::TAG_CHARS);
        }
        if let Some(language) = &self.language {
            let is_name = (2..=MAX_LANGUAGE_CHARS).contains(&language.trim().len())
                && language.trim().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !is_name {
                let expected = "a language as BCP 47 names it, such as en";
                found.push(Violation::new(format!("{name}.language"), "malformed", expected));
            }
        }
    }

    pub(super) fn key(&self, key: &mut KeyHasher) {
        let Self { asset_type, title, description, content, tags, language } = self;
        key.text("asset_type", asset_type.as_str())
            .optional_text("title", title.as_deref())
            .optional_text("description", description.as_deref())
            .optional_text("content", content.as_deref())
            .text_set("tags", tags.iter().map(String::as_str))
            .optional_text("language", language.as_deref().map(str::to_ascii_lowercase).as_deref());
    }

    /// The one form of all works that have the same key, so that what a model sees does not depend on who asked first.
    pub(super) fn normal(&self) -> Self {
        let Self { asset_type, title, description, content, tags, language } = self;
        let mut tags: Vec<_> = tags.iter().filter_map(|tag| normal(Some(tag))).collect();
        tags.sort_unstable();
        tags.dedup();
        Self {
            asset_type: *asset_type,
            title: normal(title.as_deref()),
            description: normal(description.as_deref()),
            content: normal(content.as_deref()),
            tags,
            language: normal(language.as_deref()).map(|language| language.to_ascii_lowercase()),
        }
    }
}

/// The bounds of a request about a work and what its creator wishes.
pub(super) fn check_with_wishes(work: &Work, wishes: Option<&str>) -> Result<(), Violations> {
    let mut found = Violations::new();
    work.check(&mut found, "work");
    check_optional(&mut found, "wishes", wishes, MAX_WISHES_CHARS);
    found.into_result(())
}

/// The one form of a text that may be absent.
pub(super) fn normal(text: Option<&str>) -> Option<String> {
    text.map(|text| normalized(text).into_owned()).filter(|text| !text.is_empty())
}

/// A text that may be absent, and is bounded. A text in its bounds costs next to nothing: every answer out of the cache
/// comes this way.
pub(super) fn check_optional(
    found: &mut Violations,
    field: impl fmt::Display,
    text: Option<&str>,
    max_chars: usize,
) {
    // No text has more characters than bytes.
    let long = text.filter(|text| text.len() > max_chars).map(|text| text.chars().count());
    if let Some(chars) = long.filter(|chars| *chars > max_chars) {
        let expected = format!("at most {max_chars} characters, not {chars}");
        found.push(Violation::new(field.to_string(), "too_long", expected));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(work: &Work) -> Vec<(String, String)> {
        let mut found = Violations::new();
        work.check(&mut found, "work");
        found.as_slice().iter().map(|v| (v.field.clone(), v.rule.to_string())).collect()
    }

    #[test]
    fn every_broken_bound_is_named() {
        assert_eq!(rules(&Work::new(AssetType::Music).title("A song").language("pt-BR")), []);
        assert_eq!(rules(&Work::new(AssetType::Music).content(" ")), [("work".into(), "empty".into())]);
        let work = Work::new(AssetType::Music)
            .title("t".repeat(201))
            .description("d".repeat(10_001))
            .content("c".repeat(20_001))
            .tags(["x".repeat(51)])
            .language("en\"}");
        let fields: Vec<_> = rules(&work).into_iter().map(|(field, _)| field).collect();
        assert_eq!(
            fields,
            ["work.title", "work.description", "work.content", "work.tags[0]", "work.language"]
        );
        let many = Work::new(AssetType::Music).title("t").tags((0..33).map(|n| n.to_string()));
        assert_eq!(rules(&many), [("work.tags".into(), "too_many".into())]);
    }
}
