"""The table of what was measured, in Markdown."""

from collections.abc import Callable

NOTHING = "–"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def micros(value: float | None, lore: float | None) -> str:
    """A time of a peer, and how many times Lore's it is."""
    if value is None:
        return NOTHING
    times = f" ({number(value / lore)}×)" if lore else ""
    return f"{number(value)} µs{times}"


def percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f} %"


def found_edits(peer: dict) -> str:
    if "edits" not in peer:
        return NOTHING
    names = [name for name, is_hit in peer["edits"].items() if is_hit]
    return f"{len(names)} of {len(peer['edits'])}" + (f" ({', '.join(names)})" if names else "")


def limited_calls(peer: dict) -> str:
    if "fallback" not in peer:
        return NOTHING
    return f"{peer['fallback']['limited_calls']} of {peer['fallback']['rounds']}"


def of(found: dict) -> str:
    lore, peers = found["lore"], found["peers"]
    present = {name: peer for name, peer in peers.items() if "missing" not in peer}
    rows: list[list[str]] = []

    def row(title: str, own: str, cell: Callable[[dict], str]) -> None:
        rows.append([title, own, *(cell(peer) for peer in present.values())])

    def times(title: str, own: str, figure: str) -> None:
        for part in ("p50", "p99"):
            mine = lore.get(f"{own}_{part}")
            row(f"{title}, {part}", micros(mine, None), lambda peer: micros(peer.get(figure, {}).get(part), mine))

    def calls(value: float | None) -> str:
        return NOTHING if value is None else f"{value:,.0f}"

    times("hit in this process, 200 B", "hit__200_B", "hit_memory")
    mine = {part: lore.get(f"hit__21_KB_{part}") for part in ("p50", "p99")}
    for part in ("p50", "p99"):
        row(
            f"hit in this process, 21 KB, {part}",
            micros(mine[part], None),
            lambda peer: micros(peer["hit_large"][part], mine[part]) if peer.get("cache") == "memory" else NOTHING,
        )
    times("hit in Redis, 200 B", "hit_in_Redis", "hit_redis")
    row(
        "processor time of a hit, 200 B",
        NOTHING,
        lambda peer: micros(peer.get("hit_memory", peer.get("hit_redis", {})).get("processor"), None),
    )
    times("fresh answer", "fresh_answer__log_in_memory", "fresh")
    row("calls for 100 equal requests at once", NOTHING, lambda peer: calls(peer.get("same_100")))
    row(
        "calls for 1,000 equal requests at once",
        calls(lore.get("calls_for_1_000_equal_requests_at_once")),
        lambda peer: calls(peer.get("same_1000")),
    )
    edits = lore.get("edits_that_mean_nothing_and_hit")
    row("edits that mean nothing and hit", NOTHING if edits is None else f"{edits:.0f} of 5", found_edits)
    limited = lore.get("calls_to_the_model_that_said_429")
    row("calls to a model that says 429", NOTHING if limited is None else f"{limited:.3g} of 4", limited_calls)
    times("429, then the next model", "429__then_fallback", "fallback")
    row("hit rate of the workload", percent(lore.get("hit_rate__seed_1")), lambda peer: percent(peer.get("hit_rate")))

    heads = ["", f"Lore {lore['version']}", *(f"{name} {peer['version']}" for name, peer in present.items())]
    lines = [heads, ["---"] * len(heads), *rows]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    text += f"\n\nThe workload through a cache without bounds that compares byte by byte: {percent(found['exact_hit_rate'])}."
    for name, peer in peers.items():
        if "missing" in peer:
            text += f"\n{name}: {peer['missing']}."
        for kind in ("memory", "redis"):
            if f"no_{kind}" in peer:
                text += f"\n{name}, cache in {kind}: {peer[f'no_{kind}']}."
    text += f"\n{found['seconds']:.0f} s; load {found['load_before']:.1f} before, {found['load_after']:.1f} after."
    return text
