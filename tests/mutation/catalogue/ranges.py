"""Inputs in range: what is claimed of digits, what covers the answers, and what waits for the proof."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

INPUTS = "online/operations/range_inputs.py"
GRAPH = "online/plan/graph.py"
PROOF = "spdz/protocols/field_proof.py"
PAIRWISE = "preprocessing/mascot/pairwise.py"
DEALING = "preprocessing/dealer/dealing.py"

RANGES = "tests/online/test_range_inputs.py"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "range-not-proved",
        f"{INPUTS}::share_in_range",
        "        await prove(ctx, RANGE_PROOF, claims, covers, after=opened)\n",
        "        del ctx\n",
        "an owner inputs what it likes",
        RANGES,
    ),
    mutant(
        "range-highest-digit-of-odd-widths",
        f"{INPUTS}::_claims",
        "(2, slice(split, size))",
        "(1 << _BASE_BITS, slice(split, size))",
        "of an odd width one bit more is accepted",
        RANGES,
    ),
    mutant_of(
        "range-lower-degree-not-raised",
        PROOF,
        [
            ("_answers", "shift = degree(claims) - claim.below", "shift = 0"),
            ("_expected", " * alpha ** (degree(claims) - claim.below)", ""),
        ],
        "the owner's own message holds the highest coefficient of a claim of a lower degree: any highest digit passes",
        RANGES,
    ),
    mutant(
        "range-digits-stay",
        f"{GRAPH}::Node._forget",
        "            secret.wipe()\n",
        "            pass\n",
        "the digits of an input stay in memory",
        RANGES,
    ),
    mutant(
        "range-wraps",
        f"{INPUTS}::_require_sense",
        "    if 1 << width > ctx.field.modulus:\n",
        "    if False:\n",
        "of a width beyond the field every element is in range",
        RANGES,
    ),
    mutant(
        "range-last-number-not-claimed",
        f"{INPUTS}::_claims",
        "(1 << _BASE_BITS, slice(0, split))",
        "(1 << _BASE_BITS, slice(0, split - 1))",
        "one digit may be anything",
        RANGES,
    ),
    mutant(
        "range-one-cover-for-all-verifiers",
        f"{INPUTS}::_cover_places",
        "slice(first, first + length)",
        "slice(start, start + length)",
        "two verifiers subtract what they were sent, and get equations in the digits",
        RANGES,
    ),
    mutant(
        "range-covers-of-digits",
        f"{INPUTS}::_cover_places",
        "    starts = range(start, ",
        "    start = 0\n    starts = range(start, ",
        "masks of digits cover answers as well",
        RANGES,
    ),
    mutant(
        "range-proof-not-waited-for",
        f"{GRAPH}::_run_together",
        "        await wait_for(node.rest)\n",
        "        pass\n",
        "a check begins, and outputs follow, while proofs still run",
        RANGES,
    ),
    mutant(
        "range-coins-known",
        f"{PROOF}::prove",
        "    coins = await toss(ctx, steps.coins, after=after)\n",
        "    coins = await toss(ctx, steps.coins, after=after)\n    coins._seed = bytes(32)\n",
        "an owner chooses false digits whose claims cancel under coins that it knows",
        RANGES,
    ),
    mutant(
        "range-opted-out-in-silence",
        "online/operations/assume.py::",
        "        assumed=True,\n",
        "",
        "nobody sees that ranges are taken on trust",
        RANGES,
    ),
    mutant(
        "proof-masks-unchecked",
        f"{PAIRWISE}::enter_apart",
        "    await check_entered(ctx, links, Entered(_side_by_side(ctx, contributors, own, macs), received))\n",
        "    del received\n",
        "an owner has other masks towards different verifiers",
        "tests/preprocessing/test_pairwise.py",
    ),
    mutant(
        "dealt-tags-of-the-whole-key",
        f"{DEALING}::_tags",
        "clear * keys.shares[party]",
        "clear * keys.alpha",
        "what an owner is told is not its relation with one party",
        "tests/preprocessing/test_dealer.py",
    ),
)
