"""One trial of a cheat: what is run, what counts as success, and light-weight links to run it over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from spdz.crypto.prg import SEED_BYTES
from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.errors import InternalError, PeerAborted, SpdzError
from spdz.field import Field
from spdz.preprocessing.mascot.links import Link, _stream
from spdz.preprocessing.ot.extension import OtReceiver, OtSender
from spdz.preprocessing.vole.copee import CopeeInputter, CopeeKeyHolder
from spdz.runtime.context import SessionState
from spdz.sharing.mac_key import MacKey
from tests.support.parties import Run

Attempt = Callable[[bytes], bool]
"""Runs a cheat once with a seed; True if it succeeded."""


@dataclass(frozen=True)
class Cheat:
    """A row of the table: a cheat in a field, the rate that the analysis predicts and the bound that is promised."""

    name: str
    title: str
    field: str
    parties: int
    attempt: Attempt
    predicted: float
    formula: str
    bound: float
    bound_formula: str
    runs: int
    """In a full measurement."""
    control: bool = False
    """A protection is taken out, so that the cheat works: shows that the measurement can see it."""


def trial_seed(seed: bytes, name: str, number: int) -> bytes:
    """The seed of one trial."""
    return hashlib.sha256(seed + name.encode() + number.to_bytes(8, "little")).digest()


def unnoticed(ended: Run, cheater: int, *expected: type[SpdzError]) -> bool:
    """Whether the honest parties went on. Else all of them must have ended as expected, and their keys must be gone."""
    honest = [party for party in range(len(ended.sessions)) if party != cheater]
    for party in honest:
        error, alive = ended.outcomes[party].error, ended.sessions[party].key.alive
        if error is not None and not isinstance(error, (*expected, PeerAborted)):
            raise error
        if alive != (error is None):
            raise InternalError("the key of a party that aborted is alive")
    passed = {ended.outcomes[party].error is None for party in honest}
    if len(passed) > 1:
        raise InternalError("one honest party aborted and another did not")
    return passed.pop()


def copee_links(
    sessions: Sequence[SessionState], seed: bytes, key_towards: Mapping[tuple[int, int], int] | None = None
) -> list[dict[int, Link]]:
    """As `tests.support.dealer.ideal_links`, without the OT extension: several times faster, enough to authenticate."""
    randomness = deterministic_randomness_for_tests(seed, "copee links")
    field, parties, offsets = sessions[0].field, range(len(sessions)), key_towards or {}
    for session in sessions:
        session.field_domain.install(MacKey(field.sample(randomness.fill, ())))
    ends = [(a, b) for a in parties for b in parties if a != b]
    bits = {end: _key_bits(sessions[end[0]], offsets.get(end, 0)) for end in ends}
    pairs = {end: [(randomness.bytes(16), randomness.bytes(16)) for _ in range(field.bits)] for end in ends}
    seeds = {end: randomness.bytes(SEED_BYTES) for end in ends}

    def link(own: int, peer: int) -> Link:
        chosen = [pair[bit] for pair, bit in zip(pairs[own, peer], bits[own, peer], strict=True)]
        both = ((own, peer), (peer, own))
        return Link(
            cast(OtSender, None),
            cast(OtReceiver, None),
            CopeeKeyHolder(field, np.array(bits[own, peer], np.uint8), chosen),
            CopeeInputter(field, pairs[peer, own]),
            *(_stream(seeds[end], use) for use in ("input shares", "zero shares") for end in both),
        )

    return [{peer: link(own, peer) for peer in parties if peer != own} for own in parties]


def _key_bits(session: SessionState, offset: int) -> list[int]:
    used = (session.key.share + offset).reshape(1)
    return [int(bit) for bit in used.bits()[0]]


def key_bits(field: Field, key: int) -> list[int]:
    """The bits of a key share, from low to high."""
    return [key >> place & 1 for place in range(field.bits)]
