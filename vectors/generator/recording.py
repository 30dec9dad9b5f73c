"""From a session to a test: what was given, what was sent, how it ended. And shares of any values to start from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from math import prod
from operator import xor
from typing import Any

from vectors.generator import bits
from vectors.generator.aes import Prg
from vectors.generator.checking import BitShares, Scope, Shares
from vectors.generator.envelope import Group, big, seed_of
from vectors.generator.field import FIELDS, Field
from vectors.generator.hashing import seeded
from vectors.generator.world import Cheat, Clock, OverError, Place, Session

Results = list[dict[str, bytes]]
"""What each party ends with, by name."""


class Stage:
    """One protocol about to run: a session, shares dealt into it, and the record of what was given."""

    def __init__(self, field: Field, parties: int, name: str, cheats: Iterable[Cheat] = ()) -> None:
        self.seed = seed_of(name)
        self.session = Session(field, parties, self.seed, seed_of("session id"), cheats=cheats)
        self.clock, self.place = Clock(), Place().child("main")
        self.scope = Scope.of(self.session)
        self.given: dict[str, Any] = {}
        self.stream: Prg = seeded(self.seed, "dealt")
        self._alpha: int | None = None
        self._delta: int | None = None

    @property
    def alpha(self) -> int:
        """The MAC key, made when it is first needed."""
        if self._alpha is None:
            field = self.session.field
            self.session.mac_key = field.sample(self.stream, len(self.session.parties))
            self._alpha = sum(self.session.mac_key) % field.p
            self.given["macKey"] = [field.encode([share]).hex() for share in self.session.mac_key]
        return self._alpha

    def random(self, count: int) -> list[int]:
        """Uniform elements for inputs."""
        return self.session.field.sample(self.stream, count)

    def deal(self, name: str, values: list[int], shape: tuple[int, ...]) -> Shares:
        """Authenticated shares of `values`, which become part of what is given."""
        field, alpha = self.session.field, self.alpha
        if len(values) != prod(shape):
            raise ValueError("shape")

        def split(total: list[int]) -> list[list[int]]:
            parts = [field.sample(self.stream, len(total)) for _ in self.session.parties[1:]]
            return [*parts, field.subtract(total, field.total([[0] * len(total), *parts]))]

        shares = Shares(split(values), split(field.scale(alpha, values)), shape)
        self.given.setdefault("arrays", {})[name] = {
            "shape": list(shape),
            "values": [field.encode(row).hex() for row in shares.values],
            "macs": [field.encode(row).hex() for row in shares.macs],
        }
        return shares

    @property
    def delta(self) -> int:
        """The key of bits, made when it is first needed."""
        if self._delta is None:
            words = bits.words_of(self.stream.read(bits.WORD_BYTES * len(self.session.parties)))
            self.session.bit_key = [word & ~1 | (party == 0) for party, word in enumerate(words)]
            self._delta = reduce(xor, self.session.bit_key)
            self.given["bitKey"] = [bits.encode([share]).hex() for share in self.session.bit_key]
        return self._delta

    def random_bits(self, count: int) -> list[int]:
        """Uniform bits for inputs."""
        return [byte & 1 for byte in self.stream.read(count)]

    def deal_bits(self, name: str, values: list[int], shape: tuple[int, ...]) -> BitShares:
        """Words of `values`, which become part of what is given."""
        delta, count = self.delta, len(values)
        if count != prod(shape):
            raise ValueError("shape")
        parts = [bits.words_of(self.stream.read(bits.WORD_BYTES * count)) for _ in self.session.parties[1:]]
        rest = [delta if bit else 0 for bit in values]
        for part in parts:
            rest = [x ^ y for x, y in zip(rest, part, strict=True)]
        shares = BitShares([*parts, rest], shape)
        self.given.setdefault("bitArrays", {})[name] = {
            "shape": list(shape),
            "words": [bits.encode(row).hex() for row in shares.words],
        }
        return shares

    def triple(self, left: tuple[int, ...], right: tuple[int, ...]) -> tuple[Shares, Shares, Shares]:
        """a, b, c = a b elementwise for equal shapes."""
        p, a, b = self.session.field.p, self.random(prod(left)), self.random(prod(right))
        c = [x * y % p for x, y in zip(a, b, strict=True)]
        return self.deal("a", a, left), self.deal("b", b, right), self.deal("c", c, left)


def group_of(protocol: str, source: str, field: str, parties: int) -> Group:
    """A group of recordings of one protocol."""
    params = {
        "field": field,
        "modulus": big(FIELDS[field].p),
        "parties": parties,
        "sessionId": seed_of("session id").hex(),
        "protocol": protocol,
    }
    return Group("protocol", source, params)


def record(
    group: Group,
    comment: str,
    flags: str,
    play: Callable[[Stage], Results],
    *cheats: Cheat,
) -> None:
    """Play one protocol and add what happened to the group."""
    field, parties = FIELDS[group.params["field"]], group.params["parties"]
    name = f"{group.params['protocol']} {field.name} {parties} {comment}"
    stage = Stage(field, parties, name, cheats)
    results: Results = []
    try:
        results = play(stage)
        stage.session.settle()
    except OverError:
        pass
    add_transcript(group, comment, flags, stage.session, stage.seed, stage.given, results)


def add_transcript(
    group: Group, comment: str, flags: str, session: Session, seed: bytes, given: dict[str, Any], results: Results
) -> None:
    """A test of a session that has ended."""
    outcomes: list[dict[str, Any]] = []
    for party, outcome in session.outcomes.items():
        if outcome.error is None:
            shown = {name: value.hex() for name, value in results[party].items()}
            outcomes.append({"party": party, "result": shown})
        else:
            ending = {"error": outcome.error, "step": outcome.step, "blamed": outcome.blamed}
            outcomes.append({"party": party, **ending})
    content = {
        "seed": seed.hex(),
        "corrupted": sorted(session.corrupted),
        "given": given,
        "messages": session.transcript(),
        "outcomes": outcomes,
    }
    honest = not session.corrupted
    caught = any("error" in outcome for outcome in outcomes)
    if caught == (honest or flags == "NoEffect"):
        raise AssertionError(f"{comment}: {outcomes}")
    group.add(comment, flags, content, valid=honest)
