"""Ideal functionalities: authenticated shares of any values, and links of the generator, without any protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spdz.crypto.prg import SEED_BYTES
from spdz.crypto.randomness import Randomness, deterministic_randomness_for_tests
from spdz.field import Field, FieldArray
from spdz.params import COMPUTATIONAL_BITS, MascotParams
from spdz.preprocessing.mascot.links import Link, _stream
from spdz.preprocessing.ot.extension import OtReceiver, OtSender, Place
from spdz.preprocessing.vole.copee import CopeeInputter, CopeeKeyHolder
from spdz.runtime.context import SessionState
from spdz.sharing.bit_domain import BitKey, pinned
from spdz.sharing.bit_share import Bits, BitShare, Words, spread
from spdz.sharing.field_domain import FIELD
from spdz.sharing.mac_key import MacKey
from spdz.sharing.material import Batch, InputMasks, Kind
from spdz.sharing.material.kinds import Array, complete, uniform_bits
from spdz.sharing.shares import AuthShare
from tests.support.ot import ideal_trees


def additive(field: Field, randomness: Randomness, value: FieldArray, parties: int) -> list[FieldArray]:
    """Uniform summands of `value`."""
    parts = [field.sample(randomness.fill, value.shape) for _ in range(parties - 1)]
    last = value
    for part in parts:
        last = last - part
    return [*parts, last]


class IdealDealer:
    """Knows the MAC key, gives every party its share of it, and hands out authenticated shares."""

    def __init__(self, sessions: Sequence[SessionState], seed: bytes) -> None:
        self._randomness = deterministic_randomness_for_tests(seed, "ideal dealer")
        self._parties = len(sessions)
        self.field = sessions[0].field
        self.alpha = self.field.sample(self._randomness.fill, ())
        self.keys = [part.copy() for part in self._parts(self.alpha)]
        for session, part in zip(sessions, self.keys, strict=True):
            session.field_domain.install(MacKey(part.copy()))
        self.bits = IdealBitDealer(sessions, seed)

    def _parts(self, value: FieldArray) -> list[FieldArray]:
        return additive(self.field, self._randomness, value, self._parties)

    def random(self, *shape: int) -> FieldArray:
        """Uniform values."""
        return self.field.sample(self._randomness.fill, shape)

    def share(self, values: Any) -> list[AuthShare]:
        """Shares of `values`, by party."""
        array = values if isinstance(values, FieldArray) else self.field.array(values)
        pairs = zip(self._parts(array), self._parts(array * self.alpha), strict=True)
        return [AuthShare(value, mac) for value, mac in pairs]

    def masks(self, owner: int, count: int) -> list[InputMasks]:
        """Input masks, by party."""
        clear = self.random(count)
        return [InputMasks(share, clear if party == owner else None) for party, share in enumerate(self.share(clear))]

    def deal(self, kind: Kind, count: int) -> list[Batch]:
        """Elements of any declared kind of this field, by party, in the form in which a generator returns them."""
        declared = kind.declaration.arrays
        drawn = [
            self._drawn(array, (count, *shape)) if array.uniform or array.known else None
            for array, shape in zip(declared, kind.shapes, strict=True)
        ]
        return self.batches(kind, complete(kind, self.field, count, drawn, self._randomness))

    def _drawn(self, array: Array, shape: tuple[int, ...]) -> Any:
        return self.random(*shape) if array.domain == FIELD else self.bits.random(*shape)

    def batches(self, kind: Kind, values: Sequence[Any]) -> list[Batch]:
        """Shares of these values of a kind's arrays, by party."""
        by_party = list(zip(*map(self.shares_of, values), strict=True))
        clear = self._tagged(kind.owner, values[0], by_party) if kind.declaration.tagged else values[0]
        return [Batch(kind, shares, clear if party == kind.owner else None) for party, shares in enumerate(by_party)]

    def _tagged(self, owner: int, masks: FieldArray, by_party: Sequence[tuple[AuthShare]]) -> FieldArray:
        """Masks, and behind them what their owner knows of the MAC shares of the others."""
        tags = [share.mac - masks * key for (share,), key in zip(by_party, self.keys, strict=True)]
        return FieldArray.stack([masks, *(tag for party, tag in enumerate(tags) if party != owner)], 1)

    def shares_of(self, values: Any) -> list[Any]:
        """Shares of elements, or of bits: what the array holds."""
        return self.share(values) if isinstance(values, FieldArray) else self.bits.share(values)


