"""What the loops of this package take: C-contiguous arrays of words or of bits, of one length.

Inputs are passed as read-only views, so that what came from a peer needs no kernel of its own. An output may be one of
the inputs, item by item, but must not overlap them in any other way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spdz.errors import UsageError

Words = NDArray[np.uint64]
Bits = NDArray[np.uint8]


def words_in(array: Words, *shape: int) -> Words:
    """A read-only view of words of this shape; a copy where they do not begin at a multiple of 8 bytes."""
    _check(array, np.uint64, shape)
    view = (array if array.flags.aligned else array.copy()).view()
    view.flags.writeable = False
    return view


def bits_in(array: Bits, *shape: int) -> Bits:
    """A read-only view of bits of this shape."""
    _check(array, np.uint8, shape)
    view = array.view()
    view.flags.writeable = False
    return view


def words_out(array: Words | None, *shape: int) -> Words:
    """Words of this shape that a loop may write to: new ones where none are given."""
    if array is None:
        return np.empty(shape, np.uint64)
    _check(array, np.uint64, shape)
    return _writable(array)


def bits_out(array: Bits | None, *shape: int) -> Bits:
    """Bits, or bytes of packed bits, that a loop may write to: new ones where none are given."""
    if array is None:
        return np.empty(shape, np.uint8)
    _check(array, np.uint8, shape)
    return _writable(array)


def _check(array: NDArray[Any], dtype: type, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        wanted = f"{np.dtype(dtype)} array of shape {shape}"
        raise UsageError(f"expected a contiguous {wanted}, got {array.dtype} {array.shape}")


def _writable(array: NDArray[Any]) -> NDArray[Any]:
    if not array.flags.behaved:
        raise UsageError("an output must be writable and aligned")
    return array
