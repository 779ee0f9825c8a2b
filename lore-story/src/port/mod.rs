//! The ports of Lore's core, kept by [`StoryClient`](crate::StoryClient).

mod dispute;
mod group;
