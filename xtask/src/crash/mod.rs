//! Crashes for real: the quickstart runs as a process, is killed with SIGKILL at random moments and aborts at every
//! named point, is resumed, and must come to what an undisturbed run comes to.
//!
//! Several runs go on at once, each in a data directory of its own: most of a resumed run is waiting until the lease of
//! the dead process has run out.

mod pool;
mod quickstart;
mod random;
mod summary;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use self::{
    pool::side_by_side,
    quickstart::{ABORT, DataDir, End, Profile, Quickstart, signal},
    random::Random,
    summary::{Summary, Verdict},
};
use crate::{
    args::Args,
    process::{Doing, Failure, Outcome, now},
};

/// A process that was killed is killed again on resuming, at most this often.
const MORE_KILLS: u32 = 3;

/// A run that was done before its moment came is started anew, at most this often.
const STARTS: u32 = 50;

/// The task `crash`.
pub(crate) fn task(root: &Path, mut args: Args) -> Outcome {
    let runs = args.option("--runs")?.unwrap_or(100);
    let seed = args.option("--seed")?;
    let profile = args.option("--profile")?.unwrap_or(Profile::Release);
    args.done()?;
    run(root, runs, seed, profile)
}

/// The stage of CI: fewer kills, and the program that the tests compiled.
pub(crate) fn stage(root: &Path) -> Outcome {
    run(root, 10, None, Profile::Dev)
}

fn run(root: &Path, runs: u32, seed: Option<u64>, profile: Profile) -> Outcome {
    let seed = seed.unwrap_or_else(Random::fresh_seed);
    let program = Quickstart::build(root, profile)?;
    let dir = root.join("target/crash").join(seed.to_string());
    let trial = Trial::begin(program, dir, seed)?;
    println!(
        "an undisturbed run takes {} ms and makes {} pins in {} blocks; seed {seed}",
        trial.length.as_millis(),
        trial.undisturbed.pins,
        trial.undisturbed.blocks
    );
    let at_points = trial.abort_at_every_point()?;
    let at_random = trial.kill_at_random(runs)?;
    trial.end(&at_points, &at_random, runs)
}

/// What came of some runs.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    killed: u32,
    finished: u32,
    duplicate_registrations: u64,
    duplicate_uploads: u64,
    lost: u64,
    /// Runs with anything wrong at all.
    faulty: u32,
}

impl Count {
    /// Takes the outcome of a killed run; `None` if it could not be finished.
    fn take(&mut self, verdict: Option<&Verdict>, assets: u64) {
        self.killed += 1;
        let Some(verdict) = verdict else {
            self.lost += assets;
            self.faulty += 1;
            return;
        };
        self.finished += 1;
        self.duplicate_registrations += verdict.duplicate_registrations;
        self.duplicate_uploads += verdict.duplicate_uploads;
        self.lost += verdict.lost;
        self.faulty += u32::from(!verdict.is_clean());
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} killed, {} finished, {} duplicate registrations, {} duplicate uploads, {} lost",
            self.killed, self.finished, self.duplicate_registrations, self.duplicate_uploads, self.lost
        )
    }
}

#[derive(Debug)]
struct Trial {
    program: Quickstart,
    dir: PathBuf,
    seed: u64,
    undisturbed: Summary,
    /// How long an undisturbed run takes while as many others go on as will.
    length: Duration,
    /// The longest resumed run so far, in microseconds: kills of resumed runs are spread over that.
    resumed_micros: AtomicU64,
}

impl Trial {
    /// Runs without disturbance, and takes the measure.
    fn begin(program: Quickstart, dir: PathBuf, seed: u64) -> Outcome<Self> {
        let measured = side_by_side(pool::workers(), |number| {
            let data = DataDir::fresh(&dir, &format!("undisturbed-{number}"))?;
            let start = now();
            let end = program.run(&data, &[], None)?;
            let length = start.elapsed();
            if !matches!(end, End::Finished(status) if status.success()) {
                return Err(Failure::new(format!(
                    "an undisturbed run fails ({end:?}): {}",
                    data.last_words()
                )));
            }
            let found = data.summary()?;
            data.remove()?;
            Ok((length, found))
        })?;
        let length = measured.iter().map(|(length, _)| *length).max().unwrap_or_default();
        let Some((_, undisturbed)) = measured.into_iter().next() else {
            return Err(Failure::new("no run to measure"));
        };
        let faults = undisturbed.faults_of_a_first_run();
        if !faults.is_empty() {
            return Err(Failure::new(format!("an undisturbed run is not right: {}", faults.join("; "))));
        }
        Ok(Self { program, dir, seed, undisturbed, length, resumed_micros: AtomicU64::new(0) })
    }

