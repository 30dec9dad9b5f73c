"""Every coin that is used comes from the toss before it: other randomness of the parties, other coins (PITFALLS 1, 2).

The session id, the places and the labels are the same in both runs, so coins that do not depend on what the parties
contributed, coins of another toss and coins that are used twice would be seen here.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from spdz.crypto.prg import Prg
from spdz.field import M61, FieldArray
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.matrix_triples import make_matrix_triples
from spdz.preprocessing.mascot.squares_bits import make_squares
from spdz.preprocessing.mascot.triples import combine, make_triples
from spdz.preprocessing.mascot.vole_extend import replenish
from spdz.protocols.coin_toss import Coins
from spdz.protocols.output import output
from spdz.runtime.context import Context
from spdz.sharing.material import matrix_triples
from spdz.sharing.shares import AuthShare
from tests.support.dealer import ideal_links
from tests.support.parties import make_sessions, run
from tests.support.vole import TINY, with_vole

Use = tuple[str, str]
"""Place of the toss and label of the use."""
NOT_DUE = replace(TINY, threshold=1 << 40)


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Use, bytes]]:
    """Everything that was expanded from coins."""
    found: list[tuple[Use, bytes]] = []
    original = Coins.key

    def spy(self: Coins, label: str, byte_count: int = 16) -> bytes:
        key = original(self, label, byte_count)
        found.append(((self._context[1], label), key))
        return key

    monkeypatch.setattr(Coins, "key", spy)
    return found


async def everything(ctx: Context, links: dict[int, Link]) -> None:
    """Uses coins for each of their purposes: triples, matrix triples, squares, VOLEs, and an output."""
    await make_triples(ctx.child("triples"), links, 2)
    await make_matrix_triples(ctx.child("matrices"), links, matrix_triples(2, 1, 2), 2)
    batch = await make_squares(ctx.child("squares"), links, 1)
    await replenish(ctx.child("voles"), links, (0, 1), 1)
    share: AuthShare = batch.shares[0]
    for _ in range(2):
        await output(ctx.child("output"), share)


def test_other_contributions_give_other_coins_for_every_use(seed: bytes, used: list[tuple[Use, bytes]]) -> None:
    turns: list[dict[Use, bytes]] = []
    for turn in range(2):
        own = bytes([turn]) + seed[1:]
        sessions = make_sessions(2, M61, own)
        links = with_vole(ideal_links(sessions, own), NOT_DUE)
        ended = run(sessions, lambda ctx, links=links: everything(ctx, links[ctx.party]))
        assert ended.results == [None, None]
        turns.append(dict(used))
        used.clear()
    first, second = turns
    assert first.keys() == second.keys()
    # Three batches with six tosses each, one of them of matrices; the check of the squares; a base of VOLEs
    # and two stages with two tosses each; one for each output.
    places = {place for place, _ in first}
    assert len(places) == 3 * 6 + 1 + 5 + 2
    for use, key in first.items():
        assert second[use] != key, f"the coins of {use[0]} for {use[1]} do not depend on what the parties contribute"


def test_no_two_uses_have_the_same_coins(seed: bytes, used: list[tuple[Use, bytes]]) -> None:
    sessions = make_sessions(2, M61, seed)
    links = with_vole(ideal_links(sessions, seed), NOT_DUE)
    assert run(sessions, lambda ctx: everything(ctx, links[ctx.party])).results == [None, None]
    # Each use is made by both parties, and by nobody else.
    keys = [key for _, key in used]
    assert {keys.count(key) for key in keys} == {2}


def test_the_sibling_that_is_sacrificed_has_another_combination(seed: bytes) -> None:
    """With r = r^ the sacrifice would open (t - 1) a, and with it a."""
    (session, _) = make_sessions(2, M61, seed)
    coins = Coins(Context(session), seed)
    a: FieldArray = M61.sample(Prg(seed[:16]).fill, (8, 4))
    b, c = a[:, 0], a * a
    made = combine(coins, a, b, c)
    for left, right in ((made.a, made.a_hat), (made.c, made.c_hat)):
        assert not any((left - right).is_zero().tolist())
    # Every copy enters: changing one changes the combination.
    for copy in range(4):
        changed = a.copy()
        changed[:, copy] = changed[:, copy] + 1
        other = combine(coins, changed, b, c)
        assert not any((other.a - made.a).is_zero().tolist())
