//! What text search compares: words and texts brought to one form.
//!
//! A word is found if it is a substring of a title, description or tag after [`fold`]. Every store keeps, or computes, the
//! folded text with [`searchable`], so that all of them find the same: a database's own lower case is often ASCII only.

use crate::domain::asset::AssetText;

/// Lower case, character by character; control characters become spaces.
///
/// Greek final sigma becomes the plain one: which of the two a lower-case word ends with depends on its neighbours, so a
/// part of a word would not be found. Characters are not composed or decomposed: `é` and `e` with an accent differ.
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .collect()
}

/// The words of a search, folded. A word holds no white space.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    fold(text).split_whitespace().map(str::to_owned).collect()
}

/// Everything a search looks into, folded: title, description and tags, a line feed between them.
///
/// Since a word holds no white space, it is a substring of this if and only if it is one of a single field.
#[must_use]
pub fn searchable(text: &AssetText) -> String {
    let mut folded = fold(&text.title);
    for part in std::iter::once(&text.description).chain(&text.tags) {
        folded.push('\n');
        folded.push_str(&fold(part));
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_greek_word_is_found_in_it() {
        assert!(fold("ΟΔΟΣ").contains(&fold("ΟΔΟ")));
        assert!(fold("ΟΔΟΣΑ").contains(&fold("ΟΔΟΣ")));
        assert_eq!(fold("όδος"), fold("ΌΔΟΣ"));
    }

    #[test]
    fn words_hold_no_white_space_and_fields_do_not_run_together() {
        assert_eq!(words(" Star\u{3000}NIGHT\0x\n"), ["star", "night", "x"]);
        let mut text = AssetText::new("Ab", "Cd");
        text.tags = vec!["Ef".into()];
        assert_eq!(searchable(&text), "ab\ncd\nef");
    }
}
