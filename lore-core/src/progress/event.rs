//! [`ProgressEvent`]: what long work tells.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    creation::Step,
    error::FailureRecord,
    ids::{AssetId, CreationId},
};

/// One thing that long work tells about itself, in the order in which it happens.
///
/// Around every effect of a creation come `Intending`, `Intended`, `Performing`, `Performed` and `Recorded`: one event on
/// each side of everything that a crash could come between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
#[non_exhaustive]
pub enum ProgressEvent {
    /// Media is being read to compute its hash and CID.
    Hashing {
        /// How much of it was read.
        done_bytes: u64,
        /// How much there is.
        total_bytes: u64,
    },
    /// The creation is recorded.
    Opened {
        /// The creation.
        creation: CreationId,
        /// The asset that it makes.
        asset: AssetId,
        /// Whether it was there before.
        resumed: bool,
    },
    /// The intent of a step is about to be journalled.
    Intending {
        /// The creation.
        creation: CreationId,
        /// The step.
        step: Step,
    },
    /// The intent of a step is journalled.
    Intended {
        /// The creation.
        creation: CreationId,
        /// The step.
        step: Step,
    },
    /// The effect of a step is about to be caused.
    Performing {
        /// The creation.
        creation: CreationId,
        /// The step.
        step: Step,
    },
    /// The effect of a step is there, and not journalled yet.
    Performed {
        /// The creation.
        creation: CreationId,
        /// The step.
        step: Step,
        /// Whether it was found by looking it up, not caused now.
        reconciled: bool,
    },
    /// The outcome of a step is journalled.
    Recorded {
        /// The creation.
        creation: CreationId,
        /// The step.
        step: Step,
    },
    /// Content is being sent.
    Uploading {
        /// The creation.
        creation: CreationId,
        /// The step.
        step: Step,
        /// How much was read for sending; goes back when an upload starts over.
        done_bytes: u64,
        /// How much there is.
        total_bytes: u64,
    },
    /// An attempt at a step failed; there will be another one.
    Retrying {
        /// The creation.
        creation: CreationId,
        /// The step.
        step: Step,
        /// The number of the attempt that failed, from 1.
        attempt: u32,
        /// The pause before the next one; whole milliseconds when serialised.
        #[serde(rename = "wait_millis", with = "millis")]
        wait: Duration,
        /// Why it failed.
        why: FailureRecord,
    },
    /// The creation is finished.
    Finished {
        /// The creation.
        creation: CreationId,
        /// The asset that it made.
        asset: AssetId,
    },
    /// A step failed for good; the creation goes on when somebody asks for a retry.
    Stuck {
        /// The creation.
        creation: CreationId,
        /// The step.
        step: Step,
        /// Why it failed.
        why: FailureRecord,
    },
    /// The creation was given up before anything was on chain.
    Cancelled {
        /// The creation.
        creation: CreationId,
    },
    /// Whoever reads the stream was too slow: this many older events are gone.
    Missed {
        /// How many.
        count: u64,
    },
}

impl ProgressEvent {
    /// Whether this is a position of the same thing as `earlier`, which nobody needs any more then.
    pub(super) fn replaces(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Hashing { .. }, Self::Hashing { .. }) => true,
            (
                Self::Uploading { creation, step, .. },
                Self::Uploading { creation: earlier_creation, step: earlier_step, .. },
            ) => creation == earlier_creation && step == earlier_step,
            _ => false,
        }
    }
}

/// A duration as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind, Retry};

    fn every_event() -> Vec<ProgressEvent> {
        let creation = CreationId::from_bytes([1; 16]);
        let asset = AssetId::from_bytes([2; 16]);
        let step = Step::Registration;
        let why = Error::new(ErrorKind::Unavailable, "the node did not answer")
            .with_op("register")
            .with_retry(Retry::After(Some(Duration::from_secs(2))))
            .to_record();
        vec![
            ProgressEvent::Hashing { done_bytes: 1, total_bytes: 2 },
            ProgressEvent::Opened { creation, asset, resumed: false },
            ProgressEvent::Intending { creation, step },
            ProgressEvent::Intended { creation, step },
            ProgressEvent::Performing { creation, step },
            ProgressEvent::Performed { creation, step, reconciled: true },
            ProgressEvent::Recorded { creation, step },
            ProgressEvent::Uploading { creation, step: Step::MediaUpload, done_bytes: 1, total_bytes: 2 },
            ProgressEvent::Retrying {
                creation,
                step,
                attempt: 1,
                wait: Duration::from_millis(1_500),
                why: why.clone(),
            },
            ProgressEvent::Finished { creation, asset },
            ProgressEvent::Stuck { creation, step, why },
            ProgressEvent::Cancelled { creation },
            ProgressEvent::Missed { count: 3 },
        ]
    }

    #[test]
    fn every_event_has_a_stable_json_form_and_is_read_back_from_it() {
        let lines: Vec<String> =
            every_event().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
        insta::assert_snapshot!("progress_events", lines.join("\n"));
        for (line, event) in lines.iter().zip(every_event()) {
            assert_eq!(serde_json::from_str::<ProgressEvent>(line).unwrap(), event);
        }
    }
}
