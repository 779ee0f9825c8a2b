//! [`Span`]: how many blocks to ask for at once.

use std::sync::atomic::{AtomicU64, Ordering};

/// Logs of a request with which it may ask for more next time.
const FEW_LOGS: usize = 1_000;
/// Logs of a request from which on it asks for less next time.
const MANY_LOGS: usize = 4_000;
/// Most logs that are taken at once: more are asked for again in halves, so that memory stays flat.
pub(super) const MOST_LOGS: usize = 10_000;
/// After so many answers at a node's limit, whether it still has that limit is tried again.
const PATIENCE: u64 = 64;

/// Finds by trying how many blocks a node answers for: less where it refuses, more where it is easy, and close to the limit
/// without asking for too much every second time.
///
/// Only a guess for the next request, so it needs no lock.
#[derive(Debug)]
pub(super) struct Span {
    blocks: AtomicU64,
    /// The least that the node refused lately.
    refused: AtomicU64,
    /// Answers since then.
    answers: AtomicU64,
    most: u64,
}

impl Span {
    pub(super) fn new(most: u64) -> Self {
        let most = most.max(1);
        Self {
            blocks: AtomicU64::new(most.min(1_000)),
            refused: AtomicU64::new(u64::MAX),
            answers: AtomicU64::new(0),
            most,
        }
    }

    pub(super) fn blocks(&self) -> u64 {
        self.blocks.load(Ordering::Relaxed)
    }

    /// A request for `asked` blocks had too many logs, or took too long.
    pub(super) fn shrink(&self, asked: u64) {
        self.blocks.store((asked / 2).max(1), Ordering::Relaxed);
    }

    /// The node refused a request for `asked` blocks.
    pub(super) fn refused(&self, asked: u64) {
        self.refused.fetch_min(asked, Ordering::Relaxed);
        self.answers.store(0, Ordering::Relaxed);
        self.shrink(asked);
    }

    /// A request for `asked` blocks was answered with this many logs.
    pub(super) fn answered(&self, asked: u64, logs: usize) {
        if self.answers.fetch_add(1, Ordering::Relaxed) >= PATIENCE {
            self.refused.store(u64::MAX, Ordering::Relaxed);
        }
        if logs >= MANY_LOGS {
            self.shrink(asked);
        } else if logs <= FEW_LOGS && asked >= self.blocks() {
            self.blocks.store(self.more(asked), Ordering::Relaxed);
        }
    }

    /// What to try after `asked` blocks went well: twice as many, or half the way to what was refused, until that is near.
    fn more(&self, asked: u64) -> u64 {
        let twice = asked.saturating_mul(2).min(self.most);
        let way = self.refused.load(Ordering::Relaxed).saturating_sub(asked);
        let step = if way > asked / 8 { way / 2 } else { 0 };
        twice.min(asked.saturating_add(step))
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
        span.refused(1);
        assert_eq!(span.blocks(), 1);
        span.answered(1, 0);
        assert_eq!(span.blocks(), 1);
    }

    /// Reads so many blocks from a node with this limit; how many requests it answered and refused.
    fn read(span: &Span, blocks: u64, limit: u64) -> (u64, u64) {
        let (mut done, mut answered, mut refused) = (0, 0, 0);
        while done < blocks {
            let asked = span.blocks();
            if asked > limit {
                span.refused(asked);
                refused += 1;
            } else {
                span.answered(asked, 0);
                done += asked;
                answered += 1;
            }
        }
        (answered, refused)
    }

    #[test]
    fn it_comes_close_to_a_nodes_limit_and_is_seldom_refused() {
        for limit in [1, 2, 3, 10, 100, 500, 999, 2_000, 9_999] {
            let span = Span::new(10_000);
            let (answered, refused) = read(&span, 300 * limit, limit);
            assert!(answered <= 300 * 5 / 4 + 16, "{limit}: {answered} requests");
            assert!(refused <= answered / 8 + 12, "{limit}: {refused} of {answered} refused");
        }
    }

    #[test]
    fn a_limit_that_is_gone_is_found_to_be_gone() {
        let span = Span::new(10_000);
        read(&span, 1_000, 10);
        let (answered, _) = read(&span, 1_000_000, u64::MAX);
        assert!(answered < 300, "{answered}");
        assert_eq!(span.blocks(), 10_000);
    }
}
