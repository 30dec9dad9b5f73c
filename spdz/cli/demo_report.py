"""What `spdz demo` prints."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spdz.examples.breast_cancer import Aggregates, report
from spdz.preprocessing.generators import generator_named

_WIDTH = 100


@dataclass(frozen=True)
class Outcome:
    """One run of the demonstration, and how it compares with the plain computation."""

    parties: int
    field: str
    preprocessing: str
    transport: str
    revealed: Aggregates
    max_difference: int
    """Between any revealed integer, at any party, and the same computed in the clear."""
    accuracy: float
    plain_accuracy: float
    rounds: int
    bytes_sent: Sequence[int]
    material: Mapping[str, int]
    seconds: dict[str, float]


def as_json(outcome: Outcome) -> str:
    """One JSON object."""
    return json.dumps(
        {
            "parties": outcome.parties,
            "field": outcome.field,
            "preprocessing": outcome.preprocessing,
            "transport": outcome.transport,
            "max_difference": outcome.max_difference,
            "accuracy": round(outcome.accuracy, 6),
            "rounds": outcome.rounds,
            "bytes_sent": list(outcome.bytes_sent),
            "material": dict(outcome.material),
            "seconds": {phase: round(value, 3) for phase, value in outcome.seconds.items()},
        }
    )


def as_text(outcome: Outcome) -> str:
    """For people."""
    parts = (_parties(outcome), _revealed(outcome), _comparison(outcome), _cost(outcome))
    return "\n\n".join("\n".join(part) for part in parts)


def _parties(outcome: Outcome) -> Iterator[str]:
    yield "WHO HELD WHAT  Wisconsin breast-cancer table, split by columns; one process for each party"
    for party, names in enumerate(outcome.revealed.held):
        text = f"party {party}: {outcome.revealed.rows} rows of {', '.join(names)}"
        yield from textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
    yield ""
    yield from textwrap.wrap("SECURITY  " + _security(outcome), _WIDTH, subsequent_indent="  ")


def _security(outcome: Outcome) -> str:
    everybody = f"{outcome.transport}, mutually authenticated; abort, not fairness"
    trust = generator_named(outcome.preprocessing).trust
    return f"malicious parties, all but one may cheat; {outcome.preprocessing} preprocessing ({trust}); {everybody}"


def _revealed(outcome: Outcome) -> Iterator[str]:
    columns = len(outcome.revealed.names)
    yield (
        f"REVEALED  {columns * (columns + 1) // 2} sums of products of two columns and {columns} column sums, integers "
        f"in {outcome.field}, and nothing else. From them:"
    )
    yield from (f"  {line}" for line in report(outcome.revealed).splitlines())


def _comparison(outcome: Outcome) -> Iterator[str]:
    rows = outcome.revealed.rows
    yield "COMPARED  by this process, from the whole table, outside of the protocol"
    for name, accuracy in (("from the revealed sums", outcome.accuracy), ("in the clear", outcome.plain_accuracy)):
        yield (
            f"  accuracy of the least-squares classifier {name + ':':24} {100 * accuracy:.2f} % "
            f"({round(accuracy * rows)} of {rows}, the rows that it was fitted to)"
        )
    verdict = "all equal" if outcome.max_difference == 0 else "WRONG: the protocol gave other numbers"
    yield f"  largest difference of a revealed integer to the plain one: {outcome.max_difference} ({verdict})"


def _cost(outcome: Outcome) -> Iterator[str]:
    yield f"COST  {outcome.parties} parties, {outcome.field}, {outcome.preprocessing}, {outcome.transport}"
    yield f"  rounds           {outcome.rounds}"
    for party, count in enumerate(outcome.bytes_sent):
        yield f"  party {party} sent     {count:,} bytes"
    for kind, count in outcome.material.items():
        yield f"  material         {count:,} {kind}"
    for phase, value in outcome.seconds.items():
        yield f"  {phase:16} {value:.2f} s"
