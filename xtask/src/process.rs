//! Running other programs: each is shown before it runs, has an optional time limit, and fails with a message
//! that can be read alone.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Why a task stopped, for a person.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A result whose error is a [`Failure`].
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Names what was being done when an error came up.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: fmt::Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl fmt::Display) -> Outcome<T> {
        self.map_err(|err| Failure(format!("{what}: {err}")))
    }
}

/// Reads the machine's clock, for showing how long things took.
#[expect(clippy::disallowed_methods, reason = "xtask is a program of its own and never runs on wasm")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits for a moment of the machine's clock.
#[expect(clippy::disallowed_methods, reason = "xtask waits for other processes, not inside Lore")]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Cmd {
    Cmd::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).shown_as("cargo")
}

/// A program to run.
#[derive(Debug)]
pub(crate) struct Cmd {
    program: OsString,
    shown_as: Option<&'static str>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    dir: Option<PathBuf>,
    limit: Option<Duration>,
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().into(),
            shown_as: None,
            args: Vec::new(),
            env: Vec::new(),
            dir: None,
            limit: None,
        }
    }

    fn shown_as(mut self, name: &'static str) -> Self {
        self.shown_as = Some(name);
        self
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().into());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().into()));
        self
    }

    pub(crate) fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((key.as_ref().into(), value.as_ref().into()));
        self
    }

    pub(crate) fn envs<V: AsRef<OsStr>>(self, all: impl IntoIterator<Item = (&'static str, V)>) -> Self {
        all.into_iter().fold(self, |cmd, (key, value)| cmd.env(key, value))
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Ends the program if it runs longer than this.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.env.iter().cloned()).stdin(Stdio::null());
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command
    }

    fn started<T>(&self, result: std::io::Result<T>) -> Outcome<T> {
        result.doing(format_args!("cannot run `{}`", self.program.display()))
    }

    fn checked(&self, status: ExitStatus) -> Outcome {
        if status.success() { Ok(()) } else { Err(Failure(format!("`{self}` ended with {status}"))) }
    }

    /// Shows the command and runs it; what it prints is shown as it comes.
    pub(crate) fn run(&self) -> Outcome {
        println!("$ {self}");
        let mut child = self.started(self.command().spawn())?;
        let Some(limit) = self.limit else {
            return self.checked(self.started(child.wait())?);
        };
        let start = now();
        loop {
            if let Some(status) = self.started(child.try_wait())? {
                return self.checked(status);
            }
            if start.elapsed() > limit {
                self.started(child.kill())?;
                self.started(child.wait())?;
                return Err(Failure(format!("`{self}` was not done after {} s", limit.as_secs())));
            }
            pause(Duration::from_millis(50));
        }
    }

    /// Like [`run`](Self::run), and hands every line of the standard output to `seen` after showing it.
    pub(crate) fn run_seeing(&self, mut seen: impl FnMut(&str)) -> Outcome {
        println!("$ {self}");
        let mut child = self.started(self.command().stdout(Stdio::piped()).spawn())?;
        if let Some(stdout) = child.stdout.take() {
            let mut shown = std::io::stdout().lock();
            // Test output need not be UTF-8.
            for line in BufReader::new(stdout).split(b'\n') {
                let line = self.started(line)?;
                let line = String::from_utf8_lossy(&line);
                self.started(writeln!(shown, "{line}"))?;
                seen(&line);
            }
        }
        self.checked(self.started(child.wait())?)
    }

    /// Runs quietly and returns the standard output.
    pub(crate) fn read(&self) -> Outcome<String> {
        let output = self.started(self.command().output())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(Failure(format!("`{self}` ended with {}: {}", output.status, stderr.trim())))
    }

    /// Runs quietly and returns the standard output, or `None` if the program is missing or failed: for asking
    /// what is there.
    pub(crate) fn probe(&self) -> Option<String> {
        self.read().ok()
    }
}

impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in &self.env {
            write!(f, "{}={} ", key.display(), quoted(value))?;
        }
        match self.shown_as {
            Some(name) => f.write_str(name)?,
            None => write!(f, "{}", self.program.display())?,
        }
        for arg in &self.args {
            write!(f, " {}", quoted(arg))?;
        }
        Ok(())
    }
}

/// `text` as a shell would want it, as far as people need to read it.
pub(crate) fn quoted(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || "'\"$&|<>();*?".contains(c)) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_a_person_would_type_it() {
        let cmd = cargo().args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(cmd.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }

    #[test]
    fn a_command_past_its_limit_is_ended() {
        let why = Cmd::new("sleep").arg("60").limit(Duration::ZERO).run().unwrap_err().to_string();
        assert_eq!(why, "`sleep 60` was not done after 0 s");
    }

    #[test]
    fn a_missing_program_is_named() {
        let why = Cmd::new("no-such-program").run().unwrap_err().to_string();
        assert!(why.starts_with("cannot run `no-such-program`"), "{why}");
        assert!(Cmd::new("no-such-program").probe().is_none());
    }
}
