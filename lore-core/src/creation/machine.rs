//! The pure machine: events in, what to do next out. Nothing else changes the state of a creation.

use std::{collections::BTreeMap, fmt};

use crate::{
    creation::{CreationInput, CreationStatus, Event, Output, Step, Token},
    error::{Error, ErrorKind, FailureRecord},
    time::Timestamp,
};

/// The steps that this input asks for, in order.
#[must_use]
pub fn plan(input: &CreationInput) -> Vec<Step> {
    Step::ALL
        .into_iter()
        .filter(|step| match step {
            Step::TermsRegistration | Step::TermsAttachment => input.license.is_some(),
            Step::ParentLinking => !input.parents.is_empty(),
            _ => true,
        })
        .collect()
}

/// The state of a creation: its journal, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    plan: Vec<Step>,
    outputs: BTreeMap<Step, Output>,
    intent: Option<(Step, Token)>,
    phase: Phase,
    attempts: u32,
    /// Number of the last event.
    seq: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Working { not_before: Option<Timestamp> },
    Stuck { why: Box<FailureRecord> },
    Finished,
    Cancelled,
}

/// What the driver does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// Journal the intent of this step, then cause its effect. Not before the given time, if there is one.
    Start {
        /// The step.
        step: Step,
        /// The pause after a failed attempt.
        not_before: Option<Timestamp>,
    },
    /// Look up whether the effect is there; cause it, under the same token, only if it surely is not.
    Reconcile {
        /// The step.
        step: Step,
        /// By what its effect is looked up.
        token: &'a Token,
        /// The pause after a failed attempt.
        not_before: Option<Timestamp>,
    },
    /// Wait until somebody asks for a retry.
    Stuck {
        /// The step that failed.
        step: Step,
        /// Why.
        why: &'a FailureRecord,
    },
    /// Nothing: everything is done.
    Finished,
    /// Nothing: it was given up.
    Cancelled,
}

/// An event that cannot follow those before it: the journal is damaged, or of another version of Lore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IllegalEvent {
    /// Where in the journal.
    pub seq: u64,
    /// What is wrong.
    pub reason: &'static str,
}

impl fmt::Display for IllegalEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {} of the journal cannot be: {}", self.seq, self.reason)
    }
}

impl std::error::Error for IllegalEvent {}

impl From<IllegalEvent> for Error {
    fn from(illegal: IllegalEvent) -> Self {
        Self::new(ErrorKind::Unexpected, "the journal of a creation has an event out of order")
            .with_context("seq", illegal.seq)
            .with_context("reason", illegal.reason)
            .with_source(illegal)
    }
}

impl Creation {
    /// A creation without events.
    #[must_use]
    pub fn new(input: &CreationInput) -> Self {
        Self {
            plan: plan(input),
            outputs: BTreeMap::new(),
            intent: None,
            phase: Phase::Working { not_before: None },
            attempts: 0,
            seq: 0,
        }
    }

