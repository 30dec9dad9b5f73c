"""How a session with cheaters ended, party by party."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spdz.adversary.cheats import Cheat, Recording
from spdz.adversary.observer import Released, is_consequence
from spdz.errors import PeerAborted, ProtocolAbort, SpdzError, TransportError, UsageError

OUTPUT_STEP = "output.open"


@dataclass
class PartyEnd:
    """The end of one party. Exactly one of these holds: it returned `output`, it raised `error`, it `hung`."""

    party: int
    output: Any = None
    error: BaseException | None = None
    hung: bool = False
    sent: dict[str, int] = field(default_factory=dict)
    """What left the party: steps in the order of their first message, and how many messages of each."""
    key_destroyed: bool = True
    material_destroyed: bool = True
    links_destroyed: bool = True
    """Whether bits of the key, Deltas, streams and VOLEs were overwritten, too. All three hold from the moment in which
    the first error left the library."""
    remains: tuple[str, ...] = ()
    """Names of what was not overwritten."""
    released: list[Released] = field(default_factory=list)
    """Every value that `reveal` and `reveal_to` gave to the program, whatever came of it later."""
    noticed: BaseException | None = None
    """The first error that left the library, also if the program caught it."""
    by_program: bool = False
    """Whether the party's own program raised the error, and not the library or a cheat."""

    @property
    def found(self) -> BaseException | None:
        """The error with which the library told that something is wrong, else the one with which the party ended."""
        return self.noticed or self.error

    @property
    def fault(self) -> BaseException | None:
        """The error of a corrupted party that is no consequence of a cheat, but a fault of the cheat itself."""
        if self.noticed is not None:
            return None if is_consequence(self.noticed) else self.noticed
        return None if self.by_program or is_consequence(self.error) else self.error

    @property
    def error_type(self) -> str | None:
        """Name of the error's class."""
        return None if self.found is None else type(self.found).__name__

    @property
    def step(self) -> str | None:
        """Where the error showed."""
        return getattr(self.found, "step", None)

    @property
    def round(self) -> int | None:
        """Causal depth at which it showed, where the error says so."""
        return self.found.round if isinstance(self.found, ProtocolAbort) else None

    @property
    def reached_output(self) -> bool:
        """Whether its share of an output had left before the end."""
        return OUTPUT_STEP in self.sent

    @property
    def is_echo(self) -> bool:
        """Whether the error only says that somebody else has gone."""
        return isinstance(self.found, PeerAborted | TransportError)

    @property
    def secrets_destroyed(self) -> bool:
        """Whether nothing secret was left."""
        return self.key_destroyed and self.material_destroyed and self.links_destroyed

    def __str__(self) -> str:
        if self.hung:
            return f"party {self.party}: HANGS"
        if self.found is None:
            return f"party {self.party}: returned a result"
        place = f" at {self.step}" if self.step else ""
        output = ", after its share of an output had left" if self.reached_output else ", before any output"
        secrets = "" if self.secrets_destroyed else "; SECRETS ALIVE"
        return f"party {self.party}: {self.error_type}{place}{output}{secrets}"


@dataclass
class Report:
    """What came of the cheats. `honest` has an entry for every honest party, `corrupted` for the others.

    `dealer` is the end of an honest trusted dealer.
    """

    cheats: tuple[Cheat, ...]
    fired: tuple[int, ...]
    """How many messages each cheat changed (for altered code: how often it ran)."""
    honest: dict[int, PartyEnd]
    corrupted: dict[int, PartyEnd]
    expected: dict[int, Any] | None = None
    """Outputs by party of the same program without a cheat; None if it was not run."""
    recording: Recording = field(default_factory=dict)
    dealer: PartyEnd | None = None
    seconds: float = 0.0
    expected_releases: dict[int, list[Released]] | None = None
    """What `reveal` and `reveal_to` give without a cheat, by party; None if that was not run."""
    foreseen: tuple[bool, ...] = ()
    """For guesses at one bit: whether each is right, so that nothing may come of it."""
    parties: int = 0

    @property
    def happened(self) -> bool:
        """Whether every cheat really took place. If not, the run says nothing about it."""
        return all(count > 0 for count in self.fired)

    @property
    def detected(self) -> bool:
        """Whether an honest party ended with an error of this package."""
        return any(isinstance(end.found, SpdzError) for end in self.honest.values())

    @property
    def hung(self) -> bool:
        """Whether an honest party neither returned nor raised by the deadline."""
        return any(end.hung for end in self.honest.values())

    @property
    def secrets_destroyed(self) -> bool:
        """Whether key, material and links were gone at every honest party when its first error left the library.

        Without an error: when the session had ended.
        """
        return all(end.secrets_destroyed for end in self.honest.values())

    @property
    def wrong_outputs(self) -> dict[int, Any]:
        """Outputs of honest parties that differ from what they are without a cheat.

        Raises UsageError if there was no honest run to compare with.
        """
        if self.expected is None:
            raise UsageError("there was no run without a cheat to compare outputs with: leave honest_first=True")
        returned = {party: end.output for party, end in self.honest.items() if end.found is None and not end.hung}
        return {party: output for party, output in returned.items() if not same(output, self.expected.get(party))}

    @property
    def wrong_releases(self) -> dict[int, list[int]]:
        """Places in `released` of honest parties that differ from the run without a cheat, also before an error.

        Raises UsageError if there was no honest run to compare with.
        """
        if self.expected_releases is None:
            raise UsageError("there was no run without a cheat to compare releases with: leave honest_first=True")
        found = {}
        for party, end in self.honest.items():
            right = self.expected_releases.get(party, [])
            wrong = [
                place
                for place, value in enumerate(end.released)
                if place >= len(right) or not _as_released(value, right[place])
            ]
            if wrong:
                found[party] = wrong
        return found

    @property
    def errors(self) -> dict[int, BaseException]:
        """Errors of the honest parties that ended with one."""
        return {party: end.found for party, end in self.honest.items() if end.found is not None}

    def __str__(self) -> str:
        lines = [
            f"{cheat} {'happened' if count else 'DID NOT HAPPEN' + self._why_not(cheat)}"
            for cheat, count in zip(self.cheats, self.fired, strict=True)
        ]
        return "\n".join([*lines, *(str(end) for end in self.honest.values())])

    def _why_not(self, cheat: Cheat) -> str:
        """A cheat that does not apply says so."""
        end = self.corrupted.get(cheat.by, PartyEnd(cheat.by))
        if cheat.step not in end.sent:
            return f": party {cheat.by} never got to step {cheat.step} in this session"
        return f": party {cheat.by} sent {end.sent[cheat.step]} messages of step {cheat.step}, none of which it fits"


UNSTABLE = object()
"""Stands for a value that is another one in every run, so that nothing can be said of it."""


def _as_released(value: Released, right: Released) -> bool:
    return value.to == right.to and (right.value is UNSTABLE or same(value.value, right.value))


def same(left: Any, right: Any) -> bool:
    """Whether two outputs are equal, also when they are (tuples, lists, dictionaries of) numpy arrays."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return np.array_equal(left, right)
    if isinstance(left, tuple | list) and isinstance(right, tuple | list):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)
