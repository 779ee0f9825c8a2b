//! Royalties in exact integers.
