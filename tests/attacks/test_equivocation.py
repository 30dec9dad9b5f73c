"""Among three parties, telling two of them different things is found before anything is output (PITFALLS 15)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spdz.errors import BroadcastMismatch
from spdz.field import M61
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.protocols.broadcast import broadcast, broadcast_from
from spdz.protocols.mac_check import check_openings
from spdz.protocols.output import output
from spdz.runtime.context import Context
from spdz.sharing.material import RANDOM_BITS, SQUARES, TRIPLES, Kind
from spdz.wire.codec import Elements
from spdz.wire.steps import Delivery, Payload, Step
from tests.support.dealer import IdealDealer, ideal_links
from tests.support.interference import POSITIONS, add_to_element, flip_bytes
from tests.support.parties import assert_caught, make_sessions, run

Declare = Callable[..., Step]
CHEATER = 0


@pytest.mark.parametrize("index", POSITIONS)
@pytest.mark.parametrize("receiver", [1, 2])
def test_in_an_output(index: str, receiver: int, seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2, 3])
    cheat = add_to_element("output.open", CHEATER, M61, index=index, receiver=receiver)
    ended = run(sessions, lambda ctx: output(ctx, shares[ctx.party]), cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=CHEATER, everyone_sees=True, blamed=None)


OPENINGS = {
    "authenticate.combination": TRIPLES,
    "sacrifice.rho": TRIPLES,
    "squares.difference": SQUARES,
    "bits.square": RANDOM_BITS,
}


@pytest.mark.parametrize("index", POSITIONS)
@pytest.mark.parametrize("step", OPENINGS)
def test_in_an_opening_of_the_generator(step: str, index: str, seed: bytes) -> None:
    kind: Kind = OPENINGS[step]
    sessions = make_sessions(3, M61, seed)
    makers = [MascotPreprocessing() for _ in sessions]
    for maker, links in zip(makers, ideal_links(sessions, seed), strict=True):
        maker._links = links
    cheat = add_to_element(step, CHEATER, M61, index=index, receiver=2)
    ended = run(sessions, lambda ctx: makers[ctx.party].produce(ctx, {kind: 3}), cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=CHEATER, everyone_sees=True, blamed=None)
    assert [maker.store.available(kind) for maker in makers] == [0, 0, 0]


@pytest.mark.parametrize("single_sender", [True, False])
def test_in_a_broadcast_of_a_masked_input(single_sender: bool, declare_step: Declare, seed: bytes) -> None:
    """Two honest parties would go on with different shares; the echo comes before the output is opened."""
    step = declare_step("test.masked_input", Delivery.BROADCAST, payload=Payload.ELEMENTS)
    codec = Elements(M61, (2,))
    sessions = make_sessions(3, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])

    async def main(ctx: Context) -> object:
        if single_sender:
            difference = await broadcast_from(ctx, step, codec, CHEATER, M61.array([5, 6]))
        else:
            difference = (await broadcast(ctx, step, codec, M61.array([5, 6])))[CHEATER]
        return await output(ctx, shares[ctx.party] + ctx.public(difference))

    honest = run(sessions, main)
    assert [value.to_ints() for value in honest.results] == [[6, 8]] * 3
    cheat = add_to_element("test.masked_input", CHEATER, M61, index="last", receiver=1)
    ended = run(sessions, main, cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=CHEATER, everyone_sees=True)
    assert all(outcome.trace.steps["output.open"].exchanges == 0 for outcome in ended.outcomes)


@pytest.mark.parametrize("place", POSITIONS)
def test_a_lie_in_the_echo_is_a_mismatch_too(place: str, declare_step: Declare, seed: bytes) -> None:
    step = declare_step("test.said", Delivery.BROADCAST, payload=Payload.ELEMENTS)
    sessions = make_sessions(3, M61, seed)
    IdealDealer(sessions, seed)

    async def main(ctx: Context) -> int:
        await broadcast(ctx, step, Elements(M61, (1,)), M61.array([ctx.party]))
        await check_openings(ctx)
        return 1

    cheat = flip_bytes("broadcast.echo", CHEATER, [place], receiver=1)
    ended = run(sessions, main, cheat)
    cheat.assert_fired()
    victim = ended.outcomes[1].error
    assert type(victim) is BroadcastMismatch
    assert victim.step == "broadcast.echo"
    assert not sessions[1].key.alive
