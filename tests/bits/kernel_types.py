"""Compile every kernel of bits and words anew, watched, and print the places with wrong types as JSON."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys

import numpy as np

import spdz.bits
from spdz.bits import clmul, clmul_sums, comparison, gf64, gf128, leaky_and, proof, word_hash, words
from spdz.field.jit import kernel
from tests.field.kernel_types import watched


def kernels() -> set[str]:
    """Every function of the package that is compiled by itself or called by one that is."""
    names = set[str]()
    for found in pkgutil.iter_modules(spdz.bits.__path__, "spdz.bits."):
        module = importlib.import_module(found.name)
        dispatchers = [value for value in vars(module).values() if hasattr(value, "py_func")]
        names |= {f"{value.py_func.__module__}.{value.py_func.__name__}" for value in dispatchers}
    return {name for name in names if name.startswith("spdz.bits.")}


def use_all() -> None:
    """Every loop once."""
    word, bit, rows, delta = np.ones(4, np.uint64), np.ones(4, np.uint8), np.ones((4, 2), np.uint64), np.uint64(1)
    words.lowest_bits(word)
    words.packed_lowest_bits(word)
    words.difference_bits(word, word)
    words.select(bit, word)
    words.public_words(bit, delta)
    words.shared_words(bit, delta, word, word, word.copy())
    words.beaver(word, word, word, bit, bit, delta)
    words.beaver(word, word, word, bit, bit, delta, addend=word)
    words.opening_errors(word, None, bit, delta)
    words.opening_errors(word, word, bit, delta)
    comparison.leaf_pairs(rows, rows, rows, range(1), delta)
    comparison.leaf_of_bit(rows, rows, 0, delta)
    comparison.differences(rows, rows, 0, np.ones((2, 4), np.uint64), delta)
    leaky_and.payload(rows, rows, word, word.copy(), word.copy())
    leaky_and.take(rows, bit, word, word.copy())
    leaky_and.payload_pair(rows, rows, word, word, rows.copy(), word.copy(), word.copy())
    leaky_and.take_pair(rows, bit, rows, word.copy(), word.copy())
    leaky_and.bucket_difference(word, word, 1)
    leaky_and.bucket_combine(word, word, bit, 1, word.copy(), word.copy())
    leaky_and.bucket_combine_pair(word, word, word, bit, bit, 1, word.copy(), word.copy(), word.copy())
    hasher = word_hash.WordHasher(b"k" * 16, with_bits=True)
    hasher.update(word)
    proof.prover_sums(word, bit, word, bit, word, word)
    proof.verifier_sum(word, word, word, delta, word)
    gf64.multiply(word, word)
    gf64.compose(word)
    gf128.multiply(bytes(16), bytes(16))
    gf128.compose(word)
    # What this machine has no use for, or has one for beside it.
    kernel(lambda a, b: clmul.clmul_portable(a, b))(delta, delta)
    for kind in ("fast", "portable") if clmul.HAVE_CLMUL else ("portable",):
        blocks, pairs, triples = (
            getattr(clmul_sums, f"sum_of_{what}_{kind}") for what in ("blocks", "pairs", "triples")
        )
        kernel(lambda words, powers: blocks(words, powers))(word, rows[:2])  # noqa: B023 - compiled at once
        kernel(lambda a, b: pairs(a, b))(word, word)  # noqa: B023
        kernel(lambda a, b, c: triples(a, b, c))(word, word, word)  # noqa: B023


if __name__ == "__main__":
    with watched() as compiled:
        use_all()
    missed = kernels() - compiled.functions
    json.dump({"missed": sorted(missed), "mistakes": sorted(compiled.mistakes)}, sys.stdout)
