"""Codecs believe nothing: not the length, not that an element is below p."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spdz.errors import InternalError
from spdz.field import M5, M61, M127, Field
from spdz.wire.codec import Blob, Elements

FIELDS = (M5, M61, M127)


@pytest.mark.parametrize("field", FIELDS, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
def test_elements_come_back_as_they_were(field: Field, shape: tuple[int, ...], seed: bytes) -> None:
    codec = Elements(field, shape)
    value = field.full(shape, field.modulus - 1)
    payload = bytearray(codec.encode(value))
    assert len(payload) == codec.byte_count
    assert codec.decode(memoryview(payload)).equals(value)


@pytest.mark.parametrize("field", FIELDS, ids=str)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_element_equal_to_p_is_refused_wherever_it_stands(field: Field, place: int) -> None:
    width = field.element_bytes
    payload = bytearray(3 * width)
    payload[place * width : (place + 1) * width] = field.modulus.to_bytes(width, "little")
    with pytest.raises(ValueError, match="canonical"):
        Elements(field, (3,)).decode(memoryview(payload))


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_bits_above_the_modulus_are_refused_and_not_dropped(field: Field) -> None:
    payload = bytearray(field.element_bytes)
    payload[-1] = 0x80
    with pytest.raises(ValueError, match="canonical"):
        Elements(field, ()).decode(memoryview(payload))


@pytest.mark.parametrize("size", [0, 7, 23, 25, 32])
def test_a_payload_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="bytes do not hold"):
        Elements(M61, (3,)).decode(memoryview(bytearray(size)))


@pytest.mark.parametrize("field", FIELDS, ids=str)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_decodes_encodes_to_the_same_bytes(field: Field, data: st.DataObject) -> None:
    payload = bytearray(data.draw(st.binary(min_size=2 * field.element_bytes, max_size=2 * field.element_bytes)))
    codec = Elements(field, (2,))
    try:
        value = codec.decode(memoryview(payload))
    except ValueError:
        return
    assert bytes(codec.encode(value)) == bytes(payload)


def test_an_array_that_does_not_fit_its_codec_is_a_fault_of_ours() -> None:
    codec = Elements(M61, (2,))
    for wrong in (M61.zeros((3,)), M61.zeros((2, 1)), M127.zeros((2,))):
        with pytest.raises(InternalError):
            codec.encode(wrong)
    with pytest.raises(InternalError):
        Blob(3).encode(b"four")


def test_what_is_sent_cannot_be_changed_through_the_view() -> None:
    assert Elements(M61, (2,)).encode(M61.zeros((2,))).readonly
    assert Blob(4).encode(bytearray(4)).readonly
