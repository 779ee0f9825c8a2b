//! Starts LiteLLM's proxy of `tests/litellm`, once for all tests of this binary, and the local endpoint behind it.

use std::{
    env, future,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use lore_ai_testbed::{Reply, Server};

pub(crate) const KEY: &str = "sk-lore-tests-4d5e6f7a";

struct Running {
    base_url: String,
    /// Holds the proxy's standard input: when this process ends, however it ends, the proxy stops.
    _child: Child,
}

static PROXY: OnceLock<Running> = OnceLock::new();

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn python() -> PathBuf {
    root().join("target/litellm/bin/python")
}

/// Why the proxy cannot be started here, if it cannot. Panics instead where it is required.
pub(crate) fn missing() -> Option<String> {
    // Written when all of it is installed.
    if root().join("target/litellm/requirements.txt").is_file() {
        return None;
    }
    let why = "LiteLLM is not installed; run `cargo xtask setup`";
    assert!(env::var_os("LORE_REQUIRE_LITELLM").is_none_or(|value| value != "1"), "{why}");
    Some(why.to_owned())
}

/// Address of the proxy. Starts it if it is not running yet.
pub(crate) fn base_url() -> &'static str {
    &PROXY.get_or_init(start).base_url
}

/// The endpoint that the proxy's models `upstream/…` ask, with a runtime of its own: it outlives every test.
fn upstream() -> String {
    let (sender, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::start().await;
            script(&server);
            sender.send(server.base_url()).unwrap();
            future::pending::<()>().await;
        });
    });
    address.recv().unwrap()
}

fn script(server: &Server) {
    let word = "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"halting\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"The sky \"}}]}\n\n";
    let failure = "data: {\"error\":{\"code\":502,\"message\":\"the host is gone\"}}\n\n";
    server
        .model("steady", [Reply::text("Blue, as ever.").usage(21, 5).cost("0.00042")])
        .model("limited", [Reply::error(429, "slower").header("retry-after", "17")])
        .model("busy", [Reply::error(503, "busy")])
        .model("unpaid", [Reply::error(402, "pay")])
        .model("cut", [Reply::dropped()])
        .model("short", [Reply::text("The sky").finish("length")])
        .model("halting", [Reply::events([word, failure])]);
}

#[expect(clippy::zombie_processes, reason = "the proxy ends with the test process, when its input closes")]
fn start() -> Running {
    let directory = root().join("tests/litellm");
    let mut child = Command::new(python())
        .arg(directory.join("launch.py"))
        .arg(directory.join("config.yaml"))
        .env("LORE_TEST_UPSTREAM", upstream())
        .env("LORE_TEST_KEY", KEY)
        .env("PYTHONUNBUFFERED", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python starts");
    let (sender, lines) = mpsc::channel();
    let output = BufReader::new(child.stderr.take().unwrap());
    // Read to the end, or the proxy would wait for somebody to read what it logs.
    thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    let mut log = Vec::new();
    // Its first start compiles 100 MB of Python.
    while let Ok(line) = lines.recv_timeout(Duration::from_secs(120)) {
        if let Some((_, rest)) = line.split_once("running on ") {
            let base_url = format!("{}/v1", rest.split_whitespace().next().unwrap());
            return Running { base_url, _child: child };
        }
        log.push(line);
    }
    panic!("the proxy did not start:\n{}", log.join("\n"));
}
