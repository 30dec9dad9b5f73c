"""Bits over the field and bits of an owner: what is checked of them, and after what their shifts are tossed."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant, mutant_of

ITEMS = "preprocessing/bits/bf_items.py"
CHAINS = "preprocessing/bits/chains.py"
OWNED = "preprocessing/bits/bit_masks.py"

OF_ITEMS = "tests/preprocessing/bits/test_bf_items.py"
OF_CHAINS = "tests/preprocessing/bits/test_chains.py"
OF_OWNERS = "tests/preprocessing/bits/test_bit_masks.py"

HASHED = "index = rows.hash_halves(start, count, buffers, use)"

MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "items-unchecked",
        f"{ITEMS}::make_items",
        "    await check_all_entered(inside, links, [*parts, entered])\n",
        "",
        "bits over the field have the MACs that a sender or an owner likes",
        OF_ITEMS,
    ),
    mutant(
        "items-products-unchecked",
        f"{ITEMS}::make_items",
        "for share in (*x, *products)]",
        "for share in x]",
        "products of bits and elements are not checked",
        OF_ITEMS,
    ),
    mutant_of(
        "items-one-tweak-for-all",
        ITEMS,
        [(scope, HASHED, HASHED.replace(", use", "")) for scope in ("_payload", "_take")],
        "all factors of a row are hidden by the same hash",
        OF_ITEMS,
    ),
    mutant(
        "chains-openings-unchecked",
        f"{CHAINS}::_make",
        'await checked(ctx.child("chains"), "openings", chained)',
        'await chained(ctx.child("chains", type(ctx.unverified)()))',
        "what chains have opened is never checked",
        f"{OF_CHAINS}::test_an_opening_that_the_cheater_stands_by",
    ),
    mutant(
        "chains-shift-beforehand",
        f"{CHAINS}::_make",
        'items = await make_items(scope.child("layer"), links, bit_links, size, 1 + width)\n'
        "            shift = 0\n"
        "            if layer:\n"
        "                coins = await toss(scope, CHAIN_COINS, after=items)\n"
        '                shift = int.from_bytes(coins.key("shift"), "little") % size\n',
        "shift = 0\n"
        "            if layer:\n"
        "                coins = await toss(scope, CHAIN_COINS, after=None)\n"
        '                shift = int.from_bytes(coins.key("shift"), "little") % size\n'
        '            items = await make_items(scope.child("layer"), links, bit_links, size, 1 + width)\n',
        "who meets whom in a chain is known before the payloads are sent",
        f"{OF_CHAINS}::test_a_layer_is_complete_and_checked_before_its_shift_is_tossed",
    ),
    mutant(
        "chains-without-shift",
        f"{CHAINS}::_make",
        'shift = int.from_bytes(coins.key("shift"), "little") % size',
        "shift = 0",
        "who meets whom in a chain is known to everybody",
        f"{OF_CHAINS}::test_a_chain_is_the_xor_of_its_items_for_any_shift",
    ),
    mutant(
        "bits-of-an-owner-differ",
        f"{OWNED}::make_bit_masks",
        "if ctx.parties > 2:",
        "if ctx.parties > 3:",
        "an owner may have other bits towards one of its peers",
        f"{OF_OWNERS}::test_an_owner_with_other_bits_towards_one_of_its_peers",
    ),
)
