//! Pin stores of Lore.

#[cfg(feature = "http")]
mod http;
#[cfg(feature = "kubo")]
pub mod kubo;
#[cfg(feature = "pinata")]
pub mod pinata;
