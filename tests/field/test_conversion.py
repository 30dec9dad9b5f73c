"""Integers in and out; what is refused, and that no message holds a value."""

from __future__ import annotations

import gmpy2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.errors import UsageError
from spdz.field import M5, M13, M31, M61, M127, Field, field_by_name
from spdz.field.mersenne import reference

from .helpers import TESTED, Stream, checked, edges, elements

TESTED_FIELDS = pytest.mark.parametrize("field", TESTED, ids=lambda field: field.name)
DTYPES = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]


def test_edge_values_go_through(field: Field) -> None:
    values = edges(field)
    assert field.array(values).to_ints() == values
    assert field.array(np.array(values, dtype=object)).to_ints() == values
    assert field.array(values).to_bytes() == reference.encode(field.modulus, values)
    centred = reference.to_signed(field.modulus, values)
    assert field.signed(centred).to_ints() == values
    assert field.array(values).to_signed().tolist() == centred


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_random_values_go_through(field: Field, data: st.DataObject) -> None:
    values = data.draw(st.lists(elements(field), max_size=20))
    array = field.array(values)
    assert array.to_ints() == values
    assert field.signed(array.to_signed()).equals(array)
    assert array.to_signed().tolist() == reference.to_signed(field.modulus, values)


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_integers_of_every_width(field: Field, dtype: type[np.integer]) -> None:
    info = np.iinfo(dtype)
    half = (field.modulus - 1) // 2
    for array, lowest, highest in ((field.array, 0, field.modulus - 1), (field.signed, -half, half)):
        ends = [max(info.min, lowest), 0, 1, min(info.max, highest)]
        assert array(np.array(ends, dtype=dtype)).to_ints() == reference.signed(field.modulus, ends)
        if info.max > highest:
            with pytest.raises(UsageError, match=r"index \(1,\) is outside"):
                array(np.array([0, highest + 1], dtype=dtype))
        if info.min < lowest:
            with pytest.raises(UsageError, match=r"index \(1,\) is outside"):
                array(np.array([0, lowest - 1], dtype=dtype))


def test_shapes_are_kept(field: Field) -> None:
    assert field.array(7).shape == ()
    assert field.array([[1, 2, 3]]).shape == (1, 3)
    assert field.array([]).shape == (0,)
    assert field.array(np.zeros((2, 0, 3), dtype=np.int32)).shape == (2, 0, 3)
    assert field.array(np.arange(6).reshape(2, 3).T).to_ints() == [[0, 3], [1, 4], [2, 5]]


def test_other_integers_are_welcome(field: Field) -> None:
    assert field.array([gmpy2.mpz(3), np.uint8(4), True, 5]).to_ints() == [3, 4, 1, 5]
    assert field.array([gmpy2.mpz(3), field.modulus - 1]).to_ints() == [3, field.modulus - 1]
    assert field.array(np.array([True, False])).to_ints() == [1, 0]
    assert field.array(range(4)).to_ints() == [0, 1, 2, 3]
    assert field.signed(np.array(-3)).to_ints() == field.modulus - 3


def test_unsigned_64_bit_values_in_m127() -> None:
    top = np.array([2**64 - 1, 2**63], dtype=np.uint64)
    assert M127.array(top).to_ints() == M127.signed(top).to_ints() == [2**64 - 1, 2**63]
    assert M127.array([2**63, -1 % 2**64]).to_ints() == [2**63, 2**64 - 1]


def test_an_array_of_the_field_is_copied(field: Field) -> None:
    x = field.array([1, 2])
    y = field.array(x)
    y[0] = 3
    assert x.to_ints() == [1, 2]
    with pytest.raises(UsageError, match="do not mix"):
        (M31 if field is not M31 else M5).array(x)


def test_range_errors_name_index_and_range_but_no_value() -> None:
    with pytest.raises(UsageError) as caught:
        M13.array([[1, 2], [3, 8191], [9999, 1]])
    assert str(caught.value) == "M13.array takes integers in [0, 8190], but the element at index (1, 1) is outside"
    with pytest.raises(UsageError) as caught:
        M13.signed([0, -4096])
    assert str(caught.value) == "M13.signed takes integers in [-4095, 4095], but the element at index (1,) is outside"
    with pytest.raises(UsageError, match="the value is outside"):
        M127.array(2**127 - 1)
    with pytest.raises(UsageError, match=r"index \(1,\) is outside"):
        M127.array([2**126, -(2**126)])
    with pytest.raises(UsageError, match="outside"):
        M61.full(3, 2**61 - 1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (1.0, "the value is a float: scale to integers first"),
        ([1, 2.5], r"index \(1,\) is a float: scale"),
        ([[1], [None]], r"index \(1, 0\) is a NoneType"),
        (np.ones(3), "not float64: scale"),
        (np.array([1, 1], dtype=np.complex64), "not complex64"),
        (np.array(["1"]), "not <U1"),
        (np.array([np.float32(1), 2], dtype=object), r"index \(0,\) is a float32"),
        ("12", "the value is a str"),
        (b"12", "the value is a bytes"),
        (["1", "2"], r"index \(0,\) is a str"),
        ([[1], [2, 3]], "is a list: nested sequences need equal lengths"),
        ({"a": 1}, "is a dict"),
        (None, "is a NoneType"),
        ([M5.ones(2)], "cannot read list"),
    ],
)
def test_what_is_no_integer_is_refused_in_one_line(field: Field, values: object, words: str) -> None:
    for convert in (field.array, field.signed):
        with pytest.raises(UsageError, match=words) as caught:
            convert(values)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shift", [62, 63, 64, 100])
