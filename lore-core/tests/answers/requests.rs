//! A request of every operation, each with the same text in all of its fields that take one.

use lore_core::{
    ai::{
        Operation,
        operations::{
            AnalysisRequest, DerivativeRequest, DescriptionRequest, LicenseRequest, Subject, TitleRequest,
            ValidationRequest, Work,
        },
    },
    domain::asset::{AssetText, AssetType},
};

/// What to do with an operation, whichever it is.
pub(crate) trait ForEach {
    fn run<O: Operation>(&mut self, operation: &O);
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// A work whose every field says this, as far as it fits.
pub(crate) fn work(text: &str) -> Work {
    Work::new(AssetType::Music)
        .title(cut(text, 200))
        .description(cut(text, 10_000))
        .content(cut(text, 20_000))
        .tags([cut(text, 50)])
}

pub(crate) fn titles() -> TitleRequest {
    TitleRequest::new(work("A harbor at night"))
}

pub(crate) fn for_each(text: &str, what: &mut impl ForEach) {
    let wishes = cut(text, 1_000);
    what.run(&TitleRequest::new(work(text)).wishes(&wishes));
    what.run(&DescriptionRequest::new(work(text)).wishes(&wishes));
    what.run(&AnalysisRequest::new(work(text)));
    what.run(&LicenseRequest::new(work(text)).wishes(&wishes));
    what.run(&DerivativeRequest::new(work("A harbor at night"), work(text)));
    what.run(&ValidationRequest::new(Subject::Title(cut(text, 200))));
    let mut metadata = AssetText::new(cut(text, 200), cut(text, 10_000));
    metadata.tags = vec![cut(text, 50)];
    what.run(&ValidationRequest::new(Subject::Metadata(metadata)));
}
