"""Sums of carry-less products equal sums of products of Python integers, with the instruction and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spdz.bits import clmul_sums
from spdz.bits.arrays import Words
from spdz.bits.clmul import HAVE_CLMUL
from spdz.errors import InternalError
from spdz.field.jit import kernel

from . import references as ref

COUNTS = (0, 1, 2, 9, 100)
KINDS = ["portable", pytest.param("fast", marks=pytest.mark.skipif(not HAVE_CLMUL, reason="no such instruction"))]


def loop_of(name: str, inputs: int) -> Callable[..., Any]:
    """A kernel around one sum."""
    sums = getattr(clmul_sums, name)
    if inputs == 2:
        return kernel(lambda a, b: sums(a, b))
    return kernel(lambda a, b, c: sums(a, b, c))


def integer(words: Any) -> int:
    return sum(int(word) << 64 * place for place, word in enumerate(words))


def total(products: list[int]) -> int:
    result = 0
    for product in products:
        result ^= product
    return result


def blocks(words: Words) -> list[int]:
    return [integer(pair) for pair in words.reshape(-1, 2)]


@pytest.mark.parametrize("kind", KINDS)
def test_sums_of_blocks(kind: str) -> None:
    loop = loop_of(f"sum_of_blocks_{kind}", 2)
    for count in COUNTS:
        words, powers = ref.random_words(1, 2 * count + 1)[1:], ref.random_words(2, count, 2)
        pairs = zip(blocks(words), blocks(powers), strict=True)
        assert integer(loop(words, powers)) == total([ref.carryless(a, b) for a, b in pairs])


def test_sums_of_blocks_of_bits() -> None:
    loop = loop_of("sum_of_bit_blocks", 2)
    for count in COUNTS:
        words, powers = ref.random_words(3, 2 * count + 1)[1:], ref.random_words(4, count, 2)
        pairs = zip(blocks(words & np.uint64(1)), blocks(powers), strict=True)
        assert integer(loop(words, powers)) == total([ref.carryless(a, b) for a, b in pairs])


@pytest.mark.parametrize("kind", KINDS)
def test_sums_of_pairs_and_triples(kind: str) -> None:
    pairs, triples = loop_of(f"sum_of_pairs_{kind}", 2), loop_of(f"sum_of_triples_{kind}", 3)
    for count in COUNTS:
        a, b, c = ref.random_words(5, 3, count)
        products = [ref.carryless(int(x), int(y)) for x, y in zip(a, b, strict=True)]
        assert integer(pairs(a, b)) == total(products)
        assert integer(triples(a, b, c)) == total([ref.carryless(x, int(y)) for x, y in zip(products, c, strict=True)])


def test_the_instruction_is_used_where_there_is_one() -> None:
    kind = "fast" if HAVE_CLMUL else "portable"
    for name in ("sum_of_blocks", "sum_of_pairs", "sum_of_triples"):
        assert getattr(clmul_sums, name) is getattr(clmul_sums, f"{name}_{kind}")


def test_other_layouts_are_not_compiled() -> None:
    words = np.zeros(8, np.uint64)
    with pytest.raises(InternalError, match="contiguous"):
        loop_of("sum_of_pairs_fast", 2)(words[::2], words[::2])
