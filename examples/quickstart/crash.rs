//! Named points at which the process can be made to die: both sides of everything that happens.

use std::fmt;

use lore::{Progress, ProgressEvent, Step};

use crate::work::Role;

/// Where the process dies: a work, a step of its creation, and a moment around the step's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    role: Role,
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Opened,
    Step(Step, Moment),
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// The intent is not journalled yet.
    Intending,
    /// The intent is journalled.
    Intended,
    /// The effect is about to be caused.
    Performing,
    /// The effect is there, and nobody wrote it down.
    Performed,
    /// The outcome is journalled.
    Recorded,
}

const MOMENTS: [(Moment, &str); 5] = [
    (Moment::Intending, "intending"),
    (Moment::Intended, "intended"),
    (Moment::Performing, "performing"),
    (Moment::Performed, "performed"),
    (Moment::Recorded, "recorded"),
];

/// Every point, in the order in which a run passes them.
pub(crate) fn points() -> Vec<Point> {
    let mut points = Vec::new();
    for role in Role::ALL {
        points.push(Point { role, at: At::Opened });
        for step in role.steps() {
            points.extend(MOMENTS.map(|(moment, _)| Point { role, at: At::Step(step, moment) }));
        }
        points.push(Point { role, at: At::Finished });
    }
    points
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.role.name();
        match self.at {
            At::Opened => write!(f, "{role}.opened"),
            At::Finished => write!(f, "{role}.finished"),
            At::Step(step, moment) => {
                let name = MOMENTS.iter().find(|(known, _)| *known == moment).map_or("", |(_, name)| name);
                write!(f, "{role}.{step}.{name}")
            }
        }
    }
}

/// Tells `next` everything, unless the event is the point to die at.
pub(crate) fn watch(
    role: Role,
    point: Option<Point>,
    next: impl Fn(&ProgressEvent) + Send + Sync + 'static,
) -> Progress {
    Progress::to_fn(move |event| {
        if point.is_some_and(|point| at(event).is_some_and(|at| point == Point { role, at })) {
            // Not a panic: nothing is unwound, no destructor runs, as when the machine loses power.
            std::process::abort();
        }
        next(event);
    })
}

fn at(event: &ProgressEvent) -> Option<At> {
    Some(match event {
        ProgressEvent::Opened { .. } => At::Opened,
        ProgressEvent::Finished { .. } => At::Finished,
        ProgressEvent::Intending { step, .. } => At::Step(*step, Moment::Intending),
        ProgressEvent::Intended { step, .. } => At::Step(*step, Moment::Intended),
        ProgressEvent::Performing { step, .. } => At::Step(*step, Moment::Performing),
        ProgressEvent::Performed { step, .. } => At::Step(*step, Moment::Performed),
        ProgressEvent::Recorded { step, .. } => At::Step(*step, Moment::Recorded),
        _ => return None,
    })
}
