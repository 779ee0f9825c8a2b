//! The contracts' interfaces, as deployed (core and periphery v1.3.2): what Lore calls and what it reads in logs.
//!
//! Selectors, topics and struct layouts are checked against the published ABIs.

pub(crate) mod account;
#[expect(clippy::too_many_arguments, reason = "the macro writes a constructor with all fields of an event")]
pub(crate) mod dispute;
pub(crate) mod group;
pub(crate) mod licensing;
pub(crate) mod registry;
pub(crate) mod royalty;
pub(crate) mod token;

#[cfg(test)]
mod tests;
