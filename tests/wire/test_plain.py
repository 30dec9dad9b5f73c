"""Plain values on the wire: one encoding for each, and nothing else is read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.errors import InternalError, UsageError
from spdz.wire.plain import MAX_BYTES, MAX_DEPTH, Length, Plain, decode_plain, encode_plain

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.lists(inner).map(tuple), max_leaves=20)

KNOWN: dict[str, tuple[Any, bytes]] = {
    "none": (None, b"N"),
    "true": (True, b"T"),
    "zero": (0, b"I\1\0\0\0\0"),
    "one more byte for the sign": (128, b"I\2\0\0\0\x80\0"),
    "the sign fits just so": (-128, b"I\1\0\0\0\x80"),
    "a negative number": (-2, b"I\1\0\0\0\xfe"),
    "a float": (1.0, b"D\0\0\0\0\0\0\xf0\x3f"),
    "text": ("ä", b"S\2\0\0\0\xc3\xa4"),
    "bytes": (b"\0", b"B\1\0\0\0\0"),
    "a shape": ((2, 3), b"(\2\0\0\0I\1\0\0\0\2I\1\0\0\0\3"),
    "an empty list": ([], b"[\0\0\0\0"),
}


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("name", KNOWN)
def test_known_encodings(name: str) -> None:
    value, data = KNOWN[name]
    assert encode_plain(value) == data
    assert decode_plain(data) == value
    assert type(decode_plain(data)) is type(value)


@given(value=VALUES)
def test_every_plain_value_comes_back(value: Any) -> None:
    assert repr(decode_plain(encode_plain(value))) == repr(value)


@given(data=st.binary(max_size=40) | st.lists(st.sampled_from(b"NTFDISB([\0\1\2"), max_size=30).map(bytes))
def test_what_is_read_is_what_would_be_written(data: bytes) -> None:
    try:
        value = decode_plain(data)
    except ValueError:
        return
    assert encode_plain(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"X",
        b"NN",
        b"I\0\0\0\0",
        b"I\2\0\0\0\1\0",
        b"I\1\0\0",
        b"I\2\0\0\0\1",
        b"S\1\0\0\0\xff",
        b"D" + np.float64(math.nan).tobytes(),
        b"D" + np.float64(math.inf).tobytes(),
        b"(\xff\xff\xff\xffN",
        b"X\0\0\0\0",
        b"[\1\0\0\0" * (MAX_DEPTH + 1) + b"N",
        b"[\1\0\0\0" * 5000 + b"N",
    ],
    ids=range(14),
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"plain|utf-8"):
        decode_plain(data)


@pytest.mark.parametrize(
    "value", [np.int64(5), np.bool_(True), np.float32(0.5), np.str_("a"), (np.uint8(1), [np.int8(2)])]
)
def test_numbers_of_numpy_become_those_of_python(value: Any) -> None:
    found = decode_plain(encode_plain(value))
    assert found == value
    assert not isinstance(found, np.generic)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.arange(3), "a ndarray is not a plain value"),
        ({1: 2}, "a dict is not"),
        ({1}, "a set is not"),
        (object(), "a object is not"),
        (1j, "a complex is not"),
        (math.nan, "finite"),
        (-math.inf, "finite"),
        ("\ud800", "surrogate"),
        (nested(MAX_DEPTH + 1), "more than 16 deep"),
        (b"x" * MAX_BYTES, "at most 1048576 bytes"),
        (b"x" * (MAX_BYTES + 1), "at most 1048576 bytes"),
    ],
    ids=range(11),
)
def test_what_is_not_plain_is_named(value: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        encode_plain(value)
    assert "\n" not in str(caught.value)


def test_the_deepest_and_the_longest_are_taken() -> None:
    for value in (nested(MAX_DEPTH), b"x" * (MAX_BYTES - 5)):
        assert decode_plain(encode_plain(value)) == value


def test_the_codecs() -> None:
    codec = Plain(17)
    assert codec.decode(codec.encode((2, 3))) == (2, 3)
    with pytest.raises(InternalError, match="17 bytes was given 1"):
        codec.encode(None)
    assert Length().decode(Length().encode(MAX_BYTES)) == MAX_BYTES
    for wrong in (0, MAX_BYTES + 1):
        with pytest.raises(ValueError, match="1 to 1048576 bytes"):
            Length().decode(memoryview(wrong.to_bytes(4, "little")))
