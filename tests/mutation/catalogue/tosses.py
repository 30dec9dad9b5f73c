"""The tosses: each replaced by known coins, by coins of another toss, or started before what it challenges."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

TOSS = "spdz/protocols/coin_toss.py"
MAC_CHECK = "spdz/protocols/mac_check.py"
AUTHENTICATE = "preprocessing/mascot/authenticate.py"
TRIPLES = "preprocessing/mascot/triples.py"
EXTEND = "preprocessing/mascot/extend.py"
VOLE_CHECK = "preprocessing/mascot/vole_check.py"
VOLE_EXTEND = "preprocessing/mascot/vole_extend.py"

ORDER = "tests/preprocessing/test_order_and_freshness.py"
COINS = "tests/preprocessing/test_coins_are_tossed.py"
PIPELINE = "tests/preprocessing/test_pipeline.py"
HONEST = "tests/protocols/test_honest.py"


def _known(name: str, place: str, call: str) -> Mutant:
    """The toss takes place, and then everybody uses coins that were known all along."""
    return mutant(f"toss-known-{name}", place, call, f"{call}; coins._seed = bytes(32)", _SAYS, COINS)


_SAYS = "the coins are known to everybody before they are tossed"

_KNOWN: tuple[Mutant, ...] = (
    _known("ot-check", f"{EXTEND}::extend_choices", "coins = await toss(ctx, OT_CHECK_COINS, after=received)"),
    _known(
        "combine", f"{TRIPLES}::make_candidates", "coins = await toss(ctx, COMBINE_COINS, after=(products, entered_b))"
    ),
    _known("vole-base", f"{VOLE_EXTEND}::_check_base", "coins = await toss(ctx, BASE_COINS, after=after)"),
    _known("vole-check", f"{VOLE_CHECK}::check_trees", "coins = await toss(ctx, VOLE_COINS, after=after)"),
    _known("authenticate", f"{AUTHENTICATE}::_check", "coins = await toss(scope, AUTHENTICATE_COINS, after=after)"),
    _known(
        "sacrifice",
        f"{TRIPLES}::sacrifice",
        "coins = await toss(scope, SACRIFICE_COINS, after=(a, b, c, a_hat, c_hat))",
    ),
    mutant(
        "toss-known-mac-check",
        f"{MAC_CHECK}::check_openings",
        "        coins = await toss(ctx, steps.coins, after=openings)\n",
        "        coins = await toss(ctx, steps.coins, after=openings)\n        coins._seed = bytes(32)\n",
        _SAYS,
        COINS,
    ),
    mutant(
        "toss-constant",
        f"{TOSS}::toss",
        "return Coins(ctx, seed)",
        "return Coins(ctx, bytes(SEED_BYTES))",
        "all coins are constants",
        f"{HONEST} {ORDER}",
    ),
    mutant(
        "toss-of-one-party",
        f"{TOSS}::toss",
        "for contribution in contributions:",
        "for contribution in contributions[:1]:",
        "party 0 alone chooses all coins",
        HONEST,
    ),
    mutant(
        "toss-own-contribution-constant",
        f"{TOSS}::toss",
        "ctx.randomness.bytes(SEED_BYTES)",
        "bytes(SEED_BYTES)",
        "parties contribute nothing to the coins",
        f"{HONEST} {ORDER}",
    ),
    mutant(
        "toss-label-ignored",
        f"{TOSS}::Coins.key",
        "byte_count, path, label, session_id",
        'byte_count, path, "", session_id',
        "coins of one toss for different uses are the same",
        HONEST,
    ),
    mutant(
        "toss-place-ignored",
        f"{TOSS}::Coins.key",
        "byte_count, path, label, session_id=session_id",
        "byte_count, label",
        "equal contributions give equal coins in another place and session",
        HONEST,
    ),
)

_EARLY: tuple[Mutant, ...] = (
    mutant_of(
        "toss-early-ot-check",
        EXTEND,
        [
            (
                "extend_choices",
                "    received = await ctx.exchange(OT_COLUMNS,",
                "    coins = await toss(ctx, OT_CHECK_COINS, after=None)\n"
                "    received = await ctx.exchange(OT_COLUMNS,",
            ),
            ("extend_choices", "\n    coins = await toss(ctx, OT_CHECK_COINS, after=received)\n", "\n"),
        ],
        "the key of the OT check is known before the columns are sent",
        ORDER,
    ),
    mutant_of(
        "toss-early-combine",
        TRIPLES,
        [
            (
                "make_candidates",
                "    products = await multiply",
                "    coins = await toss(ctx, COMBINE_COINS, after=None)\n    products = await multiply",
            ),
            ("make_candidates", "    coins = await toss(ctx, COMBINE_COINS, after=(products, entered_b))\n", ""),
        ],
        "the combination is known before the products are made",
        ORDER,
    ),
    mutant_of(
        "b-after-the-combination-is-known",
        TRIPLES,
        [
            (
                "make_candidates",
                '    entered_b = await enter(ctx.child("authenticate"), links, count, tuple(range(ctx.parties)), b)\n',
                "",
            ),
            (
                "make_candidates",
                "after=(products, entered_b))\n",
                "after=products)\n"
                '    entered_b = await enter(ctx.child("authenticate"), links, count, tuple(range(ctx.parties)), b)\n',
            ),
        ],
        "a cheater may choose its b by the coins of the combination",
        ORDER,
    ),
    mutant_of(
        "toss-early-authenticate",
        AUTHENTICATE,
        [
            (
                "enter",
                "    crossed = await cross(",
                "    early = await toss(ctx, AUTHENTICATE_COINS, after=None)\n    crossed = await cross(",
            ),
            ("enter", "AuthShare(own, macs), tuple(crossed.of))", "AuthShare(own, macs), early)"),
            ("_check", "coins = await toss(scope, AUTHENTICATE_COINS, after=after)", "coins = after"),
        ],
        "the combination of the authenticate check is known before the COPEe corrections are sent",
        ORDER,
    ),
    mutant_of(
        "toss-early-vole-base",
        VOLE_EXTEND,
        [
            (
                "make_base",
                "    received = await ctx.swap(COPEE_CORRECTIONS",
                "    coins = await toss(ctx, BASE_COINS, after=None)\n    received = await ctx.swap(COPEE_CORRECTIONS",
            ),
            ("make_base", "after=received)", "after=coins)"),
            ("_check_base", "coins = await toss(ctx, BASE_COINS, after=after)", "coins = after"),
        ],
        "the combination of the base of VOLEs is known before the COPEe corrections are sent",
        ORDER,
    ),
    mutant_of(
        "toss-early-vole-check",
        VOLE_EXTEND,
        [
            (
                "stretch",
                "    vectors, messages = await _single_points(",
                "    from spdz.preprocessing.mascot.vole_check import VOLE_COINS\n"
                "    await toss(ctx, VOLE_COINS, after=None)\n"
                "    vectors, messages = await _single_points(",
            ),
        ],
        "coins of the check of trees are tossed before the trees are sent",
        ORDER,
    ),
    mutant_of(
        "toss-early-sacrifice",
        TRIPLES,
        [
            (
                "enter_candidates",
                "    entered = await enter(",
                "    ctx.session.early = await toss(ctx, SACRIFICE_COINS, after=None)\n    entered = await enter(",
            ),
            ("sacrifice", "coins = await toss(scope, SACRIFICE_COINS, after=(a, b, c, a_hat, c_hat))", "coins = None"),
            ("sacrifice", 't = coins.elements("t", (1,))', 't = ctx.session.early.elements("t", (1,))'),
        ],
        "the sacrifice coin is known before the triples are authenticated",
        ORDER,
    ),
    mutant_of(
        "toss-early-mac-check",
        MAC_CHECK,
        [
            (
                "check_openings",
                "        openings = ctx.unverified.close_openings()\n        await echo(ctx)\n",
                "        openings = ctx.unverified.close_openings()\n"
                "        coins = await toss(ctx, steps.coins, after=None) if openings else None\n"
                "        await echo(ctx)\n",
            ),
            ("check_openings", "        coins = await toss(ctx, steps.coins, after=openings)\n", ""),
        ],
        "the coins of the MAC check are known before the openings are echoed",
        "tests/protocols/test_echo_before_coins.py",
    ),
)

_IN_FLIGHT: tuple[Mutant, ...] = (
    mutant(
        "flight-authenticate-check-out-of-turn",
        f"{AUTHENTICATE}::_check",
        "AUTHENTICATE_CHECK, turn=turn)",
        "AUTHENTICATE_CHECK)",
        "the MAC checks of two batches may run at once",
        PIPELINE,
    ),
    mutant(
        "flight-sacrifice-check-out-of-turn",
        f"{TRIPLES}::sacrifice",
        "SACRIFICE_CHECK, turn=turn)",
        "SACRIFICE_CHECK)",
        "the MAC checks of two batches may run at once",
        PIPELINE,
    ),
    mutant(
        "flight-batches-overtake-in-the-first-stage",
        "preprocessing/mascot/pipeline.py::_candidates",
        "    await wait_for(before)\n",
        "",
        "two batches use the streams of a link at once",
        PIPELINE,
    ),
)

_REUSED: tuple[Mutant, ...] = (
    mutant_of(
        "toss-one-pool-for-two-uses",
        TRIPLES,
        [
            (
                "make_candidates",
                "    candidates = combine(coins, a, b, products)\n",
                "    candidates = combine(coins, a, b, products)\n    ctx.session.pool = coins\n",
            ),
            (
                "sacrifice",
                "t = coins.elements(",
                "t = getattr(ctx.session, 'pool', coins).elements(",
            ),
        ],
        "the sacrifice coin is expanded from the coins of the combination",
        f"tests/attacks/test_triples.py {COINS}",
    ),
    mutant(
        "toss-mac-check-coins-reused",
        f"{MAC_CHECK}::check_openings",
        "        coins = await toss(ctx, steps.coins, after=openings)\n",
        "        coins = await toss(ctx, steps.coins, after=openings)\n"
        "        coins = ctx.session.__dict__.setdefault('reused', coins)\n",
        "all MAC checks of a session use the coins of the first",
        f"{HONEST} {COINS}",
    ),
    mutant(
        "toss-combine-without-sibling",
        f"{TRIPLES}::combine",
        'coins.elements("r hat", a.shape)',
        'coins.elements("r", a.shape)',
        "the sibling that is sacrificed is the triple itself, so that opening rho opens a",
        COINS,
    ),
    mutant(
        "toss-combine-one-copy",
        "spdz/params.py::SecurityParams.combined_copies",
        "return 2 + -(-bits // field_bits)",
        "return 1",
        "triples are not combined from several copies: bits of a that were guessed stay guessed",
        "tests/preprocessing/test_wiped_and_fresh.py",
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_KNOWN, *_EARLY, *_IN_FLIGHT, *_REUSED)
