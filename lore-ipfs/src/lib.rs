//! Pin stores of Lore.
