"""Base OTs: docs/wire, section 12. Source: [MR19], one sender key per OT."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from vectors.generator import edwards
from vectors.generator.hashing import derive
from vectors.generator.world import Clock, Place, Sends, Session

RECEIVER_STEP = "base_ot.receiver_points"
SENDER_STEP = "base_ot.sender_points"

Choices = dict[tuple[int, int], list[int]]
"""(receiver, sender): the receiver's choice bits."""


class Keys(NamedTuple):
    """What the OTs of one ordered pair give: `chosen` to the receiver, `pairs` to the sender."""

    chosen: list[bytes]
    pairs: list[tuple[bytes, bytes]]


_decode = lru_cache(maxsize=1 << 14)(edwards.decode)
_logarithms: dict[bytes, int] = {}
"""Multiples of G that were made here. A multiple of one is again a multiple of G, which is faster to compute."""
_sums: set[bytes] = set()
"""Other points that were made here in the subgroup: they need no look at their order."""


@lru_cache(maxsize=1 << 14)
def _generator_multiple(scalar: int) -> bytes:
    point = edwards.encode(edwards.multiply_generator(scalar))
    _logarithms[point] = scalar
    return point


def _valid(point: bytes) -> bool:
    return point in _logarithms or point in _sums or edwards.valid(point)


@lru_cache(maxsize=1 << 15)
def _multiple(scalar: int, point: bytes) -> bytes:
    if point in _logarithms:
        return edwards.encode(edwards.multiply_generator(scalar * _logarithms[point] % edwards.ORDER))
    return edwards.encode(edwards.multiply(scalar, _point(point)))


@lru_cache(maxsize=1 << 15)
def _hash(session_id: bytes, receiver: int, sender: int, index: int, slot: int, other: bytes) -> edwards.Point:
    return edwards.hash_to_group("base ot", receiver, sender, index, slot, other, session_id=session_id)


def _point(data: bytes) -> edwards.Point:
    point = _decode(data)
    if point is None:
        raise ValueError("not a point")
    return point


def _draw_scalar(session: Session, party: int) -> int:
    while True:
        scalar = edwards.scalar_of(session.draw(party, 64))
        if scalar:
            return scalar


def request(session: Session, receiver: int, sender: int, index: int, bit: int) -> tuple[int, bytes]:
    """(a, r_0 || r_1): the receiver draws the scalar a, then the one of the free point."""
    scalar = _draw_scalar(session, receiver)
    free = _generator_multiple(_draw_scalar(session, receiver))
    hashed = _hash(session.session_id, receiver, sender, index, bit, free)
    chosen = edwards.encode(edwards.add(_point(_generator_multiple(scalar)), edwards.negate(hashed)))
    _sums.add(chosen)
    return scalar, free + chosen if bit else chosen + free


def _key(
    session: Session, receiver: int, sender: int, index: int, slot: int, points: bytes, answer: bytes, shared: bytes
) -> bytes:
    place = (receiver, sender, index, slot, points[:32], points[32:], answer)
    return derive("base ot key", shared, 16, *place, session_id=session.session_id)


def base_ots(session: Session, clock: Clock, place: Place, choices: Choices) -> dict[tuple[int, int], Keys]:
    """Both exchanges. A receiver draws for its peers in their order, and a sender as well."""
    requests = {ends: make_requests(session, *ends, bits) for ends, bits in sorted(choices.items())}
    sends = {ends: b"".join(points for _, points in rows) for ends, rows in requests.items()}
    received = session.exchange(clock, place, RECEIVER_STEP, sends)
    return finish(session, clock, place, choices, requests, received)


def make_requests(session: Session, receiver: int, sender: int, bits: list[int]) -> list[tuple[int, bytes]]:
    """The receiver's side of one ordered pair, before the first exchange."""
    return [request(session, receiver, sender, index, bit) for index, bit in enumerate(bits)]


def _refuse_invalid(session: Session, received: Sends, step: str) -> None:
    for (sender, receiver), payload in sorted(received.items()):
        points = [payload[start : start + 32] for start in range(0, len(payload), 32)]
        if not all(_valid(point) for point in points):
            session.fail(receiver, "MalformedMessage", step, sender)


def finish(
    session: Session,
    clock: Clock,
    place: Place,
    choices: Choices,
    requests: dict[tuple[int, int], list[tuple[int, bytes]]],
    received: Sends,
) -> dict[tuple[int, int], Keys]:
    """From the receivers' points to the keys: the senders' draws, the second exchange."""
    _refuse_invalid(session, received, RECEIVER_STEP)
    pairs: dict[tuple[int, int], list[tuple[bytes, bytes]]] = {}
    answers: Sends = {}
    for sender in session.parties:
        for receiver in session.peers(sender):
            rows = received[receiver, sender]
            pairs[receiver, sender], answers[sender, receiver] = [], b""
            for index in range(len(rows) // 64):
                answer, keys = _answer(session, receiver, sender, index, rows[64 * index : 64 * index + 64])
                pairs[receiver, sender].append(keys)
                answers[sender, receiver] += answer
    received = session.exchange(clock, place, SENDER_STEP, answers)
    _refuse_invalid(session, received, SENDER_STEP)
    result = {}
    for (receiver, sender), bits in choices.items():
        chosen = []
        for index, (bit, (scalar, points)) in enumerate(zip(bits, requests[receiver, sender], strict=True)):
            answer = received[sender, receiver][32 * index : 32 * index + 32]
            shared = _multiple(scalar, answer) if _valid(answer) else bytes(32)
            chosen.append(_key(session, receiver, sender, index, bit, points, answer, shared))
        result[receiver, sender] = Keys(chosen, pairs[receiver, sender])
    return result


def _answer(
    session: Session, receiver: int, sender: int, index: int, points: bytes
) -> tuple[bytes, tuple[bytes, bytes]]:
    """(B, (key_0, key_1))."""
    scalar = _draw_scalar(session, sender)
    answer = _generator_multiple(scalar)
    keys = []
    for slot in range(2):
        own, other = points[32 * slot : 32 * slot + 32], points[32 - 32 * slot : 64 - 32 * slot]
        if not _valid(own):
            return answer, (bytes(16), bytes(16))
        combined = edwards.add(_point(own), _hash(session.session_id, receiver, sender, index, slot, other))
        if edwards.is_identity(combined):
            session.fail(sender, "MalformedMessage", RECEIVER_STEP, receiver)
        shared = _multiple(scalar, edwards.encode(combined))
        keys.append(_key(session, receiver, sender, index, slot, points, answer, shared))
    return answer, (keys[0], keys[1])
