"""From what a user passes to field elements: plain integers in arrays, and nothing that only looks like them."""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.errors import UsageError
from spdz.field import Field, FieldArray


def encode(field: Field, values: Any) -> FieldArray:
    """Signed integers as an array of the field.

    Raises UsageError for what is no plain array of integers, naming it: a mask would be dropped, a matrix multiplies
    in another way, the keys of a dictionary would be taken for its values.
    """
    return field.signed(plain(values))


def plain(values: Any) -> Any:
    """`values`, if numpy reads them as what they are."""
    if isinstance(values, np.ma.MaskedArray):
        raise UsageError(
            "a masked array has values that are to be hidden; pass x.filled(...) or x.compressed(), and the mask as "
            "an input of its own if it matters"
        )
    if isinstance(values, np.matrix):
        raise UsageError("np.matrix multiplies in another way than arrays; pass np.asarray(x)")
    if isinstance(values, np.ndarray) and values.dtype.names is not None:
        raise UsageError(f"a structured array with the fields {values.dtype.names} is not an array of integers")
    if isinstance(values, dict | set | frozenset | str | bytes | bytearray):
        raise UsageError(f"a {type(values).__name__} is not an array of integers; pass a list or a numpy array")
    if hasattr(values, "todense") or hasattr(values, "toarray"):
        raise UsageError(f"{type(values).__name__} is a sparse matrix; pass x.toarray()")
    return int(values) if isinstance(values, np.bool_) else values
