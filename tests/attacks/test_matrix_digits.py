"""Wide rows go over digits of three bits: what a cheating sender of trees or corrections achieves there."""

from __future__ import annotations

import pytest

from spdz.errors import MalformedMessage, OtConsistencyFailed, PeerAborted, SacrificeFailed
from spdz.field import M13, M61, M127, Field, FieldArray
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.matrix_multiply import multiply_matrices
from spdz.preprocessing.mascot.matrix_triples import spare_rows
from spdz.preprocessing.ot.digits import digits_of
from spdz.runtime.context import Context
from spdz.sharing.material import matrix_triples
from tests.support.dealer import ideal_links
from tests.support.interference import (
    POSITIONS,
    add_to_element,
    flip_bytes,
    position,
    replace_payload,
    silent,
)
from tests.support.parties import assert_caught, make_sessions, run

from .test_matrix_triples import CHEATER, CHECK, COUNT, assert_right, attacked

ROWS, INNER, COLUMNS = 8, 1, 7
KIND = matrix_triples(ROWS, INNER, COLUMNS)
ENTRIES = COUNT * INNER * (ROWS + 1 + spare_rows(M61, 60, COUNT * INNER, 2))
DIGITS = digits_of(M61, COLUMNS)
TREES, CORRECTIONS = "matrix_multiply.trees", "matrix_multiply.corrections"
PARTIES = pytest.mark.parametrize("parties", [2, 3])
ENTRY_OF_EACH_KIND = pytest.mark.parametrize("entry", [0, ROWS, ROWS + 1], ids=["upper", "sacrificed", "spare"])


def test_digits_have_three_bits() -> None:
    assert (DIGITS.bits, DIGITS.count) == (3, 21)


@PARTIES
@pytest.mark.parametrize("column", [0, COLUMNS - 1])
@pytest.mark.parametrize("place", POSITIONS)
def test_another_row_for_an_entry(parties: int, place: str, column: int, seed: bytes) -> None:
    """d + 1 for all digits of one entry and one column, towards one peer."""
    first = position(place, ENTRIES) * DIGITS.count
    indices = [digit * COLUMNS + column for digit in range(first, first + DIGITS.count)]
    cheat = add_to_element(CORRECTIONS, CHEATER, M61, index=indices, receiver=1)
    ended = attacked(parties, seed, cheat, KIND)
    cheat.assert_fired()
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


@ENTRY_OF_EACH_KIND
def test_another_row_for_one_digit_fails_or_tells_that_the_digit_is_zero(entry: int, seed: bytes) -> None:
    """The highest digit of M61 has one bit, so a guess at it is right half of the time."""
    outcomes = set()
    for column in range(COLUMNS):
        for attempt in (bytes([column]), bytes([column + 128])):
            index = (entry * DIGITS.count + DIGITS.count - 1) * COLUMNS + column
            cheat = add_to_element(CORRECTIONS, CHEATER, M61, index=[index])
            ended = attacked(2, attempt + seed[1:], cheat, KIND)
            cheat.assert_fired()
            if ended.outcomes[1].error is None:
                assert_right(ended)
                outcomes.add("nothing happened")
            else:
                assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)
                outcomes.add("caught")
    assert outcomes == {"nothing happened", "caught"}


@ENTRY_OF_EACH_KIND
def test_a_wrong_sum_fails_or_tells_one_bit(entry: int, seed: bytes) -> None:
    """The sum of one side of one level: it matters where the receiver has chosen that side."""
    outcomes = set()
    for bit in range(14):
        cheat = flip_bytes(TREES, CHEATER, [(entry * DIGITS.ots + bit) * 32 + 5])
        ended = attacked(2, seed, cheat, KIND)
        cheat.assert_fired()
        if ended.outcomes[1].error is None:
            assert_right(ended)
            outcomes.add("nothing happened")
        else:
            assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)
            outcomes.add("caught")
    assert outcomes == {"nothing happened", "caught"}


