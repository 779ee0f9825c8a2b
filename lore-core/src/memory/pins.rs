//! A pin store in memory.
