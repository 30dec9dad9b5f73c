"""A changed message in any opening of an operation on bits is found by the check, and both keys die."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spdz.errors import BroadcastMismatch, MacCheckFailed, MalformedMessage
from spdz.field import M61
from spdz.online.operations.bit_decomposition import BITS
from spdz.online.operations.bit_inputs import BIT_INPUT
from spdz.online.operations.compare import SIGN
from spdz.online.operations.convert import CONVERT
from spdz.online.operations.equality import EQUAL
from spdz.online.operations.logic import AND, CONSTANT_BITS
from spdz.online.operations.registry import Operation, all_operations
from spdz.online.operations.select import SELECT
from spdz.runtime.lockstep import Message
from spdz.sharing.material import DEALT
from tests.online.support import Ideal
from tests.support.interference import (
    POSITIONS,
    Tampering,
    add_to_element,
    equivocate,
    flip_bytes,
    position,
    replace_payload,
)
from tests.support.parties import assert_caught

from .support import Case

PARTIES = pytest.mark.parametrize("parties", [2, 3])
PLACE = pytest.mark.parametrize("place", POSITIONS)
CHEATER, COUNT = 0, 16
"""Two bytes for each array of bits, all of whose bits count."""

COMPARISON = {"width": 9, "slack": DEALT}
LEVELS = {"sign": 3, "equal": 4, "bits in few rounds": 4, "bits with few triples": 4}
OPENINGS: list[tuple[str, str, int]] = [
    ("and", "and.masked", 0),
    ("convert", "convert.masked", 0),
    ("select", "select.bit", 0),
    ("select", "select.masked", 0),
    *((name, "compare.masked", 0) for name in LEVELS),
    *((name, "compare.level", level) for name, levels in LEVELS.items() for level in range(levels)),
]
"""(use, step, how many exchanges of this step come before)."""


IN_FIELD = ("compare.masked", "select.masked")


def use(ideal: Ideal, name: str) -> Case:
    bits = [ideal.dealer.bits.random(COUNT) for _ in range(2)]
    x = M61.signed(np.arange(COUNT) - COUNT // 2)
    cases: dict[str, tuple[Operation, tuple[Any, ...], dict[str, Any]]] = {
        "and": (AND, tuple(bits), {}),
        "convert": (CONVERT, (bits[0],), {}),
        "select": (SELECT, (bits[0], x), {"width": None}),
        "sign": (SIGN, (x,), COMPARISON),
        "equal": (EQUAL, (x,), COMPARISON),
        "bits in few rounds": (BITS, (x,), {**COMPARISON, "depth": "rounds"}),
        "bits with few triples": (BITS, (x,), {**COMPARISON, "depth": "work"}),
    }
    operation, operands, parameters = cases[name]
    return Case(ideal, operation, *operands, **parameters)


def test_the_openings_are_all_there_are(seed: bytes) -> None:
    """Every operation on bits is attacked here, at every exchange of every step."""
    on_bits = {
        name for name, operation in all_operations().items() if "bits" in (*operation.operands, operation.domain)
    }
    tested = {use(Ideal(2, M61, seed), name).operation.name for name, _, _ in OPENINGS}
    assert tested == on_bits - {BIT_INPUT.name, CONSTANT_BITS.name}
    for name in {name for name, _, _ in OPENINGS}:
        ideal = Ideal(2, M61, seed)
        steps = ideal.run(use(ideal, name).part).trace.steps
        assert {step: cost.exchanges for step, cost in steps.items()} == {
            step: sum((name, step) == (other, found) for other, found, _ in OPENINGS) for step in steps
        }


@PLACE
@pytest.mark.parametrize(("name", "step", "skip"), OPENINGS)
def test_another_share(place: str, name: str, step: str, skip: int, seed: bytes) -> None:
    cheat = (
        add_to_element(step, CHEATER, M61, index=place)
        if step in IN_FIELD
        else flip_bytes(step, CHEATER, [place], skip=skip, mask=0x10)
    )
    ended = use(Ideal(2, M61, seed), name).attacked(cheat)
    cheat.assert_fired()
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True, blamed=None)


@PARTIES
@PLACE
@pytest.mark.parametrize(("name", "step", "skip"), OPENINGS)
def test_another_share_of_a_party_that_stands_by_it(
    parties: int, place: str, name: str, step: str, skip: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are told the same, the cheater's own code included."""
    ideal, fired = Ideal(parties, M61, seed), list[int]()
    case = use(ideal, name)

    def sent(domain: Any, method: str, lie: Callable[[Any, int], None]) -> None:
        honest, calls = getattr(domain, method), itertools.count()

        def lying(*given: Any) -> Any:
            own = honest(*given)
            if next(calls) == skip:
                lie(own, position(place, own.size))
                fired.append(own.size)
            return own

        monkeypatch.setattr(domain, method, lying)

    def flipped(bits: Any, at: int) -> None:
        bits[at] ^= 1

    def one_more(elements: Any, at: int) -> None:
        elements[at] = elements[at] + 1

    session = ideal.sessions[CHEATER]
    if step == "compare.masked":
        one_more(case.shares[0][CHEATER].value, position(place, COUNT))
        fired.append(COUNT)
    elif step == "select.masked":
        sent(session.field_domain, "differences", one_more)
    else:
        sent(session.bit_domain, "differences", flipped)
    ended = case.attacked(lambda messages: messages)
    assert fired
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True, blamed=None)


