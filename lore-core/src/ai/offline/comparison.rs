//! A child beside its parent, as far as their words tell.

use std::collections::BTreeSet;

use crate::{
    ai::operations::{
        DerivativeAnalysis, DerivativeRequest, Percent, SuggestedShares, Work, plain_words, text::clean_line,
    },
    domain::asset::Relationship,
    onchain::Share,
};

/// Least and most that rules suggest for a parent, in percent.
const PARENT_PERCENT: (u32, u32) = (5, 50);

/// Similarity is the part of all words of both that both have. The parent is due half of it, 5 to 50 %.
pub(super) fn analysis(asked: &DerivativeRequest) -> Option<DerivativeAnalysis> {
    let (parent, child) = (words(&asked.parent), words(&asked.child));
    let shared = parent.intersection(&child).count();
    let all = parent.union(&child).count();
    let percent = u32::try_from((shared * 100).checked_div(all).unwrap_or_default()).ok()?;
    let (least, most) = PARENT_PERCENT;
    let to_parent = (percent / 2).clamp(least, most);
    let of = |percent| Share::from_percent(percent).ok().map(Percent::new);
    Some(DerivativeAnalysis {
        similarity_percentage: of(percent)?,
        differences: vec![
            format!("{} words are the child's alone.", child.len() - shared),
            format!("{} words are the parent's alone.", parent.len() - shared),
            "Nobody looked at the works; their words were counted by rules.".to_owned(),
        ],
        suggested_relationship: asked.relationship.unwrap_or_else(|| relationship(asked)),
        suggested_shares: SuggestedShares::new(of(to_parent)?, of(100 - to_parent)?),
    })
}

/// Two languages make a translation, two types an adaptation; anything else is a remix.
fn relationship(asked: &DerivativeRequest) -> Relationship {
    let (parent, child) = (&asked.parent, &asked.child);
    if parent.language.is_some() && child.language.is_some() && parent.language != child.language {
        Relationship::Translation
    } else if parent.asset_type != child.asset_type {
        Relationship::Adaptation
    } else {
        Relationship::Remix
    }
}

fn words(work: &Work) -> BTreeSet<String> {
    let texts = work.words().map(|text| plain_words(&clean_line(text), usize::MAX).to_lowercase());
    texts.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}
