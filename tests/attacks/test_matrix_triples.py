"""Wrong matrix products are found by their sacrifice, wherever they are wrong and whoever is lied to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from spdz.errors import BroadcastMismatch, MalformedMessage, OtConsistencyFailed, PeerAborted, SacrificeFailed
from spdz.field import M5, M61, Field, FieldArray
from spdz.preprocessing.mascot import matrix_triples as module
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.matrix_multiply import multiply_matrices
from spdz.preprocessing.mascot.matrix_triples import (
    MATRIX_SACRIFICE_COINS,
    Candidates,
    make_matrix_triples,
    sacrifice,
    spare_rows,
)
from spdz.protocols.coin_toss import Coins, toss
from spdz.protocols.commit import CommitAndOpen
from spdz.protocols.mac_check import OPENING_CHECK
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Interference
from spdz.sharing.material import Kind, matrix_triples
from spdz.wire.steps import Harmless, all_steps
from tests.support.cheaters import WrongShare, with_added
from tests.support.dealer import IdealDealer, ideal_links, reconstruct_batches
from tests.support.interference import POSITIONS, add_to_element, equivocate, flip_bytes, position, silent
from tests.support.parties import Run, assert_caught, make_sessions, run

CHECK = "matrix_sacrifice.check.sigma.open"
ROWS, INNER, COLUMNS, COUNT = 3, 2, 2, 2
KIND = matrix_triples(ROWS, INNER, COLUMNS)
SPARE = spare_rows(M61, 60, COUNT * INNER, 2)
ENTRIES = COUNT * INNER * (ROWS + 1 + SPARE)
CHEATER = 0
PARTIES = pytest.mark.parametrize("parties", [2, 3])


def attacked(
    parties: int, seed: bytes, interference: Interference | None = None, kind: Kind = KIND, field: Field = M61
) -> Run:
    """All make matrix triples; the end of the run lets everybody hear of an abort."""
    sessions = make_sessions(parties, field, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> Any:
        batch = await make_matrix_triples(ctx.child("triples"), links[ctx.party], kind, COUNT)
        await toss(ctx, OPENING_CHECK.coins, after=batch)
        return batch

    return run(sessions, main, interference)


def assert_right(ended: Run) -> None:
    """Nothing happened: the matrices multiply."""
    a, b, c = reconstruct_batches(ended.sessions, ended.results)
    assert (a @ b).equals(c)


# -- in the products --------------------------------------------------------------------------------------------------


@PARTIES
@pytest.mark.parametrize("column", range(COLUMNS))
@pytest.mark.parametrize("place", POSITIONS)
def test_another_b_in_one_of_the_products(parties: int, place: str, column: int, seed: bytes) -> None:
    """d + 1 for all bits of one entry and one column, towards one peer. The last entry is one of a spare row."""
    entry = position(place, ENTRIES)
    ots = range(entry * M61.bits, (entry + 1) * M61.bits)
    indices = [ot * COLUMNS + column for ot in ots]
    cheat = add_to_element("matrix_multiply.corrections", CHEATER, M61, index=indices, receiver=1)
    ended = attacked(parties, seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


@PARTIES
def test_another_b_altogether_towards_one_peer(parties: int, seed: bytes) -> None:
    """The whole of B differs by one: consistent, but not what is authenticated."""
    indices = range(ENTRIES * M61.bits * COLUMNS)
    cheat = add_to_element("matrix_multiply.corrections", CHEATER, M61, index=indices, receiver=1)
    ended = attacked(parties, seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


@pytest.mark.parametrize("entry", [0, ROWS, ROWS + 1, ENTRIES - 1], ids=["upper", "sacrificed", "spare", "last spare"])
def test_another_b_under_one_bit_fails_or_tells_that_bit_alone(entry: int, seed: bytes) -> None:
    """A selective failure: right if the bit is zero. That is found half of the time, in the spare rows as well."""
    outcomes = set()
    for bit in range(14):
        index = (entry * M61.bits + bit) * COLUMNS
        cheat = add_to_element("matrix_multiply.corrections", CHEATER, M61, index=[index])
        ended = attacked(2, seed, cheat)
        cheat.assert_fired()
        if ended.outcomes[1].error is None:
            assert_right(ended)
            outcomes.add("nothing happened")
        else:
            assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)
            outcomes.add("caught")
    assert outcomes == {"nothing happened", "caught"}


@PARTIES
@pytest.mark.parametrize("place", POSITIONS)
def test_other_bits_of_a_than_are_authenticated(
    parties: int, place: str, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consistent choice bits of another X pass the OT check; the last entry in C order is one of a spare row."""

    async def cheating(ctx: Context, links: dict[int, Link], x: FieldArray, *others: Any) -> Any:
        used = with_added(x, place, 1) if ctx.party == CHEATER else x
        return await multiply_matrices(ctx, links, used, *others)

    monkeypatch.setattr(module, "multiply_matrices", cheating)
    ended = attacked(parties, seed)
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)


