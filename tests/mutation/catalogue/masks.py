"""Private masks: who meets whom, what covers proofs, what is checked before what (docs/security/masks.md)."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

MASKS = "preprocessing/bits/masks.py"
PROOF = "preprocessing/bits/mask_proof.py"
MATCHING = "preprocessing/bits/matching.py"
COMPARE = "preprocessing/bits/compare_masks.py"

CHEATS = "tests/preprocessing/bits/test_mask_cheats.py"
PROOFS = "tests/preprocessing/bits/test_mask_proof.py"
SUMS = "tests/preprocessing/bits/test_mask_sums.py"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "private-masks-other-bits-for-each-verifier",
        f"{MASKS}::make_masks",
        "if ctx.parties > 2:",
        "if ctx.parties > 3:",
        "three parties may give their masks other bits towards different verifiers",
        CHEATS,
    ),
    mutant(
        "private-masks-openings-unchecked",
        f"{MASKS}::make_masks",
        'await checked(ctx, "openings", lambda scope: _open(scope, made, orders))',
        'await _open(ctx.child("openings", type(ctx.unverified)()), made, orders)',
        "samples and sums are taken as they are opened, and somebody is blamed for what another one did",
        CHEATS,
    ),
    mutant(
        "private-masks-matched-beforehand",
        f"{MASKS}::make_masks",
        "    made = await _enter(ctx, links, bit_links, (wanted, bits, length))\n"
        "    coins = await toss(ctx, MATCH_COINS, after=made)\n",
        "    coins = await toss(ctx, MATCH_COINS, after=None)\n"
        "    made = await _enter(ctx, links, bit_links, (wanted, bits, length))\n",
        "which masks are opened, and which meet, is known when they are made",
        SUMS,
    ),
    mutant(
        "private-masks-lists-of-the-request",
        f"{MASKS}::make_masks",
        "max(bit_links.plan.masks, count)",
        "count",
        "a few masks are matched among themselves only",
        SUMS,
    ),
    mutant(
        "private-masks-one-cover-for-all-verifiers",
        f"{MASKS}::_mask_rows",
        "start = made.end + verifier * mask_proof.MASK_BITS",
        "start = made.end",
        "two verifiers subtract what they were sent, and get equations in the bits of the masks",
        PROOFS,
    ),
    mutant(
        "private-masks-not-permuted",
        f"{MATCHING}::order",
        'found = np.argsort(keys, kind="stable")',
        "found = np.arange(size)",
        "which masks are opened, and which meet, is known to everybody",
        f"{SUMS} {CHEATS}",
    ),
    mutant(
        "private-masks-shifted",
        f"{MATCHING}::order",
        'found = np.argsort(keys, kind="stable")',
        "found = (np.arange(size) + int(keys[0] % np.uint64(size))) % size",
        "faults in a pattern meet with the probability of its period",
        SUMS,
    ),
    mutant(
        "private-masks-two-lists",
        f"{MATCHING}::lists",
        "    while count ** (found - 1) < 1 << statistical_bits:\n        found += 1\n",
        "",
        "a wrong mask meets a partner with 1 in N",
        SUMS,
    ),
    mutant_of(
        "private-masks-proof-uncovered",
        PROOF,
        (
            ("Prover.message", "(self._sums ^ np.array(masks, np.uint64)).tobytes()", "(self._sums).tobytes()"),
            ("Verifier.accepts", "own = self._sum ^ gf64.compose(keys)", "own = self._sum"),
        ),
        "proofs show sums of the bits of the masks",
        PROOFS,
    ),
    mutant(
        "private-masks-one-coefficient",
        f"{PROOF}::coefficients",
        "    return chi\n",
        "    chi[...] = chi[0, 0]\n    return chi\n",
        "two wrong relations of a proof cancel each other",
        PROOFS,
    ),
    mutant(
        "compare-masks-sums-unchecked",
        f"{COMPARE}::make_compare_masks",
        'await checked(ctx, "sums", lambda scope: _summed(scope, masks, products))',
        'await _summed(ctx.child("sums", type(ctx.unverified)()), masks, products)',
        "carries are what somebody says, and no check comes after the proofs",
        SUMS,
    ),
)
