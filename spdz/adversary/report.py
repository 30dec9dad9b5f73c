"""How a session with cheaters ended, party by party."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spdz.adversary.cheats import Cheat, Recording
from spdz.errors import PeerAborted, ProtocolAbort, SpdzError, TransportError

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

    @property
    def error_type(self) -> str | None:
        """Name of the error's class."""
        return None if self.error is None else type(self.error).__name__

    @property
    def step(self) -> str | None:
        """Where the error showed."""
        return getattr(self.error, "step", None)

    @property
    def round(self) -> int | None:
        """Causal depth at which it showed, where the error says so."""
        return self.error.round if isinstance(self.error, ProtocolAbort) else None

    @property
    def reached_output(self) -> bool:
        """Whether its share of an output had left before the end."""
        return OUTPUT_STEP in self.sent

    @property
    def is_echo(self) -> bool:
        """Whether the error only says that somebody else has gone."""
        return isinstance(self.error, PeerAborted | TransportError)

    def __str__(self) -> str:
        if self.hung:
            return f"party {self.party}: HANGS"
        if self.error is None:
            return f"party {self.party}: returned a result"
        place = f" at {self.step}" if self.step else ""
        output = ", after its share of an output had left" if self.reached_output else ", before any output"
        secrets = "" if self.key_destroyed and self.material_destroyed else "; KEY OR MATERIAL ALIVE"
        return f"party {self.party}: {self.error_type}{place}{output}{secrets}"


@dataclass
class Report:
    """What came of the cheats. `honest` has an entry for every honest party, `corrupted` for the others.

    `dealer` is the end of an honest trusted dealer, `elements` the steps whose payloads are field elements.
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
    elements: frozenset[str] = frozenset()
    seconds: float = 0.0

    @property
    def happened(self) -> bool:
        """Whether every cheat really took place. If not, the run says nothing about it."""
        return all(count > 0 for count in self.fired)

    @property
    def detected(self) -> bool:
        """Whether an honest party ended with an error of this package."""
        return any(isinstance(end.error, SpdzError) for end in self.honest.values())

    @property
    def hung(self) -> bool:
        """Whether an honest party neither returned nor raised by the deadline."""
        return any(end.hung for end in self.honest.values())

    @property
    def secrets_destroyed(self) -> bool:
        """Whether keys and material are gone at every honest party that has ended."""
        return all(end.key_destroyed and end.material_destroyed for end in self.honest.values())

    @property
    def wrong_outputs(self) -> dict[int, Any]:
        """Outputs of honest parties that differ from what they are without a cheat."""
        if self.expected is None:
            return {}
        returned = {party: end.output for party, end in self.honest.items() if end.error is None and not end.hung}
        return {party: output for party, output in returned.items() if not same(output, self.expected.get(party))}

    @property
    def errors(self) -> dict[int, BaseException]:
        """Errors of the honest parties that ended with one."""
        return {party: end.error for party, end in self.honest.items() if end.error is not None}

    def __str__(self) -> str:
        lines = [
            f"{cheat} {'happened' if count else 'DID NOT HAPPEN'}"
            for cheat, count in zip(self.cheats, self.fired, strict=True)
        ]
        return "\n".join([*lines, *(str(end) for end in self.honest.values())])


def same(left: Any, right: Any) -> bool:
    """Whether two outputs are equal, also when they are (tuples, lists, dictionaries of) numpy arrays."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return np.array_equal(left, right)
    if isinstance(left, tuple | list) and isinstance(right, tuple | list):
        return len(left) == len(right) and all(same(one, other) for one, other in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)