class IdealBitDealer:
    """Knows delta, gives every party its share of it, and hands out shares of bits."""

    def __init__(self, sessions: Sequence[SessionState], seed: bytes) -> None:
        self._randomness = deterministic_randomness_for_tests(seed, "ideal dealer of bits")
        self._parties = len(sessions)
        self.delta = np.uint64(0)
        for party, session in enumerate(sessions):
            word = pinned(int(self.words()), party)
            session.bit_domain.install(MacKey(BitKey(word)))
            self.delta ^= np.uint64(word)

    def words(self, *shape: int) -> Words:
        """Uniform words."""
        drawn = self._randomness.bytes(8 * math.prod(shape))
        return np.frombuffer(drawn, np.uint64).reshape(shape).copy()

    def random(self, *shape: int) -> Bits:
        """Uniform bits."""
        return uniform_bits(shape, self._randomness.fill)

    def share(self, bits: Any) -> list[BitShare]:
        """Shares of bits, by party."""
        last = spread(np.asarray(bits)) & self.delta
        words = [self.words(*last.shape) for _ in range(self._parties - 1)]
        for others in words:
            last = last ^ others
        return [BitShare(np.asarray(own)) for own in (*words, last)]

    def reconstruct(self, shares: Sequence[BitShare]) -> Bits:
        """The shared bits; asserts that the words fit them."""
        total = shares[0]
        for share in shares[1:]:
            total = total ^ share
        assert (total.words == spread(total.value) & self.delta).all(), "the words do not fit"
        return total.value


def mac_key_of(sessions: Sequence[SessionState]) -> FieldArray:
    """alpha, from the parties' shares of it."""
    alpha = sessions[0].key.share.copy()
    for session in sessions[1:]:
        alpha = alpha + session.key.share
    return alpha


def reconstruct(alpha: FieldArray, shares: Sequence[AuthShare]) -> FieldArray:
    """The shared values; asserts that their MACs fit."""
    value, mac = shares[0].value, shares[0].mac
    for share in shares[1:]:
        value, mac = value + share.value, mac + share.mac
    assert (value * alpha).equals(mac), "the MACs do not fit"
    return value


def reconstruct_batches(sessions: Sequence[SessionState], batches: Sequence[Batch]) -> list[FieldArray]:
    """The values of all arrays of a batch; asserts that their MACs fit."""
    alpha = mac_key_of(sessions)
    return [reconstruct(alpha, [batch.shares[i] for batch in batches]) for i in range(len(batches[0].shares))]


def _bits(randomness: Randomness, count: int) -> list[int]:
    return [byte & 1 for byte in randomness.bytes(count)]


def ideal_links(
    sessions: Sequence[SessionState],
    seed: bytes,
    key_towards: Mapping[tuple[int, int], int] | None = None,
    ot_tree_bits: int = MascotParams().ot_tree_bits,
) -> list[dict[int, Link]]:
    """What `set_up` of the MASCOT links makes, base OTs included, dealt in the clear. Makes the MAC key too.

    `key_towards[a, b]` is added to the key share that party a, a cheater, uses towards party b.
    """
    randomness = deterministic_randomness_for_tests(seed, "ideal links")
    field, parties, session_id = sessions[0].field, range(len(sessions)), sessions[0].session_id
    offsets = key_towards or {}
    bits: dict[tuple[int, int], list[int]] = {}
    for own, session in enumerate(sessions):
        alpha = field.sample(randomness.fill, ())
        session.field_domain.install(MacKey(alpha))
        for peer in parties:
            used = (alpha + offsets.get((own, peer), 0)).reshape(1)
            bits[own, peer] = [int(bit) for bit in used.bits()[0]]

    seeds = {(a, b): randomness.bytes(SEED_BYTES) for a in parties for b in parties if a != b}
    pairs = {ends: [(randomness.bytes(16), randomness.bytes(16)) for _ in range(field.bits)] for ends in seeds}
    deltas = {ends: _bits(randomness, COMPUTATIONAL_BITS) for ends in seeds}
    trees = {ends: ideal_trees(randomness, deltas[ends], ot_tree_bits) for ends in seeds}

    def link(own: int, peer: int) -> Link:
        chosen = [pair[bit] for pair, bit in zip(pairs[own, peer], bits[own, peer], strict=True)]
        given = pairs[peer, own]
        both = ((own, peer), (peer, own))
        return Link(
            OtSender(Place(session_id, peer, own), deltas[own, peer], trees[own, peer][1]),
            OtReceiver(Place(session_id, own, peer), trees[peer, own][0]),
            CopeeKeyHolder(field, np.array(bits[own, peer], np.uint8), chosen),
            CopeeInputter(field, given),
            *(_stream(seeds[ends], use) for use in ("input shares", "zero shares") for ends in both),
        )

    return [{peer: link(own, peer) for peer in parties if peer != own} for own in parties]
