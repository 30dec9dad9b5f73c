"""Batches in flight: they overlap, their checks do not, and what they make is what single batches would be."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from spdz.errors import SacrificeFailed
from spdz.field import M13, M61, Field
from spdz.preprocessing.mascot.pipeline import make_triples_in_flight
from spdz.preprocessing.mascot.triples import make_candidates
from spdz.runtime.context import Context
from spdz.runtime.trace import Trace
from spdz.sharing.mac_key import MacKey
from spdz.sharing.material import Batch
from tests.support.dealer import ideal_links, reconstruct_batches
from tests.support.interference import add_to_element
from tests.support.parties import Run, assert_caught, make_sessions, run

SIZES = [3, 1, 4, 1, 5, 9]


def made_in_flight(
    parties: int, field: Field, seed: bytes, sizes: list[int] = SIZES, cheat: Any = None
) -> tuple[Run, list[list[Batch]]]:
    sessions = make_sessions(parties, field, seed)
    links, taken = ideal_links(sessions, seed), [list[Batch]() for _ in sessions]

    async def main(ctx: Context) -> None:
        await make_triples_in_flight(ctx, links[ctx.party], sizes, taken[ctx.party].append, make_candidates)

    return run(sessions, main, cheat), taken


def rounds_by_batch(trace: Trace, step: str) -> list[int]:
    """The round of a step in each batch."""
    found = {event.path.split("/")[2]: event.round for event in trace.events if event.step == step}
    return [found[batch] for batch in sorted(found)]


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("sizes", [[], [2], [2, 1], [1, 1, 1], SIZES], ids=str)
def test_all_batches_are_made_and_come_in_their_order(parties: int, sizes: list[int], seed: bytes) -> None:
    ended, taken = made_in_flight(parties, M61, seed, sizes)
    assert ended.results == [None] * parties
    assert [[batch.count for batch in own] for own in taken] == [sizes] * parties
    for batches in zip(*taken, strict=True):
        a, b, c = reconstruct_batches(ended.sessions, list(batches))
        assert (a * b).equals(c)


def test_batches_overlap(seed: bytes) -> None:
    trace = made_in_flight(2, M61, seed)[0].trace
    columns, checked = (rounds_by_batch(trace, step) for step in ("ot_extension.columns", "sacrifice.check.sigma.open"))
    assert columns == sorted(columns)
    assert checked == sorted(checked)
    for batch in range(len(SIZES) - 2):
        assert columns[batch + 2] < checked[batch]
    # No more than three are in flight.
    for batch in range(len(SIZES) - 3):
        assert checked[batch] < columns[batch + 3]


def test_a_batch_costs_fewer_rounds_than_alone(seed: bytes) -> None:
    alone, together = (made_in_flight(2, M61, seed, sizes)[0].rounds for sizes in ([1], [1] * 6))
    assert (alone, together) == (23, 73)  # as docs/wire, section 14, says


def test_checks_take_turns(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """[Rushing]: no two MAC checks run at once, and their order is the same at all parties."""
    began: list[str] = []
    original = MacKey.checking

    def spy(self: MacKey) -> Any:
        began.append("check")
        return original(self)

    monkeypatch.setattr(MacKey, "checking", spy)
    trace = made_in_flight(3, M13, seed)[0].trace
    assert len(began) == 3 * 2 * len(SIZES)
    authenticated, sacrificed = (
        list(zip(*(rounds_by_batch(trace, f"{name}.{step}") for step in ("coins.commit", "sigma.open")), strict=True))
        for name in ("authenticate.check", "sacrifice.check")
    )
    order = authenticated[:1]
    for one, other in zip(authenticated[1:], sacrificed, strict=False):
        order += [one, other]
    order.append(sacrificed[-1])
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(order))


@pytest.mark.parametrize("batch", range(len(SIZES)))
def test_a_cheat_in_any_batch_ends_the_session(batch: int, seed: bytes) -> None:
    cheat = add_to_element("sacrifice.rho", 1, M61, index=0, skip=batch)
    ended, taken = made_in_flight(2, M61, seed, cheat=cheat)
    cheat.assert_fired()
    assert_caught(ended, SacrificeFailed, "sacrifice.check.sigma.open", cheater=1)
    assert len(taken[0]) <= batch
