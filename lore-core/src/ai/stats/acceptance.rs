//! [`Acceptance`]: which output a user took for which asset.

use serde::{Deserialize, Serialize};

use crate::{
    ai::operation::{OperationKind, named},
    domain::asset::{AssetLimits, AssetText, check_text},
    error::{Error, Result, Violations},
    ids::{AssetId, RequestId},
    onchain::Address,
    time::Timestamp,
};

/// What was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Taken {
    /// A title.
    Title(String),
    /// A description.
    Description(String),
    /// A category.
    Category(String),
    /// Tags.
    Tags(Vec<String>),
}

/// Which part of an asset was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TakenKind {
    // In the order of their names, which is the order in which stores sort them.
    /// A category.
    Category,
    /// A description.
    Description,
    /// Tags.
    Tags,
    /// A title.
    Title,
}

named!(TakenKind { Category = "category", Description = "description", Tags = "tags", Title = "title" });

impl Taken {
    /// Which part of an asset it is.
    #[must_use]
    pub const fn kind(&self) -> TakenKind {
        match self {
            Self::Title(_) => TakenKind::Title,
            Self::Description(_) => TakenKind::Description,
            Self::Category(_) => TakenKind::Category,
            Self::Tags(_) => TakenKind::Tags,
        }
    }

    /// Whether an operation's output holds such a thing.
    #[must_use]
    pub const fn is_of(&self, operation: OperationKind) -> bool {
        matches!(
            (self.kind(), operation),
            (TakenKind::Title, OperationKind::Titles)
                | (TakenKind::Description, OperationKind::Description)
                | (TakenKind::Category | TakenKind::Tags, OperationKind::Analysis)
        )
    }

    /// Checks it against the rules for an asset's words; a category is bounded as a tag is.
    ///
    /// # Errors
    /// Every broken rule, by field.
    pub fn check(&self) -> Result<(), Violations> {
        let mut text = AssetText::new("title", "");
        match self {
            Self::Title(title) => text.title.clone_from(title),
            Self::Description(description) => text.description.clone_from(description),
            Self::Tags(tags) => text.tags.clone_from(tags),
            Self::Category(category) => {
                let mut found = Violations::new();
                let chars = category.chars().count();
                found.require(
                    !category.trim().is_empty() && chars <= AssetLimits::TAG_CHARS,
                    "category",
                    "out_of_range",
                    format!("1 to {} characters", AssetLimits::TAG_CHARS),
                );
                return found.into_result(());
            }
        }
        check_text(&text)
    }
}

/// How good a user found an output: 1 to 5 stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Rating(u8);

impl Rating {
    /// So many stars.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) unless they are 1 to 5.
    pub fn new(stars: u8) -> Result<Self> {
        if (1..=5).contains(&stars) {
            Ok(Self(stars))
        } else {
            Err(Error::invalid("rating", "out_of_range", "1 to 5"))
        }
    }

    /// How many stars.
    #[must_use]
    pub const fn stars(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Rating {
    type Error = Error;

    fn try_from(stars: u8) -> Result<Self> {
        Self::new(stars)
    }
}

impl From<Rating> for u8 {
    fn from(rating: Rating) -> Self {
        rating.0
    }
}

/// An output that was taken: one for each asset, kind and request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AcceptanceKey {
    /// For which asset.
    pub asset: AssetId,
    /// For which part of it.
    pub kind: TakenKind,
    /// The request that it answered, by which the log has it.
    pub request: RequestId,
}

impl AcceptanceKey {
    /// Names one.
    #[must_use]
    pub const fn new(asset: AssetId, kind: TakenKind, request: RequestId) -> Self {
        Self { asset, kind, request }
    }
}

/// Which output a user took for which asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Acceptance {
    /// For which asset.
    pub asset: AssetId,
    /// The request that it answered, by which the log has it.
    pub request: RequestId,
    /// What was taken, as it was taken.
    pub taken: Taken,
    /// Whether the user changed it before.
    pub is_edited: bool,
    /// How good the user found it.
    pub rating: Option<Rating>,
    /// Whose request it was.
    pub user: Address,
    /// What was asked.
    pub operation: OperationKind,
    /// The model that made it, as it names itself; `None` for rules.
    pub model: Option<String>,
    /// When the request was answered.
    pub answered_at: Timestamp,
    /// When it was taken.
    pub accepted_at: Timestamp,
}

impl Acceptance {
    /// Taken as it was made, and not rated.
    #[must_use]
    pub fn new(
        (asset, request): (AssetId, RequestId),
        taken: Taken,
        user: Address,
        (operation, model): (OperationKind, Option<String>),
        (answered_at, accepted_at): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            asset,
            request,
            taken,
            is_edited: false,
            rating: None,
            user,
            operation,
            model,
            answered_at,
            accepted_at,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn key(&self) -> AcceptanceKey {
        AcceptanceKey::new(self.asset, self.taken.kind(), self.request)
    }
}

/// How many outputs of a model for an operation were taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AcceptanceRow {
    /// What was asked.
    pub operation: OperationKind,
    /// The model that answered, as it names itself; `None` for rules.
    pub model: Option<String>,
    /// Requests of whose answers something was taken.
    pub requests: u64,
    /// What was taken.
    pub taken: u64,
    /// Of that, what was changed before.
    pub edited: u64,
    /// Of that, what was rated.
    pub rated: u64,
    /// The stars of all ratings.
    pub stars: u64,
}

impl AcceptanceRow {
    /// Nothing yet.
    #[must_use]
    pub const fn new(operation: OperationKind, model: Option<String>) -> Self {
        Self { operation, model, requests: 0, taken: 0, edited: 0, rated: 0, stars: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_sort_as_their_names_do() {
        assert!(TakenKind::ALL.is_sorted());
        assert!(TakenKind::ALL.iter().map(|kind| kind.as_str()).is_sorted());
        for kind in TakenKind::ALL {
            assert_eq!(TakenKind::from_name(kind.as_str()), Some(*kind));
        }
    }

    #[test]
    fn what_is_taken_keeps_the_rules_for_an_assets_words() {
        for taken in [
            Taken::Title("Starry Night".to_owned()),
            Taken::Description(String::new()),
            Taken::Category("painting".to_owned()),
            Taken::Tags(vec!["oil".to_owned(), "night".to_owned()]),
        ] {
            assert_eq!(taken.check(), Ok(()), "{taken:?}");
        }
        for (taken, field) in [
            (Taken::Title(" ".to_owned()), "title"),
            (Taken::Description("x".repeat(10_001)), "description"),
            (Taken::Category(" ".to_owned()), "category"),
            (Taken::Category("x".repeat(51)), "category"),
            (Taken::Tags(vec!["oil".to_owned(), "oil".to_owned()]), "tags[1]"),
        ] {
            assert_eq!(taken.check().unwrap_err().as_slice()[0].field, field);
        }
    }

    #[test]
    fn an_operation_gives_only_what_it_is_asked_for() {
        let title = Taken::Title("Starry Night".to_owned());
        assert!(title.is_of(OperationKind::Titles));
        assert!(!title.is_of(OperationKind::Analysis));
        assert!(Taken::Tags(Vec::new()).is_of(OperationKind::Analysis));
        assert!(!Taken::Tags(Vec::new()).is_of(OperationKind::Validation));
    }

    #[test]
    fn a_rating_has_one_to_five_stars() {
        for stars in [0, 6] {
            assert!(Rating::new(stars).is_err());
            assert!(serde_json::from_str::<Rating>(&stars.to_string()).is_err());
        }
        assert_eq!(serde_json::from_str::<Rating>("5").unwrap().stars(), 5);
    }
}
