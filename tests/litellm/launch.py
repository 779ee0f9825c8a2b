"""Runs LiteLLM's proxy until the standard input closes, which it does when the tests end, however they end."""

import os
import sys
import threading


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()

# Prices come with the package; nothing is fetched.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from litellm.proxy.proxy_cli import run_server  # noqa: E402

run_server(["--config", sys.argv[1], "--host", "127.0.0.1", "--port", "0", "--telemetry", "False"])
