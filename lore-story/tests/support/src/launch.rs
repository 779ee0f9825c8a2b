//! Starts a node by its launcher, a program for Node.js that lives as long as its standard input and says when it is ready.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// The launcher of `directory` with these arguments, and the address that it says. Whoever holds the process holds its
/// standard input: when that closes, however it comes, the node stops and cleans up.
pub(crate) fn launch(directory: &Path, arguments: &[&OsStr]) -> (Child, String) {
    let mut child = Command::new("node")
        .arg("launch.mjs")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let output = BufReader::new(child.stdout.take().unwrap());
    let url = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("ready ").map(str::to_owned))
        .expect("the node says that it is ready");
    (child, url)
}
