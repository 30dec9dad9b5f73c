"""Labelled hashing, labels, commitments and seeded randomness: docs/wire, sections 2 to 4."""

from __future__ import annotations

import hashlib

from vectors.generator.aes import Prg

PROTOCOL_VERSION = 2

Part = bytes | str | int


def _item(part: Part | None) -> bytes:
    if part is None:
        kind, content = b"N", b""
    elif isinstance(part, bytes):
        kind, content = b"B", part
    elif isinstance(part, str):
        kind, content = b"S", part.encode("utf-8")
    else:
        kind, content = b"I", part.to_bytes(-(-part.bit_length() // 8), "little")
    return kind + len(content).to_bytes(8, "little") + content


def _encoded(mode: bytes, domain: bytes, session_id: bytes, party: int | None, parts: tuple[Part, ...]) -> bytes:
    head = (mode, domain, PROTOCOL_VERSION, session_id, party)
    return b"".join(_item(part) for part in (*head, *parts))


def digest(domain: str, *parts: Part, session_id: bytes = b"", party: int | None = None) -> bytes:
    """H(domain, parts; session id, party)."""
    return hashlib.sha256(_encoded(b"digest", domain.encode(), session_id, party, parts)).digest()


def stream(domain: str, length: int, *parts: Part, session_id: bytes = b"", party: int | None = None) -> bytes:
    """X(domain, length, parts; session id, party)."""
    head = _encoded(b"stream", domain.encode(), session_id, party, (length, *parts))
    blocks = (hashlib.sha256(head + _item(block)).digest() for block in range(-(-length // 32)))
    return b"".join(blocks)[:length]


def derive(
    domain: str, secret: bytes, length: int, *context: Part, session_id: bytes = b"", party: int | None = None
) -> bytes:
    """D(domain, secret, length, context; session id, party)."""
    return stream(domain, length, secret, *context, session_id=session_id, party=party)


def commitment(session_id: bytes, party: int, place: bytes, nonce: bytes, payload: bytes) -> bytes:
    """What a party sends before it opens `payload`."""
    return digest("commitment", place, nonce, payload, session_id=session_id, party=party)


def label(session_id: bytes, path: str) -> bytes:
    """Where a message belongs."""
    return hashlib.sha256(session_id + path.encode("ascii")).digest()[:16]


def wire_id(step: str) -> bytes:
    """The four bytes of a step; zero for none."""
    return hashlib.sha256(step.encode("ascii")).digest()[:4] if step else bytes(4)


def seeded(seed: bytes, name: str | int) -> Prg:
    """The stream of a test seed for one party or purpose, as vectors/README.md defines it."""
    return Prg(derive("test randomness", seed, 16, name))
