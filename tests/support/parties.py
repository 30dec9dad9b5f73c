"""Parties in lockstep with seeded randomness, and what a test asks of the way in which they ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.errors import PeerAborted, SpdzError
from spdz.field import Field
from spdz.params import SecurityParams
from spdz.runtime.context import SessionState
from spdz.runtime.lockstep import Interference, Lockstep, Outcome, Protocol
from spdz.runtime.trace import Trace

SESSION_ID = b"a session of the tests, 32 bytes"


def make_sessions(parties: int, field: Field, seed: bytes, session_id: bytes = SESSION_ID) -> list[SessionState]:
    """One session state per party; the parties' randomness is independent and reproducible."""
    return [
        SessionState(
            party, parties, field, SecurityParams(), deterministic_randomness_for_tests(seed, party), session_id
        )
        for party in range(parties)
    ]


@dataclass
class Run:
    """The end of a run, party by party."""

    sessions: list[SessionState]
    outcomes: list[Outcome]

    @property
    def results(self) -> list[Any]:
        """Every party's result; the first error is raised."""
        for outcome in self.outcomes:
            if outcome.error is not None:
                raise outcome.error
        return [outcome.result for outcome in self.outcomes]

    @property
    def rounds(self) -> int:
        """The rounds of the run, which all parties must agree on."""
        (rounds,) = {outcome.rounds for outcome in self.outcomes}
        return rounds

    @property
    def trace(self) -> Trace:
        """What party 0 recorded."""
        return self.outcomes[0].trace


def run(
    sessions: list[SessionState],
    protocol: Protocol | Sequence[Protocol],
    interference: Interference | None = None,
) -> Run:
    """Run one protocol at every party, or `protocol[i]` at party i."""
    protocols = [protocol] * len(sessions) if callable(protocol) else list(protocol)
    return Run(sessions, Lockstep(sessions, interference).run(protocols))


def assert_caught(
    ended: Run,
    error: type[SpdzError],
    step: str,
    *,
    cheater: int,
    everyone_sees: bool = False,
    blamed: int | str | None = "anybody",
) -> None:
    """Every honest party ends with `error` at `step`, or hears of it; nothing is returned; no honest key is alive.

    At least one honest party must have found it itself; all of them with `everyone_sees`.
    """
    honest = [party for party in range(len(ended.sessions)) if party != cheater]
    found = 0
    for party in honest:
        outcome = ended.outcomes[party]
        assert outcome.error is not None, f"party {party} noticed nothing"
        assert outcome.result is None
        assert not ended.sessions[party].domains.alive, f"a MAC key of party {party} survived"
        if type(outcome.error) is PeerAborted and error is not PeerAborted:
            assert not everyone_sees
            assert outcome.error.step == step, repr(outcome.error)
            continue
        assert type(outcome.error) is error, repr(outcome.error)
        assert getattr(outcome.error, "step", None) == step, repr(outcome.error)
        if blamed != "anybody":
            assert getattr(outcome.error, "blamed", None) == blamed
        found += 1
    assert found > 0, "no honest party found the fault itself"


def rounds_of(trace: Trace, step: str) -> list[int]:
    """The rounds in which a step was exchanged, in order; empty if it never was."""
    return [event.round for event in trace.events if event.step == step]


def steps_in_order(trace: Trace) -> list[str]:
    """The names of the exchanged steps by round."""
    return [event.step for event in sorted(trace.events, key=lambda event: event.round)]