def test_other_bits_of_a_towards_one_peer(seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    links = ideal_links(sessions, seed)
    receiver = links[CHEATER][1].ot_receiver
    honest = receiver.extend

    def extend(choices: Any, *rest: Any) -> Any:
        other = choices.copy()
        other[0] ^= 1
        return honest(other, *rest)

    receiver.extend = extend  # type: ignore[method-assign]
    ended = run(sessions, lambda ctx: make_matrix_triples(ctx, links[ctx.party], KIND, COUNT))
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)


# -- in what is authenticated -----------------------------------------------------------------------------------------


def _cheating_combine(monkeypatch: pytest.MonkeyPatch, change: Callable[[Coins, Candidates], Candidates]) -> None:
    """The cheater authenticates `change(coins, candidates)`. Party 0 is the first to combine."""
    honest, calls = module.combine, [0]

    def combine(coins: Coins, *others: Any) -> Candidates:
        calls[0] += 1
        candidates = honest(coins, *others)
        return change(coins, candidates) if calls[0] == 1 else candidates

    monkeypatch.setattr(module, "combine", combine)


@PARTIES
@pytest.mark.parametrize("place", POSITIONS)
def test_another_y_is_authenticated(parties: int, place: str, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Y is entered first, before the combination is known."""
    honest, entered = module._enter, [0]

    async def enter(ctx: Context, links: dict[int, Link], values: FieldArray) -> Any:
        if ctx.party == CHEATER:
            entered[0] += 1
            values = with_added(values, place, 1) if entered[0] == 1 else values
        return await honest(ctx, links, values)

    monkeypatch.setattr(module, "_enter", enter)
    ended = attacked(parties, seed)
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


@PARTIES
@pytest.mark.parametrize("place", POSITIONS)
@pytest.mark.parametrize("which", ["x", "z"])
def test_another_value_is_authenticated(
    parties: int, which: str, place: str, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cheating_combine(
        monkeypatch, lambda coins, made: made._replace(**{which: with_added(getattr(made, which), place, 1)})
    )
    ended = attacked(parties, seed)
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


def _fitted(known: Coins, made: Candidates) -> Candidates:
    """Z + E with E in the rows of the triple and in the last row what hides it for the guessed projection."""
    r = known.elements("r", (COUNT, 1, ROWS))
    error = M61.full((COUNT, ROWS, COLUMNS), 17)
    return made._replace(z=made.z + FieldArray.concatenate([error, r @ error], axis=1))


@PARTIES
@pytest.mark.parametrize("toss_number", [0, 1], ids=["OT check", "combine"])
def test_an_error_fitted_to_any_coin_known_before_authentication(
    toss_number: int, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[Coins] = []
    original = Coins.__init__

    def spy(self: Coins, ctx: Context, value: bytes) -> None:
        original(self, ctx, value)
        if ctx.party == CHEATER:
            known.append(self)

    def change(coins: Coins, made: Candidates) -> Candidates:
        assert len(known) == 2, "more coins are known than should be"
        return _fitted(known[toss_number], made)

    monkeypatch.setattr(Coins, "__init__", spy)
    _cheating_combine(monkeypatch, change)
    ended = attacked(parties, seed)
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


def test_the_attack_succeeds_where_one_pool_of_coins_serves_both(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: with the projection drawn from the pool of the combination, C is wrong by 17."""
    pool: dict[int, Coins] = {}

    async def pooled(ctx: Context, steps: CommitAndOpen, *, after: object) -> Coins:
        if steps is not MATRIX_SACRIFICE_COINS:
            pool[ctx.party] = await toss(ctx, steps, after=after)
        return pool[ctx.party]

    monkeypatch.setattr(module, "toss", pooled)
    _cheating_combine(monkeypatch, _fitted)
    ended = attacked(2, seed)
    a, b, c = reconstruct_batches(ended.sessions, ended.results)
    assert (a @ b + 17).equals(c)


@PARTIES
@pytest.mark.parametrize("row", [0, ROWS - 1, ROWS], ids=["first", "last", "sacrificed"])
@pytest.mark.parametrize("matrix", range(3))
def test_a_correctly_authenticated_wrong_product(parties: int, matrix: int, row: int, seed: bytes) -> None:
    """The sacrifice alone, on ideal shares; one wrong element in one of three matrices is enough."""
    sessions = make_sessions(parties, M61, seed)
    dealer = IdealDealer(sessions, seed)
    x, y = dealer.random(3, ROWS + 1, INNER), dealer.random(3, INNER, COLUMNS)
    z = x @ y
    z[matrix, row, COLUMNS - 1] = z[matrix, row, COLUMNS - 1] + 1
    arrays = [dealer.share(values) for values in (x, y, z)]
    ended = run(sessions, lambda ctx: sacrifice(ctx, *(array[ctx.party] for array in arrays)))
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)


