"""Reads what cargo says of a build, and prints the path of the bench `ai_cache`."""

import json
import sys

for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == "ai_cache":
        print(message["executable"])
