"""Several batches of triples in flight: while one waits for its messages, others compute.

A batch goes through three stages: candidates (OT extension, products, and the corrections of their authentication), the
check of the authentication, sacrifice. Each stage takes the batches in their order, so what both ends of a link keep
from batch to batch (streams, OT indices, VOLEs) is used in one order at both, whatever arrives first: all of it belongs
to the first stage, the shares of zero to the second. MAC checks take turns, one at a time per key [Rushing]:
authentication of batch 0, of batch 1, sacrifice of 0, authentication of 2, sacrifice of 1, and so on. Paths are those
of batches that are made one after the other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.triples import (
    EnteredCandidates,
    MadeCandidates,
    authenticate_candidates,
    enter_candidates,
    sacrifice,
)
from spdz.runtime.context import Context
from spdz.runtime.task import Task
from spdz.runtime.traps import Join, Spawn, wait_for
from spdz.sharing.material import Batch
from spdz.sharing.shares import AuthShare

BATCHES_IN_FLIGHT = 3

MakeCandidates = Callable[[Context, dict[int, Link], int], Awaitable[MadeCandidates]]


class _Flight(NamedTuple):
    """A batch and the tasks of its first two stages."""

    ctx: Context
    candidates: Task
    authenticated: Task


async def make_triples_in_flight(
    ctx: Context,
    links: dict[int, Link],
    counts: Sequence[int],
    take: Callable[[Batch], None],
    make: MakeCandidates,
) -> None:
    """Batches of triples of these sizes, each given to `take` when all its checks are done, in order.

    `make` makes the candidates of each.
    Costs and errors as `make_triples`, for each batch.
    """
    last: _Flight | None = None
    turn: Task | None = None
    sacrificed: list[Task] = []
    for count in counts:
        if len(sacrificed) == BATCHES_IN_FLIGHT - 1:
            take(await Join(sacrificed.pop(0)))
        here = ctx.child("batch")
        candidates = await Spawn(_candidates(make, here, links, count, last.candidates if last else None))
        before = last.authenticated if last else None
        flight = _Flight(here, candidates, await Spawn(_authenticate(links, candidates, before, turn)))
        if last is not None:
            turn = await Spawn(_sacrifice(last, turn=flight.authenticated))
            sacrificed.append(turn)
        last = flight
    if last is not None:
        sacrificed.append(await Spawn(_sacrifice(last, turn=turn)))
    for task in sacrificed:
        take(await Join(task))


async def _candidates(
    make: MakeCandidates, ctx: Context, links: dict[int, Link], count: int, before: Task | None
) -> EnteredCandidates:
    await wait_for(before)
    return await enter_candidates(ctx, links, await make(ctx, links, count))


async def _authenticate(
    links: dict[int, Link], candidates: Task, before: Task | None, turn: Task | None
) -> list[AuthShare]:
    made = await Join(candidates)
    await wait_for(before)
    return await authenticate_candidates(links, made, turn)


async def _sacrifice(flight: _Flight, *, turn: Task | None) -> Batch:
    shares = await Join(flight.authenticated)
    return await sacrifice(flight.ctx, *shares, turn=turn)
