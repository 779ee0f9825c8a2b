//! The operations: what is asked, what must come back, and the rules in between.
//!
//! Each has a typed request with checked bounds, a prompt of a numbered wording, and a typed answer. Answers lose what only
//! differs in form (white space, case of tags, hidden letters) and must keep the product's rules; text that carries links or
//! markup is refused everywhere, since nobody asks for any and it is what a work's text could smuggle in.

mod analysis;
mod derivative_analysis;
mod description;
#[cfg(test)]
mod keys;
mod license_advice;
mod names;
mod percent;
pub(super) mod prompt;
pub(super) mod text;
mod titles;
mod validation;
mod words;
mod work;

pub use self::{
    analysis::{
        Analysis, AnalysisRequest, CATEGORY_CHARS, LEAST_TAGS, MOST_QUALITY_NOTES, MOST_TAGS, MOST_THEMES,
        QUALITY_NOTE_CHARS, THEME_CHARS,
    },
    derivative_analysis::{
        DIFFERENCE_CHARS, DerivativeAnalysis, DerivativeRequest, MOST_DIFFERENCES, SuggestedShares,
    },
    description::{DESCRIPTION_LEAST_WORDS, DESCRIPTION_MOST_WORDS, Description, DescriptionRequest},
    license_advice::{LicenseAdvice, LicenseRequest, REASONING_CHARS},
    percent::Percent,
    titles::{TITLE_LEAST_WORDS, TITLE_MOST_WORDS, TITLES, TitleRequest, Titles},
    validation::{
        ADVICE_CHARS, MAX_CHECKED_CHARS, MAX_CHECKED_ENTRIES, MOST_ADVICE, Severity, Subject, Validation,
        ValidationFinding, ValidationRequest, validate_description, validate_metadata, validate_title,
    },
    words::word_count,
    work::{MAX_CONTENT_CHARS, MAX_LANGUAGE_CHARS, MAX_WISHES_CHARS, Work},
};
pub(super) use self::{
    titles::type_name,
    words::{beginning, plain_words},
};