    fn abort_at_every_point(&self) -> Outcome<Count> {
        let points = self.program.crash_points()?;
        let number = u32::try_from(points.len()).doing("too many crash points")?;
        let verdicts = side_by_side(number, |number| {
            let point = points.get(number as usize).map_or("", String::as_str);
            let data = DataDir::fresh(&self.dir, &format!("at-{}", point.replace(['/', '\\'], "_")))?;
            let end = self.program.run(&data, &["--crash-at", point], None)?;
            if !matches!(end, End::Finished(status) if signal(status) == Some(ABORT)) {
                println!("  {point}: did not abort there, but {end:?}: {}", data.last_words());
                return Ok(None);
            }
            self.finish(point, data)
        })?;
        let mut count = Count::default();
        for verdict in &verdicts {
            count.take(verdict.as_ref(), self.undisturbed.assets);
        }
        println!("{number} crash points, aborted at each and resumed: {count}");
        Ok(count)
    }

    fn kill_at_random(&self, runs: u32) -> Outcome<Count> {
        let killed = side_by_side(runs, |number| self.kill_one(number))?;
        let mut count = Count::default();
        let mut kills = 0;
        for (verdict, of_this_run) in &killed {
            count.take(verdict.as_ref(), self.undisturbed.assets);
            kills += of_this_run;
        }
        println!("{runs} runs killed at random, {kills} times in all");
        Ok(count)
    }

    /// Kills a run at a random moment, some of them again while they resume, and finishes it. Returns what was found at
    /// the end, and the number of kills.
    fn kill_one(&self, number: u32) -> Outcome<(Option<Verdict>, u32)> {
        // Each run has numbers of its own, whatever the others do meanwhile.
        let mut random = Random::new(self.seed.wrapping_add(u64::from(number) << 32));
        for _ in 0..STARTS {
            let name = format!("run-{number}");
            let data = DataDir::fresh(&self.dir, &name)?;
            if !self.kill(&data, &[], random.moment(self.length))? {
                continue;
            }
            let mut kills = 1;
            while kills <= MORE_KILLS && random.one_in(2) {
                let resumed = Duration::from_micros(self.resumed_micros.load(Ordering::Relaxed));
                if !self.kill(&data, &["--resume"], random.moment(resumed.max(self.length)))? {
                    break;
                }
                kills += 1;
            }
            return Ok((self.finish(&name, data)?, kills));
        }
        Err(Failure::new(format!("a run was done before its moment {STARTS} times in a row")))
    }

    /// Starts a run and kills it at a moment; false if it was done before.
    fn kill(&self, data: &DataDir, options: &[&str], moment: Duration) -> Outcome<bool> {
        Ok(matches!(self.program.run(data, options, Some(moment))?, End::Killed))
    }

    /// Resumes a run and says what is wrong with what it comes to; keeps its folder then. `None` if it never finishes.
    fn finish(&self, name: &str, data: DataDir) -> Outcome<Option<Verdict>> {
        let start = now();
        let Some(found) = self.program.resume(&data)? else {
            println!("  {name}: never finished: {}; its data: {}", data.last_words(), data.path().display());
            return Ok(None);
        };
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.resumed_micros.fetch_max(micros, Ordering::Relaxed);
        let verdict = found.judge(&self.undisturbed);
        if verdict.is_clean() {
            data.remove()?;
        } else {
            println!("  {name}: {verdict:?}; its data: {}", data.path().display());
        }
        Ok(Some(verdict))
    }

    /// The count of the runs killed at random, alone on the last line.
    fn end(self, at_points: &Count, at_random: &Count, runs: u32) -> Outcome {
        let faulty = at_points.faulty + at_random.faulty;
        if faulty == 0 {
            fs::remove_dir_all(&self.dir).doing(format_args!("cannot remove {}", self.dir.display()))?;
        }
        println!("{at_random}");
        if faulty > 0 || at_random.finished != runs {
            return Err(Failure::new(format!(
                "{faulty} runs did not come to what an undisturbed run comes to"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_says_what_came_of_the_kills() {
        let mut count = Count::default();
        count.take(Some(&Verdict::default()), 3);
        assert_eq!(
            count.to_string(),
            "1 killed, 1 finished, 0 duplicate registrations, 0 duplicate uploads, 0 lost"
        );
        count.take(None, 3);
        count.take(Some(&Verdict { duplicate_registrations: 1, ..Verdict::default() }), 3);
        assert_eq!(
            count.to_string(),
            "3 killed, 2 finished, 1 duplicate registrations, 0 duplicate uploads, 3 lost"
        );
        assert_eq!(count.faulty, 2);
    }
}
