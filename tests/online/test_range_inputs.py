"""Inputs in range: what their owner proves, what no owner can prove, and that nothing comes out before it is proved."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.errors import (
    BroadcastMismatch,
    ConfigurationMismatch,
    InternalError,
    MalformedMessage,
    PeerAborted,
    RangeProofFailed,
    UsageError,
)
from spdz.field import M5, M61, M127, Field, FieldArray
from spdz.online.operations import range_inputs as module
from spdz.online.operations.range_inputs import RANGE_INPUT, Digits, digits_of, share_in_range
from spdz.online.operations.registry import Call
from spdz.online.operations.truncate import TRUNCATE
from spdz.online.session import Mpc
from spdz.online.values.types import widest
from spdz.protocols import field_proof
from spdz.protocols.mac_check import check_openings
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Interference, Message
from spdz.sharing.material import proof_masks
from spdz.sharing.shares import AuthShare
from tests.support.costs import bytes_per_peer, toss_bytes
from tests.support.dealer import reconstruct
from tests.support.interference import POSITIONS, add_to_element, equivocate, position, replace_payload
from tests.support.parties import Run, assert_caught, rounds_of
from tests.support.range_forger import answers_for, digit_off

from .support import Ideal

PARTIES = pytest.mark.parametrize("parties", [2, 3])
OWNER = 1


def edges(width: int) -> list[int]:
    lo, hi = -(1 << width - 1), (1 << width - 1) - 1
    return sorted({lo, hi, 0, min(1, hi), -1, lo // 2, hi // 3})


def entered(
    ideal: Ideal, values: Sequence[int], width: int, interference: Interference | None = None, owner: int = OWNER
) -> Run:
    """Shares at all parties, when all that there is to check has passed."""
    shape = (len(values),)
    call = Call((), {"owner": owner, "shape": shape, "width": width, "parties": ideal.parties})
    [(kind, count)] = RANGE_INPUT.material(call).items()
    masks, field = ideal.dealer.deal(kind, count), ideal.dealer.field

    async def main(ctx: Context) -> AuthShare:
        mine = field.signed(np.array(values, object)) if ctx.party == owner else None
        begun = await share_in_range(ctx.child("input"), owner, mine, width, masks[ctx.party], shape)
        await begun.rest(ctx.child("rest"))
        await check_openings(ctx.child("check"))
        return begun.result

    return ideal.run(main, interference)


def value_of(ideal: Ideal, ended: Run) -> list[int]:
    return [int(value) for value in reconstruct(ideal.dealer.alpha, ended.results).to_signed()]


WIDTHS = (1, 2, 3, 4, 31, 32, 33, 48, 60, 126)


@pytest.mark.parametrize("parties", [2, 3, 4, 5])
@pytest.mark.parametrize(
    ("field", "width"), [(field, width) for field in (M61, M127) for width in WIDTHS if width <= widest(field)]
)
def test_what_lies_in_range_is_shared(width: int, field: Field, parties: int, seed: bytes) -> None:
    ideal = Ideal(parties, field, seed)
    assert value_of(ideal, entered(ideal, edges(width), width)) == edges(width)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_in_a_toy_field_every_number_of_every_width(width: int, seed: bytes) -> None:
    every = list(range(-(1 << width - 1), 1 << width - 1))
    ideal = Ideal(2, M5, seed)
    assert value_of(ideal, entered(ideal, every, width)) == every


@PARTIES
@pytest.mark.parametrize("width", [1, 5, 32])
def test_costs(width: int, parties: int, seed: bytes) -> None:
    ideal, digits = Ideal(parties, M127, seed), Digits(width)
    ended = entered(ideal, [0, 0, 0], width)
    elements = {"range.digits": 3 * digits.count, "range.answer": digits.degree}
    assert (digits.count, digits.degree) == (-(-width // 2), 2 if width == 1 else 4)
    sent = bytes_per_peer(ended, OWNER)
    assert {step: sent[step] for step in elements} == {step: 16 * count for step, count in elements.items()}
    assert {step: sent[step] for step in sent if step.startswith("range.coins")} == toss_bytes("range", parties)
    assert bytes_per_peer(ended, 0)["range.digits"] == bytes_per_peer(ended, 0)["range.answer"] == 0


def test_the_figures_that_are_published() -> None:
    """16 digits of 8 bytes, 24 of 16; three covers for each verifier."""
    call = Call((), {"owner": 0, "shape": (1000,), "width": 32, "parties": 3})
    assert RANGE_INPUT.sends(call, 0) == 1000 * 16 + 4
    assert sum(RANGE_INPUT.material(call).values()) == 1000 * 16 + 3 * 2
    assert Digits(48).count * M127.element_bytes == 384
    assert Digits(32).count * M61.element_bytes == 128


# -- an owner that cheats ---------------------------------------------------------------------------------------------


@pytest.fixture
def digits_off() -> Iterator[Callable[[int, int], None]]:
    """Let the owner enter a digit that is off by so much, and go on as the honest code does."""

    with contextlib.ExitStack() as stack:
        yield lambda place, offset: stack.enter_context(digit_off(place, offset))


@PARTIES
@pytest.mark.parametrize(
    ("width", "place", "offset"),
    [
        *((6, place, offset) for place in range(9) for offset in (4, -4, 1 << 40)),
        # Of an odd width the highest digits, which come last, are bits.
        *((5, place, offset) for place in (6, 7, 8) for offset in (2, 3, -2)),
        *((1, place, offset) for place in range(3) for offset in (2, -2)),
    ],
)
def test_no_other_digit_is_believed(
    width: int, place: int, offset: int, parties: int, digits_off: Callable[[int, int], None], seed: bytes
) -> None:
    digits_off(place, offset)
    ended = entered(Ideal(parties, M61, seed), [0, -1, 0], width)
    assert_caught(ended, RangeProofFailed, "range.answer", cheater=OWNER, everyone_sees=True, blamed=OWNER)
    for party in set(range(parties)) - {OWNER}:
        assert not rounds_of(ended.outcomes[party].trace, "mac_check.coins.commit")


def test_another_number_in_range_is_the_owners_own_affair(digits_off: Callable[[int, int], None], seed: bytes) -> None:
    ideal = Ideal(3, M61, seed)
    digits_off(1, 1)
    assert value_of(ideal, entered(ideal, [0, 0, 0], 6)) == [0, 1, 0]


def test_errors_of_digits_do_not_cancel(monkeypatch: pytest.MonkeyPatch, seed: bytes) -> None:
    """4 and -4 in two places, the number itself right: each digit is proved by itself."""

    def cheat(values: FieldArray, width: int) -> FieldArray:
        digits = digits_of(values, width)
        digits[0], digits[1] = digits[0] + 4, digits[1] - 1
        return digits

    monkeypatch.setattr(module, "digits_of", cheat)
    ended = entered(Ideal(2, M61, seed), [0], 4)
    assert_caught(ended, RangeProofFailed, "range.answer", cheater=OWNER, blamed=OWNER)


def test_coefficients_are_other_ones_for_every_digit(monkeypatch: pytest.MonkeyPatch, seed: bytes) -> None:
    """Two false claims whose polynomials have opposite leading coefficients: 5 and -2 under z(z-1)(z-2)(z-3) = 120."""
    assert 5 * 4 * 3 * 2 == (-2) * (-3) * (-4) * (-5)

    def cheat(values: FieldArray, width: int) -> FieldArray:
        digits = digits_of(values, width)
        digits[0], digits[1] = digits[0] + 5, digits[1] - 2
        return digits

    monkeypatch.setattr(module, "digits_of", cheat)
    ended = entered(Ideal(2, M61, seed), [-8, -8], 4)
    assert_caught(ended, RangeProofFailed, "range.answer", cheater=OWNER, blamed=OWNER)


@PARTIES
def test_a_claim_of_a_lower_degree_is_raised(parties: int, monkeypatch: pytest.MonkeyPatch, seed: bytes) -> None:
    """Of an odd width the highest digit is 2, and the answer is what would pass if its claim had not been raised."""
    honest = field_proof._answers

    def answers(ctx: Context, coins: Any, claims: Any, covers: Any) -> Any:
        found = honest(ctx, coins, claims, covers)
        if found:
            [(_, chi)] = field_proof._chunks(ctx.field, field_proof._stream(coins, ctx.party, 1), claims[1].values.size)
            top = chi.dot(claims[1].values * (claims[1].values - 1))
            for answer in found.values():
                answer[2] = answer[2] + top
        return found

    monkeypatch.setattr(field_proof, "_answers", answers)
    with digit_off(-1, 2):
        ended = entered(Ideal(parties, M61, seed), [-16], 5)
    assert_caught(ended, RangeProofFailed, "range.answer", cheater=OWNER, everyone_sees=True, blamed=OWNER)


def test_nobody_knows_the_coefficients_beforehand(monkeypatch: pytest.MonkeyPatch, seed: bytes) -> None:
    """An owner that did would choose digits whose false claims cancel."""
    coins, honest = [], field_proof._chunks

    def look(*arguments: Any) -> Any:
        for part, chi in honest(*arguments):
            coins.append(tuple(chi.to_ints()))
            yield part, chi

    monkeypatch.setattr(field_proof, "_chunks", look)
    for turn in range(2):
        entered(Ideal(2, M61, bytes([turn]) + seed[1:]), [1, 2], 4)
    # The owner and its verifier compute the same ones.
    assert len(coins) == 4
    assert len(set(coins)) == 2
    assert len({chi for drawn in coins for chi in drawn}) == 2 * len(coins[0])


@pytest.mark.parametrize("place", POSITIONS)
@PARTIES
def test_a_changed_digit_is_not_what_was_proved(place: str, parties: int, seed: bytes) -> None:
    cheat = add_to_element("range.digits", OWNER, M61, index=place)
    ended = entered(Ideal(parties, M61, seed), [1, 2, 3], 6, cheat)
    cheat.assert_fired()
    assert_caught(ended, RangeProofFailed, "range.answer", cheater=OWNER, everyone_sees=True, blamed=OWNER)


@pytest.mark.parametrize("place", POSITIONS)
@PARTIES
def test_a_changed_answer(place: str, parties: int, seed: bytes) -> None:
    cheat = add_to_element("range.answer", OWNER, M61, index=place)
    ended = entered(Ideal(parties, M61, seed), [1, 2, 3], 6, cheat)
    cheat.assert_fired()
    assert_caught(ended, RangeProofFailed, "range.answer", cheater=OWNER, everyone_sees=True, blamed=OWNER)


def test_other_digits_for_one_verifier(seed: bytes) -> None:
    """Who was told the truth hears of it; a proof for each of them is what the echo is for."""
    cheat = add_to_element("range.digits", OWNER, M61, receiver=2)
    ended = entered(Ideal(3, M61, seed), [1, 2, 3], 6, cheat)
    cheat.assert_fired()
    error = ended.outcomes[2].error
    assert isinstance(error, RangeProofFailed)
    assert (error.step, error.blamed) == ("range.answer", OWNER)
    assert isinstance(ended.outcomes[0].error, PeerAborted)


@dataclass
class TwoFaces:
    """An owner that enters a digit one higher towards party 2, in range, and answers both as they need it."""

    field: Field
    fired: int = 0

    def __call__(self, messages: list[Message]) -> list[Message]:
        return [self._changed(message) for message in messages]

    def _changed(self, message: Message) -> Message:
        if message.step != "range.digits" or message.receiver != 2:
            return message
        self.fired += 1
        return add_to_element("range.digits", OWNER, self.field, receiver=2)([message])[0]


def test_two_true_proofs_of_different_numbers_end_at_the_echo(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = field_proof._answers

    def answers(ctx: Context, coins: Any, claims: Any, covers: Any) -> Any:
        found = honest(ctx, coins, claims, covers)
        if ctx.party == OWNER:
            other = [claim._replace(values=_first_higher(claim.values)) for claim in claims]
            found[2] = honest(ctx, coins, other, covers)[2]
        return found

    monkeypatch.setattr(field_proof, "_answers", answers)
    cheat = TwoFaces(M61)
    ended = entered(Ideal(3, M61, seed), [1, 2, 3], 6, cheat)
    assert cheat.fired
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=OWNER)


def _first_higher(values: FieldArray) -> FieldArray:
    higher = values.copy()
    higher[0] = higher[0] + 1
    return higher


def test_malformed_digits(seed: bytes) -> None:
    cheat = replace_payload("range.digits", OWNER, lambda payload: b"\xff" * len(payload))
    ended = entered(Ideal(2, M61, seed), [1], 6, cheat)
    assert isinstance(ended.outcomes[0].error, MalformedMessage)


def test_equivocation_of_bytes(seed: bytes) -> None:
    cheat = equivocate("range.digits", OWNER, 2)
    ended = entered(Ideal(3, M61, seed), [1, 2, 3], 6, cheat)
    cheat.assert_fired()
    assert type(ended.outcomes[2].error) in (RangeProofFailed, MalformedMessage)
    assert ended.outcomes[0].error is not None


# -- how likely a false proof passes ----------------------------------------------------------------------------------

ROOTS = (3, 8, 20, 30)


def test_the_best_forgery_is_believed_by_four_keys(seed: bytes) -> None:
    """M5: the best answer is believed by 4 of 31 keys, or if the coins hide the false claim, and by nobody else."""
    passed = 0
    with digit_off(0, 4), answers_for(ROOTS) as lucky:
        for turn in range(150):
            ideal = Ideal(2, M5, turn.to_bytes(2, "little") + seed[2:])
            alpha = int(ideal.dealer.keys[1 - OWNER].to_ints())
            ended = entered(ideal, [-2], 2)
            believed = ended.outcomes[1 - OWNER].error is None
            assert believed == (alpha in ROOTS or lucky[-1])
            passed += believed
    assert passed > 0


# -- what verifiers learn ---------------------------------------------------------------------------------------------


def test_every_verifier_has_covers_of_its_own(monkeypatch: pytest.MonkeyPatch, seed: bytes) -> None:
    """PITFALLS 25: and nothing of them belongs to a digit."""
    seen: list[Any] = []
    honest = field_proof._answers

    def look(ctx: Context, coins: Any, claims: Any, covers: Any) -> Any:
        seen.append((claims, covers)) if covers else None
        return honest(ctx, coins, claims, covers)

    monkeypatch.setattr(field_proof, "_answers", look)
    ideal = Ideal(4, M61, seed)
    entered(ideal, [1, -2], 7)
    [(claims, covers)] = seen
    assert set(covers) == {0, 2, 3}
    masks = [value for u, v in covers.values() for value in (*u.to_ints(), *v.to_ints())]
    assert [u.size for u, _ in covers.values()] == [3, 3, 3]
    tags = [value for claim in claims for v in claim.tags.values() for value in v.to_ints()]
    assert len({*masks, *tags}) == len(masks) + len(tags) == 18 + 3 * 8


def test_a_number_out_of_range_never_leaves(seed: bytes) -> None:
    with pytest.raises(InternalError, match="is no integer of 3 bits"):
        digits_of(M61.signed([4]), 3)
    with pytest.raises(InternalError, match="is no integer of 3 bits"):
        digits_of(M61.signed([-5]), 3)


# -- whole sessions ---------------------------------------------------------------------------------------------------


def steps_of(
    program: Callable[[Mpc], Any], parties: int, field: str = "M61", **how: Any
) -> list[list[tuple[int, str]]]:
    """(round, step) of every message of every party, whatever comes of the run."""
    events: list[Any] = [None] * parties

    def watched(mpc: Mpc) -> Any:
        mpc._party.trace.keep_events = True
        events[mpc.party] = mpc._party.trace.events
        return program(mpc)

    with contextlib.suppress(RangeProofFailed):
        spdz.run_local(watched, parties, field, "dealer", timeout=60)
    return [[(event.round, event.step) for event in own] for own in events]


@PARTIES
@pytest.mark.parametrize("maker", ["dealer", "mascot"])
def test_both_makers(maker: str, parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        given = [mpc.input([-5, 15 - owner], owner=owner, type=spdz.Int(5)) for owner in range(mpc.parties)]
        total = given[0].astype(spdz.Int(8))
        for one in given[1:]:
            total = total + one
        assert not mpc.assumes_ranges
        return [int(value) for value in mpc.reveal(total)]

    expected = [-5 * parties, 15 * parties - sum(range(parties))]
    assert spdz.run_local(program, parties, "M61", maker, timeout=60) == [expected] * parties


@PARTIES
@pytest.mark.parametrize("maker", ["dealer", "mascot"])
def test_a_cheating_owner_is_named_before_anything_is_output(
    maker: str, parties: int, digits_off: Callable[[int, int], None]
) -> None:
    digits_off(0, 4)
    seen: list[Any] = []

    def program(mpc: Mpc) -> Any:
        x = mpc.input([3, 4], owner=OWNER, type=spdz.Int(8))
        try:
            return mpc.reveal(x.astype(spdz.Int(16)) ** 2)
        except RangeProofFailed as error:
            seen.append((mpc.party, error.blamed, error.step))
            raise

    with pytest.raises(RangeProofFailed):
        spdz.run_local(program, parties, "M61", maker, timeout=60)
    assert seen
    assert {(blamed, step) for _, blamed, step in seen} == {(OWNER, "range.answer")}
    assert OWNER not in {party for party, _, _ in seen}


def test_masks_in_use_are_overwritten_when_a_proof_fails(
    digits_off: Callable[[int, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is there by then, and what runs on holds the masks."""
    digits_off(0, 4)
    lent: dict[int, Any] = {}
    honest = module.share_in_range

    async def look(ctx: Context, owner: int, values: Any, width: int, masks: Any, shape: Any) -> Any:
        lent[ctx.party] = masks
        return await honest(ctx, owner, values, width, masks, shape)

    monkeypatch.setattr(module, "share_in_range", look)
    with pytest.raises(RangeProofFailed):
        spdz.run_local(lambda mpc: mpc.reveal(mpc.input([3], owner=OWNER, type=spdz.Int(8))), 2, "M61", "dealer")
    # The proof has ended at the cheater.
    share = lent[1 - OWNER].shares[0]
    assert share.value.is_zero().all()
    assert share.mac.is_zero().all()


