"""What the outcome of a case means: detected, harmless, another input of the cheater, or *undetected*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spdz.adversary.cases import Case
from spdz.adversary.report import PartyEnd, Report, same
from spdz.errors import (
    Desync,
    InternalError,
    MalformedMessage,
    PeerAborted,
    SpdzError,
    TransportError,
)
from spdz.wire.steps import Harmless

DETECTED = "detected"
INPUT_SUBSTITUTION = "input_substitution"
HARMLESS = "harmless"
UNDETECTED = "undetected"
NOT_APPLICABLE = "not_applicable"
"""The cheat did not happen: nothing to reorder with, or an old message that is equal to the new one."""

Judge = Callable[[Mapping[int, Any], int], bool]
"""(outputs of honest parties, number of parties) -> whether they are right for some input of the cheaters."""

_UNREADABLE: tuple[type[SpdzError], ...] = (MalformedMessage, Desync, TransportError, PeerAborted)
_GONE: tuple[type[SpdzError], ...] = (Desync, TransportError, PeerAborted)


@dataclass(frozen=True)
class Verdict:
    """The meaning of one run, and a sentence about it."""

    outcome: str
    reason: str = ""


def judge(case: Case, report: Report, right: Judge) -> Verdict:
    """Compare how a case ended with what its step declares."""
    parties = case.config[1]
    if report.hung:
        return Verdict(UNDETECTED, "an honest party hangs")
    if not report.happened:
        return Verdict(NOT_APPLICABLE, "the cheat did not happen")
    returned = {party: end.output for party, end in report.honest.items() if end.error is None}
    wrong = report.wrong_outputs
    if wrong and not (Harmless.INPUT_SUBSTITUTION in case.expected() and right(returned, parties)):
        return Verdict(UNDETECTED, f"party {min(wrong)} returned a wrong output")
    if report.errors or (report.dealer is not None and report.dealer.error is not None):
        return _judge_errors(case, report)
    if wrong:
        return Verdict(INPUT_SUBSTITUTION)
    if Harmless.NO_EFFECT in case.expected() or case.kind == "reorder":
        return Verdict(HARMLESS)
    return Verdict(UNDETECTED, f"nobody noticed; declared is {_names(case)}")


def _judge_errors(case: Case, report: Report) -> Verdict:
    ends = [*report.honest.values(), *([report.dealer] if report.dealer is not None else [])]
    found = [end for end in ends if end.error is not None]
    declared = tuple(outcome for outcome in case.expected() if isinstance(outcome, type))
    # A corrupted party whose own code finds the cheat says nothing more; others then miss its messages.
    left = any(end.error is not None for end in report.corrupted.values())
    allowed = declared + (PeerAborted,) + (_UNREADABLE if case.category == "bytes" else ()) + (_GONE if left else ())
    for end in found:
        if isinstance(end.error, InternalError) or not isinstance(end.error, SpdzError):
            return Verdict(UNDETECTED, f"party {end.party} ended with {end.error_type}, a fault: {end.error}")
        if not isinstance(end.error, (*allowed, TransportError)):
            return Verdict(UNDETECTED, f"party {end.party} ended with {_end(end)}; declared is {_names(case)}")
    if not any(isinstance(end.error, allowed) for end in found):
        return Verdict(UNDETECTED, f"nobody found out: {'; '.join(_end(end) for end in found)}")
    if not report.secrets_destroyed:
        return Verdict(UNDETECTED, "a key or material survived the abort")
    return Verdict(DETECTED, "; ".join(_end(end) for end in found))


def _end(end: PartyEnd) -> str:
    return f"{end.error_type} at {end.step}" if end.step else str(end.error_type)


def _names(case: Case) -> str:
    return ", ".join(
        outcome.value if isinstance(outcome, Harmless) else outcome.__name__ for outcome in case.expected()
    )


def repeatable(first: Report, second: Report) -> bool:
    """Whether two honest runs gave the same outputs; if not, outputs cannot be judged."""
    return all(same(end.output, second.honest[party].output) for party, end in first.honest.items())
