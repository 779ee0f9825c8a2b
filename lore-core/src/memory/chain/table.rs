//! [`Table`]: a map that can take back what was written since the last commit.
//!
//! A transaction on a chain happens wholly or not at all. Each table remembers the rows it overwrote; a revert puts
//! them back, a commit forgets them. The cost is that of the rows touched, however many there are.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

#[derive(Clone, Debug)]
pub(super) struct Table<K, V> {
    rows: BTreeMap<K, V>,
    undo: Vec<(K, Option<V>)>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), undo: Vec::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    /// Every key, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.rows.keys()
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        let before = self.rows.insert(key.clone(), value);
        self.undo.push((key, before));
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some((key, before)) = self.rows.remove_entry(key) {
            self.undo.push((key, Some(before)));
        }
    }

    /// Keeps everything written so far.
    pub(super) fn commit(&mut self) {
        self.undo.clear();
    }

    /// Takes back everything written since the last commit.
    pub(super) fn rollback(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(value) => self.rows.insert(key, value),
                None => self.rows.remove(&key),
            };
        }
    }
}

impl<K: Ord + Clone, V: Clone + Default> Table<K, V> {
    /// The row, or the default.
    pub(super) fn value(&self, key: &K) -> V {
        self.rows.get(key).cloned().unwrap_or_default()
    }

    /// Changes a row in place, starting from the default.
    pub(super) fn change<T>(&mut self, key: K, change: impl FnOnce(&mut V) -> T) -> T {
        let before = self.rows.get(&key).cloned();
        self.undo.push((key.clone(), before));
        change(self.rows.entry(key).or_default())
    }
}

impl<K: Hash, V: Hash> Hash for Table<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rows.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::prop;

    use super::*;

    proptest::proptest! {
        #[test]
        fn a_rollback_restores_exactly_the_committed_rows(
            kept in prop::collection::vec((0_u8..8, prop::option::of(0_u8..9)), 0..20),
            lost in prop::collection::vec((0_u8..8, prop::option::of(0_u8..9)), 0..20),
        ) {
            let mut table = Table::default();
            let write = |table: &mut Table<u8, u8>, (key, value): (u8, Option<u8>)| match value {
                Some(0) => table.change(key, |value| *value = value.wrapping_add(1)),
                Some(value) => table.insert(key, value),
                None => table.remove(&key),
            };
            for entry in kept {
                write(&mut table, entry);
            }
            table.commit();
            let committed = table.rows.clone();
            for entry in lost {
                write(&mut table, entry);
            }
            table.rollback();
            assert_eq!(table.rows, committed);
        }
    }
}
