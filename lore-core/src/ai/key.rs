//! [`AnswerKey`] and [`KeyHasher`]: which requests are equal.

use std::fmt;

use arrayvec::ArrayVec;

use super::text::normalized;

/// Changes whenever the meaning of the bytes below does, so that no old answer is found under a new key.
const CONTEXT: &str = "lore ai answer key 2";

/// BLAKE3's chunk: a shorter text is hashed block by block, a longer one many chunks at once.
const CHUNK: usize = 1_024;

/// Four chunks, which SSE4.1 and NEON hash together in less time than three of them.
const SOME_LANES: usize = 4 * CHUNK;

/// Eight chunks, which AVX2 hashes together in less time than five of them.
const LANES: usize = 8 * CHUNK;

/// More than ever follow the parameters.
const ZEROS: [u8; SOME_LANES] = [0; SOME_LANES];

/// The key of an answer: equal requests have equal keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnswerKey([u8; 32]);

impl AnswerKey {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for AnswerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for AnswerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnswerKey({self})")
    }
}

/// Takes the parameters of a request, each with its name, in the order of the operation's fields.
///
/// Every name and every value is preceded by its length, so that no two sequences of parameters have the same bytes.
///
/// A long text's lanes are hashed where they stand, and what is left of it with the other parameters, at the end: a text
/// of 20,000 bytes in the midst of others would take half as long again.
pub struct KeyHasher {
    /// What is not hashed yet. Never full: there is always room for a byte.
    rest: ArrayVec<u8, LANES>,
    /// What `rest` was before it overflowed.
    before: Option<blake3::Hasher>,
    /// All lanes of long texts, in their order. How many each text has is told by its length.
    long: Option<blake3::Hasher>,
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyHasher").finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
enum Tag {
    Absent,
    Text,
    Number,
    Flag,
    Bytes,
    List,
}

impl Default for KeyHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyHasher {
    /// A key without parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self { rest: ArrayVec::new_const(), before: None, long: None }
    }

    /// The key of the parameters, after which the hasher is as a new one.
    // Not by value: its 12 KB would be copied for every answer out of the cache.
    pub fn finish(&mut self) -> AnswerKey {
        // No name is empty, so that this is the end of the parameters.
        self.update(&0_u64.to_le_bytes());
        self.update(CONTEXT.as_bytes());
        if let Some(long) = self.long.take() {
            self.update(long.finalize().as_bytes());
        }
        let length = self.rest.len();
        let padded = match length {
            0..=CHUNK => length,
            _ if length <= SOME_LANES => SOME_LANES,
            _ => LANES,
        };
        let (zeros, _) = ZEROS.split_at(padded - length);
        self.fill(zeros);
        let hash = match self.before.take() {
            Some(mut before) => before.update(&self.rest).finalize(),
            None => blake3::hash(&self.rest),
        };
        self.rest.clear();
        AnswerKey(*hash.as_bytes())
    }

    fn update(&mut self, mut bytes: &[u8]) {
        loop {
            let room = self.rest.remaining_capacity();
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.fill(now);
            if !self.rest.is_full() {
                return;
            }
            self.before.get_or_insert_default().update(&self.rest);
            self.rest.clear();
            bytes = later;
        }
    }

    /// Takes bytes that there is room for.
    fn fill(&mut self, bytes: &[u8]) {
        let filled = self.rest.try_extend_from_slice(bytes);
        debug_assert!(filled.is_ok(), "more bytes than there is room for");
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.update(&(bytes.len() as u64).to_le_bytes());
        let (lanes, rest) = bytes.as_chunks::<LANES>();
        if !lanes.is_empty() {
            self.long.get_or_insert_default().update(lanes.as_flattened());
        }
        self.update(rest);
    }

    fn field(&mut self, name: &'static str, tag: Tag) {
        debug_assert!(!name.is_empty(), "a name without letters ends the parameters");
        self.sized(name.as_bytes());
        self.update(&[tag as u8]);
    }

    /// A text, [normalised](normalized).
    pub fn text(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.normal_text(name, &normalized(value))
    }

    fn normal_text(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.field(name, Tag::Text);
        self.sized(text.as_bytes());
        self
    }

    /// A text that may be absent; one that is empty once normalised counts as absent.
    pub fn optional_text(&mut self, name: &'static str, value: Option<&str>) -> &mut Self {
        match value.map(normalized).filter(|text| !text.is_empty()) {
            Some(text) => self.normal_text(name, &text),
            None => self.absent(name),
        }
    }

    /// A whole number.
    pub fn number(&mut self, name: &'static str, value: u64) -> &mut Self {
        self.field(name, Tag::Number);
        self.update(&value.to_le_bytes());
        self
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &'static str, value: bool) -> &mut Self {
        self.field(name, Tag::Flag);
        self.update(&[u8::from(value)]);
        self
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, name: &'static str, value: &[u8]) -> &mut Self {
        self.field(name, Tag::Bytes);
        self.sized(value);
        self
    }

