//! [`Span`]: how many blocks to ask for at once.

use std::sync::atomic::{AtomicU64, Ordering};

/// Logs of a request with which it may ask for more next time.
const FEW_LOGS: usize = 1_000;
/// Logs of a request from which on it asks for less next time.
const MANY_LOGS: usize = 4_000;
/// Most logs that are taken at once: more are asked for again in halves, so that memory stays flat.
pub(super) const MOST_LOGS: usize = 10_000;

/// Finds by trying how many blocks a node answers for: less where it refuses, more where it is easy.
///
/// Only a guess for the next request, so it needs no lock.
#[derive(Debug)]
pub(super) struct Span {
    blocks: AtomicU64,
    most: u64,
}

impl Span {
    pub(super) fn new(most: u64) -> Self {
        let most = most.max(1);
        Self { blocks: AtomicU64::new(most.min(1_000)), most }
    }

    pub(super) fn blocks(&self) -> u64 {
        self.blocks.load(Ordering::Relaxed)
    }

    /// A request for `asked` blocks was too much, or took too long.
    pub(super) fn shrink(&self, asked: u64) {
        self.blocks.store((asked / 2).max(1), Ordering::Relaxed);
    }

    /// A request for `asked` blocks was answered with this many logs.
    pub(super) fn answered(&self, asked: u64, logs: usize) {
        if logs >= MANY_LOGS {
            self.shrink(asked);
        } else if logs <= FEW_LOGS && asked >= self.blocks() {
            self.blocks.store(asked.saturating_mul(2).min(self.most), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_where_there_is_little_and_shrinks_where_there_is_much() {
        let span = Span::new(3_000);
        assert_eq!(span.blocks(), 1_000);
        span.answered(1_000, 0);
        assert_eq!(span.blocks(), 2_000);
        span.answered(2_000, FEW_LOGS);
        assert_eq!(span.blocks(), 3_000);
        span.answered(3_000, FEW_LOGS + 1);
        assert_eq!(span.blocks(), 3_000);
        span.answered(3_000, MANY_LOGS);
        assert_eq!(span.blocks(), 1_500);
        span.shrink(1_500);
        assert_eq!(span.blocks(), 750);
    }

    #[test]
    fn a_short_request_at_the_head_says_nothing_about_long_ones() {
        let span = Span::new(10_000);
        span.answered(1, 0);
        assert_eq!(span.blocks(), 1_000);
    }

    #[test]
    fn it_never_asks_for_nothing() {
        let span = Span::new(0);
        assert_eq!(span.blocks(), 1);
        span.shrink(1);
        assert_eq!(span.blocks(), 1);
    }
}
