//! [`RedisServer`]: a process that ends with its value.

use std::{
    env,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::sleep;

const REQUIRE: &str = "LORE_REQUIRE_REDIS";

/// Why no server can be started here, if none can. Panics instead where it is required.
pub fn missing() -> Option<String> {
    let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
    if version.is_ok_and(|status| status.success()) {
        return None;
    }
    let why = "redis-server is not installed; `cargo xtask setup` installs it";
    assert!(env::var_os(REQUIRE).is_none_or(|value| value != "1"), "{why}");
    Some(why.to_owned())
}

/// A server on a socket in a directory. It ends with this value.
#[derive(Debug)]
pub struct RedisServer {
    directory: TempDir,
    options: Vec<String>,
    child: Child,
}

impl RedisServer {
    /// One on a socket. `None`, and says why, if this machine has no server.
    pub async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    /// As [`start`](Self::start), with further options of `redis-server`, such as `--port`.
    pub async fn start_with(options: &[&str]) -> Option<Self> {
        if let Some(why) = missing() {
            println!("skipped: {why}");
            return None;
        }
        let directory = TempDir::new().unwrap();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let child = run(&directory, &options);
        let mut server = Self { directory, options, child };
        server.wait_until_it_listens().await;
        Some(server)
    }

    async fn wait_until_it_listens(&mut self) {
        for _ in 0..500 {
            if UnixStream::connect(self.socket()).is_ok() {
                return;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "the server ended");
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not listen");
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    /// The address of its socket, as clients write it.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Stops it from running, as it stands: connections stay open, and new ones are taken by the system.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it run on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts another one on the same socket; it is empty.
    pub async fn start_again(&mut self) {
        self.child = run(&self.directory, &self.options);
        self.wait_until_it_listens().await;
    }

    /// What another client is answered.
    pub fn ask(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli").arg("-s").arg(self.socket()).args(command).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been killed by the test.
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.kill();
        }
    }
}

fn run(directory: &TempDir, options: &[String]) -> Child {
    Command::new("redis-server")
        .args(["--port", "0", "--unixsocket", "redis.sock", "--save", "", "--appendonly", "no", "--dir"])
        .arg(directory.path())
        .args(options)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}
