"""What a coalition sees, and the numbers that are made of it for the tests of independence.

A view holds, for each of many repetitions, single field elements: those received from honest parties, and those that
the coalition knows besides (its own shares summed up, its MACs, public coins). From them come the statistics: every
received element, sums and differences of two of them, and of one of them and something known, and for big samples the
joint distribution of two received elements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from spdz.field import M5, FieldArray
from spdz.runtime.lockstep import Message
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, all_steps

from .statistics import Samples

P = M5.modulus
JOINT_SAMPLES = 5 * P * P
"""From so many repetitions on, two received elements are tested jointly, in P^2 cells."""


@dataclass(frozen=True)
class Scenario:
    """Who is corrupted, which of the honest inputs is used, how often, and from which seed."""

    parties: int
    coalition: tuple[int, ...]
    secret: int
    """A value that the honest inputs are made of; the coalition must not be able to tell one from another."""
    repetitions: int
    seed: bytes

    @property
    def honest(self) -> tuple[int, ...]:
        return tuple(party for party in range(self.parties) if party not in self.coalition)


@dataclass
class View:
    """Samples by name, all of one length; `known` is the coalition's own."""

    received: dict[str, Samples] = field(default_factory=dict)
    known: dict[str, Samples] = field(default_factory=dict)


Experiment = Callable[[Scenario], View]


def coalitions(parties: int) -> list[tuple[int, ...]]:
    """All sets of one to n - 1 parties."""
    return [chosen for size in range(1, parties) for chosen in combinations(range(parties), size)]


def statistics_of(view: View) -> dict[str, Samples]:
    """Everything that is tested, by name."""
    result = dict(view.received)
    for (first, a), (second, b) in combinations(view.received.items(), 2):
        result[f"{first} + {second}"] = (a + b) % P
        result[f"{first} - {second}"] = (a - b) % P
        if len(a) >= JOINT_SAMPLES:
            result[f"({first}, {second})"] = a * (P + 1) + b
    for first, a in view.received.items():
        for second, b in view.known.items():
            result[f"{first} + {second}"] = (a + b) % P
            result[f"{first} - {second}"] = (a - b) % P
    return result


def joined(views: Sequence[View]) -> View:
    """Views of the same kind, one after the other."""
    first = views[0]
    return View(
        {name: np.concatenate([view.received[name] for view in views]) for name in first.received},
        {name: np.concatenate([view.known[name] for view in views]) for name in first.known},
    )


def numbers(values: FieldArray) -> Samples:
    """The elements of a small array as integers."""
    return np.array(values.ravel().to_ints(), np.int64)


def own_sums(scenario: Scenario, **shares: Sequence[AuthShare]) -> dict[str, Samples]:
    """What the coalition holds of each shared array: its shares added up, and the first member's MAC shares."""
    result = {}
    for name, parts in shares.items():
        total = sum(numbers(parts[party].value) for party in scenario.coalition) % P
        result[f"own {name}"] = np.asarray(total, np.int64)
        result[f"own MAC of {name}"] = numbers(parts[scenario.coalition[0]].mac)
    return result


class Tap:
    """An interference that changes nothing and keeps what the coalition receives, and what it sends itself."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._payloads: dict[tuple[str, int, int], list[bytes]] = defaultdict(list)
        self._own: dict[tuple[str, int], list[bytes]] = defaultdict(list)

    def __call__(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.sender in self._scenario.honest and message.receiver in self._scenario.coalition:
                self._payloads[message.step, message.sender, message.receiver].append(bytes(message.payload))
            elif message.sender in self._scenario.coalition and message.receiver == self._scenario.honest[0]:
                self._own[message.step, message.sender].append(bytes(message.payload))
        return messages

    def opened(self, step: str) -> dict[str, Samples]:
        """The shares in all messages of a step, and the opened values: the sums of all parties' shares."""
        received = self.elements(step)
        own = [_elements(payloads) for (name, _), payloads in self._own.items() if name == step]
        total = sum([*received.values(), *own]) % P
        return {**received, f"opened {step}": np.asarray(total, np.int64)}

    def opened_bits(self, step: str, count: int) -> dict[str, Samples]:
        """As `opened`, of arrays of `count` packed bits, each by itself; every message holds whole arrays."""
        found: dict[str, Samples] = {}
        parts = {f"{sender}": payloads for (name, sender, _), payloads in self._first_member(step)}
        coalition = [payloads for (name, _), payloads in self._own.items() if name == step]
        for number in range(len(next(iter(parts.values())))):
            rows = {name: _unpacked(payloads[number], count) for name, payloads in parts.items()}
            total = np.bitwise_xor.reduce([*rows.values(), *(_unpacked(own[number], count) for own in coalition)])
            for name, arrays in {
                **{f"{step} of {name}": row for name, row in rows.items()},
                f"opened {step}": total,
            }.items():
                found |= {f"{name}, {number}.{place}": array for place, array in enumerate(arrays)}
        return found

    def _first_member(self, step: str) -> list[tuple[tuple[str, int, int], list[bytes]]]:
        first = self._scenario.coalition[0]
        return [(key, found) for key, found in sorted(self._payloads.items()) if key[0] == step and key[2] == first]

    def payloads(self, step: str, sender: int) -> list[bytes]:
        """What `sender` sent to the first member, in order."""
        return self._payloads[step, sender, self._scenario.coalition[0]]

    def elements(self, step: str, part: slice = slice(None), name: str | None = None) -> dict[str, Samples]:
        """The elements in all messages of a step, by sender; of private messages, by receiver too."""
        found = {}
        for (found_step, sender, receiver), payloads in sorted(self._payloads.items()):
            if found_step == step and (receiver == self._scenario.coalition[0] or not is_broadcast(step)):
                towards = "" if is_broadcast(step) else f" to {receiver}"
                found[f"{name or step} of {sender}{towards}"] = _elements([payload[part] for payload in payloads])
        return found


def _elements(payloads: list[bytes]) -> Samples:
    return np.frombuffer(b"".join(payloads), "<u8").astype(np.int64)


def _unpacked(payload: bytes, count: int) -> Samples:
    bits = np.unpackbits(np.frombuffer(payload, np.uint8), bitorder="little")
    return bits[: len(bits) // count * count].reshape(-1, count).astype(np.int64)


def is_broadcast(step: str) -> bool:
    """Whether everybody is sent the same in this step."""
    return all_steps()[step].delivery is Delivery.BROADCAST


def halves(samples: dict[str, Samples], names: Sequence[str]) -> dict[str, Samples]:
    """Each array cut into equal parts, one for each name."""
    return {
        f"{name}, {key}": part
        for key, values in samples.items()
        for name, part in zip(names, np.split(values, len(names)), strict=True)
    }