@pytest.fixture
def digits_seen(monkeypatch: pytest.MonkeyPatch) -> list[FieldArray]:
    """The digits that owners have made."""
    seen: list[FieldArray] = []

    def look(values: FieldArray, width: int) -> FieldArray:
        seen.append(digits_of(values, width))
        return seen[-1]

    monkeypatch.setattr(module, "digits_of", look)
    return seen


def enter_three(mpc: Mpc) -> Any:
    return mpc.reveal(mpc.input([3], owner=OWNER, type=spdz.Int(8))).tolist()


def test_digits_are_overwritten_when_they_are_proved(digits_seen: list[FieldArray]) -> None:
    assert spdz.run_local(enter_three, 2, "M61", "dealer") == [[3]] * 2
    assert digits_seen[0].is_zero().all()


@pytest.mark.parametrize("place", ["broadcast_from", "prove"])
def test_digits_are_overwritten_when_something_fails(
    place: str, digits_seen: list[FieldArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = getattr(module, place)

    async def fail(ctx: Context, *arguments: Any, **more: Any) -> Any:
        if ctx.party == OWNER:
            raise InternalError("as if something had failed")
        return await honest(ctx, *arguments, **more)

    monkeypatch.setattr(module, place, fail)
    with pytest.raises(InternalError, match="as if"):
        spdz.run_local(enter_three, 2, "M61", "dealer")
    assert digits_seen[0].is_zero().all()


def test_digits_are_overwritten_where_the_proof_never_begins(
    digits_seen: list[FieldArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(ctx: Context, *arguments: Any, **more: Any) -> Any:
        raise InternalError("as if the session had ended")

    monkeypatch.setattr("spdz.online.plan.graph.Node._go_on", never)
    with pytest.raises(InternalError, match="as if"):
        spdz.run_local(enter_three, 2, "M61", "dealer")
    assert digits_seen[0].is_zero().all()


@pytest.mark.parametrize(("owner", "width", "words"), [(0, 61, "61 bits wrap in M61"), (1, 8, "those of its owner")])
def test_what_makes_no_sense_sends_nothing(owner: int, width: int, words: str, seed: bytes) -> None:
    """Nobody gets so far with `mpc.input`; party 0 passes values."""
    ideal = Ideal(2, M61, seed)
    masks = ideal.dealer.deal(proof_masks(owner), Digits(width).count + 3)

    async def main(ctx: Context) -> None:
        mine = M61.signed(np.array([1])) if ctx.party == 0 else None
        await share_in_range(ctx, owner, mine, width, masks[ctx.party], (1,))

    ended = ideal.run(main)
    assert any(isinstance(one.error, InternalError) and words in str(one.error) for one in ended.outcomes)
    assert not any(bytes_per_peer(ended, party).get("range.digits") for party in range(2))


@PARTIES
@pytest.mark.parametrize("squared", [True, False])
def test_no_gated_opening_before_the_proof(squared: bool, parties: int, digits_off: Callable[[int, int], None]) -> None:
    """What a truncation opens hides its operand in a range only. Also where nothing has been opened that is checked."""

    def program(mpc: Mpc) -> Any:
        x = mpc.input([5, -1000], owner=OWNER, type=spdz.Int(24)).raw
        how = {"width": 48, "f": 4, "slack": mpc.mask_slack, "statistical_bits": mpc.hiding.least}
        return mpc.reveal(mpc.apply(TRUNCATE, x * x if squared else x, **how))

    honest = steps_of(program, parties, "M127")
    for own in honest:
        [proved] = [at for at, step in own if step == "range.answer"]
        [gated] = [at for at, step in own if step == "truncate.masked"]
        coins = [at for at, step in own if step == "mac_check.coins.commit"]
        assert proved < gated
        assert proved < min(coins)
        assert (min(coins) < gated) == squared
    digits_off(-1, 4)
    for party, own in enumerate(steps_of(program, parties, "M127")):
        assert "range.digits" in {step for _, step in own}
        # The cheater may go on, alone.
        if party != OWNER:
            assert not {"truncate.masked", "output.open", "mac_check.coins.commit"} & {step for _, step in own}


def test_others_compute_with_it_while_it_is_proved() -> None:
    def program(mpc: Mpc) -> Any:
        x, y = (mpc.input([3, -4], owner=owner, type=spdz.Int(8)) for owner in range(2))
        return mpc.reveal(x < y)

    for own in steps_of(program, 2):
        [entered_at] = {at for at, step in own if step == "range.digits"}
        [compared] = [at for at, step in own if step == "compare.masked"]
        assert compared == entered_at + 1
        assert {at for at, step in own if step == "range.answer"} == {entered_at + 3}


@PARTIES
def test_the_coins_are_tossed_after_all_digits_are_there(parties: int, seed: bytes) -> None:
    for outcome in entered(Ideal(parties, M61, seed), [1, 2, 3], 6).outcomes:
        steps = ("range.digits", "range.coins.commit", "range.coins.open", "range.answer")
        assert [rounds_of(outcome.trace, step) for step in steps] == [[1], [2], [3], [4]]


def test_a_proof_is_waited_for_though_nobody_waits_for_its_value() -> None:
    def program(mpc: Mpc) -> Any:
        mpc.input([3], owner=0, type=spdz.Int(8))
        return mpc.reveal(mpc.input([1], owner=1))

    for own in steps_of(program, 2):
        assert max(at for at, step in own if step == "range.answer") < min(
            at for at, step in own if step == "mac_check.coins.commit"
        )


def test_nothing_is_sent_of_no_numbers() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input(np.zeros(0, int), owner=0, type=spdz.Int(8))
        return mpc.reveal(x).shape, mpc.cost.material

    assert spdz.run_local(program, 2, "M61", "dealer") == [((0,), {})] * 2


# -- without the proof ------------------------------------------------------------------------------------------------


def test_opting_out_is_recorded_and_costs_an_input() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([3, -4], owner=0, type=spdz.Int(8), check_range=False)
        assert mpc.assumes_ranges
        assert "ranges are assumed" in repr(mpc)
        assert x.type == spdz.Int(8)
        return list(mpc.reveal(x)), mpc.cost.material

    assert spdz.run_local(program, 2, "M61", "dealer") == [([3, -4], {"input masks of party 0": 2})] * 2


def test_opting_out_of_real_numbers() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([0.5], owner=0, type=spdz.Fixed(16, 32), check_range=False)
        return float(mpc.reveal(x)[0]), mpc.assumes_ranges

    assert spdz.run_local(program, 2, "M127", "dealer") == [(0.5, True)] * 2


def test_material_without_proof_masks_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as what another system has made: the input is refused, not the reveal after it."""
    monkeypatch.setattr(Mpc, "supports", lambda mpc, kind: "proof" not in kind.name)

    def program(mpc: Mpc) -> Any:
        with pytest.raises(UsageError, match=r"has no proof masks of party 0.*check_range=False"):
            mpc.input([3], owner=0, type=spdz.Int(8))
        return mpc.reveal(mpc.input([3], owner=0, type=spdz.Int(8), check_range=False)).tolist()

    assert spdz.run_local(program, 2, "M61", "dealer") == [[3]] * 2


def test_all_parties_must_opt_out_alike() -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.reveal(mpc.input([3], owner=0, type=spdz.Int(8), check_range=mpc.party == 0))

    with pytest.raises(ConfigurationMismatch, match=r"of 8 bits|assume"):
        spdz.run_local(program, 2, "M61", "dealer")


@pytest.mark.parametrize("declared", [None, spdz.Bool()], ids=str)
def test_where_there_is_no_range_there_is_no_choice(declared: Any) -> None:
    def program(mpc: Mpc) -> None:
        with pytest.raises(UsageError, match="for numbers of a declared type"):
            mpc.input([1], owner=0, type=declared, check_range=False)
        with pytest.raises(UsageError, match="check_range is True or False"):
            mpc.input([1], owner=0, type=spdz.Int(8), check_range=1)  # type: ignore[arg-type]

    spdz.run_local(program, 2, "M61", "dealer")


def test_positions_are_those_of_the_digits() -> None:
    """The lowest digit of all numbers first."""
    digits = digits_of(M61.signed([-16, 15, 0]), 5)
    assert digits.to_ints() == [0, 3, 0, 0, 3, 0, 0, 1, 1]
    assert position("last", digits.size) == 8
