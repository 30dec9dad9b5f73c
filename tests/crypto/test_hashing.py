"""Labelled hashing: the encoding can be read back, so it is injective, and every input counts."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spdz.crypto import HASH_BYTES, Domain, LabelledHasher, derive, hashing, labelled_hash, labelled_xof
from spdz.crypto.hashing import Deriver, encoded
from spdz.errors import UsageError
from spdz.version import PROTOCOL_VERSION

PART = st.one_of(st.binary(max_size=12), st.integers(0, 2**70), st.text(max_size=8))
INPUT = st.tuples(
    st.sampled_from(Domain),
    st.binary(max_size=6),
    st.one_of(st.none(), st.integers(0, 300)),
    st.lists(PART, max_size=4),
)


class _Recorder:
    """Stands in for SHA-256 and keeps what is hashed."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytes(data)

    def update(self, data: Any) -> None:
        self.data += bytes(data)

    def digest(self) -> bytes:
        return self.data

    def copy(self) -> _Recorder:
        return _Recorder(self.data)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    class FakeHashlib:
        sha256 = _Recorder

    monkeypatch.setattr(hashing, "hashlib", FakeHashlib)
    # Else headers of other tests would be real ones, and those of this one would stay behind.
    monkeypatch.setattr(hashing, "_of_header", hashing._of_header.__wrapped__)


def _decode(encoding: bytes) -> list[tuple[bytes, bytes]]:
    """Read the items back; fails unless the encoding is exactly a sequence of items."""
    items = []
    while encoding:
        kind, length = encoding[:1], int.from_bytes(encoding[1:9], "little")
        content = encoding[9 : 9 + length]
        assert kind in (b"B", b"I", b"S", b"N")
        assert len(content) == length
        items.append((kind, content))
        encoding = encoding[9 + length :]
    return items


def _value(item: tuple[bytes, bytes]) -> bytes | int | str | None:
    kind, content = item
    if kind == b"I":
        assert not content or content[-1], "an integer has one encoding"
        return int.from_bytes(content, "little")
    if kind == b"S":
        return content.decode("utf-8")
    return None if kind == b"N" else content


@pytest.mark.usefixtures("recorded")
@given(INPUT)
def test_the_encoding_can_be_read_back(arguments: tuple[Domain, bytes, int | None, list[bytes | int | str]]) -> None:
    domain, session_id, party, parts = arguments
    encoding = labelled_hash(domain, *parts, session_id=session_id, party=party)
    values = [_value(item) for item in _decode(encoding)]
    assert values == [b"digest", domain.value, PROTOCOL_VERSION, session_id, party, *parts]
    assert [type(value) for value in values[5:]] == [type(part) for part in parts]


@pytest.mark.usefixtures("recorded")
@given(INPUT)
def test_a_stream_block_is_never_a_digest(arguments: tuple[Domain, bytes, int | None, list[bytes | int | str]]) -> None:
    domain, session_id, party, parts = arguments
    first_item = labelled_xof(domain, 15, *parts, session_id=session_id, party=party)
    assert _decode(first_item) == [(b"B", b"stream")]


def test_known_answer() -> None:
    def item(kind: bytes, content: bytes) -> bytes:
        return kind + len(content).to_bytes(8, "little") + content

    encoding = (
        item(b"B", b"digest")
        + item(b"B", b"coin toss")
        + item(b"I", PROTOCOL_VERSION.to_bytes(1, "little"))
        + item(b"B", b"session")
        + item(b"I", b"\x02")
        + item(b"B", b"\x00\x01")
        + item(b"I", b"\x00\x01")
        + item(b"I", b"")
        + item(b"S", "Grüße".encode())
    )
    got = labelled_hash(Domain.COIN_TOSS, b"\x00\x01", 256, 0, "Grüße", session_id=b"session", party=2)
    assert got == hashlib.sha256(encoding).digest()
    assert len(got) == HASH_BYTES


def test_look_alikes_differ() -> None:
    digests = [
        labelled_hash(Domain.TRANSCRIPT, b"ab", b"c"),
        labelled_hash(Domain.TRANSCRIPT, b"a", b"bc"),
        labelled_hash(Domain.TRANSCRIPT, b"abc"),
        labelled_hash(Domain.TRANSCRIPT, b"abc", b""),
        labelled_hash(Domain.TRANSCRIPT, "abc"),
        labelled_hash(Domain.COIN_TOSS, b"abc"),
        labelled_hash(Domain.TRANSCRIPT, b"abc", party=0),
        labelled_hash(Domain.TRANSCRIPT, b"abc", party=1),
        labelled_hash(Domain.TRANSCRIPT, b"abc", session_id=b"s"),
        labelled_hash(Domain.TRANSCRIPT, b"abc", session_id=b"s", party=1),
        labelled_hash(Domain.TRANSCRIPT, 1),
        labelled_hash(Domain.TRANSCRIPT, "1"),
        labelled_hash(Domain.TRANSCRIPT, b"\x01"),
        labelled_hash(Domain.TRANSCRIPT, 0),
        labelled_hash(Domain.TRANSCRIPT),
        labelled_hash(Domain.TRANSCRIPT, b""),
        labelled_hash(Domain.TRANSCRIPT, ""),
        labelled_xof(Domain.TRANSCRIPT, 32),
    ]
    assert len(set(digests)) == len(digests)


