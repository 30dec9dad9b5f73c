"""Base oblivious transfers between all ordered pairs of parties.

Realises:  random OT with endemic security: a corrupted party may choose its own outputs, which is all that the OT
           extension and COPEe need ([MR19], section 6 on extending endemic OT).
Source:    [MR19], the two-round Diffie-Hellman construction, over the prime-order subgroup of edwards25519.
Symbols:   for one OT of receiver R with choice bit c and sender S
             R: a scalar, r_{1-c} uniform, r_c = a G - H_c(r_{1-c});        sends r_0, r_1
             S: b scalar, R_j = r_j + H_j(r_{1-j}), key_j = KDF(b R_j);    sends B = b G
             R: key_c = KDF(a B)
Deviation: the sender draws a new b for every OT; the paper's batching of one b is not used.
Checked:   every received point is a canonical encoding of an element of the prime-order subgroup other than the
           identity. Session, both parties, index and all points are in the hash to the group or in the key, so
           outputs of different indices cannot be made equal (PITFALLS 11).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, NamedTuple

from spdz.crypto import group
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import Part, derive
from spdz.crypto.randomness import Randomness
from spdz.errors import MalformedMessage
from spdz.preprocessing.ot.instance import FIELD_OTS, OtInstance
from spdz.runtime.context import Context
from spdz.runtime.traps import Trap
from spdz.wire.codec import Blob
from spdz.wire.steps import Step

POINT_BYTES = 32
KEY_BYTES = 16


@dataclass(frozen=True, repr=False)
class BaseOts:
    """What this party gets with one peer: as receiver the chosen keys, as sender both keys of each OT."""

    chosen: list[bytes]
    pairs: list[tuple[bytes, bytes]]


RunBaseOts = Callable[[Context, dict[int, list[int]], OtInstance], Coroutine[Trap, Any, dict[int, BaseOts]]]
"""What has the form of `base_ots`."""


class Place(NamedTuple):
    """Which OT: inside every hash."""

    instance: OtInstance
    receiver: int
    sender: int
    number: int


@dataclass(frozen=True, repr=False)
class _Request:
    """The receiver's secret and public side of one OT."""

    place: Place
    scalar: bytes
    points: tuple[bytes, bytes]


async def base_ots(ctx: Context, choices: dict[int, list[int]], instance: OtInstance = FIELD_OTS) -> dict[int, BaseOts]:
    """Run `len(choices[peer])` OTs with each peer in both directions; choice bits are secret.

    The counts must be the same for all pairs. Returns keys of 16 bytes. Once per instance in a session: the index tells
    OTs of a pair apart.
    Rounds:    2.  Sends: 96 bytes per OT to each peer.
    Raises:    MalformedMessage for an invalid point.
    """
    steps = instance.steps
    requests = {
        peer: [_request(ctx, Place(instance, ctx.party, peer, index), bit) for index, bit in enumerate(bits)]
        for peer, bits in choices.items()
    }
    payloads = {peer: b"".join(b"".join(request.points) for request in rows) for peer, rows in requests.items()}
    received = await _exchange_points(ctx, steps.receiver_points, payloads)

    pairs: dict[int, list[tuple[bytes, bytes]]] = {}
    answers: dict[int, bytes] = {}
    for peer, points in received.items():
        replies = [
            _answer(ctx, Place(instance, peer, ctx.party, index), points[2 * index], points[2 * index + 1])
            for index in range(len(choices[peer]))
        ]
        pairs[peer] = [keys for _, keys in replies]
        answers[peer] = b"".join(point for point, _ in replies)
    received = await _exchange_points(ctx, steps.sender_points, answers)

    return {
        peer: BaseOts(
            [
                _key(ctx, request.place, bit, request.points, point, group.multiply(request.scalar, point))
                for bit, request, point in zip(bits, requests[peer], received[peer], strict=True)
            ],
            pairs[peer],
        )
        for peer, bits in choices.items()
    }


async def _exchange_points(ctx: Context, step: Step, payloads: dict[int, bytes]) -> dict[int, list[bytes]]:
    """Exchange equally many points with each peer and validate every one of them."""
    (size,) = {len(payload) for payload in payloads.values()}
    received = await ctx.swap(step, Blob(size), payloads)
    result = {}
    for peer, payload in received.items():
        data = bytes(payload)
        points = [data[start : start + POINT_BYTES] for start in range(0, len(data), POINT_BYTES)]
        if not all(group.validate(point) for point in points):
            raise MalformedMessage(
                f"party {peer} sent a point that is not in the prime-order group", step=step.name, blamed=peer
            )
        result[peer] = points
    return result


def _hash(ctx: Context, place: Place, slot: int, other: bytes) -> bytes:
    instance, receiver, sender, index = place
    parts: tuple[Part, ...] = (*instance.name, "base ot", receiver, sender, index, slot, other)
    return group.hash_to_point(*parts, session_id=ctx.session.session_id)


def _request(ctx: Context, place: Place, bit: int) -> _Request:
    """Round 1. Both slots are computed in the same order for either bit; the tuple is permuted by arithmetic."""
    randomness: Randomness = ctx.randomness
    scalar = group.random_scalar(randomness)
    free = group.base_multiply(group.random_scalar(randomness))
    chosen = group.subtract(group.base_multiply(scalar), _hash(ctx, place, bit, free))
    points = (chosen, free)
    return _Request(place, scalar, (points[bit], points[1 - bit]))


def _answer(ctx: Context, place: Place, r0: bytes, r1: bytes) -> tuple[bytes, tuple[bytes, bytes]]:
    """Round 2, at the sender: B and the two keys."""
    instance, receiver, _, _ = place
    scalar = group.random_scalar(ctx.randomness)
    own = group.base_multiply(scalar)
    keys = []
    for slot, point, other in ((0, r0, r1), (1, r1, r0)):
        combined = group.add(point, _hash(ctx, place, slot, other))
        if group.is_identity(combined):
            raise MalformedMessage(
                f"party {receiver} chose its points against the hash",
                step=instance.steps.receiver_points.name,
                blamed=receiver,
            )
        shared = group.multiply(scalar, combined)
        keys.append(_key(ctx, place, slot, (r0, r1), own, shared))
    return own, (keys[0], keys[1])


def _key(
    ctx: Context, place: Place, slot: int, points: tuple[bytes, bytes], sender_point: bytes, shared: bytes
) -> bytes:
    (instance, receiver, sender, index), session_id = place, ctx.session.session_id
    parts: tuple[Part, ...] = (*instance.name, receiver, sender, index, slot, *points, sender_point)
    return derive(Domain.BASE_OT_KEY, shared, KEY_BYTES, *parts, session_id=session_id)
