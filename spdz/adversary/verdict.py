"""What the outcome of a case means: detected, harmless, another input of the cheater, or *undetected*."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
NOT_JUDGED = "not_judged"
"""Another program than the suite's: something changed as it may, and nobody knows what would be right."""
FAILED = "failed"
"""The cheat, or the judge, failed by itself: the case shows nothing, and should."""
NOT_APPLICABLE = "not_applicable"
"""The cheat did not happen: nothing to reorder with, or an old message that is equal to the new one."""

Judge = Callable[[Report], bool | None]
"""Whether what honest parties were given is right for some input of the cheaters; None if that cannot be known."""

_UNREADABLE: tuple[type[SpdzError], ...] = (MalformedMessage, Desync, TransportError)
_GONE: tuple[type[SpdzError], ...] = (Desync, TransportError)


@dataclass(frozen=True)
class Verdict:
    """The meaning of one run, and a sentence about it."""

    outcome: str
    reason: str = ""
    foreseen: bool | None = None
    """For a guess at one bit: whether it was right."""


def judge(case: Case, report: Report, right: Judge) -> Verdict:
    """Compare how a case ended with what its step declares."""
    if report.hung:
        return Verdict(UNDETECTED, "an honest party hangs")
    given = _what_was_given(case, report, right)
    if given.outcome == UNDETECTED:
        return given
    if not report.happened:
        return Verdict(NOT_APPLICABLE, "the cheat did not happen")
    if not report.secrets_destroyed:
        return Verdict(UNDETECTED, f"after the end there still was {_remains(report)}")
    if given.outcome == NOT_JUDGED:
        return given
    found = bool(report.errors) or (report.dealer is not None and report.dealer.error is not None)
    verdict = _judge_errors(case, report) if found else _without_errors(case, given)
    return _as_foreseen(verdict, report) if report.foreseen else verdict


def _what_was_given(case: Case, report: Report, right: Judge) -> Verdict:
    """Every value that an honest party was given, whether it found something afterwards or not."""
    wrong = sorted({*report.wrong_outputs, *report.wrong_releases})
    if not wrong:
        return Verdict(HARMLESS)
    said = right(report) if Harmless.INPUT_SUBSTITUTION in case.expected() else False
    if said is None:
        return Verdict(NOT_JUDGED, f"what party {wrong[0]} was given changed; nothing tells whether it is right")
    return Verdict(INPUT_SUBSTITUTION) if said else Verdict(UNDETECTED, f"party {wrong[0]} was given a wrong value")


def _without_errors(case: Case, given: Verdict) -> Verdict:
    if given.outcome == INPUT_SUBSTITUTION:
        return given
    if Harmless.NO_EFFECT in case.expected() or case.kind == "reorder":
        return Verdict(HARMLESS)
    return Verdict(UNDETECTED, f"nobody noticed; declared is {_names(case)}")


def _judge_errors(case: Case, report: Report) -> Verdict:
    ends = [*report.honest.values(), *([report.dealer] if report.dealer is not None else [])]
    found = [end for end in ends if end.found is not None]
    declared = tuple(outcome for outcome in case.expected() if isinstance(outcome, type))
    unreadable = _UNREADABLE if case.category == "bytes" else ()
    # A corrupted party whose own code finds the cheat says nothing more; others then miss its messages. `run` has made
    # sure that it ended by its cheat and not by a fault.
    left = any(end.found is not None for end in report.corrupted.values())
    allowed = (*declared, *unreadable, PeerAborted, TransportError, *(_GONE if left else ()))
    for end in found:
        if isinstance(end.found, InternalError) or not isinstance(end.found, SpdzError):
            return Verdict(UNDETECTED, f"party {end.party} ended with {end.error_type}, a fault: {end.found}")
        if not isinstance(end.found, allowed):
            return Verdict(UNDETECTED, f"party {end.party} ended with {_end(end)}; declared is {_names(case)}")
    # Somebody honest must have found out by itself; that others have gone is no finding.
    if not any(isinstance(end.found, declared + unreadable) for end in found):
        return Verdict(UNDETECTED, f"nobody found out: {'; '.join(_end(end) for end in found)}")
    early = case.found_before()
    late = [end.party for end in report.honest.values() if early is not None and early in end.sent]
    if late:
        return Verdict(UNDETECTED, f"party {late[0]} had sent {early} already; it must be found before")
    return Verdict(DETECTED, "; ".join(_end(end) for end in found))


def _as_foreseen(verdict: Verdict, report: Report) -> Verdict:
    """A guess that is right must go through, and one that is wrong must be found."""
    right = all(report.foreseen)
    if verdict.outcome not in (DETECTED, HARMLESS) or (verdict.outcome == HARMLESS) == right:
        return Verdict(verdict.outcome, verdict.reason, right)
    return Verdict(
        UNDETECTED, f"the guess was {'right' if right else 'wrong'}, but the case is {verdict.outcome}", right
    )


def _remains(report: Report) -> str:
    for end in report.honest.values():
        for gone, what in ((end.key_destroyed, "the key"), (end.material_destroyed, "material")):
            if not gone:
                return f"{what} of party {end.party}"
        if not end.links_destroyed:
            return f"{', '.join(end.remains) or 'a link'} of party {end.party}"
    return "nothing"


def _end(end: PartyEnd) -> str:
    return f"{end.error_type} at {end.step}" if end.step else str(end.error_type)


def _names(case: Case) -> str:
    return ", ".join(
        outcome.value if isinstance(outcome, Harmless) else outcome.__name__ for outcome in case.expected()
    )


def repeatable(first: Report, second: Report) -> bool:
    """Whether two honest runs gave the same outputs; if not, outputs cannot be judged."""
    return all(same(end.output, second.honest[party].output) for party, end in first.honest.items())
