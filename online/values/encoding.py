"""From what a user passes to field elements: plain integers in arrays, and nothing that only looks like them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field import Field, FieldArray
from spdz.field.algebra import place_of
from spdz.field.convert import integers

MAX_AXES = 64
"""As many as numpy's arrays may have."""
WHOLE = "iubO"
"""Kinds of numpy's types that hold integers; those of real numbers have an "f" besides."""


def encode(field: Field, values: Any) -> FieldArray:
    """Signed integers as an array of the field.

    Raises UsageError for what is no plain array of integers, naming it, however deep it stands in lists: a mask would
    be dropped, a matrix multiplies in another way, the keys of a dictionary would be taken for its values.
    """
    return field.signed(plain(values))


def whole_numbers(values: Any) -> npt.NDArray[Any]:
    """Public integers as an array of an integer type, or of Python ints where they are larger. Errors as `encode`."""
    return integers(plain(values), "a secret integer")


def truth_values(values: Any) -> npt.NDArray[np.uint8]:
    """Public truth values, or 0 and 1, as bits. Errors as `encode`."""
    numbers = integers(plain(values), "a secret truth value")
    wrong = np.asarray((numbers != 0) & (numbers != 1), dtype=bool)
    if wrong.any():
        raise UsageError(f"truth values are True and False, or 1 and 0, and one is neither: {place_of(wrong)}")
    return numbers.astype(np.uint8)


def plain(values: Any, depth: int = 0, kinds: str = WHOLE) -> Any:
    """`values` in a form that numpy reads as what it is: numbers, arrays of them, and lists of such.

    Of arrays that stand in lists, the types must be of the `kinds`.
    """
    if type(values) is int or isinstance(values, bool | range):
        return values
    if isinstance(values, np.generic):
        return int(values) if isinstance(values, np.bool_) else values
    if isinstance(values, Mapping | Set | str | bytes | bytearray):
        raise UsageError(f"a {type(values).__name__} is not an array of integers; pass a list or a numpy array")
    if isinstance(values, np.ndarray):
        return _array(values, depth, kinds)
    if isinstance(values, Sequence):
        return _sequence(values, depth, kinds)
    if hasattr(values, "todense") or hasattr(values, "toarray"):
        raise UsageError(f"{type(values).__name__} is a sparse matrix; pass x.toarray()")
    return _converted(values, depth, kinds) if hasattr(type(values), "__array__") else values


def _array(values: np.ndarray[Any, Any], depth: int, kinds: str) -> Any:
    """An array of numpy. Its subclasses have rules of their own; a file in memory is the only one that has none."""
    if isinstance(values, np.ma.MaskedArray):
        raise UsageError(
            "a masked array has values that are to be hidden; pass x.filled(...) or x.compressed(), and the mask as "
            "an input of its own if it matters"
        )
    if isinstance(values, np.matrix):
        raise UsageError("np.matrix multiplies in another way than arrays; pass np.asarray(x)")
    if values.dtype.names is not None:
        raise UsageError(f"a structured array with the fields {values.dtype.names} is not an array of integers")
    if type(values) not in (np.ndarray, np.memmap):
        raise UsageError(f"{type(values).__name__} may have rules of its own; pass np.asarray(x), if it has none")
    if values.dtype != object:
        return values
    flat = values.ravel().tolist()
    if set(map(type, flat)) <= {int}:
        return values
    out = np.empty(len(flat), object)
    for index, value in enumerate(flat):
        out[index] = _element(value, depth + 1, kinds)
    return out.reshape(values.shape)


def _sequence(values: Sequence[Any], depth: int, kinds: str) -> Any:
    """A list, or what is like one, of numbers and of further lists and arrays."""
    if depth >= MAX_AXES:
        raise UsageError(f"lists stand in each other more than {MAX_AXES} deep")
    if set(map(type, values)) <= {int, bool}:
        return values
    return [_element(value, depth + 1, kinds) for value in values]


def _element(value: Any, depth: int, kinds: str) -> Any:
    """As `plain`, of something within a list: arrays become lists, so that none is taken for a number."""
    known = plain(value, depth, kinds)
    if not isinstance(known, np.ndarray):
        return known
    if known.dtype.kind not in kinds:
        raise UsageError(f"an array of {known.dtype} stands among integers: scale to integers first")
    return known.tolist()


def _converted(values: Any, depth: int, kinds: str) -> Any:
    """An array of another library, by its own idea of itself."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise UsageError(f"a {type(values).__name__} cannot be read as an array of numbers: {error}") from None
    return _array(array, depth, kinds)
