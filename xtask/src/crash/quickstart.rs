//! The quickstart as a process: started, killed, resumed.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use super::summary::Summary;
use crate::process::{Cmd, Doing, Failure, Outcome, cargo, now, pause};

/// No run of the quickstart takes this long; one that does hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// A resumed run may find the lease of the process that was killed, and be told to come back.
const RESUMES: u32 = 5;

/// Where cargo puts the program for a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// What the README tells a newcomer to run.
    Release,
    /// What the tests compile anyway: quick in CI.
    Dev,
}

impl std::str::FromStr for Profile {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "release" => Ok(Self::Release),
            "dev" => Ok(Self::Dev),
            _ => Err(()),
        }
    }
}

/// The compiled quickstart.
#[derive(Debug)]
pub(crate) struct Quickstart(PathBuf);

/// How a run ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself, with its status.
    Finished(ExitStatus),
    /// By our SIGKILL.
    Killed,
}

impl Quickstart {
    /// Compiles it.
    pub(crate) fn build(root: &Path, profile: Profile) -> Outcome<Self> {
        let example = ["--example", "quickstart"];
        let (cmd, folder) = match profile {
            Profile::Release => (cargo().args(["build", "--release"]).args(example), "release"),
            // The same features as the tests, so that nothing is compiled twice.
            Profile::Dev => (cargo().args(["build", "--workspace", "--all-features"]).args(example), "debug"),
        };
        cmd.dir(root).run()?;
        Ok(Self(root.join("target").join(folder).join("examples/quickstart")))
    }

    /// The names of the points at which it can be told to abort.
    pub(crate) fn crash_points(&self) -> Outcome<Vec<String>> {
        let printed = Cmd::new(&self.0).arg("--list-crash-points").read()?;
        let points: Vec<String> =
            printed.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect();
        if points.is_empty() { Err(Failure::new("--list-crash-points printed nothing")) } else { Ok(points) }
    }

    fn start(&self, run: &DataDir, options: &[&str]) -> Outcome<Child> {
        // Files, not pipes: a full pipe would stop the program where no crash would.
        let file = |path: PathBuf| File::create(&path).doing(format_args!("cannot write {}", path.display()));
        Command::new(&self.0)
            .args(["--json", "--data"])
            .arg(run.data())
            .args(options)
            .stdin(Stdio::null())
            .stdout(file(run.stdout())?)
            .stderr(file(run.stderr())?)
            .spawn()
            .doing("cannot start the quickstart")
    }

    /// Runs it, and kills it after `moment` if it still runs then.
    pub(crate) fn run(&self, run: &DataDir, options: &[&str], moment: Option<Duration>) -> Outcome<End> {
        let waiting = "cannot wait for the quickstart";
        let mut child = self.start(run, options)?;
        let start = now();
        let limit = moment.unwrap_or(LIMIT);
        loop {
            if let Some(status) = child.try_wait().doing(waiting)? {
                return Ok(End::Finished(status));
            }
            let Some(left) = limit.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) else { break };
            pause(left.min(Duration::from_millis(2)));
        }
        child.kill().doing("cannot kill the quickstart")?;
        let status = child.wait().doing(waiting)?;
        if moment.is_none() {
            return Err(Failure::new(format!("the quickstart did not end within {} s", LIMIT.as_secs())));
        }
        // It may have ended by itself between the look and the kill.
        Ok(if signal(status) == Some(KILL) { End::Killed } else { End::Finished(status) })
    }

    /// Resumes until it says that all is done, and returns what it found. `None` if it never says so.
    pub(crate) fn resume(&self, run: &DataDir) -> Outcome<Option<Summary>> {
        for attempt in 1..=RESUMES {
            match self.run(run, &["--resume"], None)? {
                End::Finished(status) if status.success() => return run.summary().map(Some),
                End::Finished(status) => {
                    println!(
                        "  resume {attempt} of {} ended with {status}: {}",
                        run.name(),
                        run.last_words()
                    );
                }
                End::Killed => {}
            }
        }
        Ok(None)
    }
}

/// SIGKILL.
const KILL: i32 = 9;
/// SIGABRT, by which a process aborts.
pub(crate) const ABORT: i32 = 6;

/// The signal that ended a process.
#[cfg(unix)]
pub(crate) fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
pub(crate) fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// A folder of its own for one run: its data, and what it printed.
#[derive(Debug)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    pub(crate) fn fresh(parent: &Path, name: &str) -> Outcome<Self> {
        let dir = parent.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).doing(format_args!("cannot clear {}", dir.display()))?;
        }
        fs::create_dir_all(&dir).doing(format_args!("cannot make {}", dir.display()))?;
        Ok(Self(dir))
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn stdout(&self) -> PathBuf {
        self.0.join("stdout.jsonl")
    }

    fn stderr(&self) -> PathBuf {
        self.0.join("stderr.txt")
    }

    fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The summary that the last run printed.
    pub(crate) fn summary(&self) -> Outcome<Summary> {
        let printed = fs::read(self.stdout()).doing("cannot read what the quickstart printed")?;
        Summary::parse(&String::from_utf8_lossy(&printed)).map_err(|why| {
            Failure::new(format!("the quickstart exited 0, but {why} ({})", self.stdout().display()))
        })
    }

    /// The last line of the standard error.
    pub(crate) fn last_words(&self) -> String {
        let printed = fs::read(self.stderr()).unwrap_or_default();
        let printed = String::from_utf8_lossy(&printed);
        printed.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("(nothing said)").into()
    }

    /// Removes the folder: nothing is wrong with it.
    pub(crate) fn remove(self) -> Outcome {
        fs::remove_dir_all(&self.0).doing(format_args!("cannot remove {}", self.0.display()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}
