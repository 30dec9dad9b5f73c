"""Parties that make private masks from dealt links, and cheaters that give their masks other bits."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.field import M61, Field, FieldArray
from spdz.params import COMPUTATIONAL_BITS, MascotParams
from spdz.preprocessing.bits import compare_masks
from spdz.preprocessing.bits import masks as module
from spdz.preprocessing.bits.links import BIT_OTS, WORD_BITS, BitLink, BitLinks, BitPlan
from spdz.preprocessing.bits.masks import Masks, make_masks
from spdz.preprocessing.bits.matching import Places
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.ot.extension import OtReceiver, OtSender, Place
from spdz.preprocessing.ot.trees import by_distance
from spdz.runtime.context import Context, SessionState
from spdz.sharing.bit_share import Bits, BitShare
from spdz.sharing.material import BIT_TRIPLES, Batch
from spdz.sharing.material.bit_kinds import low_bits
from tests.support.dealer import IdealBitDealer, ideal_links, mac_key_of, reconstruct
from tests.support.parties import Run, make_sessions, run

KEPT, FEW = 8, 4
SMALL = BitPlan(candidates=128, masks=KEPT, samples=FEW, statistical_bits=6)
"""Eight masks of three lists, four samples each: safe against nobody, quick to look at."""
LISTS = 3
"""Lists that make masks of `SMALL`."""

Body = Callable[[Context, dict[int, Link], BitLinks], Coroutine[Any, Any, Any]]
Levels = NDArray[np.int64]
"""Of every mask of every list, (lists, length): by how much its element exceeds what its bits say."""


class MaskWorld:
    """Sessions with links of the field and of bits, which nobody had to make."""

    def __init__(self, parties: int, seed: bytes, field: Field = M61, plan: BitPlan = SMALL) -> None:
        self.sessions: list[SessionState] = make_sessions(parties, field, seed)
        self.links = ideal_links(self.sessions, seed)
        self.dealer = IdealBitDealer(self.sessions, seed)
        self.bit_links = ideal_bit_links(self.sessions, seed, plan)

    def run(self, body: Body, cheat: Any = None) -> Run:
        return run(self.sessions, lambda ctx: body(ctx, self.links[ctx.party], self.bit_links[ctx.party]), cheat)

    def make(self, bits: int, count: int, cheat: Any = None) -> Run:
        """Masks of every party."""
        return self.run(lambda ctx, links, bit_links: make_masks(ctx, links, bit_links, bits, count), cheat)

    def opened(self, made: Sequence[Masks]) -> list[tuple[FieldArray, Bits]]:
        """By owner the elements, and their bits in planes; fails unless MACs and words fit."""
        alpha = mac_key_of(self.sessions)
        return [
            (
                reconstruct(alpha, [masks.numbers[owner] for masks in made]),
                self.dealer.reconstruct([BitShare(masks.bits[owner]) for masks in made]),
            )
            for owner in range(len(self.sessions))
        ]

    def opened_batch(self, made: Sequence[Batch]) -> list[Any]:
        """R, r and q of masks of comparisons."""
        number, *bits = zip(*(batch.shares for batch in made), strict=True)
        return [reconstruct(mac_key_of(self.sessions), number), *map(self.dealer.reconstruct, bits)]


def ideal_bit_links(sessions: Sequence[SessionState], seed: bytes, plan: BitPlan) -> list[BitLinks]:
    """What `set_up_bits` makes, base OTs and trees dealt in the clear. The sessions have their keys of bits."""
    randomness = deterministic_randomness_for_tests(seed, "ideal bit links")
    depth, parties = MascotParams().ot_tree_bits, range(len(sessions))
    deltas = []
    for session in sessions:
        word = int(session.bit_domain.key.share.word)
        number = word | int.from_bytes(randomness.bytes(COMPUTATIONAL_BITS // 8), "little") << WORD_BITS
        deltas.append([number >> place & 1 for place in range(BIT_OTS.delta_bits)])
    made = [BitLinks(plan) for _ in sessions]
    ends: dict[tuple[int, int], tuple[OtSender, OtReceiver]] = {}
    for sender in parties:
        for receiver in parties:
            if sender != receiver:
                place = Place(sessions[0].session_id, receiver, sender)
                shape = (BIT_OTS.delta_bits // depth, 1 << depth, 16)
                dealt = np.frombuffer(randomness.bytes(int(np.prod(shape))), np.uint8).reshape(shape)
                held = by_distance(dealt, np.array(deltas[sender], np.uint8).reshape(-1, depth))[:, 1:]
                ends[sender, receiver] = (
                    OtSender(place, deltas[sender], held, BIT_OTS),
                    OtReceiver(place, dealt, BIT_OTS),
                )
    for own in parties:
        for peer in parties:
            if peer != own:
                made[own][peer] = BitLink(ends[own, peer][0], ends[peer, own][1])
    return made


def deal_triples(patch: pytest.MonkeyPatch, world: MaskWorld) -> None:
    """AND triples are dealt."""
    dealt: list[list[Batch]] = [[] for _ in world.sessions]

    async def make(ctx: Context, links: BitLinks, count: int) -> Batch:
        if not dealt[ctx.party]:
            x, y = (world.dealer.random(count) for _ in range(2))
            arrays = zip(*map(world.dealer.share, (x, y, x & y)), strict=True)
            for batches, shares in zip(dealt, arrays, strict=True):
                batches.append(Batch(BIT_TRIPLES, shares))
        return dealt[ctx.party].pop(0)

    patch.setattr(compare_masks, "make_bit_triples", make)


def number_of(planes: NDArray[Any]) -> NDArray[np.int64]:
    """The numbers that planes (bits, ...) stand for."""
    total = np.zeros(planes.shape[1:], np.int64)
    for place, plane in enumerate(planes):
        total += plane.astype(np.int64) << place
    return total


def planes_of(numbers: NDArray[Any], bits: int) -> Bits:
    """Lowest bits of numbers as planes."""
    return np.stack([(numbers >> place & 1).astype(np.uint8) for place in range(bits)])


def give_other_bits(patch: pytest.MonkeyPatch, cheater: int, levels: Levels, elements: int | None = None) -> None:
    """The bits of the cheater's masks are those of its elements less `levels`; `elements` is what all of these are."""
    honest = module._draw

    def draw(ctx: Context, shape: tuple[int, int, int]) -> tuple[FieldArray, Bits]:
        own, planes = honest(ctx, shape)
        if ctx.party != cheater:
            return own, planes
        count, bits, size = shape
        if elements is not None:
            own = ctx.field.full((own.size,), elements)
        numbers = number_of(low_bits(own, bits).T).reshape(count, size)
        lied = planes_of(numbers - levels, bits)
        return own, np.ascontiguousarray(lied.transpose(1, 0, 2)).reshape(-1)

    patch.setattr(module, "_draw", draw)


def match_in_order(patch: pytest.MonkeyPatch) -> None:
    """What everybody knows beforehand: the last places of every list are opened, the others matched as they stand."""
    places = np.arange(1 << 16)
    patch.setattr(
        module,
        "order",
        lambda coins, label, size, samples: Places(places[size - samples : size], places[: size - samples]),
    )


def levels(at: dict[tuple[int, int], int], lists: int = LISTS, length: int = KEPT + FEW) -> Levels:
    """Levels that are zero but at some (list, place)."""
    made = np.zeros((lists, length), np.int64)
    for place, level in at.items():
        made[place] = level
    return made
