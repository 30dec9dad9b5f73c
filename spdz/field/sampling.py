"""Uniform elements from a byte source, by rejection.

Every element takes one word of element_bytes, little-endian; bits above those of the modulus are dropped, and a word
that is not below p is rejected. All words of an array are drawn in one request, then as many as were rejected, and so
on. So two ends of one pseudorandom stream get the same elements and stay in step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from spdz.errors import UsageError
from spdz.field.convert import words_of
from spdz.field.memory import Words, flat_words, is_output, writable_bytes

if TYPE_CHECKING:
    from spdz.field.array import FieldArray
    from spdz.field.field import Field

Fill: TypeAlias = Callable[[memoryview], None]


def sample_into(fill: Fill, out: FieldArray) -> None:
    """Overwrite `out`, which must be contiguous and writable, by uniform elements."""
    if not is_output(out.limbs):
        raise UsageError("sampling needs a contiguous, writable array")
    sample_words(out.field, fill, flat_words(out.limbs))


def sample_words(field: Field, fill: Fill, words: Words) -> None:
    """As `sample_into`, for the words of a flat array as kernels take them."""
    missing = words
    while len(missing):
        fill(writable_bytes(missing))
        rejected = field.kernels.mask_and_count(missing, field.parameter)
        if rejected == 0:
            return
        # Rejected words are independent of the accepted ones, so this may branch on them.
        accepted = np.any(missing.reshape(-1, field.limbs) != words_of(field.modulus, field.limbs), axis=1)
        kept = len(missing) - rejected
        missing[:kept] = missing[accepted]
        missing = missing[kept:]
