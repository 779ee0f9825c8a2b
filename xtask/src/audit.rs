//! Proves an audit log, by a program of its own: SQLite is more than every other task should wait for.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{
    args::Args,
    process::{Failure, Outcome, cargo},
};

/// The task `audit-verify`.
pub(crate) fn task(root: &Path, mut args: Args) -> Outcome {
    let data: Option<PathBuf> = args.option("--data")?;
    let expected: Option<String> = args.option("--expect")?;
    args.done()?;
    let data = data.ok_or_else(|| Failure::new("audit-verify needs --data"))?;
    let mut cmd = cargo().args(["run", "--quiet", "-p", "xtask-audit", "--"]).arg(from_caller(&data));
    if let Some(expected) = expected {
        cmd = cmd.arg(expected);
    }
    cmd.dir(root).run()
}

/// The path as the caller meant it: tasks run in the root of the repository, and people need not.
fn from_caller(data: &Path) -> PathBuf {
    env::var_os("PWD").map_or_else(|| data.to_path_buf(), |caller| Path::new(&caller).join(data))
}
