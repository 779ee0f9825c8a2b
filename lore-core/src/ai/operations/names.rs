//! Names of the domain in answers: their schema, and reading them as models write them.

use std::{fmt, str::FromStr};

use schemars::{Schema, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::domain::{asset::Relationship, license::LicensePreset};

/// `Commercial Remix`, `commercial-remix` and `COMMERCIAL_REMIX` are `commercial_remix`. Any other name is refused, with all
/// that there are.
pub(super) fn read<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    let name: Vec<_> = text.trim().to_lowercase().split([' ', '-', '_']).map(str::to_owned).collect();
    name.join("_").parse().map_err(|err: T::Err| de::Error::custom(err))
}

pub(super) fn presets(_: &mut schemars::SchemaGenerator) -> Schema {
    one_of(&LicensePreset::ALL.map(LicensePreset::as_str))
}

pub(super) fn relationships(_: &mut schemars::SchemaGenerator) -> Schema {
    one_of(&Relationship::ALL.map(Relationship::as_str))
}

pub(super) fn severities(_: &mut schemars::SchemaGenerator) -> Schema {
    one_of(&["error", "advice"])
}

/// As a plain list: several providers refuse the choice of constants that is derived for an enum with documented variants.
fn one_of(names: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": names })
}