@PARTIES
def test_other_trees_than_the_corrections_belong_to(parties: int, seed: bytes) -> None:
    """Every sum replaced by zero, towards one peer."""
    cheat = replace_payload(TREES, CHEATER, lambda payload: bytes(len(payload)), receiver=1)
    ended = attacked(parties, seed, cheat, KIND)
    cheat.assert_fired()
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


@PARTIES
def test_a_message_of_trees_of_another_length(parties: int, seed: bytes) -> None:
    cheat = replace_payload(TREES, CHEATER, lambda payload: payload[:-32], receiver=1)
    ended = attacked(parties, seed, cheat, KIND)
    cheat.assert_fired()
    assert_caught(ended, MalformedMessage, TREES, cheater=CHEATER)


@PARTIES
@pytest.mark.parametrize("place", ["first", "middle", "last", "padding"])
def test_one_byte_of_the_trees(parties: int, place: str, seed: bytes) -> None:
    """The message goes on to whole units of 64 entries; what belongs to appended ones has no effect."""
    of_entry = 32 * DIGITS.ots
    index = ENTRIES * of_entry if place == "padding" else position(place, ENTRIES * of_entry)
    cheat = flip_bytes(TREES, CHEATER, [index], receiver=1)
    ended = attacked(parties, seed, silent(CHEATER, cheat), KIND)
    cheat.assert_fired()
    errors = [outcome.error for party, outcome in enumerate(ended.outcomes) if party != CHEATER]
    if not any(errors):
        assert_right(ended)
        return
    assert place != "padding"
    assert {type(error) for error in errors} - {PeerAborted} == {SacrificeFailed}
    assert not any(session.key.alive for session in ended.sessions if session.party != CHEATER)


def test_inconsistent_choice_bits_are_found_before_trees_leave(seed: bytes) -> None:
    cheat = flip_bytes("ot_extension.columns", CHEATER, range(64))
    ended = attacked(2, seed, silent(CHEATER, cheat), KIND)
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=CHEATER)
    assert not {TREES, CORRECTIONS} & ended.outcomes[1].trace.steps.keys()


@pytest.mark.parametrize("step", [TREES, CORRECTIONS])
def test_long_elements_with_digits_of_four_bits(step: str, seed: bytes) -> None:
    """All sums, or all corrections, of another message: M127."""
    assert digits_of(M127, COLUMNS).bits == 4
    cheat = replace_payload(step, CHEATER, lambda payload: bytes(len(payload)))
    ended = attacked(2, seed, cheat, KIND, M127)
    cheat.assert_fired()
    assert_caught(ended, SacrificeFailed, CHECK, cheater=CHEATER, everyone_sees=True)


@pytest.mark.parametrize("field", [M13, M127], ids=str)
def test_the_error_of_a_wrong_correction_is_the_digit_itself(field: Field, seed: bytes) -> None:
    """d + 1 for one digit of one entry: the product is wrong by the digit at its place, by nothing where it is zero.

    So a guess is right for one value of the digit, and no better than that: 1 / 2^D.
    """
    digits, found = digits_of(field, COLUMNS), set()
    for entry in range(12):
        sessions = make_sessions(2, field, seed)
        links = ideal_links(sessions, seed)

        async def main(ctx: Context, links: list[dict[int, Link]] = links) -> tuple[FieldArray, ...]:
            x, y = ctx.random((1, 13, 1)), ctx.random((1, 1, COLUMNS))
            kept = x.copy(), y.copy()
            return *kept, *await multiply_matrices(ctx, links[ctx.party], x, y, 1)

        place = (entry * digits.count + 1) * COLUMNS
        cheat = add_to_element(CORRECTIONS, CHEATER, field, index=[place])
        results = run(sessions, main, cheat).results
        x, y, products, _ = (mine + yours for mine, yours in zip(*results, strict=True))
        wrong = (products - x[:, :12] @ y).to_ints()[0]
        own = int(results[1][0].to_ints()[0][entry][0])
        digit = own >> digits.bits & (1 << digits.bits) - 1
        assert wrong[entry] == [(digit << digits.bits) % field.modulus] + [0] * (COLUMNS - 1)
        assert not any(any(row) for at, row in enumerate(wrong) if at != entry)
        found.add(digit)
    assert len(found) > 2
