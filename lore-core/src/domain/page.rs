//! Queries, pages and cursors.

use std::{fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::{
    content::ContentHash,
    creation::CreationStatus,
    domain::{
        asset::{Asset, AssetType},
        search,
    },
    error::{Error, ErrorKind, Result},
    ids::{AssetId, CreationId},
    onchain::{Address, serde_as_text},
    time::Timestamp,
};

/// Most items on a page.
pub const MAX_PAGE: u32 = 100;
/// Items on a page unless said otherwise.
pub const DEFAULT_PAGE: u32 = 20;
/// Longest text to search for, in characters.
pub const MAX_SEARCH_CHARS: usize = 200;

/// A part of a list, and where the next part starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask the next page with; `None` on the last one.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of at most `limit` items from a store's rows, of which one more than that shows that there is more.
    ///
    /// # Errors
    /// What `cursor` returns for the last item on the page.
    pub fn from_rows(
        mut rows: Vec<T>,
        limit: u32,
        cursor: impl FnOnce(&T) -> Result<Cursor>,
    ) -> Result<Self> {
        let limit = limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(cursor).transpose()? } else { None };
        Ok(Self { items: rows, next })
    }
}

/// Where the next page starts. Opaque text that a client hands back with the same query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(String);

/// What a cursor says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CursorWire<K> {
    /// Version of this form.
    v: u8,
    /// First bytes of the query's hash: a cursor fits one query only.
    q: String,
    /// Position of the last item seen.
    k: K,
}

impl Cursor {
    pub(crate) fn encode<K: Serialize>(query: &str, position: &K) -> Result<Self> {
        serde_json::to_vec(&CursorWire { v: 1, q: query.to_owned(), k: position })
            .map(|json| Self(BASE64URL_NOPAD.encode(&json)))
            .map_err(|err| Error::new(ErrorKind::Unexpected, "a cursor cannot be written").with_source(err))
    }

    pub(crate) fn decode<K: for<'de> Deserialize<'de>>(&self, query: &str) -> Result<K> {
        let malformed = || Error::invalid("cursor", "malformed", "the `next` of an earlier page");
        let json = BASE64URL_NOPAD.decode(self.0.as_bytes()).map_err(|err| malformed().with_source(err))?;
        let wire: CursorWire<K> =
            serde_json::from_slice(&json).map_err(|err| malformed().with_source(err))?;
        if wire.v == 1 && wire.q == query {
            Ok(wire.k)
        } else {
            Err(Error::invalid("cursor", "other_query", "a cursor of a page with the same filters and order"))
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() || text.len() > 4_096 {
            return Err(Error::invalid("cursor", "malformed", "the `next` of an earlier page"));
        }
        Ok(Self(text.to_owned()))
    }
}

serde_as_text!(Cursor);

/// Which assets, by archive state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ArchiveFilter {
    /// Those in use.
    #[default]
    Active,
    /// Those put away.
    Archived,
    /// Both.
    Any,
}

/// What assets are sorted by; equal ones by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AssetSort {
    /// Time of the first record.
    #[default]
    CreatedAt,
    /// Time of the last change.
    UpdatedAt,
    /// Title, by its UTF-8 bytes.
    Title,
}

/// Which way a list runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// Smallest first.
    Ascending,
    /// Largest, or newest, first.
    #[default]
    Descending,
}

/// Which assets, in what order. All filters must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AssetQuery {
    /// Of this owner.
    pub owner: Option<Address>,
    /// Of this type.
    pub asset_type: Option<AssetType>,
    /// By archive state.
    pub archived: ArchiveFilter,
    /// `true`: only registered ones; `false`: only those that are not.
    pub registered: Option<bool>,
    /// Words that must all appear in title, description or tags; upper and lower case are equal.
    pub text: Option<String>,
    /// Sorted by.
    pub sort: AssetSort,
    /// Which way.
    pub order: SortOrder,
    /// Items on the page, 1 to 100; 20 unless said otherwise.
    pub limit: u32,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

impl Default for AssetQuery {
    fn default() -> Self {
        Self {
            owner: None,
            asset_type: None,
            archived: ArchiveFilter::Active,
            registered: None,
            text: None,
            sort: AssetSort::CreatedAt,
            order: SortOrder::Descending,
            limit: DEFAULT_PAGE,
            cursor: None,
        }
    }
}

/// Where a page of assets goes on: after the asset with this key and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AssetPosition {
    /// In a list sorted by time, in microseconds since the Unix epoch.
    Time(i64, AssetId),
    /// In a list sorted by title.
    Title(String, AssetId),
}

