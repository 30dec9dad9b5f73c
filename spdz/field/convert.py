"""Python and numpy integers into limbs, and back.

Limbs of an array of shape S are uint64 words of shape S + (L,), least significant first, L = 1 or 2. Errors name an
index and a range, never a value: values are often secret, and error texts end in logs.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError

Words = npt.NDArray[np.uint64]
WORD_MASK = 2**64 - 1


def words_of(value: int, limbs: int) -> Words:
    """The limbs of one non-negative integer, shape (limbs,)."""
    return np.array([(value >> (64 * index)) & WORD_MASK for index in range(limbs)], dtype=np.uint64)


def integers(values: Any, name: str) -> npt.NDArray[Any]:
    """`values` as a numpy array of an integer type, or of Python ints where 64 bits may not suffice.

    Raises UsageError for anything that is not an exact integer, and for ragged nesting.
    """
    if isinstance(values, np.ndarray):
        array = values
    else:
        try:
            array = np.array(values, dtype=object)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{name} cannot read {type(values).__name__} as an array of integers: {error}") from None
    if array.dtype.kind in "iu":
        return array
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype != object:
        raise UsageError(f"{name} holds integers, not {array.dtype}: scale to integers first")
    flat = array.ravel().tolist()
    wrong = {kind for kind in set(map(type, flat)) if not (hasattr(kind, "__index__") or kind is np.bool_)}
    if wrong:
        where, kind = next((at, type(value)) for at, value in enumerate(flat) if type(value) in wrong)
        advice = "nested sequences need equal lengths" if kind in (list, tuple) else "scale to integers first"
        place = _place(np.unravel_index(where, array.shape))
        raise UsageError(f"{name} holds integers, but {place} is a {kind.__name__}: {advice}")
    try:
        return np.array(flat, dtype=np.int64).reshape(array.shape)
    except OverflowError:
        return np.array([int(value) for value in flat] + [None], dtype=object)[:-1].reshape(array.shape)


def _place(index: tuple[Any, ...]) -> str:
    return f"the element at index {tuple(int(i) for i in index)}" if index else "the value"


def to_limbs(values: Any, lowest: int, highest: int, modulus: int, limbs: int, name: str) -> Words:
    """Limbs of integers in [lowest, highest], negative ones represented by adding `modulus`.

    Raises UsageError naming the first offending index and the range.
    """
    array = integers(values, name)
    outside = np.asarray((array < lowest) | (array > highest), dtype=bool)
    if outside.any():
        place = _place(np.unravel_index(int(outside.argmax()), outside.shape))
        raise UsageError(f"{name} takes integers in [{lowest}, {highest}], but {place} is outside")
    shape, flat = array.shape, array.reshape(-1)  # flat also because numpy warns when scalars wrap around
    out = np.zeros((flat.size, limbs), dtype=np.uint64)
    if flat.dtype == object:
        encoded = b"".join([(value % modulus).to_bytes(8 * limbs, "little") for value in flat.tolist()])
        out[...] = np.frombuffer(encoded, dtype=np.uint64).reshape(out.shape)
    elif lowest >= 0 or flat.dtype.kind != "i":
        out[:, 0] = flat
    else:
        _wrap_signed(flat.astype(np.int64), modulus, out)
    return out.reshape((*shape, limbs))


def _wrap_signed(values: npt.NDArray[np.int64], modulus: int, out: Words) -> None:
    """Add the modulus to negative values, by the mask of the sign, in two's complement over all limbs."""
    sign = (values >> 63).view(np.uint64)
    added = words_of(modulus, out.shape[1])
    carried = sign & added[0]
    out[:, 0] = values.view(np.uint64) + carried
    if out.shape[1] == 2:
        out[:, 1] = sign + (sign & added[1]) + (out[:, 0] < carried)


def above_half(limbs: Words, modulus: int) -> npt.NDArray[np.bool_]:
    """Which elements are larger than (p - 1) / 2: the negative ones of the symmetric representation."""
    half = words_of((modulus - 1) // 2, limbs.shape[-1])
    if limbs.shape[-1] == 1:
        return np.asarray(limbs[..., 0] > half[0])
    return np.asarray((limbs[..., 1] > half[1]) | ((limbs[..., 1] == half[1]) & (limbs[..., 0] > half[0])))


def to_ints(limbs: Words, *, signed: bool) -> npt.NDArray[Any]:
    """Limbs, in two's complement if `signed`, as an array of Python ints."""
    shape, limbs = limbs.shape[:-1], np.ascontiguousarray(limbs.reshape(-1, limbs.shape[-1]))
    out = np.empty(len(limbs), dtype=object)
    if limbs.shape[1] == 1:
        out[:] = low_words(limbs).tolist() if signed else limbs[:, 0].tolist()
    else:
        out[:] = [(high << 64) | low for low, high in struct.iter_unpack("<Qq" if signed else "<QQ", limbs.data)]
    return out.reshape(shape)


def low_words(limbs: Words) -> npt.NDArray[np.int64]:
    """The lower limb of numbers in two's complement that fit into it."""
    return np.ascontiguousarray(limbs[..., 0]).view(np.int64).reshape(limbs.shape[:-1])
