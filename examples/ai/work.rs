//! What is asked about.

use lore::{AssetType, ai::operations::Work};

/// A derivative of [`tide`].
pub(crate) fn dunes() -> Work {
    Work::new(AssetType::Photography)
        .title("Tide and Dunes")
        .description(
            "A long exposure of the tide below the dunes in winter, printed on linen. The horizon of the first picture is \
             kept; the dunes come from a walk two days later.",
        )
        .tags(["landscape", "sea", "winter", "linen print"])
        .language("en")
}

pub(crate) fn tide() -> Work {
    Work::new(AssetType::Photography)
        .title("Tide")
        .description("A long exposure of the tide in winter: one horizon, no people, copper light.")
        .tags(["sea", "winter", "long exposure"])
        .language("en")
}
