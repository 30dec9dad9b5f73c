"""What a user's program costs in rounds, and the order of openings and checks, seen in the trace of a whole session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.online.session import Mpc
from spdz.protocols import mac_check
from spdz.protocols.coin_toss import Coins
from spdz.runtime.context import Context
from spdz.runtime.trace import Event
from spdz.sharing.field_domain import Opening

PARTIES = pytest.mark.parametrize("parties", [2, 3])
ONLINE_OPENINGS = {"multiply.masked", "square.masked", "matmul.masked", "output.open"}


def traced(
    program: Callable[[Mpc], Any], parties: int, preprocessing: str = "dealer"
) -> tuple[list[Any], list[list[Event]]]:
    """Results and events of every party."""
    events: list[list[Event]] = [[] for _ in range(parties)]

    def watched(mpc: Mpc) -> Any:
        mpc._party.trace.keep_events = True
        events[mpc.party] = mpc._party.trace.events
        return program(mpc)

    return spdz.run_local(watched, parties, "M61", preprocessing, timeout=60), events


def rounds_of(events: list[Event], *steps: str) -> list[int]:
    """The different rounds in which some steps were exchanged."""
    return sorted({event.round for event in events if event.step in steps})


def four(mpc: Mpc) -> list[spdz.SecretArray]:
    return [mpc.input(number, owner=number % mpc.parties, shape=()) for number in (2, 3, 5, 7)]


@PARTIES
@pytest.mark.parametrize("preprocessing", ["dealer", "mascot"])
def test_a_sum_of_two_products_costs_one_round(parties: int, preprocessing: str) -> None:
    def program(mpc: Mpc) -> Any:
        a, b, c, d = four(mpc)
        return mpc.reveal(a * b + c * d)

    results, events = traced(program, parties, preprocessing)
    assert results == [41] * parties
    for seen in events:
        (inputs,), (products,) = rounds_of(seen, "input.masked"), rounds_of(seen, "multiply.masked")
        assert products == inputs + 1


@PARTIES
def test_a_tree_of_1024_factors_costs_ten_rounds(parties: int) -> None:
    factors = np.where(np.arange(1024) % 3, 1, -1)
    factors[:20] = 2

    def vectorised(mpc: Mpc) -> Any:
        level = mpc.input(factors, owner=0)
        while len(level) > 1:
            level = level[: len(level) // 2] * level[len(level) // 2 :]
        return mpc.reveal(level[0])

    def one_by_one(mpc: Mpc) -> Any:
        whole = mpc.input(factors, owner=0)
        level = [whole[place] for place in range(1024)]
        while len(level) > 1:
            level = [left * right for left, right in zip(level[::2], level[1::2], strict=True)]
        return mpc.reveal(level[0])

    expected = int(np.prod(factors))
    for program, products in ((vectorised, 10), (one_by_one, 1023)):
        results, events = traced(program, parties)
        assert results == [expected] * parties
        for seen in events:
            assert sum(event.step == "multiply.masked" for event in seen) == products
            rounds = rounds_of(seen, "multiply.masked")
            (start,) = rounds_of(seen, "input.masked")
            assert rounds == list(range(start + 1, start + 11))


@PARTIES
def test_operations_of_all_kinds_that_do_not_wait_for_each_other_share_a_round(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        a, b, c, d = four(mpc)
        x, y = mpc.random((2, 3)), mpc.random((3, 2))
        late = mpc.input(11, owner=1, shape=())
        outputs = (a * b, c * c, x @ y, d * late, mpc.random_bits(3) * mpc.random(3))
        return mpc.reveal(*outputs)[3]

    results, events = traced(program, parties)
    assert results == [77] * parties
    for seen in events:
        (inputs,) = rounds_of(seen, "input.masked")
        # What is made of material alone need not even wait for the inputs.
        products = rounds_of(seen, "multiply.masked", "square.masked", "matmul.masked")
        assert set(products) == {inputs, inputs + 1}
        assert rounds_of(seen, "square.masked") == [inputs + 1]
        assert rounds_of(seen, "matmul.masked") == [inputs]


@PARTIES
def test_a_power_costs_as_many_rounds_as_its_addition_chain_is_deep(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.reveal(mpc.input(3, owner=0, shape=()) ** 8)

    results, events = traced(program, parties)
    assert results == [3**8] * parties
    assert len(rounds_of(events[0], "square.masked")) == 3
    assert not rounds_of(events[0], "multiply.masked")


@PARTIES
def test_several_arrays_in_one_reveal_cost_one_opening(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.reveal(*four(mpc))

    results, events = traced(program, parties)
    assert results == [(2, 3, 5, 7)] * parties
    assert [event.step for event in events[0]].count("output.open") == 1


@PARTIES
def test_the_rounds_of_a_session_are_the_same_at_every_party(parties: int) -> None:
    def program(mpc: Mpc) -> int:
        a, b, c, d = four(mpc)
        mpc.reveal_to((a * b) * (c * c), a @ d if a.ndim else a, party=1)
        mpc.reveal(a * b * c * d)
        return mpc.cost.rounds

    results, events = traced(program, parties)
    assert len(set(results)) == 1
    assert results[0] == max(event.round for event in events[0] if event.step != "dealer.request")


# -- every opening is checked, and the coins of its check come later --------------------------------------------------


def busy(mpc: Mpc) -> Any:
    """Openings of every kind, some of them after a check."""
    a, b, c, d = four(mpc)
    x = mpc.random((2, 2))
    first = mpc.reveal(a * b, (c * d) ** 2)
    again = a * first[0] + c**3
    mpc.reveal_to(again, party=1)
    return mpc.reveal((x @ x).sum() - (x @ x).sum() + again * again, b)


@PARTIES
@pytest.mark.parametrize("preprocessing", ["dealer", "mascot"])
def test_every_opening_is_covered_by_a_check_whose_coins_are_tossed_later(
    parties: int, preprocessing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PITFALLS 2 and 8, over a whole session."""
    covered: list[list[tuple[str, list[str]]]] = [[] for _ in range(parties)]
    sigma = mac_check._sigma

    def spy(ctx: Context, name: str, coins: Coins, openings: list[Opening]) -> bytes:
        if "set-up" not in ctx.path:
            covered[ctx.party].append((ctx.path, [opening.path for opening in openings]))
        return sigma(ctx, name, coins, openings)

    monkeypatch.setattr(mac_check, "_sigma", spy)
    results, events = traced(busy, parties, preprocessing)
    assert results == [((2 * 6 + 5**3) ** 2, 3)] * parties

    for seen, checks in zip(events, covered, strict=True):
        round_at = {event.path: event.round for event in seen}
        assert len(round_at) == len(seen), "a label occurs once"
        # The sacrifice checks a value known to be zero, under a name made from the opening that it follows from.
        round_at |= {f"{event.path}.zero": event.round for event in seen}
        for path, openings in checks:
            coins = [e.round for e in seen if e.path.startswith(path + "/") and e.step.endswith("coins.commit")]
            sigma = [e.round for e in seen if e.path.startswith(path + "/") and e.step.endswith("sigma.commit")]
            assert len(coins) == len(sigma) == 1, "every check tosses once, for itself"
            assert max(round_at[opening] for opening in openings) < coins[0] < sigma[0]
        every = [opening for _, openings in checks for opening in openings]
        assert len(every) == len(set(every)), "no opening is checked twice"
        opened = {event.path for event in seen if event.step in ONLINE_OPENINGS}
        assert opened <= set(every), "an opening escaped every check"


@PARTIES
def test_nothing_is_output_before_everything_it_may_depend_on_is_checked(parties: int) -> None:
    _, events = traced(busy, parties)
    for seen in events:
        outputs = rounds_of(seen, "output.open")
        checked = rounds_of(seen, "mac_check.sigma.open")
        masked = rounds_of(seen, "multiply.masked", "square.masked", "matmul.masked")
        assert len(outputs) == 3
        for output in outputs:
            before = max(round_ for round_ in masked if round_ < output)
            assert any(before < check < output for check in checked)
            assert any(check > output for check in checked)
