//! Doing the same thing many times, a few at a time.

use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use crate::process::Outcome;

/// How many at a time: two for each core, because most of the time is waiting.
pub(crate) fn workers() -> u32 {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    u32::try_from(cores.saturating_mul(2)).unwrap_or(2)
}

/// Does `work` for each of `0..times`, and returns what came out in that order. The first failure stops what has not
/// begun.
pub(crate) fn side_by_side<T: Send>(times: u32, work: impl Fn(u32) -> Outcome<T> + Sync) -> Outcome<Vec<T>> {
    let next = AtomicU32::new(0);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..workers().min(times) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= times {
                        return;
                    }
                    let result = work(number);
                    if result.is_err() {
                        next.store(times, Ordering::Relaxed);
                    }
                    // A panic of another worker ends the scope with a panic anyway.
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Failure;

    #[test]
    fn results_come_in_order_and_a_failure_ends_it() {
        assert_eq!(
            side_by_side(50, |number| Ok(number * 2)).unwrap(),
            (0..50).map(|n| n * 2).collect::<Vec<_>>()
        );
        let failed = side_by_side(50, |number| if number == 3 { Err(Failure::new("three")) } else { Ok(()) });
        assert_eq!(failed.unwrap_err().to_string(), "three");
        assert!(side_by_side(0, |_| Ok(())).unwrap().is_empty());
    }
}
