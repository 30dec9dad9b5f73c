"""Digits of entries, and the seeds that belong to them: docs/wire, section 14, "Multiply, for matrices"."""

from __future__ import annotations

from dataclasses import dataclass

from vectors.generator import ggm
from vectors.generator.field import Field
from vectors.generator.links import Ends, Links, bits_of
from vectors.generator.world import Clock, Place, Session

WIDE_COLUMNS = 7
BLOCK_BYTES = 16

Leaves = list[int] | list[int | None]
Seeds = dict[Ends, tuple[dict[tuple[int, int], Leaves], dict[tuple[int, int], Leaves]]]
"""By (receiver, sender): the seeds of (entry, digit) at the sender, and at the receiver, which lacks one of each."""


@dataclass(frozen=True)
class Digits:
    """`count` digits of `bits` bits in an entry, the lowest first."""

    bits: int
    count: int

    @property
    def ots(self) -> int:
        """Of an entry."""
        return self.bits * self.count

    def of(self, entry: int) -> list[int]:
        """The digits of an entry."""
        return [entry >> self.bits * i & (1 << self.bits) - 1 for i in range(self.count)]


def digits_of(field: Field, columns: int) -> Digits:
    """How entries are cut whose rows have so many columns."""
    wide = 4 if field.width == 16 else 3
    bits = wide if columns >= WIDE_COLUMNS else 1
    return Digits(bits, -(-field.bits // bits))


def seeds_of(
    session: Session, links: Links, clock: Clock, place: Place, digits: Digits, entries: list[list[int]], numbers: range
) -> Seeds:
    """Those of some entries of a slab. With wide digits each sender draws the roots of its trees, peer by peer."""
    places = [(e, i) for e in numbers for i in range(digits.count)]
    seeds: Seeds = {}
    if digits.bits == 1:
        for (receiver, sender), ots in links.ot_senders.items():
            theirs = links.ot_receivers[receiver, sender].hashed
            own, held = dict[tuple[int, int], Leaves](), dict[tuple[int, int], Leaves]()
            for e, i in places:
                at = e * digits.ots + i
                own[e, i] = list(ots.hashed(at))
                held[e, i] = [None, theirs(at)] if entries[receiver][e] >> i & 1 else [theirs(at), None]
            seeds[receiver, sender] = own, held
        return seeds
    sends = {}
    for sender in session.parties:
        for receiver in session.peers(sender):
            keys, ots = _keys(session, place, receiver, sender), links.ot_senders[receiver, sender]
            drawn = session.draw(sender, BLOCK_BYTES * len(places))
            own, message = dict[tuple[int, int], Leaves](), bytearray()
            for number, (e, i) in enumerate(places):
                root = drawn[BLOCK_BYTES * number :][:BLOCK_BYTES]
                own[e, i], sides = ggm.grow(keys, root, digits.bits)
                for level, pair in enumerate(sides):
                    hashes = ots.hashed(e * digits.ots + i * digits.bits + level)
                    for side, mask in zip(pair, hashes, strict=True):
                        message += (side ^ mask).to_bytes(BLOCK_BYTES, "little")
            sends[sender, receiver], seeds[receiver, sender] = bytes(message), (own, {})
    received = session.exchange(clock, place, "matrix_multiply.trees", sends)
    for (sender, receiver), payload in sorted(received.items()):
        keys, held = _keys(session, place, receiver, sender), seeds[receiver, sender][1]
        hashed = links.ot_receivers[receiver, sender].hashed
        words = [int.from_bytes(payload[at : at + 16], "little") for at in range(0, len(payload), BLOCK_BYTES)]
        for number, (e, i) in enumerate(places):
            chosen_sides = bits_of(digits.of(entries[receiver][e])[i], digits.bits)
            chosen = [
                words[2 * (number * digits.bits + level) + side] ^ hashed(e * digits.ots + i * digits.bits + level)
                for level, side in enumerate(chosen_sides)
            ]
            held[e, i] = ggm.grow_punctured(keys, [1 - side for side in chosen_sides], chosen)
    return seeds


def _keys(session: Session, place: Place, receiver: int, sender: int) -> ggm.Keys:
    return ggm.side_keys(session.session_id, "matrix trees", place.path, receiver, sender)