    /// Folds a journal.
    ///
    /// # Errors
    /// The first event that cannot follow those before it.
    pub fn replay<'a>(
        input: &CreationInput,
        events: impl IntoIterator<Item = &'a Event>,
    ) -> Result<Self, IllegalEvent> {
        let mut creation = Self::new(input);
        for event in events {
            creation.apply(event)?;
        }
        Ok(creation)
    }

    /// Takes one event.
    ///
    /// # Errors
    /// If it cannot follow those before it; the state is then unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        let illegal = |reason| Err(IllegalEvent { seq: self.seq + 1, reason });
        let working = matches!(self.phase, Phase::Working { .. });
        match event {
            Event::Intended { step, token } => {
                if !working || self.open_step() != Some(*step) || self.intent.is_some() {
                    return illegal("an intent of a step that is not next");
                }
                if !token.fits(*step) {
                    return illegal("an intent with a token of another step");
                }
                self.intent = Some((*step, token.clone()));
            }
            Event::Done { step, output } => {
                if !working || self.intent.as_ref().map(|(open, _)| *open) != Some(*step) {
                    return illegal("an outcome without an intent");
                }
                if !output.fits(*step) {
                    return illegal("an outcome of another step");
                }
                self.outputs.insert(*step, output.clone());
                self.intent = None;
                self.attempts = 0;
                self.phase = match self.open_step() {
                    Some(_) => Phase::Working { not_before: None },
                    None => Phase::Finished,
                };
            }
            Event::Failed { step, why, retry_at } => {
                if !working || self.open_step() != Some(*step) {
                    return illegal("a failure of a step that is not under way");
                }
                self.attempts += 1;
                self.phase = match retry_at {
                    Some(at) => Phase::Working { not_before: Some(*at) },
                    None => Phase::Stuck { why: Box::new(why.clone()) },
                };
            }
            Event::Retried { step } => {
                if !matches!(self.phase, Phase::Stuck { .. }) || self.open_step() != Some(*step) {
                    return illegal("a retry of a step that is not stuck");
                }
                self.attempts = 0;
                self.phase = Phase::Working { not_before: None };
            }
            Event::Cancelled => {
                if !self.can_cancel() {
                    return illegal("a cancellation after the chain was involved, or of work that is over");
                }
                self.intent = None;
                self.phase = Phase::Cancelled;
            }
        }
        self.seq += 1;
        Ok(())
    }

    /// What to do next.
    #[must_use]
    pub fn next(&self) -> Next<'_> {
        match (&self.phase, self.open_step()) {
            (Phase::Cancelled, _) => Next::Cancelled,
            (Phase::Finished, _) | (_, None) => Next::Finished,
            (Phase::Stuck { why }, Some(step)) => Next::Stuck { step, why },
            (Phase::Working { not_before }, Some(step)) => match &self.intent {
                Some((_, token)) => Next::Reconcile { step, token, not_before: *not_before },
                None => Next::Start { step, not_before: *not_before },
            },
        }
    }

    /// How far it is, as stored.
    #[must_use]
    pub fn status(&self) -> CreationStatus {
        match self.phase {
            Phase::Working { .. } => CreationStatus::Running,
            Phase::Stuck { .. } => CreationStatus::Stuck,
            Phase::Finished => CreationStatus::Finished,
            Phase::Cancelled => CreationStatus::Cancelled,
        }
    }

    /// The step it is at; `None` once it is over.
    #[must_use]
    pub fn step(&self) -> Option<Step> {
        if self.status().is_over() { None } else { self.open_step() }
    }

    /// Failed attempts at the present step since it began, or since somebody asked for a retry.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Number of the last event, 0 before the first.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The steps, in order.
    #[must_use]
    pub fn plan(&self) -> &[Step] {
        &self.plan
    }

    /// What came out of a step that is done.
    #[must_use]
    pub fn output(&self, step: Step) -> Option<&Output> {
        self.outputs.get(&step)
    }

    /// Whether it can still be given up: nothing was sent to the chain, and it is not over.
    #[must_use]
    pub fn can_cancel(&self) -> bool {
        let chain_involved = self.intent.as_ref().is_some_and(|(step, _)| step.is_on_chain())
            || self.outputs.keys().any(|step| step.is_on_chain());
        !chain_involved && !self.status().is_over()
    }

    /// The first step of the plan that is not done.
    fn open_step(&self) -> Option<Step> {
        self.plan.iter().copied().find(|step| !self.outputs.contains_key(step))
    }
}

impl Token {
    /// Whether a step journals such a token.
    fn fits(&self, step: Step) -> bool {
        match self {
            Self::Pin { .. } => {
                matches!(step, Step::MediaUpload | Step::IpaMetadataUpload | Step::NftMetadataUpload)
            }
            Self::Asset { .. } => step == Step::DatabaseSave,
            Self::Registration { .. } => step == Step::Registration,
            Self::Terms { .. } => step == Step::TermsRegistration,
            Self::Attachment { .. } => step == Step::TermsAttachment,
            Self::Link { .. } => step == Step::ParentLinking,
        }
    }
}