def test_signed_output_of_m127_is_int64_where_it_fits(shift: int) -> None:
    for value in (2**shift, -(2**shift), 2**shift - 1, -(2**shift) - 1):
        out = M127.signed([value, 0]).to_signed()
        assert out.tolist() == [value, 0]
        assert (out.dtype == np.int64) == (-(2**63) <= value < 2**63)
    assert M127.signed(-(2**shift)).to_signed().shape == ()


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, (M127.modulus - 1) // 2, -(M127.modulus - 1) // 2])
@pytest.mark.parametrize("place", [0, 4])
def test_one_large_number_makes_all_of_them_python_ints(value: int, place: int) -> None:
    numbers = [0, -1, 1, 2**63 - 1, -(2**63)]
    assert M127.signed(numbers).to_signed().dtype == np.int64
    numbers[place] = value
    table = M127.signed([numbers, numbers]).T
    assert table.to_signed().dtype == object
    assert table.to_signed().tolist() == [[number] * 2 for number in numbers]
    assert table[:place].to_signed().dtype == np.int64


def test_0_d_arrays_give_0_d_answers(field: Field) -> None:
    x = field.signed(-2)
    assert x.to_ints() == field.modulus - 2
    assert x.to_signed().shape == ()
    assert x.to_signed().dtype == np.int64
    assert int(x.to_signed()) == -2


def test_bytes_go_through_without_a_copy(field: Field, stream: Stream) -> None:
    x = field.sample(stream.fill, (3, 4))
    buffer = bytearray(x.to_bytes())
    view = field.from_bytes(buffer, (3, 4))
    assert view.equals(x)
    assert np.shares_memory(view.limbs, np.frombuffer(buffer, dtype=np.uint8))
    view[0, 0] = 0
    assert buffer[: field.element_bytes] == bytes(field.element_bytes)
    assert np.shares_memory(np.frombuffer(view.memory, dtype=np.uint8), view.limbs)
    assert bytes(view.memory) == bytes(buffer) == view.to_bytes()


def test_read_only_bytes_can_be_computed_with_but_not_written(field: Field, stream: Stream) -> None:
    x = field.sample(stream.fill, 5)
    encoded = x.to_bytes()
    view = field.from_bytes(encoded, 5)
    assert (view + view).equals(x + x)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    view.wipe()  # leaves what it cannot overwrite, so that the rest of a clean-up goes on
    with pytest.raises(UsageError, match="writable"):
        field.sample_into(stream.fill, view)
    assert encoded == x.to_bytes()


def test_unaligned_bytes_are_copied(field: Field, stream: Stream) -> None:
    x = field.sample(stream.fill, 6)
    odd = memoryview(b"?" + x.to_bytes())[1:]
    assert field.from_bytes(odd, (2, 3)).equals(x.reshape(2, 3))


@pytest.mark.parametrize("length", [0, 1, 7, 23, 25, 49])
def test_wrong_lengths_are_refused(field: Field, length: int) -> None:
    with pytest.raises(ValueError, match=rf"{length} bytes do not hold \(3,\)"):
        field.from_bytes(bytes(length), 3)
    assert field.from_bytes(b"", (0, 2)).shape == (0, 2)


@pytest.mark.parametrize("position", [0, 1, 6])
def test_non_canonical_elements_are_refused_without_showing_them(field: Field, position: int) -> None:
    p, width = field.modulus, field.element_bytes
    for value in (p, p + 1, 2**field.bits, 2 ** (8 * width) - 1, 2 ** (8 * width - 1)):
        encoded = bytearray(field.full(7, p - 1).to_bytes())
        encoded[position * width : (position + 1) * width] = value.to_bytes(width, "little")
        with pytest.raises(ValueError, match="not canonical") as caught:
            field.from_bytes(encoded, 7)
        assert not any(shown in str(caught.value) for shown in (str(value), hex(value)[2:]))


def test_errors_of_the_wire_are_not_usage_errors() -> None:
    # The codec turns ValueError into MalformedMessage; a UsageError would blame the local user.
    for hostile in (bytes(8), b"\xff" * 16):
        with pytest.raises(ValueError, match=r"bytes|canonical") as caught:
            M127.from_bytes(hostile, 1)
        assert not isinstance(caught.value, UsageError)


def test_fields_by_name() -> None:
    assert field_by_name("M127") is M127
    with pytest.raises(UsageError, match=r"did you mean M61\? Known fields: M5, M7, M13, M17, M19, M31, M61, M127"):
        field_by_name("m61")
    with pytest.raises(UsageError, match=r"there is no field 'GF\(2\)'\. Known"):
        field_by_name("GF(2)")


def test_fields_are_values() -> None:
    assert field_by_name("M61") == M61
    assert M61 != M127
    assert len({M61, M127, field_by_name("M61")}) == 2
    assert repr(M61) == "<Field M61>"
    with pytest.raises(AttributeError):
        M61.name = "M62"  # type: ignore[misc]
