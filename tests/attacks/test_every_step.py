"""One byte of every message of a triple run is changed: the outcome is one that the step declares.

The steps are found by running the generator, so a new one is attacked here without being named.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest

from spdz.adversary.ideal_base_ots import BASE_OT_STEPS, ideal_base_ots
from spdz.errors import Desync, MalformedMessage, PeerAborted
from spdz.field import M61
from spdz.params import MascotParams
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.ot.base import RunBaseOts, base_ots
from spdz.protocols.coin_toss import toss
from spdz.protocols.mac_check import OPENING_CHECK
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Interference
from spdz.sharing.material import TRIPLES
from spdz.wire.steps import Harmless, all_steps
from tests.support.dealer import reconstruct_batches
from tests.support.interference import POSITIONS, flip_bytes, replace_payload, silent
from tests.support.parties import Run, make_sessions, run
from tests.support.vole import TINY_PROTOCOLS, links_for

SELECTIVE = ("setup.ot_trees", "ot_extension.columns", "multiply.corrections", "copee.corrections", "vole.sums")
"""A change counts only where a secret bit of the receiver is one; where it is zero, nothing at all happens."""
FOUND_BY_THE_CHEATER = ("base_ot.receiver_points", "vole.sums", "vole.totals")
"""Good points in the place of others, and trees that are wrong: its own copy of the honest code stops at a check."""
COUNT = 2


def triples(
    parties: int,
    seed: bytes,
    interference: Interference | None = None,
    *,
    base_ots: RunBaseOts | None,
    authentication: str = "copee",
) -> Run:
    """Triples in the stores of all parties, after an ideal set-up or one with these base OTs.

    The result of each party is its generator.
    """
    sessions = make_sessions(parties, M61, seed)
    params = MascotParams(authentication=authentication)
    protocols = replace(TINY_PROTOCOLS, base_ots=base_ots or TINY_PROTOCOLS.base_ots)
    makers = [MascotPreprocessing(params=params, protocols=protocols) for _ in sessions]
    if base_ots is None:
        for maker, links in zip(makers, links_for(authentication, sessions, seed), strict=True):
            maker._links = links

    async def main(ctx: Context) -> MascotPreprocessing:
        maker = makers[ctx.party]
        if base_ots is not None:
            await maker.set_up(ctx.child("set_up"))
        await maker.produce(ctx.child("produce"), {TRIPLES: COUNT})
        # Whoever was not lied to hears of the abort before it uses anything.
        await toss(ctx, OPENING_CHECK.coins, after=None)
        return maker

    return run(sessions, main, interference)


@functools.cache
def steps_of_a_triple_run(parties: int, authentication: str = "copee") -> tuple[str, ...]:
    """Every step that is exchanged on the way to a triple."""
    steps = triples(parties, bytes(32), base_ots=base_ots, authentication=authentication).trace.steps
    return tuple(step for step in steps if not step.startswith("mac_check."))


def base_ots_for(step: str) -> RunBaseOts | None:
    """Real ones where they are attacked, ideal ones where what follows in the set-up is."""
    if step in BASE_OT_STEPS:
        return base_ots
    return ideal_base_ots if step.startswith("setup.") else None


def authentication_with(step: str) -> str:
    """What a session runs in which this step occurs."""
    return "vole" if step.startswith("vole.") else "copee"


CASES = [
    (parties, step)
    for parties in (2, 3)
    for authentication in ("copee", "vole")
    for step in steps_of_a_triple_run(parties, authentication)
    if authentication_with(step) == authentication
]


def test_the_run_meets_every_step_that_the_generator_registers() -> None:
    prefixes = ("base_ot.", "setup.", "ot_extension.", "multiply.", "combine.", "authenticate.", "copee.", "sacrifice.")
    registered = {name for name in all_steps() if name.startswith(prefixes) and not name.endswith(".masked")}
    assert registered == set(steps_of_a_triple_run(2))
    assert registered | {"broadcast.echo"} == set(steps_of_a_triple_run(3))
    with_voles = registered | {name for name in all_steps() if name.startswith("vole.")}
    assert with_voles == set(steps_of_a_triple_run(2, "vole"))
    assert with_voles | {"broadcast.echo"} == set(steps_of_a_triple_run(3, "vole"))


@pytest.mark.parametrize("place", POSITIONS)
@pytest.mark.parametrize(("parties", "step"), CASES)
def test_one_byte(parties: int, step: str, place: str, seed: bytes) -> None:
    cheater = parties - 1 if place == "middle" else 0
    cheat = flip_bytes(step, cheater, [place], receiver=1 if cheater == 0 else 0)
    ended = triples(
        parties, seed, silent(cheater, cheat), base_ots=base_ots_for(step), authentication=authentication_with(step)
    )
    cheat.assert_fired()
    honest = [party for party in range(parties) if party != cheater]
    errors = [ended.outcomes[party].error for party in honest]
    declared = all_steps()[step].tampering

    if not any(errors):
        assert step in SELECTIVE or any(isinstance(outcome, Harmless) for outcome in declared)
        batches = [outcome.result.store.take(TRIPLES, COUNT) for outcome in ended.outcomes]
        a, b, c = reconstruct_batches(ended.sessions, batches)
        assert (a * b).equals(c)
        return
    found = {type(error) for error in errors} - {PeerAborted}
    assert found
    # Whoever fails its own check leaves without a word.
    left = {Desync} if step in FOUND_BY_THE_CHEATER and ended.outcomes[cheater].error else set()
    assert found <= {*declared, MalformedMessage} | left
    for party in honest:
        assert ended.outcomes[party].result is None
        assert not ended.sessions[party].key.alive


@pytest.mark.parametrize("step", [step for parties, step in CASES if parties == 2 and step != "setup.share_seeds"])
def test_every_byte(step: str, seed: bytes) -> None:
    """No step takes everything: another payload altogether is always found."""
    noise = replace_payload(step, 0, lambda payload: bytes(byte ^ 0x15 for byte in payload))
    ended = triples(2, seed, silent(0, noise), base_ots=base_ots_for(step), authentication=authentication_with(step))
    noise.assert_fired()
    error = ended.outcomes[1].error
    left = {Desync} if step in FOUND_BY_THE_CHEATER and ended.outcomes[0].error else set()
    assert type(error) in {*all_steps()[step].tampering, MalformedMessage} | left
    assert not ended.sessions[1].key.alive