impl Output {
    /// Whether a step has such an outcome.
    fn fits(&self, step: Step) -> bool {
        match self {
            Self::Media { .. } => step == Step::MediaUpload,
            Self::Saved { .. } => step == Step::DatabaseSave,
            Self::Metadata { .. } => matches!(step, Step::IpaMetadataUpload | Step::NftMetadataUpload),
            Self::Registered { .. } => step == Step::Registration,
            Self::Terms { .. } => step == Step::TermsRegistration,
            Self::Attached { .. } => step == Step::TermsAttachment,
            Self::Linked { .. } => step == Step::ParentLinking,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        content::{Cid, unixfs},
        domain::asset::{AssetText, AssetType, Media},
        error::ErrorKind,
        ids::AssetId,
        port::pins::Pinned,
    };

    fn input() -> CreationInput {
        let fingerprint = unixfs::fingerprint_bytes(unixfs::Profile::Pinata, b"x").unwrap();
        let media = Media::new(fingerprint, "image/png".parse().unwrap(), None);
        CreationInput::new(AssetType::Other, AssetText::new("t", ""), media)
    }

    fn cid() -> Cid {
        Cid::raw([1; 32])
    }

    fn intended() -> Event {
        Event::Intended { step: Step::MediaUpload, token: Token::Pin { cid: cid() } }
    }

    fn done() -> Event {
        Event::Done { step: Step::MediaUpload, output: Output::Media { pinned: Pinned::new(cid(), true) } }
    }

    fn failed(retry_at: Option<Timestamp>) -> Event {
        let why = Error::new(ErrorKind::Unavailable, "down").to_record();
        Event::Failed { step: Step::MediaUpload, why, retry_at }
    }

    #[test]
    fn an_intent_without_an_outcome_is_looked_up() {
        let creation = Creation::replay(&input(), &[intended()]).unwrap();
        assert!(matches!(creation.next(), Next::Reconcile { step: Step::MediaUpload, .. }));
        let creation = Creation::replay(&input(), &[intended(), done()]).unwrap();
        assert_eq!(creation.next(), Next::Start { step: Step::DatabaseSave, not_before: None });
    }

    #[test]
    fn attempts_are_counted_over_restarts_and_end_in_stuck() {
        let at = Timestamp::from_unix_seconds(5).unwrap();
        let events = [intended(), failed(Some(at)), failed(Some(at)), failed(None)];
        let creation = Creation::replay(&input(), &events[..3]).unwrap();
        assert_eq!(creation.attempts(), 2);
        assert!(matches!(creation.next(), Next::Reconcile { not_before: Some(t), .. } if t == at));
        let mut creation = Creation::replay(&input(), &events).unwrap();
        assert_eq!(creation.status(), CreationStatus::Stuck);
        creation.apply(&Event::Retried { step: Step::MediaUpload }).unwrap();
        assert_eq!(creation.attempts(), 0);
        // The intent is still open: what may have happened is looked up, not repeated.
        assert!(matches!(creation.next(), Next::Reconcile { .. }));
    }

    #[test]
    fn every_event_out_of_order_is_refused_and_changes_nothing() {
        let save = Event::Intended {
            step: Step::DatabaseSave,
            token: Token::Asset { id: AssetId::from_bytes([0; 16]) },
        };
        let wrong_token = Event::Intended {
            step: Step::MediaUpload,
            token: Token::Asset { id: AssetId::from_bytes([0; 16]) },
        };
        let legal = [
            vec![],
            vec![intended()],
            vec![intended(), done()],
            vec![intended(), failed(None)],
            vec![Event::Cancelled],
        ];
        let all = [
            intended(),
            done(),
            failed(None),
            failed(Some(Timestamp::EPOCH)),
            Event::Retried { step: Step::MediaUpload },
            Event::Retried { step: Step::DatabaseSave },
            Event::Cancelled,
            save,
            wrong_token,
        ];
        let mut refused = 0;
        for prefix in &legal {
            let before = Creation::replay(&input(), prefix).unwrap();
            for event in &all {
                let mut after = before.clone();
                if after.apply(event).is_err() {
                    refused += 1;
                    assert_eq!(after, before, "{event:?} after {prefix:?}");
                }
            }
        }
        assert_eq!(refused, 33);
    }

    #[test]
    fn the_plan_follows_the_input() {
        let mut input = input();
        assert_eq!(plan(&input).len(), 5);
        input.parents = vec![crate::creation::ParentInput::new(
            AssetId::from_bytes([1; 16]),
            crate::domain::asset::Relationship::Remix,
            crate::Share::FULL,
        )];
        assert_eq!(plan(&input).last(), Some(&Step::ParentLinking));
    }

    #[test]
    fn work_that_touched_the_chain_cannot_be_cancelled() {
        let creation = Creation::replay(&input(), &[intended(), done()]).unwrap();
        assert!(creation.can_cancel());
        let mut touched = creation;
        touched.intent = Some((Step::Registration, Token::Pin { cid: cid() }));
        assert!(!touched.can_cancel());
    }
}