@pytest.mark.parametrize("parties", [2, 3])
def test_errors_that_cancel_in_a_plain_sum_do_not_cancel_in_the_projection(parties: int, seed: bytes) -> None:
    """One coefficient for all rows, or for all matrices, would miss errors of opposite signs."""
    for places in (((0, 0), (0, 1)), ((0, 0), (1, 0))):
        sessions = make_sessions(parties, M61, seed)
        dealer = IdealDealer(sessions, seed)
        x, y = dealer.random(2, ROWS + 1, INNER), dealer.random(2, INNER, COLUMNS)
        z = x @ y
        for sign, (matrix, row) in zip((1, -1), places, strict=True):
            z[matrix, row, 0] = z[matrix, row, 0] + sign
        arrays = [dealer.share(values) for values in (x, y, z)]
        ended = run(sessions, lambda ctx, arrays=arrays: sacrifice(ctx, *(array[ctx.party] for array in arrays)))
        assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)


def test_in_a_tiny_field_a_wrong_product_passes_as_often_as_computed(seed: bytes) -> None:
    """In M5: 1/31 for the projection and 2/31 for its MAC check, and not much less: the test can see passing."""
    trials, passed = 300, 0
    for trial in range(trials):
        own = trial.to_bytes(2, "little") + seed[2:]
        sessions = make_sessions(2, M5, own)
        dealer = IdealDealer(sessions, own)
        x, y = dealer.random(1, ROWS + 1, INNER), dealer.random(1, INNER, COLUMNS)
        z = x @ y
        z[0, 1, 0] = z[0, 1, 0] + 1
        arrays = [dealer.share(values) for values in (x, y, z)]
        ended = run(sessions, lambda ctx, arrays=arrays: sacrifice(ctx, *(array[ctx.party] for array in arrays)))
        passed += all(outcome.error is None for outcome in ended.outcomes)
    expected = trials * 3 / 31
    assert 1 <= passed <= expected + 4.5 * expected**0.5


# -- in the openings --------------------------------------------------------------------------------------------------


@PARTIES
@pytest.mark.parametrize("place", POSITIONS)
@pytest.mark.parametrize("wrong", [{"value": 1}, {"mac": 1}, {"value": 1, "mac": 1}], ids=["value", "MAC", "both"])
def test_another_rho(
    parties: int, wrong: dict[str, int], place: str, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheat = WrongShare(monkeypatch, "matrix_sacrifice.rho", CHEATER, index=place, **wrong)
    ended = attacked(parties, seed)
    cheat.assert_fired()
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)


def test_another_rho_for_one_of_two_peers(seed: bytes) -> None:
    cheat = equivocate("matrix_sacrifice.rho", CHEATER, 1)
    ended = attacked(3, seed, silent(CHEATER, cheat))
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=CHEATER)


# -- every message ----------------------------------------------------------------------------------------------------


@functools.cache
def steps_of_a_run(parties: int) -> tuple[str, ...]:
    """Every step that is exchanged on the way to matrix triples."""
    steps = attacked(parties, bytes(32)).trace.steps
    return tuple(step for step in steps if not step.startswith("mac_check."))


def test_the_run_meets_every_step_that_is_registered_for_matrices() -> None:
    """Trees are only made for wide rows: `test_matrix_digits`."""
    registered = {name for name in all_steps() if name.startswith("matrix_")}
    assert registered == {step for step in steps_of_a_run(2) if step.startswith("matrix_")} | {"matrix_multiply.trees"}
    assert len(registered) == 11


@pytest.mark.parametrize("place", POSITIONS)
@pytest.mark.parametrize(
    ("parties", "step"), [(parties, step) for parties in (2, 3) for step in steps_of_a_run(parties)]
)
def test_one_byte(parties: int, step: str, place: str, seed: bytes) -> None:
    cheater = parties - 1 if place == "middle" else 0
    cheat = flip_bytes(step, cheater, [place], receiver=1 if cheater == 0 else 0)
    ended = attacked(parties, seed, silent(cheater, cheat))
    cheat.assert_fired()
    honest = [party for party in range(parties) if party != cheater]
    errors = [ended.outcomes[party].error for party in honest]
    declared = all_steps()[step].tampering
    if not any(errors):
        assert Harmless.NO_EFFECT in declared
        assert_right(ended)
        return
    found = {type(error) for error in errors} - {PeerAborted}
    assert found
    assert found <= {*declared, MalformedMessage}
    for party in honest:
        assert ended.outcomes[party].result is None
        assert not ended.sessions[party].key.alive


def test_inconsistent_choice_bits_are_found_before_anything_depends_on_them(seed: bytes) -> None:
    """As for triples: the extension is the same, and no correction leaves before its check."""
    cheat = flip_bytes("ot_extension.columns", CHEATER, range(0, 64))
    ended = attacked(2, seed, silent(CHEATER, cheat))
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=CHEATER)
    assert "matrix_multiply.corrections" not in ended.outcomes[1].trace.steps
