//! Crashes for real: the quickstart runs as a process, is killed with SIGKILL at random moments and aborts at every
//! named point, is resumed, and must come to what an undisturbed run comes to.

mod quickstart;
mod random;
mod summary;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use self::{
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
    if !root.join("examples/quickstart.rs").is_file() {
        return Err(Failure::new("there is no examples/quickstart.rs"));
    }
    run(root, 10, None, Profile::Dev)
}

fn run(root: &Path, runs: u32, seed: Option<u64>, profile: Profile) -> Outcome {
    let seed = seed.unwrap_or_else(Random::fresh_seed);
    let program = Quickstart::build(root, profile)?;
    let dir = root.join("target/crash").join(seed.to_string());
    let mut trial = Trial::begin(program, dir)?;
    println!(
        "an undisturbed run takes {} ms and makes {} pins, {} blocks; seed {seed}",
        trial.length.as_millis(),
        trial.undisturbed.pins,
        trial.undisturbed.blocks
    );
    trial.abort_at_every_point()?;
    trial.kill_at_random(runs, &mut Random::new(seed))?;
    trial.end(runs)
}

/// What came of all runs.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    killed: u32,
    finished: u32,
    duplicate_registrations: u64,
    duplicate_uploads: u64,
    lost: u64,
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

struct Trial {
    program: Quickstart,
    dir: PathBuf,
    undisturbed: Summary,
    /// How long the undisturbed run took.
    length: Duration,
    /// Of the runs killed at random; the named points must be clean for themselves.
    count: Count,
    faults: u32,
}

impl Trial {
    /// Runs once without disturbance, and takes the measure.
    fn begin(program: Quickstart, dir: PathBuf) -> Outcome<Self> {
        let data = DataDir::fresh(&dir, "undisturbed")?;
        let start = now();
        let end = program.run(&data, &[], None)?;
        let length = start.elapsed();
        if !matches!(end, End::Finished(status) if status.success()) {
            return Err(Failure::new(format!("an undisturbed run fails ({end:?}): {}", data.last_words())));
        }
        let undisturbed = data.summary()?;
        let faults = undisturbed.faults_of_a_first_run();
        if !faults.is_empty() {
            return Err(Failure::new(format!("an undisturbed run is not right: {}", faults.join("; "))));
        }
        data.remove()?;
        Ok(Self { program, dir, undisturbed, length, count: Count::default(), faults: 0 })
    }

    fn abort_at_every_point(&mut self) -> Outcome {
        let points = self.program.crash_points()?;
        for point in &points {
            let data = DataDir::fresh(&self.dir, &format!("at-{}", point.replace(['/', '\\'], "_")))?;
            let end = self.program.run(&data, &["--crash-at", point], None)?;
            if !matches!(end, End::Finished(status) if signal(status) == Some(ABORT)) {
                self.faults += 1;
                println!("  {point}: did not abort there, but {end:?}: {}", data.last_words());
                continue;
            }
            let found = self.program.resume(&data)?;
            self.judge(point, data, found)?;
        }
        println!("{} crash points: aborted at each and resumed, {} faults", points.len(), self.faults);
        Ok(())
    }

    /// Kills `runs` runs. One that was done before its moment came does not count, and another takes its place.
    fn kill_at_random(&mut self, runs: u32, random: &mut Random) -> Outcome {
        let mut started = 0_u32;
        let mut kills = 0_u32;
        while self.count.killed < runs {
            if started >= runs.saturating_mul(5).saturating_add(20) {
                return Err(Failure::new(format!(
                    "only {} of {started} runs were still there to be killed",
                    self.count.killed
                )));
            }
            started += 1;
            let name = format!("run-{started}");
            let data = DataDir::fresh(&self.dir, &name)?;
            let was_killed = self.killed(&data, &[], random)?;
            if was_killed {
                self.count.killed += 1;
                kills += 1;
                let mut more = 0;
                while more < MORE_KILLS && random.one_in(2) && self.killed(&data, &["--resume"], random)? {
                    more += 1;
                }
                kills += more;
            }
            let found = self.program.resume(&data)?;
            let verdict = self.judge(&name, data, found)?;
            if was_killed && let Some(verdict) = verdict {
                self.count.finished += 1;
                self.count.duplicate_registrations += verdict.duplicate_registrations;
                self.count.duplicate_uploads += verdict.duplicate_uploads;
                self.count.lost += verdict.lost;
            } else if was_killed {
                self.count.lost += self.undisturbed.assets;
            }
        }
        println!("{started} runs started, {} of them killed, {kills} kills in all", self.count.killed);
        Ok(())
    }

    /// Starts a run and kills it at a random moment; false if it was done before.
    fn killed(&self, data: &DataDir, options: &[&str], random: &mut Random) -> Outcome<bool> {
        let moment = random.moment(self.length);
        Ok(matches!(self.program.run(data, options, Some(moment))?, End::Killed))
    }

    /// Says what is wrong with a resumed run, and keeps its folder then.
    fn judge(&mut self, name: &str, data: DataDir, found: Option<Summary>) -> Outcome<Option<Verdict>> {
        let Some(found) = found else {
            self.faults += 1;
            println!(
                "  {name}: never finished: {}; its data is in {}",
                data.last_words(),
                data.path().display()
            );
            return Ok(None);
        };
        let verdict = found.judge(&self.undisturbed);
        if verdict.is_clean() {
            data.remove()?;
        } else {
            self.faults += 1;
            println!("  {name}: {verdict:?}; its data is in {}", data.path().display());
        }
        Ok(Some(verdict))
    }

    /// The count, alone on the last line.
    fn end(self, runs: u32) -> Outcome {
        if self.faults == 0 {
            fs::remove_dir_all(&self.dir).doing(format_args!("cannot remove {}", self.dir.display()))?;
        }
        println!("{}", self.count);
        if self.faults > 0 || self.count.finished != runs {
            return Err(Failure::new(format!(
                "{} runs did not come to what an undisturbed run does",
                self.faults
            )));
        }
        Ok(())
    }
}
