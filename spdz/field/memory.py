"""Views of limbs: flat arrays for kernels, flat bytes for the wire."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]


class _Alias:
    """Lends the memory of an array to numpy under another description, and keeps it alive."""

    def __init__(self, owner: Words) -> None:
        description: dict[str, Any] = dict(owner.__array_interface__)
        description["data"] = (description["data"][0], False)
        self.__array_interface__ = description
        self.owner = owner


def flat_words(limbs: Words) -> Words:
    """Limbs of shape S + (L,) as kernels take them: (n,) if L = 1, (n, 2) if L = 2; a copy only where needed.

    Numba compiles read-only arrays as a type of their own. So that no kernel is compiled twice, read-only memory is
    passed as if it could be written; callers check their outputs with `is_output`.
    """
    words = limbs
    if not words.flags.carray:
        words = _behaved(limbs)
    if words.shape[-1] == 1:
        return words.reshape(words.size)
    return words.reshape(words.size // 2, 2)


def _behaved(limbs: Words) -> Words:
    words = np.ascontiguousarray(limbs)
    if not words.flags.aligned:
        words = words.copy()
    if not words.flags.writeable:
        words = np.asarray(_Alias(words))
    return words


def is_output(limbs: Words) -> bool:
    """Whether kernels can write to these limbs in place."""
    return limbs.flags.carray


def readonly_bytes(limbs: Words) -> memoryview:
    """The bytes of limbs as flat read-only memory."""
    return writable_bytes(np.ascontiguousarray(limbs)).toreadonly()


def writable_bytes(limbs: Words) -> memoryview:
    """The bytes of contiguous limbs as flat memory."""
    if limbs.size == 0:
        # memoryview refuses to cast shapes that contain a zero.
        return memoryview(bytearray())
    return memoryview(limbs).cast("B")  # type: ignore[arg-type]  # numpy declares no buffer before 3.12
