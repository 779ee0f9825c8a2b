"""Starts the model on loopback and Redis, measures Lore and the peers one after the other, and prints one table."""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator

import table

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = {"LiteLLM": "peer_litellm.py", "LangChain": "peer_langchain.py", "TensorZero": "peer_tensorzero.py"}
# No peer may report to anybody, or look for anything, beyond this machine.
OFFLINE = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "NO_PROXY": "127.0.0.1",
    "RUST_LOG": "warn",
    "TENSORZERO_DISABLE_PSEUDONYMOUS_USAGE_ANALYTICS": "1",
}
PEER_SECONDS = 600


def surroundings() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, **OFFLINE}


@contextlib.contextmanager
def running(command: list[str], **options: object) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(command, env=surroundings(), text=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def upstream(bench: str) -> Iterator[str]:
    """The base URL of the model on loopback."""
    with running([bench, "--upstream"], stdout=subprocess.PIPE) as process:
        base_url = process.stdout.readline().strip()
        if not base_url:
            sys.exit(f"{bench} --upstream says nothing")
        yield base_url


@contextlib.contextmanager
def redis(directory: str) -> Iterator[int | None]:
    """The port of an empty Redis or Valkey, or nothing if neither is installed."""
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory]
    with running([program, *options], stdout=subprocess.DEVNULL):
        for _ in range(250):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.02)
        else:
            sys.exit(f"{program} does not answer")
        yield port


def of_peer(script: str, base_url: str, port: int | None, trace: str, directory: str) -> dict:
    """Its figures, or why there are none."""
    file = pathlib.Path(directory, script).with_suffix(".json")
    command = [sys.executable, str(HERE / script), "--base-url", base_url, "--trace", trace, "--json", str(file)]
    if port is not None:
        command += ["--redis-port", str(port)]
    try:
        done = subprocess.run(
            command, env=surroundings(), stdout=sys.stderr, stderr=subprocess.PIPE, text=True, timeout=PEER_SECONDS
        )
    except subprocess.TimeoutExpired:
        return {"missing": f"not done after {PEER_SECONDS} s"}
    if done.returncode == 0 and file.exists():
        return json.loads(file.read_text())
    print(done.stderr, file=sys.stderr)
    last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return {"missing": f"not installed: {last}" if "ModuleNotFoundError" in last else last}


def of_lore(bench: str, directory: str) -> dict[str, float]:
    file = pathlib.Path(directory, "lore.json")
    subprocess.run([bench, "--json", str(file)], stdout=sys.stderr, check=True)
    return json.loads(file.read_text())


def exact_matches(trace: str) -> float:
    """Hit rate of the workload in a cache without bounds that compares requests byte by byte, in percent."""
    lines = pathlib.Path(trace).read_text(encoding="utf-8").splitlines()
    return 100 * (1 - len(set(lines)) / len(lines))


def lore_version() -> str:
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def main() -> None:
    arguments = argparse.ArgumentParser(prog="benches/peers/run")
    arguments.add_argument("--bench", required=True, help=argparse.SUPPRESS)
    arguments.add_argument("--json", default=str(ROOT / "target/peers/figures.json"), metavar="FILE")
    given = arguments.parse_args()
    began = time.monotonic()
    found: dict[str, object] = {"load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as directory:
        trace = str(pathlib.Path(directory, "trace.jsonl"))
        subprocess.run([given.bench, "--trace", trace], check=True)
        found["exact_hit_rate"] = exact_matches(trace)
        found["lore"] = {"version": lore_version(), **of_lore(given.bench, directory)}
        with upstream(given.bench) as base_url, redis(directory) as port:
            found["peers"] = {}
            for name, script in PEERS.items():
                print(f"{name} …", file=sys.stderr)
                found["peers"][name] = of_peer(script, base_url, port, trace, directory)
    found["load_after"] = os.getloadavg()[0]
    found["seconds"] = time.monotonic() - began
    pathlib.Path(given.json).write_text(json.dumps(found, indent=2) + "\n")
    print(table.of(found))


main()
