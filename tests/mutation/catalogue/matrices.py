"""Matrix triples: preprocessing/mascot/matrix_triples.py and matrix_multiply.py, and the kernels that only they use."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

TRIPLES = "preprocessing/mascot/matrix_triples.py"
MULTIPLY = "preprocessing/mascot/matrix_multiply.py"
KERNELS = "spdz/field/mersenne/rows.py"
DIGITS = "preprocessing/ot/digits.py"
ATTACK = "tests/attacks/test_matrix_triples.py"
HONEST = "tests/preprocessing/test_matrix_triples.py"
COINS = "tests/preprocessing/test_coins_are_tossed.py"
GADGET = "tests/field/test_matrix_gadget.py"
COSTS = "tests/preprocessing/test_costs_of_matrices.py"

_SACRIFICE: tuple[Mutant, ...] = (
    mutant(
        "matrix-sacrifice-check",
        f"{TRIPLES}::sacrifice",
        'await checked(ctx, "sacrifice", compare, MATRIX_SACRIFICE_CHECK)',
        'await compare(ctx.child("sacrifice", type(ctx.unverified)()))',
        "wrong matrix triples are taken",
        ATTACK,
    ),
    mutant(
        "matrix-check-of-the-last-part",
        "preprocessing/mascot/authenticate.py::check_all_entered",
        "for part in parts] for name in",
        "for part in parts[-1:]] for name in",
        "what was entered before the last part is not checked",
        ATTACK,
    ),
    mutant(
        "matrix-sacrifice-sigma",
        f"{TRIPLES}::sacrifice",
        "        claim_zero(scope, sigma)\n",
        "",
        "that sigma is zero is not checked",
        ATTACK,
    ),
    mutant(
        "matrix-sacrifice-of-the-first-matrix",
        f"{TRIPLES}::sacrifice",
        "claim_zero(scope, sigma)",
        "claim_zero(scope, sigma[:1])",
        "only the first matrix of a batch is checked",
        ATTACK,
    ),
    mutant(
        "matrix-sacrifice-of-the-first-column",
        f"{TRIPLES}::sacrifice",
        "claim_zero(scope, sigma)",
        "claim_zero(scope, sigma[..., :1])",
        "only the first column of the product is checked",
        ATTACK,
    ),
    mutant(
        "matrix-sacrifice-sums-the-rows",
        f"{TRIPLES}::sacrifice",
        'r = coins.elements("r", (count, 1, rows))',
        'r = coins.elements("r", (count, 1, rows)) * 0 + 1',
        "errors in different rows cancel in a projection that is known",
        ATTACK,
    ),
    mutant(
        "matrix-sacrifice-one-coefficient",
        f"{TRIPLES}::sacrifice",
        'r = coins.elements("r", (count, 1, rows))',
        'r = coins.elements("r", (count, 1, 1)).broadcast_to((count, 1, rows)).copy()',
        "one coefficient for all rows: errors in different rows cancel",
        ATTACK,
    ),
)

_COMBINE: tuple[Mutant, ...] = (
    mutant(
        "matrix-combine-nothing",
        f"{TRIPLES}::combine",
        'r = coins.elements("R", (count, upper, inner, spare))',
        'r = coins.elements("R", (count, upper, inner, spare)) * 0',
        "spare rows are not used: bits of A that were guessed stay guessed",
        HONEST,
    ),
    mutant(
        "matrix-combine-without-the-sacrificed-row",
        f"{TRIPLES}::combine",
        'r = coins.elements("R", (count, upper, inner, spare))',
        'r = coins.elements("R", (count, upper, inner, spare))\n    r[:, -1] = 0',
        "the row that masks rho is what the cheater has guessed bits of",
        HONEST,
    ),
    mutant(
        "matrix-combine-one-for-all-columns",
        f"{TRIPLES}::combine",
        'r = coins.elements("R", (count, upper, inner, spare))',
        'r = coins.elements("R", (count, upper, 1, spare)).broadcast_to((count, upper, inner, spare)).copy()',
        "all columns of a matrix are combined by the same coefficients",
        HONEST,
    ),
    mutant(
        "matrix-combine-one-for-all-matrices",
        f"{TRIPLES}::combine",
        'r = coins.elements("R", (count, upper, inner, spare))',
        'r = coins.elements("R", (1, upper, inner, spare)).broadcast_to((count, upper, inner, spare)).copy()',
        "all matrices of a batch are combined by the same coefficients",
        HONEST,
    ),
    mutant(
        "matrix-spare-rows",
        f"{TRIPLES}::spare_rows",
        "while field.modulus**count < bound:",
        "while False:",
        "one spare row, however little that hides",
        HONEST,
    ),
    mutant(
        "matrix-spare-rows-of-one-matrix",
        f"{TRIPLES}::make_matrix_triples",
        "count * inner, ctx.parties)",
        "inner, ctx.parties)",
        "spare rows are counted for one matrix and not for the batch",
        COSTS,
    ),
    mutant(
        "matrix-spare-rows-for-one-guess",
        f"{TRIPLES}::spare_rows",
        "statistical_bits + GUESSES",
        "statistical_bits",
        "spare rows hide the guesses in one batch, not those of a whole session",
        HONEST,
    ),
)

_SAYS = "the coins are known to everybody before they are tossed"

_TOSSES: tuple[Mutant, ...] = (
    mutant(
        "toss-known-matrix-combine",
        f"{TRIPLES}::make_matrix_triples",
        "coins = await toss(ctx, MATRIX_COMBINE_COINS, after=(products, entered_y))",
        "coins = await toss(ctx, MATRIX_COMBINE_COINS, after=(products, entered_y))\n    coins._seed = bytes(32)",
        _SAYS,
        COINS,
    ),
    mutant(
        "toss-known-matrix-sacrifice",
        f"{TRIPLES}::sacrifice",
        "coins = await toss(scope, MATRIX_SACRIFICE_COINS, after=(x, y, z))",
        "coins = await toss(scope, MATRIX_SACRIFICE_COINS, after=(x, y, z)); coins._seed = bytes(32)",
        _SAYS,
        COINS,
    ),
    mutant_of(
        "toss-early-matrix-combine",
        TRIPLES,
        [
            (
                "make_matrix_triples",
                "    products = await multiply_matrices(",
                "    coins = await toss(ctx, MATRIX_COMBINE_COINS, after=None)\n"
                "    products = await multiply_matrices(",
            ),
            (
                "make_matrix_triples",
                "    coins = await toss(ctx, MATRIX_COMBINE_COINS, after=(products, entered_y))\n",
                "",
            ),
        ],
        "the combination is known before the products are made",
        HONEST,
    ),
    mutant_of(
        "toss-early-matrix-combine-for-y",
        TRIPLES,
        [
            ("make_matrix_triples", "    entered_y = await _enter(ctx, links, y.ravel())\n", ""),
            ("make_matrix_triples", "after=(products, entered_y))", "after=products)"),
            (
                "make_matrix_triples",
                "    entered = entered_y + await _enter(",
                "    entered_y = await _enter(ctx, links, y.ravel())\n    entered = entered_y + await _enter(",
            ),
        ],
        "the combination is known before Y is fixed",
        HONEST,
    ),
    mutant_of(
        "toss-early-matrix-sacrifice",
        TRIPLES,
        [
            (
                "make_matrix_triples",
                "    entered = entered_y + await _enter(",
                "    ctx.session.early = await toss(ctx, MATRIX_SACRIFICE_COINS, after=None)\n"
                "    entered = entered_y + await _enter(",
            ),
            ("sacrifice", "coins = await toss(scope, MATRIX_SACRIFICE_COINS, after=(x, y, z))", "coins = None"),
            ("sacrifice", "r = coins.elements(", "r = ctx.session.early.elements("),
        ],
        "the projection is known before the matrices are authenticated",
        HONEST,
    ),
    mutant_of(
        "toss-one-pool-for-matrices",
        TRIPLES,
        [
            (
                "make_matrix_triples",
                "    candidates = combine(",
                "    ctx.session.pool = coins\n    candidates = combine(",
            ),
            ("sacrifice", "r = coins.elements(", "r = getattr(ctx.session, 'pool', coins).elements("),
        ],
        "the projection is expanded from the coins of the combination",
        ATTACK,
    ),
)

_LABEL = "label = (*self._place, self._group, column)"


def _one_key(of_all: str, label: str) -> Mutant:
    """A key of the expansion that serves more than one message."""
    return mutant(
        f"matrix-key-of-all-{of_all}",
        f"{MULTIPLY}::_End._in_runs",
        _LABEL,
        f"label = {label}",
        f"the seeds of all {of_all} are expanded under one key",
        HONEST,
    )


_KEYS: tuple[Mutant, ...] = (
    _one_key("pairs", "(self._place[0], self._group, column)"),
    _one_key("slabs", "(*self._place[1:], self._group, column)"),
    _one_key("groups", "(*self._place, column)"),
    _one_key("columns", "(*self._place, self._group)"),
    mutant(
        "matrix-blocks-reused",
        f"{MULTIPLY}::_End._in_runs",
        "columns.stop - columns.start, column + columns.start)",
        "columns.stop - columns.start, column)",
        "columns of one message are masked by the same blocks if they are expanded in several runs",
        HONEST,
    ),
)

_PRODUCTS: tuple[Mutant, ...] = (
    mutant(
        "matrix-tree-keys-of-all-slabs",
        f"{MULTIPLY}::_End.__init__",
        '"matrix trees", *self._place',
        '"matrix trees", *self._place[1:]',
        "the trees of a whole session grow under one pair of keys",
        HONEST,
    ),
    mutant(
        "matrix-tree-keys-of-all-pairs",
        f"{MULTIPLY}::_End.__init__",
        '"matrix trees", *self._place',
        '"matrix trees", ctx.path',
        "the trees of all pairs grow under one pair of keys",
        HONEST,
    ),
    mutant(
        "matrix-tree-roots-known",
        f"{DIGITS}::grow",
        "    randomness.fill(roots.data)\n",
        "    roots.fill(0)\n",
        "all trees grow from zero: every leaf is known to the receiver",
        HONEST,
    ),
    mutant(
        "matrix-digits-kept",
        f"{MULTIPLY}::_Receiver.wipe",
        "        self._values.fill(0)\n",
        "",
        "digits of A stay in memory after their OTs",
        HONEST,
    ),
    mutant(
        "matrix-candidates-kept",
        f"{TRIPLES}::make_matrix_triples",
        "        share.wipe()\n",
        "        pass\n",
        "X' and Z' with the rows that were sacrificed stay in memory",
        HONEST,
    ),
    mutant(
        "matrix-seeds-kept",
        f"{MULTIPLY}::_slab",
        "        ends.wipe()\n",
        "",
        "seeds stay in memory after their OTs",
        HONEST,
    ),
    mutant(
        "matrix-expansion-without-its-seed",
        f"{KERNELS}::_sum_digit_step_by_step",
        "inner[at, U0] ^ low, inner[at, U1] ^ high",
        "inner[at, U0] ^ (low ^ low), inner[at, U1] ^ (high ^ high)",
        "blocks can be inverted: who knows one knows the seed",
        GADGET,
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_SACRIFICE, *_COMBINE, *_TOSSES, *_KEYS, *_PRODUCTS)
