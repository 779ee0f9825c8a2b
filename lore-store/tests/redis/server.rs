//! Starts real servers, each in a directory of its own, that keep nothing on disk.

use std::{
    env,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use lore_core::{Clock as _, SystemClock};
use lore_store::redis::{RedisCache, RedisConfig};
use tempfile::TempDir;

const REQUIRE: &str = "LORE_REQUIRE_REDIS";

/// Why no server can be started here, if none can. Panics instead where it is required.
pub(crate) fn missing() -> Option<String> {
    let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
    if version.is_ok_and(|status| status.success()) {
        return None;
    }
    let why = "redis-server is not installed; `cargo xtask setup` installs it";
    assert!(env::var_os(REQUIRE).is_none_or(|value| value != "1"), "{why}");
    Some(why.to_owned())
}

/// A server on a socket in a directory. It ends with this value.
pub(crate) struct Server {
    directory: TempDir,
    options: Vec<String>,
    child: Child,
}

impl Server {
    /// `None`, and says why, if this machine has no server.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    /// As [`start`](Self::start), with further options.
    pub(crate) async fn start_with(options: &[&str]) -> Option<Self> {
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
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not listen");
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Patient, because the machine may be loaded: tests of waiting set times of their own.
    pub(crate) fn config(&self) -> RedisConfig {
        RedisConfig::new(self.url()).with_connect_timeout_ms(20_000).with_command_timeout_ms(20_000)
    }

    pub(crate) fn cache(&self) -> RedisCache {
        RedisCache::new(&self.config()).unwrap()
    }

    /// Stops it from running, as it stands: connections stay open, and new ones are taken by the system.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn start_again(&mut self) {
        self.child = run(&self.directory, &self.options);
        self.wait_until_it_listens().await;
    }

    /// What another client is answered.
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli").arg("-s").arg(self.socket()).args(command).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
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
