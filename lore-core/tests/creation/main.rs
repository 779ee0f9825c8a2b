//! Creation end to end over the in-memory adapters: every crash, every lost answer, every kind of bad input.

mod crashes;
mod input;
mod lifecycle;
mod world;
