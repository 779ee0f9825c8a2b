//! Speed and memory of content.

fn main() {}
