"""Bits: what is checked of words, AND triples, masks and proofs, and after what the coins of it are tossed."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant

WORDS = "preprocessing/bits/word_check.py"
BUCKETS = "preprocessing/bits/buckets.py"
MASKS = "preprocessing/bits/masks.py"
PAIRS = "preprocessing/mascot/truncation_pairs.py"
GRAPH = "online/plan/graph.py"

CHECKED = "tests/preprocessing/bits/test_words_and_keys.py"
TRIPLES = "tests/preprocessing/bits/test_and_triples.py"
PRIVATE = "tests/preprocessing/bits/test_masks.py"
TRUNCATION = "tests/preprocessing/test_truncation_pairs.py"
GATE = "tests/online/test_truncate.py"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "word-check-passes",
        f"{WORDS}::word_check",
        "        if any(_sum(await commit_and_open(",
        "        if False and any(_sum(await commit_and_open(",
        "words that are no multiples of the key are taken",
        CHECKED,
    ),
    mutant(
        "word-check-of-the-words-only",
        f"{WORDS}::_hashes",
        "    h = _sum([hasher.digest(), gf128.compose(mask.words)])\n",
        "    h = hasher.digest()\n",
        "the mask of the opened bits is not in the hash",
        CHECKED,
    ),
    mutant(
        "buckets-of-two-layers",
        f"{BUCKETS}::layers",
        "    while candidates ** (count - 1) << count < 1 << (statistical_bits + 1):\n        count += 1\n",
        "",
        "a factor of an AND triple is known with 1 in 4 N",
        TRIPLES,
    ),
    mutant(
        "buckets-without-shift",
        f"{BUCKETS}::_shift",
        'return int.from_bytes(coin, "little") % size',
        "return 0",
        "who meets whom in a bucket is known before the payloads are sent",
        TRIPLES,
    ),
    mutant(
        "mask-samples-taken",
        f"{MASKS}::_require_samples",
        "        if (low_bits(numbers, made.shape[1]).transpose(2, 0, 1) != bits).any():",
        "        if False:",
        "opened masks with other bits than their elements are taken",
        PRIVATE,
    ),
    mutant(
        "mask-proofs-taken",
        f"{MASKS}::_prove",
        "        if not verifier.accepts(",
        "        if False and not verifier.accepts(",
        "masks whose bits are not those of their elements are taken",
        PRIVATE,
    ),
    mutant(
        "truncation-pairs-taken",
        f"{PAIRS}::fault_of",
        "            if not accepted(values, bits, f).all():",
        "            if False:",
        "truncation masks out of range are taken",
        TRUNCATION,
    ),
    mutant(
        "carries-not-proved",
        "spdz/protocols/field_proof.py::prove",
        "        if not at_alpha(answer, ctx.session.key.share).equals(expected):",
        "        if False:",
        "a false proof is taken",
        TRUNCATION,
    ),
    mutant(
        "truncation-ungated",
        f"{GRAPH}::stages",
        "max(below) + node.gated if below else 0",
        "max(below) if below else 0",
        "what is hidden only within a range is opened before the check of what it depends on",
        GATE,
    ),
)
