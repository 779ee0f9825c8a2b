//! [`AnswerKey`] and [`KeyHasher`]: which requests are equal.

use std::fmt;

use super::text::normalized;

/// Changes whenever the meaning of the bytes below does, so that no old answer is found under a new key.
const CONTEXT: &str = "lore ai answer key 1";

/// BLAKE3's chunk.
const CHUNK: usize = 1_024;

/// Four chunks: BLAKE3 hashes them together, and in less time than three of them.
const LANES: usize = 4 * CHUNK;

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
#[derive(Clone, Debug)]
pub struct KeyHasher(blake3::Hasher);

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

/// The hash of bytes whose length stands before it, which is why zeros may follow them, and why they can never be taken for
/// the hash of others.
///
/// By themselves many chunks are hashed at once; in the middle of other parameters they are not.
fn hash_of_long(bytes: &[u8]) -> blake3::Hash {
    let (lanes, rest) = bytes.as_chunks::<LANES>();
    let mut hasher = blake3::Hasher::new();
    hasher.update(lanes.as_flattened());
    if !rest.is_empty() {
        let mut last = [0; LANES];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        hasher.update(&last);
    }
    hasher.finalize()
}

impl KeyHasher {
    /// A key without parameters.
    #[must_use]
    pub fn new() -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(CONTEXT.as_bytes());
        Self(hasher)
    }

    /// The key of the parameters so far.
    #[must_use]
    pub fn finish(&self) -> AnswerKey {
        AnswerKey(*self.0.finalize().as_bytes())
    }

    fn sized(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        if bytes.len() > CHUNK {
            self.0.update(hash_of_long(bytes).as_bytes());
        } else {
            self.0.update(bytes);
        }
    }

    fn field(&mut self, name: &'static str, tag: Tag) {
        self.sized(name.as_bytes());
        self.0.update(&[tag as u8]);
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
        self.0.update(&value.to_le_bytes());
        self
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &'static str, value: bool) -> &mut Self {
        self.field(name, Tag::Flag);
        self.0.update(&[u8::from(value)]);
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
        self.0.update(&(texts.len() as u64).to_le_bytes());
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
        hasher.finish()
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
            key(|k| _ = k.bytes("a", &[0; LANES])),
            key(|k| _ = k.bytes("a", &[0; LANES + 1])),
            key(|k| _ = k.bytes("a", &[0; 2 * LANES - 1])),
            key(|k| _ = k.bytes("a", &[0; 2 * LANES])),
            key(|k| _ = k.bytes("a", &[[0; LANES].as_slice(), &[1]].concat())),
        ];
        for (index, one) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(one), "{index}");
        }
    }
}
