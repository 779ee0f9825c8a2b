//! A cache in memory.