@pytest.mark.parametrize(("name", "step", "skip"), OPENINGS)
def test_another_share_to_one_of_two(name: str, step: str, skip: int, seed: bytes) -> None:
    cheat = equivocate(step, CHEATER, 1, skip=skip)
    ended = use(Ideal(3, M61, seed), name).attacked(cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=CHEATER)


def test_bits_behind_the_last_one(seed: bytes) -> None:
    """A byte that is not full must end in zeros: there is one encoding of everything."""
    ideal = Ideal(2, M61, seed)
    bits = ideal.dealer.bits.random(3)
    cheat = flip_bytes("and.masked", CHEATER, [0], mask=0x80)
    ended = Case(ideal, AND, bits, bits).attacked(cheat)
    cheat.assert_fired()
    assert type(ended.outcomes[1].error) is MalformedMessage
    assert not ended.sessions[1].domains.alive


# -- inputs -----------------------------------------------------------------------------------------------------------


def bit_input(ideal: Ideal, bits: Any) -> Case:
    return Case(ideal, BIT_INPUT, private=bits, owner=CHEATER, shape=bits.shape)


@PARTIES
@pytest.mark.parametrize("shape", [(), (1,), (8,), (9,), (2, 3, 4)], ids=str)
def test_an_input_of_bits_is_shared(parties: int, shape: tuple[int, ...], seed: bytes) -> None:
    ideal = Ideal(parties, M61, seed)
    bits = ideal.dealer.bits.random(*shape)
    found = bit_input(ideal, bits).result()
    assert found.shape == shape
    assert (found == bits).all()


def test_a_changed_input_is_another_input_or_found(seed: bytes) -> None:
    """For two parties: what the receiver believes does not fit what the owner believes."""
    ideal = Ideal(2, M61, seed)
    bits = ideal.dealer.bits.random(COUNT)
    shares = ideal.run(bit_input(ideal, bits).part, flip_bytes("input.masked_bits", CHEATER, [0], mask=1)).results
    changed = bits.copy()
    changed[0] ^= 1
    # The owner would have to add its key share to stand by it, which it can.
    shares[CHEATER].words[0] ^= ideal.sessions[CHEATER].bit_domain.key.share.word
    assert (ideal.dealer.bits.reconstruct(shares) == changed).all()


def test_two_receivers_are_told_different_inputs(seed: bytes) -> None:
    ideal = Ideal(3, M61, seed)
    cheat: Tampering = equivocate("input.masked_bits", CHEATER, 1)
    ended = bit_input(ideal, ideal.dealer.bits.random(COUNT)).attacked(cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=CHEATER)


def test_every_bit_of_a_message_counts(seed: bytes) -> None:
    """All bits of all levels at once, as another message altogether."""

    def noise(payload: bytes) -> bytes:
        return bytes(byte ^ 0xFF for byte in payload)

    for step in ("compare.level", "and.masked"):
        name = "sign" if step == "compare.level" else "and"
        cheat = replace_payload(step, CHEATER, noise)
        ended = use(Ideal(2, M61, seed), name).attacked(cheat)
        cheat.assert_fired()
        assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True)


# -- nothing is left --------------------------------------------------------------------------------------------------


def drop(step: str) -> Any:
    def interfere(messages: list[Message]) -> list[Message]:
        return [message for message in messages if not (message.step == step and message.sender == CHEATER)]

    return interfere


@pytest.mark.parametrize("step", ["compare.masked", "compare.level", "select.bit", "convert.masked"])
def test_a_message_that_never_comes_ends_the_session(step: str, seed: bytes) -> None:
    name = {"select.bit": "select", "convert.masked": "convert"}.get(step, "sign")
    ended = use(Ideal(2, M61, seed), name).attacked(drop(step))
    assert ended.outcomes[1].error is not None
    assert not ended.sessions[1].domains.alive