def test_the_protocol_version_is_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = labelled_hash(Domain.TRANSCRIPT, b"abc")
    monkeypatch.setattr(hashing, "PROTOCOL_VERSION", PROTOCOL_VERSION + 1)
    assert labelled_hash(Domain.TRANSCRIPT, b"abc") != before


@given(INPUT)
def test_incremental_equals_one_shot(arguments: tuple[Domain, bytes, int | None, list[bytes | int | str]]) -> None:
    domain, session_id, party, parts = arguments
    hasher = LabelledHasher(domain, session_id=session_id, party=party)
    for part in parts:
        hasher.add(part)
    assert hasher.digest() == labelled_hash(domain, *parts, session_id=session_id, party=party)


def test_any_contiguous_memory_hashes_as_its_bytes() -> None:
    array = np.arange(3000, dtype=np.uint64).reshape(30, 100)
    expected = labelled_hash(Domain.TRANSCRIPT, array.tobytes())
    assert labelled_hash(Domain.TRANSCRIPT, array.data) == expected
    assert labelled_hash(Domain.TRANSCRIPT, bytearray(array.tobytes())) == expected
    assert labelled_hash(Domain.TRANSCRIPT, np.empty((0, 2), np.uint64).data) == labelled_hash(Domain.TRANSCRIPT, b"")
    with pytest.raises(UsageError, match="contiguous"):
        labelled_hash(Domain.TRANSCRIPT, array[:, ::2].data)
    with pytest.raises(UsageError, match="contiguous"):
        labelled_hash(Domain.TRANSCRIPT, memoryview(b"abcdef")[::2])


@pytest.mark.parametrize("part", [-1, True, None, 1.5, np.uint64(3), np.arange(3), ("a",)])
def test_other_parts_are_refused(part: Any) -> None:
    with pytest.raises(UsageError):
        labelled_hash(Domain.TRANSCRIPT, part)


def test_refusals_do_not_show_the_value() -> None:
    with pytest.raises(UsageError) as caught:
        labelled_hash(Domain.TRANSCRIPT, -123456789)
    assert "123456789" not in str(caught.value)


def test_a_domain_is_a_member() -> None:
    with pytest.raises(UsageError):
        labelled_hash(b"commitment", b"x")  # type: ignore[arg-type]
    assert len({domain.value for domain in Domain}) == len(Domain)
    assert all(domain.value and domain.value.isascii() for domain in Domain)
    assert not isinstance(Domain.COMMITMENT, bytes | str)


@settings(deadline=None)
@given(st.integers(0, 200))
def test_derive(output_bytes: int) -> None:
    secret = bytes(range(32))
    out = derive(Domain.PRG_KEY, secret, output_bytes, "sacrifice", 3)
    assert len(out) == output_bytes
    assert out == labelled_xof(Domain.PRG_KEY, output_bytes, secret, "sacrifice", 3)


def test_derived_outputs_are_unrelated() -> None:
    secret = bytes(range(32))
    outputs = [
        derive(Domain.PRG_KEY, secret, 64),
        derive(Domain.PRG_KEY, secret, 65),
        derive(Domain.COIN_TOSS, secret, 64),
        derive(Domain.PRG_KEY, secret, 64, 1),
        derive(Domain.PRG_KEY, secret, 64, party=1),
        derive(Domain.PRG_KEY, secret, 64, session_id=b"s"),
        derive(Domain.PRG_KEY, secret[::-1], 64),
    ]
    blocks = [output[i : i + 16] for output in outputs for i in range(0, 64, 16)]
    assert len(set(blocks)) == len(blocks)


@pytest.mark.parametrize("output_bytes", [0, 1, 32, 33, 48, 100])
def test_many_secrets_are_derived_as_one_by_one(output_bytes: int) -> None:
    derived = Deriver(Domain.PRG_KEY, output_bytes, session_id=b"s")
    for context in ((), (0,), ("name", 3, 255, 256), ("", "é")):
        for secret in (b"", b"x", bytes(range(70))):
            expected = derive(Domain.PRG_KEY, secret, output_bytes, *context, session_id=b"s")
            assert derived(secret, encoded(*context)) == expected
            cut = len(context) // 2
            assert derived(secret, encoded(*context[:cut]) + encoded(*context[cut:])) == expected


@pytest.mark.parametrize("part", [True, -1])
def test_what_is_no_integer_is_not_encoded(part: int) -> None:
    with pytest.raises(UsageError, match="nonnegative int"):
        encoded(part)


def test_derive_known_answer() -> None:
    def item(kind: bytes, content: bytes) -> bytes:
        return kind + len(content).to_bytes(8, "little") + content

    prefix = (
        item(b"B", b"stream")
        + item(b"B", b"prg key")
        + item(b"I", PROTOCOL_VERSION.to_bytes(1, "little"))
        + item(b"B", b"")
        + item(b"N", b"")
        + item(b"I", b"\x28")
        + item(b"B", b"secret")
        + item(b"S", b"context")
    )
    expected = hashlib.sha256(prefix + item(b"I", b"")).digest() + hashlib.sha256(prefix + item(b"I", b"\x01")).digest()
    assert derive(Domain.PRG_KEY, b"secret", 40, "context") == expected[:40]
