"""Parties that make bits over the field, and cheaters that change one element of a payload."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import numpy as np
import pytest

from spdz.field import FieldArray
from spdz.preprocessing.bits import bf_items, chains
from spdz.preprocessing.bits.bf_items import Items, make_items
from spdz.preprocessing.bits.chains import make_dabits, make_mux_triples
from spdz.preprocessing.bits.cot import WideBits
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.mascot.links import Link
from spdz.runtime.context import Context
from spdz.sharing.bit_share import Bits, BitShare
from spdz.sharing.material import mux_triples
from tests.preprocessing.bits.mask_support import MaskWorld
from tests.support.cheaters import with_added
from tests.support.dealer import mac_key_of, reconstruct

SIZE = 128
"""Items of a layer of the smallest plan."""
LAYERS = 2
"""Layers of it."""
CHECKED = "authenticate.check.sigma.open"

Body = Callable[[Context, dict[int, Link], BitLinks], Coroutine[Any, Any, Any]]


def dabits(count: int) -> Body:
    return lambda ctx, links, bits: make_dabits(ctx, links, bits, count)


def muxes(count: int, width: int) -> Body:
    return lambda ctx, links, bits: make_mux_triples(ctx, links, bits, mux_triples(width), count)


def items(factors: int) -> Body:
    return lambda ctx, links, bits: make_items(ctx.child("items"), links, bits, SIZE, factors)


class OpenedItems:
    """What all parties' items stand for: bits and elements by owner. Words and MACs must fit."""

    def __init__(self, world: MaskWorld, made: Sequence[Items]) -> None:
        alpha, owners = mac_key_of(world.sessions), range(len(made))
        self.total = world.dealer.reconstruct([BitShare(own.words) for own in made])
        self.x = [reconstruct(alpha, [own.x[owner] for own in made]) for owner in owners]
        self.w = [reconstruct(alpha, [own.w[owner] for own in made]) for owner in owners]
        self.product = [reconstruct(alpha, [own.product[owner] for own in made]) for owner in owners]

    @property
    def bits(self) -> list[Bits]:
        """x of every owner, which must be bits."""
        found = [np.array(x.to_ints(), np.int64) for x in self.x]
        assert all(set(values) <= {0, 1} for values in found)
        return [values.astype(np.uint8) for values in found]


class Choices:
    """Watches what a party chooses in wide extensions."""

    def __init__(self, patch: pytest.MonkeyPatch, party: int) -> None:
        self.bits: list[Bits] = []
        choose = WideBits.choose

        def watching(bits: WideBits, peer: int, link: Any, chosen: Bits) -> Bits:
            if bits._session.party == party and peer == min(link_peers(bits)):
                self.bits.append(np.unpackbits(chosen, bitorder="little"))
            return choose(bits, peer, link, chosen)

        def link_peers(bits: WideBits) -> list[int]:
            return [peer for peer in range(bits._session.parties) if peer != party]

        patch.setattr(WideBits, "choose", watching)

    def place_of(self, bit: int, layer: int = -1) -> int:
        """Some place at which that bit was chosen."""
        return int(np.flatnonzero(self.bits[layer] == bit)[9])


Change = Callable[[FieldArray], FieldArray]


def change_payload(patch: pytest.MonkeyPatch, cheater: int, victim: int, change: Change) -> list[int]:
    """What the cheater sends to the victim, elements by items, is changed; returns how often."""
    honest, fired = bf_items._payload, list[int]()

    def payload(ctx: Context, wide: WideBits, owner: int, elements: list[FieldArray]) -> tuple[FieldArray, FieldArray]:
        sent, kept = honest(ctx, wide, owner, elements)
        if ctx.party == cheater and owner == victim:
            fired.append(owner)
            sent = change(sent)
        return sent, kept

    patch.setattr(bf_items, "_payload", payload)
    return fired


def one_more(use: int, place: int | Callable[[], int], by: int = 1) -> Change:
    """Add to the element of one use at one place, which may be decided late."""

    def change(sent: FieldArray) -> FieldArray:
        at = place() if callable(place) else place
        return with_added(sent, use * sent.shape[1] + at, by)

    return change


def shift_by(patch: pytest.MonkeyPatch, shift: int) -> None:
    """What everybody knows beforehand: the shift of every layer."""

    class Known:
        def key(self, label: str) -> bytes:
            assert label == "shift"
            return shift.to_bytes(16, "little")

    async def toss(*_: Any, **__: Any) -> Known:
        return Known()

    patch.setattr(chains, "toss", toss)
