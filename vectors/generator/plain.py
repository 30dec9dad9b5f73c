"""Plain values and how they are published: docs/wire, section 9."""

from __future__ import annotations

import math
import struct
from typing import Any

from vectors.generator.checking import Scope, check, log_broadcast
from vectors.generator.world import Clock, Place, Session

MOST_BYTES = 1 << 20
DEEPEST = 16


def encode(value: Any) -> bytes:
    """A plain value as bytes."""
    if value is None:
        return b"N"
    if value is True or value is False:
        return b"T" if value else b"F"
    if isinstance(value, float):
        return b"D" + struct.pack("<d", value)
    if isinstance(value, int):
        size = 1
        while not -(1 << (8 * size - 1)) <= value < 1 << (8 * size - 1):
            size += 1
        return _sized(b"I", (value % (1 << (8 * size))).to_bytes(size, "little"))
    if isinstance(value, str):
        return _sized(b"S", value.encode("utf-8"))
    if isinstance(value, bytes):
        return _sized(b"B", value)
    letter = b"(" if isinstance(value, tuple) else b"["
    return letter + len(value).to_bytes(4, "little") + b"".join(encode(item) for item in value)


def _sized(letter: bytes, data: bytes) -> bytes:
    return letter + len(data).to_bytes(4, "little") + data


def is_plain(data: bytes) -> bool:
    """Whether these bytes are the encoding of one value."""
    return _end(data, 0, 0) == len(data)


def _end(data: bytes, start: int, depth: int) -> int | None:
    """Where the value that starts here ends; None if there is none."""
    letter, start = data[start : start + 1], start + 1
    if depth > DEEPEST or letter not in (b"N", b"T", b"F", b"D", b"I", b"S", b"B", b"(", b"["):
        return None
    if letter in b"NTF":
        return start
    if letter == b"D":
        end = start + 8
        return end if end <= len(data) and math.isfinite(struct.unpack("<d", data[start:end])[0]) else None
    if start + 4 > len(data):
        return None
    count, start = int.from_bytes(data[start : start + 4], "little"), start + 4
    if letter in b"([":
        end_: int | None = start
        for _ in range(count):
            end_ = None if end_ is None else _end(data, end_, depth + 1)
            if end_ is None:
                return None
        return end_
    content = data[start : start + count]
    return start + count if len(content) == count and _is_content(letter, content) else None


def _is_content(letter: bytes, content: bytes) -> bool:
    if letter == b"S":
        return content.decode("utf-8", "ignore").encode() == content
    if letter == b"I":
        return content != b"" and encode(int.from_bytes(content, "little", signed=True))[5:] == content
    return True


def publish(session: Session, clock: Clock, place: Place, owner: int, data: bytes) -> list[bytes]:
    """The owner tells its value; returns what each party was told."""
    place, scope = place.child("publish"), Scope.of(session)
    length = len(data).to_bytes(4, "little")
    said = session.exchange(clock, place, "publish.length", session.to_all({owner: length}))
    log_broadcast(session, scope, f"{place.path}/{place.count:06d}.publish.length", said, {owner: length})
    for (_, receiver), payload in sorted(said.items()):
        if not 1 <= int.from_bytes(payload, "little") <= MOST_BYTES:
            session.fail(receiver, "MalformedMessage", "publish.length", owner)

    told = session.exchange(clock, place, "publish.value", session.to_all({owner: data}))
    log_broadcast(session, scope, f"{place.path}/{place.count:06d}.publish.value", told, {owner: data})
    seen = [data] * len(session.parties)
    for (_, receiver), payload in sorted(told.items()):
        seen[receiver] = payload
        if len(payload) != int.from_bytes(said[owner, receiver], "little") or not is_plain(payload):
            session.fail(receiver, "MalformedMessage", "publish.value", owner)
    check(session, clock, place, scope)
    return seen