impl AssetQuery {
    /// The words to look for, as [`search::words`] gives them. Empty if there is no text filter.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        search::words(self.text.as_deref().unwrap_or_default())
    }

    /// Checks the bounds and reads the cursor.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] naming the field.
    pub fn position(&self) -> Result<Option<AssetPosition>> {
        check_limit(self.limit)?;
        if self.text.as_deref().is_some_and(|text| text.chars().count() > MAX_SEARCH_CHARS) {
            return Err(Error::invalid("text", "too_long", format!("at most {MAX_SEARCH_CHARS} characters")));
        }
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let position: AssetPosition = cursor.decode(&self.fingerprint()?)?;
        let fits = matches!(position, AssetPosition::Title(..)) == (self.sort == AssetSort::Title);
        if fits {
            Ok(Some(position))
        } else {
            Err(Error::invalid("cursor", "malformed", "the `next` of an earlier page"))
        }
    }

    /// The cursor after `asset`.
    ///
    /// # Errors
    /// None in practice.
    pub fn cursor_after(&self, asset: &Asset) -> Result<Cursor> {
        let position = match self.sort {
            AssetSort::CreatedAt => AssetPosition::Time(asset.created_at.unix_micros(), asset.id),
            AssetSort::UpdatedAt => AssetPosition::Time(asset.updated_at.unix_micros(), asset.id),
            AssetSort::Title => AssetPosition::Title(asset.text.title.clone(), asset.id),
        };
        Cursor::encode(&self.fingerprint()?, &position)
    }

    /// Identifies the query without its page: a cursor made for one query is refused by another.
    fn fingerprint(&self) -> Result<String> {
        let bare = Self { limit: 0, cursor: None, ..self.clone() };
        fingerprint(&bare)
    }
}

/// Which creations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CreationQuery {
    /// Of this owner.
    pub owner: Option<Address>,
    /// In one of these states; empty means any.
    pub statuses: Vec<CreationStatus>,
    /// Whose lease nobody holds at this time.
    pub unleased_at: Option<Timestamp>,
    /// Items on the page, 1 to 100; 20 unless said otherwise.
    pub limit: u32,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

impl Default for CreationQuery {
    fn default() -> Self {
        Self { owner: None, statuses: Vec::new(), unleased_at: None, limit: DEFAULT_PAGE, cursor: None }
    }
}

impl CreationQuery {
    /// Checks the bounds and reads the cursor: the page goes on below this id.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] naming the field.
    pub fn position(&self) -> Result<Option<CreationId>> {
        check_limit(self.limit)?;
        self.cursor.as_ref().map(|cursor| cursor.decode(&self.fingerprint()?)).transpose()
    }

    /// The cursor after this creation.
    ///
    /// # Errors
    /// None in practice.
    pub fn cursor_after(&self, id: &CreationId) -> Result<Cursor> {
        Cursor::encode(&self.fingerprint()?, id)
    }

    fn fingerprint(&self) -> Result<String> {
        let bare = Self { limit: 0, cursor: None, unleased_at: None, ..self.clone() };
        fingerprint(&bare)
    }
}

pub(crate) fn check_limit(limit: u32) -> Result<()> {
    if (1..=MAX_PAGE).contains(&limit) {
        Ok(())
    } else {
        Err(Error::invalid("limit", "out_of_range", format!("1 to {MAX_PAGE}")))
    }
}

pub(crate) fn fingerprint<T: Serialize>(query: &T) -> Result<String> {
    let json = serde_json::to_vec(query)
        .map_err(|err| Error::new(ErrorKind::Unexpected, "a query cannot be written").with_source(err))?;
    Ok(ContentHash::of(&json).to_string().chars().skip(2).take(12).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_its_own_query_only() {
        let query = CreationQuery::default();
        let id = CreationId::from_bytes([7; 16]);
        let cursor = query.cursor_after(&id).unwrap();
        let next =
            CreationQuery { cursor: Some(cursor.to_string().parse().unwrap()), limit: 3, ..query.clone() };
        assert_eq!(next.position().unwrap(), Some(id));
        let other = CreationQuery { cursor: Some(cursor), owner: Some(Address::ZERO), ..query };
        assert_eq!(other.position().unwrap_err().violations()[0].rule, "other_query");
        let nonsense = CreationQuery { cursor: Some("x!".parse().unwrap()), ..CreationQuery::default() };
        assert_eq!(nonsense.position().unwrap_err().violations()[0].field, "cursor");
    }

    #[test]
    fn page_sizes_are_bounded() {
        for limit in [0, 101] {
            let query = AssetQuery { limit, ..AssetQuery::default() };
            assert_eq!(query.position().unwrap_err().violations()[0].field, "limit");
        }
    }
}
