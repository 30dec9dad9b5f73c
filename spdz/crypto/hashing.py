"""Labelled hashing: SHA-256 over an unambiguous encoding of what is hashed, for what, by whom and in which session.

Source: docs/wire, section 4; SHA-256 is FIPS 180-4.

The input of every hash is a sequence of items, each encoded as

    type byte || length, 8 bytes little-endian || content

in the order: mode, domain tag, protocol version, session id, party, then the parts. An item says where it ends and of
what type it is, so the encoding can be read back (the tests do) and two different sequences never encode alike: not
("ab", "c") and ("a", "bc"), not 1 and "1" and b"1", not party 0 and no party.

SHA-256 can be extended: from a digest and the length of an unknown input one can compute the digest of that input with
a certain suffix. The suffix starts with the padding byte 0x80, which is no type byte, so what results is not the hash
of any sequence. That is why a secret may be a part.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from spdz.crypto.buffers import readable_bytes
from spdz.crypto.domains import Domain
from spdz.errors import UsageError
from spdz.version import PROTOCOL_VERSION

HASH_BYTES: Final = 32

Part = bytes | bytearray | memoryview | int | str
"""What can be hashed. An array goes in as `array.data`; its shape and type are not hashed."""

_BYTES: Final = b"B"
_INTEGER: Final = b"I"
_TEXT: Final = b"S"
_NOTHING: Final = b"N"

_MODE_DIGEST: Final = b"digest"
_MODE_STREAM: Final = b"stream"


def _item(type_byte: bytes, content: bytes) -> bytes:
    return type_byte + len(content).to_bytes(8, "little") + content


def _encoded(value: int) -> bytes:
    return _item(_INTEGER, value.to_bytes((value.bit_length() + 7) // 8, "little"))


# A session hashes tens of thousands of short parts, so what they have in common is made once.
_SMALL: Final = tuple(_encoded(value) for value in range(1 << 10))
_BYTES_OF_LENGTH: Final = tuple(_BYTES + length.to_bytes(8, "little") for length in range(1 << 8))


def _integer(value: int) -> bytes:
    # The shortest encoding is the only one; zero has no bytes. A bool is refused since True would hash as 1 does.
    if isinstance(value, bool) or value < 0:
        raise UsageError("a hashed integer must be a nonnegative int")
    return _SMALL[value] if value < len(_SMALL) else _encoded(value)


def _begun(mode: bytes, domain: Domain, session_id: bytes, party: int | None) -> hashlib._Hash:
    """A hash that has taken the header."""
    if not isinstance(domain, Domain):
        raise UsageError("a hash needs a member of Domain as its domain")
    return _of_header(mode, domain, PROTOCOL_VERSION, bytes(session_id), party).copy()


@lru_cache(maxsize=256, typed=True)
def _of_header(mode: bytes, domain: Domain, version: int, session_id: bytes, party: int | None) -> hashlib._Hash:
    """What a header makes of a hash; nothing of it is secret. Only copies are hashed with."""
    header = b"".join(
        (
            _item(_BYTES, mode),
            _item(_BYTES, domain.value),
            _integer(version),
            _item(_BYTES, session_id),
            _item(_NOTHING, b"") if party is None else _integer(party),
        )
    )
    return hashlib.sha256(header)


class LabelledHasher:
    """A labelled hash whose parts arrive one after the other; big buffers are read in place.

    `add` of the same parts in the same order gives what `labelled_hash` gives.
    """

    __slots__ = ("_sha",)

    def __init__(self, domain: Domain, *, session_id: bytes = b"", party: int | None = None) -> None:
        self._sha = _begun(_MODE_DIGEST, domain, session_id, party)

    def add(self, part: Part) -> None:
        """Hash one more part."""
        _absorb(self._sha, part)

    def digest(self) -> bytes:
        """The 32-byte hash of the parts so far; more parts may follow."""
        return self._sha.digest()


def _absorb(sha: hashlib._Hash, part: Part) -> None:
    if type(part) is bytes and len(part) < len(_BYTES_OF_LENGTH):
        sha.update(_BYTES_OF_LENGTH[len(part)])
        sha.update(part)
    elif isinstance(part, bytes | bytearray | memoryview):
        view = readable_bytes(part)
        sha.update(_BYTES + view.nbytes.to_bytes(8, "little"))
        sha.update(view)
    elif isinstance(part, str):
        sha.update(_item(_TEXT, part.encode("utf-8")))
    elif isinstance(part, int):
        sha.update(_integer(part))
    else:
        # A numpy integer or array would be read as a buffer of bytes, which is hardly what its owner meant.
        raise UsageError(f"cannot hash a part of type {type(part).__name__}")


def labelled_hash(domain: Domain, *parts: Part, session_id: bytes = b"", party: int | None = None) -> bytes:
    """The 32-byte hash of `parts` under `domain`, bound to the session and the party where they are given."""
    sha = _begun(_MODE_DIGEST, domain, session_id, party)
    for part in parts:
        _absorb(sha, part)
    return sha.digest()


def labelled_xof(
    domain: Domain, output_bytes: int, *parts: Part, session_id: bytes = b"", party: int | None = None
) -> bytes:
    """`output_bytes` bytes out of `parts`: SHA-256 in counter mode over the labelled encoding.

    The length is hashed too, so outputs of different lengths are unrelated. Block number j is the hash of the encoding
    followed by the item j.
    """
    sha = _stream(domain, output_bytes, session_id, party)
    for part in parts:
        _absorb(sha, part)
    return _expand(sha, _counters(output_bytes), output_bytes)


def _stream(domain: Domain, output_bytes: int, session_id: bytes, party: int | None) -> hashlib._Hash:
    sha = _begun(_MODE_STREAM, domain, session_id, party)
    sha.update(_integer(output_bytes))
    return sha


def _counters(output_bytes: int) -> list[bytes]:
    return [_integer(counter) for counter in range(-(-output_bytes // HASH_BYTES))]


def _expand(sha: hashlib._Hash, counters: list[bytes], output_bytes: int) -> bytes:
    blocks = []
    for counter in counters:
        block = sha.copy()
        block.update(counter)
        blocks.append(block.digest())
    return b"".join(blocks)[:output_bytes]


def derive(
    domain: Domain,
    secret: bytes,
    output_bytes: int,
    *context: Part,
    session_id: bytes = b"",
    party: int | None = None,
) -> bytes:
    """`output_bytes` bytes of key material out of a uniform `secret`, separate for each domain and context.

    The usual case is a 16-byte PRG key out of a 32-byte coin toss: `derive(Domain.PRG_KEY, toss, 16, "sacrifice")`.
    """
    return labelled_xof(domain, output_bytes, secret, *context, session_id=session_id, party=party)


class Deriver:
    """`derive` of many secrets under one domain, in one session: what they have in common is encoded once.

    `Deriver(domain, n)(secret, encoded(*context))` is `derive(domain, secret, n, *context)`.
    """

    __slots__ = ("_counters", "_output_bytes", "_sha")

    def __init__(self, domain: Domain, output_bytes: int, *, session_id: bytes = b"") -> None:
        self._sha = _stream(domain, output_bytes, session_id, None)
        self._counters, self._output_bytes = _counters(output_bytes), output_bytes

    def __call__(self, secret: bytes, context: bytes) -> bytes:
        sha = self._sha.copy()
        sha.update(_item(_BYTES, secret) + context)
        return _expand(sha, self._counters, self._output_bytes)


def encoded(*parts: int | str) -> bytes:
    """What `parts` look like inside of a hash."""
    return b"".join(_item(_TEXT, part.encode("utf-8")) if isinstance(part, str) else _integer(part) for part in parts)
