"""The table of a profile: what each stage took, and what this machine's building blocks would need for its bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spdz.measuring.stages import BOUNDS, OTHER, WAITING

Row = dict[str, Any]

MOST_FUNCTIONS = 15

BOUND_NAMES = {
    "aes_ctr": "AES-CTR",
    "aes_ecb": "AES-ECB",
    "gmac": "GMAC",
    "memory": "memory",
    "tls_send": "TLS on loopback",
    "tls_receive": "TLS on loopback",
}


def rows_of(
    stages: Mapping[str, Mapping[str, float]], seconds: float, count: int, speeds: Mapping[str, float]
) -> list[Row]:
    """A row for each stage, the longest first; then waiting, and what no stage covers. Times are for one of `count`."""
    rows = []
    for stage, tally in stages.items():
        bound = BOUNDS.get(stage)
        least = tally["work_bytes"] / speeds[bound] if bound is not None else None
        rows.append(
            {
                "stage": stage,
                "nanoseconds": tally["seconds"] / count * 1e9,
                "share": tally["seconds"] / seconds,
                "helper_nanoseconds": tally["helper_seconds"] / count * 1e9,
                "calls": int(tally["calls"]),
                "bytes": tally["work_bytes"] / count,
                "lower_bound_nanoseconds": None if least is None else least / count * 1e9,
                "bound_by": None if bound is None else BOUND_NAMES[bound],
            }
        )
    rest = seconds - sum(tally["seconds"] for tally in stages.values())
    rows.append(
        {
            "stage": OTHER,
            "nanoseconds": rest / count * 1e9,
            "share": rest / seconds,
            "helper_nanoseconds": 0.0,
            "calls": 0,
            "bytes": 0.0,
            "lower_bound_nanoseconds": None,
            "bound_by": None,
        }
    )
    return sorted(rows, key=lambda row: (row["stage"] == OTHER, row["stage"] == WAITING, -row["nanoseconds"]))


def functions_of(functions: Sequence[Mapping[str, Any]], count: int) -> list[Row]:
    """The functions that took most time by themselves, with the nanoseconds for one of `count`."""
    longest = sorted(functions, key=lambda one: -one["seconds"] - one["helper_seconds"])[:MOST_FUNCTIONS]
    return [
        {
            "function": one["function"],
            "stage": one["stage"],
            "nanoseconds": (one["seconds"] + one["helper_seconds"]) / count * 1e9,
            "calls": one["calls"],
        }
        for one in longest
        if one["calls"]
    ]


def function_table(rows: Sequence[Row]) -> list[str]:
    """Those rows as lines of text."""
    width = max((len(row["function"]) for row in rows), default=0)
    return [
        f"{row['function']:<{width}} {row['nanoseconds']:>10,.0f} ns {row['calls']:>9,} calls  ({row['stage']})"
        for row in rows
    ]


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as lines of text."""
    threaded = any(row["helper_nanoseconds"] for row in rows)
    beside = f" {'in helpers':>10}" if threaded else ""
    lines = [f"{'stage':<30} {'ns':>10} {'% of wall':>10}{beside} {'bytes':>10} {'calls':>9}   at least ns"]
    for row in rows:
        least = row["lower_bound_nanoseconds"]
        bound = "" if least is None else f"{least:>10,.0f} ({row['bound_by']})"
        beside = f" {row['helper_nanoseconds']:>10,.0f}" if threaded else ""
        lines.append(
            f"{row['stage']:<30} {row['nanoseconds']:>10,.0f} {100 * row['share']:>9.1f}%{beside} "
            f"{row['bytes']:>10,.0f} {row['calls']:>9,} {bound}"
        )
    lines.append(f"{'all stages':<30} {sum(row['nanoseconds'] for row in rows):>10,.0f}")
    return lines
