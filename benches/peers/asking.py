"""What every peer is asked, and how it is measured. The same for all."""

import argparse
import asyncio
import json
import os
import time
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

Messages = list[dict[str, str]]
# Names and values, in the order in which they are given.
Arguments = list[tuple[str, float]]

SYSTEM = "Suggest four titles of two to six words as JSON."
LINE = "A harbour in winter, seen from the old signal house; copper light on quiet water.\n"
USUAL: Arguments = [("max_tokens", 300), ("temperature", 0)]


@dataclass
class Setting:
    """Where the peer finds the model, and Redis if there is one."""

    base_url: str
    redis_port: int | None
    trace: str

    def calls(self, model: str | None = None) -> int:
        """How many calls the model (or all of them) has seen, as the model itself says."""
        with urllib.request.urlopen(self.base_url.removesuffix("/v1") + "/counts", timeout=10) as answer:
            counts = json.load(answer)
        return counts[model] if model else sum(counts.values())


class Peer(Protocol):
    """A library that answers out of its cache or asks a model."""

    async def open(self, setting: Setting) -> None: ...

    def version(self) -> str: ...

    def cache(self, kind: str | None) -> None:
        """From now on an empty cache in "memory" or in "redis", or none; LookupError if it has no such cache."""

    async def ask(self, model: str, messages: Messages, arguments: Arguments) -> object: ...

    async def ask_with_fallback(self, messages: Messages) -> object:
        """Asks the model `limited` first, then `second`."""


def question(size: int, number: int) -> Messages:
    text = (f"{number} " + LINE * (size // len(LINE) + 1))[:size]
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]


def said(text: str) -> Messages:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]


# A request, and the same with an edit that means nothing.
EDITS: dict[str, tuple[tuple[Messages, Arguments], tuple[Messages, Arguments]]] = {
    "trailing space": ((said("Caf\u00e9\nNoir"), []), (said("Caf\u00e9\nNoir "), [])),
    "line ends": ((said("Caf\u00e9\nNoir"), []), (said("Caf\u00e9\r\nNoir"), [])),
    "Unicode form": ((said("Caf\u00e9\nNoir"), []), (said("Cafe\u0301\nNoir"), [])),
    "explicit default": ((said("Caf\u00e9\nNoir"), []), (said("Caf\u00e9\nNoir"), [("temperature", 1)])),
    "order of arguments": ((said("Caf\u00e9\nNoir"), USUAL), (said("Caf\u00e9\nNoir"), USUAL[::-1])),
}


def percentiles(times: list[int]) -> dict[str, float]:
    """In microseconds, of nanoseconds."""
    times = sorted(times)
    return {f"p{part}": times[min(len(times) * part // 100, len(times) - 1)] / 1_000 for part in (50, 99)}


async def timed(rounds: int, call: Callable[[int], Awaitable[object]]) -> dict[str, float]:
    times = []
    for number in range(rounds):
        start = time.perf_counter_ns()
        await call(number)
        times.append(time.perf_counter_ns() - start)
    return percentiles(times)


async def hits(peer: Peer, setting: Setting, size: int, rounds: int) -> dict[str, float]:
    async def call(_: int) -> None:
        await peer.ask("first", question(size, 0), USUAL)

    await timed(50, call)
    # Some caches are written behind the caller's back.
    await asyncio.sleep(0.2)
    before = setting.calls()
    processor = time.process_time_ns()
    found = await timed(rounds, call)
    # What a library does after it has answered is paid for all the same.
    await asyncio.sleep(1)
    found["processor"] = (time.process_time_ns() - processor) / rounds / 1_000
    if setting.calls() != before:
        raise RuntimeError("the model was asked where the cache should have answered")
    return found


async def fresh(peer: Peer, setting: Setting, rounds: int) -> dict[str, float]:
    peer.cache(None)
    await timed(20, lambda number: peer.ask("first", question(200, 1_000_000 + number), USUAL))
    before = setting.calls("first")
    found = await timed(rounds, lambda number: peer.ask("first", question(200, number), USUAL))
    if setting.calls("first") - before != rounds:
        raise RuntimeError("a fresh answer is one call")
    return found


async def at_once(peer: Peer, setting: Setting, kind: str, callers: int) -> int:
    """Calls that equal requests make, while the model takes 200 ms for each."""
    peer.cache(kind)
    before = setting.calls("slow")
    # A text of its own: the cache of some peers cannot be emptied.
    messages = question(200, 2_000_000 + callers)
    await asyncio.gather(*(peer.ask("slow", messages, USUAL) for _ in range(callers)))
    return setting.calls("slow") - before


async def edits(peer: Peer, setting: Setting, kind: str) -> dict[str, bool]:
    peer.cache(kind)
    found = {}
    for name, (plain, edited) in EDITS.items():
        await peer.ask("first", *plain)
        await asyncio.sleep(0.2)
        before = setting.calls()
        await peer.ask("first", *edited)
        await asyncio.sleep(0.2)
        found[name] = setting.calls() == before
    return found


async def fallback(peer: Peer, setting: Setting, rounds: int) -> dict[str, float]:
    peer.cache(None)
    before = setting.calls("limited")
    found = await timed(rounds, lambda number: peer.ask_with_fallback(question(200, number)))
    return {**found, "rounds": rounds, "limited_calls": setting.calls("limited") - before}


async def replay(peer: Peer, setting: Setting, kind: str) -> float:
    """Hit rate of the workload, in percent."""
    peer.cache(kind)
    with open(setting.trace, encoding="utf-8") as lines:
        requests = [json.loads(line) for line in lines]
    before = setting.calls()
    for messages in requests:
        await peer.ask("first", messages, USUAL)
    return 100 * (1 - (setting.calls() - before) / len(requests))


async def measure(peer: Peer, setting: Setting) -> dict[str, object]:
    await peer.open(setting)
    figures: dict[str, object] = {"version": peer.version()}
    figures["fresh"] = await fresh(peer, setting, 500)
    figures["fallback"] = await fallback(peer, setting, 100)
    kinds = []
    for kind in ("memory", "redis"):
        try:
            peer.cache(kind)
        except LookupError as missing:
            figures[f"no_{kind}"] = str(missing)
            continue
        kinds.append(kind)
        figures[f"hit_{kind}"] = await hits(peer, setting, 200, 1_000)
    if kinds:
        kind = kinds[0]
        figures["cache"] = kind
        peer.cache(kind)
        figures["hit_large"] = await hits(peer, setting, 21_000, 500)
        figures["same_100"] = await at_once(peer, setting, kind, 100)
        figures["same_1000"] = await at_once(peer, setting, kind, 1_000)
        figures["edits"] = await edits(peer, setting, kind)
        figures["hit_rate"] = await replay(peer, setting, kind)
    return figures


def main(peer: Peer) -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--base-url", required=True)
    arguments.add_argument("--redis-port", type=int)
    arguments.add_argument("--trace", required=True)
    arguments.add_argument("--json", required=True)
    given = arguments.parse_args()
    setting = Setting(given.base_url, given.redis_port, given.trace)
    figures = asyncio.run(measure(peer, setting))
    with open(given.json, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=2)
    # Threads of the libraries may still wait for something.
    os._exit(0)
