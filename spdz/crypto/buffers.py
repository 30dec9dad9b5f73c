"""Flat byte views of whatever a caller owns: bytes, bytearrays, memoryviews and contiguous arrays, never a copy.

The cipher library takes buffers of plain bytes only, and hashing must see exactly the bytes that lie in memory. Both
refuse what is not contiguous instead of copying it silently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from spdz.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Buffer

    # Arrays are buffers, but numpy's type stubs say so from Python 3.12 on only.
    AnyBuffer: TypeAlias = Buffer | NDArray[Any]

_EMPTY = memoryview(b"")
_EMPTY_WRITABLE = memoryview(bytearray())


def readable_bytes(data: AnyBuffer) -> memoryview:
    """The bytes of `data` in C order as a flat view.

    Raises: UsageError if `data` is not contiguous.
    """
    view = memoryview(data)  # type: ignore[arg-type]  # see AnyBuffer
    if view.ndim == 1 and view.format == "B" and view.contiguous:
        return view
    if not view.c_contiguous:
        raise UsageError("a buffer must be C-contiguous")
    # An empty view with more than one dimension cannot be cast.
    return view.cast("B") if view.nbytes else _EMPTY


def writable_bytes(buffer: AnyBuffer) -> memoryview:
    """The bytes of `buffer` in C order as a flat view that may be written to.

    Raises: UsageError if `buffer` is not contiguous or is read-only.
    """
    view = memoryview(buffer)  # type: ignore[arg-type]  # see AnyBuffer
    if view.readonly:
        raise UsageError("a buffer to be filled must be writable")
    if view.ndim == 1 and view.format == "B" and view.contiguous:
        return view
    if not view.c_contiguous:
        raise UsageError("a buffer must be C-contiguous")
    return view.cast("B") if view.nbytes else _EMPTY_WRITABLE
