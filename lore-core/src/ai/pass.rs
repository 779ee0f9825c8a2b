//! What a pass over the models of a tier came to.

use crate::{error::FailureReason, time::Timestamp};

/// A model that gave no answer, and why.
pub(super) struct Tried {
    pub(super) model: String,
    pub(super) reason: FailureReason,
    /// Not asked at all.
    pub(super) is_left_alone: bool,
}

/// Whether all models of a pass are left alone, and for how long.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Idle {
    /// The first time at which one may be asked again.
    pub(super) soonest: Option<Timestamp>,
    /// Another caller is trying one.
    pub(super) is_tried: bool,
    /// One failed that may be asked again at once.
    pub(super) is_over: bool,
}

impl Idle {
    pub(super) fn until(&mut self, until: Timestamp) {
        self.soonest = Some(self.soonest.map_or(until, |soonest| soonest.min(until)));
    }

    /// When a model may be asked, if that is a matter of waiting.
    pub(super) fn returns_at(self) -> Option<Timestamp> {
        self.soonest.filter(|_| !self.is_over)
    }
}
