//! The statements behind lists.
//!
//! A page starts after a key, not after a number of rows, and every order has an index, so that the last page costs what
//! the first does. A list over several index parts (in use and archived, several states) is one arm for each, which
//! SQLite merges in order.

use lore_core::{
    CreationId,
    domain::page::{ArchiveFilter, AssetPosition, AssetQuery, AssetSort, CreationQuery, SortOrder},
};
use sqlx::AssertSqlSafe;

use super::{
    asset_rows::asset_columns, connection::Statement, creation_rows::creation_columns, search::Plan,
};

pub(super) enum Argument {
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// A statement under construction. Values come in as numbered arguments only; the text is made of Lore's own words.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) conditions: Vec<String>,
    arguments: Vec<Argument>,
}

impl Builder {
    /// Adds an argument and gives its place: `?3`.
    pub(super) fn argument(&mut self, argument: Argument) -> String {
        self.arguments.push(argument);
        format!("?{}", self.arguments.len())
    }

    pub(super) fn equal(&mut self, column: &str, value: Argument) {
        let place = self.argument(value);
        self.conditions.push(format!("{column} = {place}"));
    }

    /// `arms` are further conditions, one per part of the list; without any there is one part.
    pub(super) fn into_sql(
        mut self,
        select: &str,
        arms: &[String],
        order: &str,
        limit: u32,
    ) -> (String, Vec<Argument>) {
        // One more than the page holds shows whether there is another page.
        let limit = self.argument(Argument::Int(i64::from(limit) + 1));
        let one = [String::new()];
        let arms = if arms.is_empty() { &one } else { arms };
        let arms: Vec<String> = arms
            .iter()
            .map(|arm| {
                let own = (!arm.is_empty()).then_some(arm);
                let all: Vec<&str> = own.into_iter().chain(&self.conditions).map(String::as_str).collect();
                if all.is_empty() {
                    select.to_owned()
                } else {
                    format!("{select} WHERE {}", all.join(" AND "))
                }
            })
            .collect();
        (format!("{} ORDER BY {order} LIMIT {limit}", arms.join(" UNION ALL ")), self.arguments)
    }
}

pub(super) fn statement<'q>((sql, arguments): (String, Vec<Argument>)) -> Statement<'q> {
    arguments.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), |statement, argument| match argument {
        Argument::Int(value) => statement.bind(value),
        Argument::Text(value) => statement.bind(value),
        Argument::Blob(value) => statement.bind(value),
    })
}

/// The statement for a page of assets.
pub(super) fn assets<'q>(query: &AssetQuery, after: Option<AssetPosition>, plan: &Plan) -> Statement<'q> {
    statement(assets_sql(query, after, plan))
}

pub(super) fn assets_sql(
    query: &AssetQuery,
    after: Option<AssetPosition>,
    plan: &Plan,
) -> (String, Vec<Argument>) {
    let mut builder = Builder::default();
    let mut select = concat!("SELECT ", asset_columns!(), " FROM lore_assets").to_owned();
    let mut arms: Vec<String> = match query.archived {
        ArchiveFilter::Active => vec!["archived_at IS NULL".to_owned()],
        ArchiveFilter::Archived => vec!["archived_at IS NOT NULL".to_owned()],
        _ => vec!["archived_at IS NULL".to_owned(), "archived_at IS NOT NULL".to_owned()],
    };
    if let Plan::Candidates { keys, .. } = plan {
        let keys = builder.argument(Argument::Text(keys.clone()));
        // CROSS JOIN keeps the order of the tables: the candidates are few.
        select = format!(
            "SELECT pk AS found FROM (SELECT value AS candidate FROM json_each({keys})) \
             CROSS JOIN lore_assets ON pk = candidate"
        );
        if query.archived == ArchiveFilter::Any {
            arms.clear();
        }
    }
    filter_assets(&mut builder, query, plan.words());
    let column = match query.sort {
        AssetSort::UpdatedAt => "updated_at",
        AssetSort::Title => "title",
        _ => "created_at",
    };
    let (compare, direction) = match query.order {
        SortOrder::Ascending => (">", "ASC"),
        SortOrder::Descending => ("<", "DESC"),
    };
    let key = match after {
        Some(AssetPosition::Time(micros, id)) => Some((Argument::Int(micros), id)),
        Some(AssetPosition::Title(title, id)) => Some((Argument::Text(title), id)),
        _ => None,
    };
    if let Some((key, id)) = key {
        let key = builder.argument(key);
        let id = builder.argument(Argument::Blob(id.to_bytes().to_vec()));
        builder.conditions.push(format!("({column}, id) {compare} ({key}, {id})"));
    }
    let order = format!("{column} {direction}, id {direction}");
    let (sql, arguments) = builder.into_sql(&select, &arms, &order, query.limit);
    match plan {
        // Only those on the page are read as a whole.
        Plan::Candidates { .. } => (
            format!(
                concat!(
                    "SELECT ",
                    asset_columns!(),
                    " FROM ({}) CROSS JOIN lore_assets ON pk = found ORDER BY {}"
                ),
                sql, order
            ),
            arguments,
        ),
        _ => (sql, arguments),
    }
}

/// The conditions of a query but for the archive state.
fn filter_assets(builder: &mut Builder, query: &AssetQuery, words: &[String]) {
    if let Some(owner) = query.owner {
        builder.equal("owner", Argument::Blob(owner.as_bytes().to_vec()));
    }
    if let Some(asset_type) = query.asset_type {
        builder.equal("asset_type", Argument::Text(asset_type.as_str().to_owned()));
    }
    match query.registered {
        Some(true) => builder.conditions.push("ip_id IS NOT NULL".to_owned()),
        Some(false) => builder.conditions.push("ip_id IS NULL".to_owned()),
        None => {}
    }
    for word in words {
        let word = builder.argument(Argument::Text(word.clone()));
        builder.conditions.push(format!("instr(search, {word}) > 0"));
    }
}

/// The statement for a page of creations.
pub(super) fn creations<'q>(query: &CreationQuery, below: Option<CreationId>) -> Statement<'q> {
    statement(creations_sql(query, below))
}

pub(super) fn creations_sql(query: &CreationQuery, below: Option<CreationId>) -> (String, Vec<Argument>) {
    let mut builder = Builder::default();
    let mut names: Vec<&str> = query.statuses.iter().map(|status| status.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let places: Vec<String> =
        names.into_iter().map(|name| builder.argument(Argument::Text(name.to_owned()))).collect();
    let mut arms = Vec::new();
    if let Some(owner) = query.owner {
        builder.equal("owner", Argument::Blob(owner.as_bytes().to_vec()));
        if !places.is_empty() {
            builder.conditions.push(format!("status IN ({})", places.join(", ")));
        }
    } else {
        arms = places.iter().map(|place| format!("status = {place}")).collect();
    }
    if let Some(now) = query.unleased_at {
        let now = builder.argument(Argument::Int(now.unix_micros()));
        builder.conditions.push(format!("(lease_until IS NULL OR lease_until <= {now})"));
    }
    if let Some(below) = below {
        let below = builder.argument(Argument::Blob(below.to_bytes().to_vec()));
        builder.conditions.push(format!("id < {below}"));
    }
    let select = concat!("SELECT ", creation_columns!(), " FROM lore_creations");
    builder.into_sql(select, &arms, "id DESC", query.limit)
}
