//! A repository in memory.