    /// Nothing: a parameter that was left out.
    pub fn absent(&mut self, name: &'static str) -> &mut Self {
        self.field(name, Tag::Absent);
        self
    }

    /// Texts whose order means nothing: normalised, sorted, each once, without empty ones.
    pub fn text_set<'a>(
        &mut self,
        name: &'static str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> &mut Self {
        let mut texts: Vec<_> = values.into_iter().map(normalized).filter(|text| !text.is_empty()).collect();
        texts.sort_unstable();
        texts.dedup();
        self.field(name, Tag::List);
        self.update(&(texts.len() as u64).to_le_bytes());
        for text in &texts {
            self.sized(text.as_bytes());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parameters: impl FnOnce(&mut KeyHasher)) -> AnswerKey {
        let mut hasher = KeyHasher::new();
        parameters(&mut hasher);
        let key = hasher.finish();
        assert_eq!(hasher.finish(), KeyHasher::new().finish());
        key
    }

    #[test]
    fn equal_requests_have_equal_keys() {
        let wanted = key(|k| {
            k.text("title", "Caf\u{e9}\nNoir").text_set("tags", ["a", "b"]).absent("style");
        });
        let given = key(|k| {
            k.text("title", " Cafe\u{301}\r\nNoir \n")
                .text_set("tags", ["b ", "a", "", "b"])
                .optional_text("style", Some(" \t"));
        });
        assert_eq!(given, wanted);
    }

    #[test]
    fn parameters_of_any_size_are_parts_of_the_key() {
        // Short ones that overflow what is hashed together, and long ones whose lanes are hashed apart.
        for size in [1, 100, CHUNK, 3_000, SOME_LANES, 5_000, LANES - 1, LANES, LANES + 1, 3 * LANES + 100] {
            let texts: [Vec<u8>; 5] = [0, 1, 2, 3, 4].map(|byte| vec![byte; size]);
            let all = |texts: &[Vec<u8>; 5]| key(|k| texts.iter().for_each(|text| _ = k.bytes("a", text)));
            let wanted = all(&texts);
            assert_eq!(all(&texts), wanted);
            for index in 0..texts.len() {
                for at in [0, size / 2, size - 1] {
                    let mut changed = texts.clone();
                    changed[index][at] ^= 0x80;
                    assert_ne!(all(&changed), wanted, "byte {at} of text {index} of {size} bytes");
                }
            }
        }
    }

    #[test]
    fn every_difference_that_means_something_makes_another_key() {
        let keys = [
            key(|k| _ = k.text("a", "xy").text("b", "")),
            key(|k| _ = k.text("a", "x").text("b", "y")),
            key(|k| _ = k.text("a", "").text("b", "xy")),
            key(|k| _ = k.text("b", "xy").text("a", "")),
            key(|k| _ = k.text("a", "Xy").text("b", "")),
            key(|k| _ = k.text("a", "x y").text("b", "")),
            key(|k| _ = k.bytes("a", b"xy").text("b", "")),
            key(|k| _ = k.text("a", "xy")),
            key(|k| _ = k.text("a", "xy").absent("b")),
            key(|k| _ = k.number("a", 1)),
            key(|k| _ = k.flag("a", true)),
            key(|k| _ = k.flag("a", false)),
            key(|k| _ = k.text_set("a", ["xy"])),
            key(|k| _ = k.text_set("a", ["x", "y"])),
            key(|k| _ = k.text("a", &"x".repeat(CHUNK))),
            key(|k| _ = k.text("a", &"x".repeat(CHUNK + 1))),
            key(|k| _ = k.text("a", &("x".repeat(CHUNK) + "y"))),
            key(|k| _ = k.bytes("a", &[0; LANES - 1])),
            key(|k| _ = k.bytes("a", &[0; LANES])),
            key(|k| _ = k.bytes("a", &[0; LANES + 1])),
            key(|k| _ = k.bytes("a", &[0; 2 * LANES - 1])),
            key(|k| _ = k.bytes("a", &[0; 2 * LANES])),
            key(|k| _ = k.bytes("a", &[0; LANES]).bytes("b", &[0; LANES])),
            key(|k| _ = k.bytes("a", &[0; 2 * LANES]).bytes("b", &[])),
            key(|k| _ = k.bytes("a", &[[0; LANES].as_slice(), &[1]].concat())),
            key(|k| _ = k.bytes("a", &[[1].as_slice(), &[0; LANES]].concat())),
        ];
        for (index, one) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(one), "{index}");
        }
    }
}
