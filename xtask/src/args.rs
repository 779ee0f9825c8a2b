//! Reading a task's arguments: flags, options with a value, and nothing else.

use std::str::FromStr;

use crate::process::{Failure, Outcome};

/// What is left of the arguments of a task. Each question takes its answer out; [`Args::done`] refuses the rest.
#[derive(Debug)]
pub(crate) struct Args(Vec<String>);

impl Args {
    pub(crate) fn new(args: impl IntoIterator<Item = String>) -> Self {
        Self(args.into_iter().collect())
    }

    /// The first argument, if it is not an option.
    pub(crate) fn word(&mut self) -> Option<String> {
        let is_word = self.0.first().is_some_and(|first| !first.starts_with('-'));
        is_word.then(|| self.0.remove(0))
    }

    /// Whether `--name` was given.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|arg| arg != name);
        self.0.len() < before
    }

    /// The value after `--name`, parsed.
    pub(crate) fn option<T: FromStr>(&mut self, name: &str) -> Outcome<Option<T>> {
        let mut values = self.options(name)?;
        if values.len() > 1 {
            return Err(Failure::new(format!("{name} was given more than once")));
        }
        match values.pop() {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(Failure::new(format!("{name} cannot be `{text}`"))),
            },
        }
    }

    /// The values after each `--name`.
    pub(crate) fn options(&mut self, name: &str) -> Outcome<Vec<String>> {
        let mut values = Vec::new();
        while let Some(at) = self.0.iter().position(|arg| arg == name) {
            if at + 1 >= self.0.len() {
                return Err(Failure::new(format!("{name} needs a value")));
            }
            self.0.remove(at);
            values.push(self.0.remove(at));
        }
        Ok(values)
    }

    /// Refuses what nobody asked for.
    pub(crate) fn done(self) -> Outcome {
        match self.0.first() {
            None => Ok(()),
            Some(arg) => {
                Err(Failure::new(format!("unknown argument `{arg}`; `cargo xtask help` lists them")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Args {
        Args::new(text.split_whitespace().map(String::from))
    }

    #[test]
    fn words_flags_and_options_are_taken_out() {
        let mut args = args("crash --runs 7 --list --skip a --skip b");
        assert_eq!(args.word().as_deref(), Some("crash"));
        assert_eq!(args.option::<u32>("--runs").unwrap(), Some(7));
        assert_eq!(args.options("--skip").unwrap(), ["a", "b"]);
        assert!(args.flag("--list") && !args.flag("--list"));
        args.done().unwrap();
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(args("--runs").option::<u32>("--runs").is_err());
        assert!(args("--runs x").option::<u32>("--runs").is_err());
        assert!(args("--runs 1 --runs 2").option::<u32>("--runs").is_err());
        assert!(args("--frobnicate").done().is_err());
    }
}
