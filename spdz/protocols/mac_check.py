"""The batched MAC check over everything opened in a scope.

Realises:  MACCheck of [DKLPSS13], figure 10 (also [KOS16], figure 5).
Symbols:   y_h opened values, m_i,h MAC shares, chi_h coins, y = sum chi_h y_h, m_i = sum chi_h m_i,h,
           sigma_i = m_i - alpha_i y. The check passes if the sigma_i add up to zero.
Deviation: the first coefficient is 1 instead of random. {delta_1 + sum chi_h delta_h} is a universal family with
           the same collision bound 1/p, so a wrong opening passes with probability at most 2/p as in the paper
           (1/p for the coins, 1/p for guessing alpha), and 1/p where a single value was opened.
Deviation: the list is closed, and for three parties and more echoed, before the coins are tossed.
Order:     the coins are tossed after the last opening of the list, by data flow. One check at a time per key.
"""

from __future__ import annotations

from dataclasses import dataclass

from spdz.errors import MacCheckFailed, MalformedMessage, ProtocolAbort
from spdz.field import FieldArray
from spdz.field.fused import beaver
from spdz.protocols.broadcast import echo
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.protocols.commit import CommitAndOpen, commit_and_open, declare_commit_and_open
from spdz.runtime.context import Context
from spdz.sharing.unverified import Opening, joined

RUN_ELEMENTS = 1 << 15
"""Openings at least as big as this are not copied together with others."""


@dataclass(frozen=True)
class CheckSteps:
    """The steps of one purpose of the check, and the error that its failure is."""

    coins: CommitAndOpen
    sigma: CommitAndOpen
    failure: type[ProtocolAbort]
    meaning: str


def declare_check(name: str, *, failure: type[ProtocolAbort], meaning: str, source: str) -> CheckSteps:
    """Register the steps of a MAC check for one purpose."""
    return CheckSteps(
        declare_toss(name, source=source), declare_commit_and_open(f"{name}.sigma", source=source), failure, meaning
    )


OPENING_CHECK = declare_check(
    "mac_check",
    failure=MacCheckFailed,
    meaning="an opened value does not fit its MAC",
    source="[DKLPSS13] figure 10",
)


async def check_openings(ctx: Context, steps: CheckSteps = OPENING_CHECK) -> None:
    """Check all openings, and echo all broadcasts, of this scope since the last check.

    Rounds:    4, and 1 for the echo for three parties and more; 0 if nothing was opened or broadcast.
    Raises:    `steps.failure`, BroadcastMismatch, CommitmentMismatch. The MAC key share is destroyed by any of them.
    """
    if ctx.unverified.is_empty:
        return
    ctx = ctx.child("check")
    with ctx.session.key.checking() as alpha:
        openings = ctx.unverified.close_openings()
        await echo(ctx)
        if not openings:
            return
        coins = await toss(ctx, steps.coins, after=openings)
        opened, mac = _combine(ctx, coins, openings)
        sigma = mac - alpha * opened
        payloads = await commit_and_open(ctx.child("sigma"), steps.sigma, sigma.to_bytes())
        if not _sum_is_zero(ctx, steps, payloads):
            raise steps.failure(
                f"{steps.meaning}. A party has cheated (or the parties computed with different public values, if their "
                "programs say so); which one cannot be known. Nothing unchecked was output, and this session's key and "
                "material are destroyed",
                step=steps.sigma.open.name,
            )


def _combine(ctx: Context, coins: Coins, openings: list[Opening]) -> tuple[FieldArray, FieldArray]:
    """(y, m_i): the random combination of the opened values and of this party's MAC shares."""
    field, stream = ctx.field, coins.stream("chi")
    scratch = field.empty(min(RUN_ELEMENTS, sum(opening.value.size for opening in openings)))
    totals, first = field.zeros(2), True
    for run in _runs(openings):
        for value, mac, mask in joined(run).parts(RUN_ELEMENTS):
            # The coins are read as they are needed, and never leave the cache.
            chi = scratch[: value.size]
            field.sample_into(stream.fill, chi)
            if first:
                chi[0] = 1
            first = False
            beaver.combine(field, chi, value, mac, mask, totals)
    return totals[0], totals[1]


def _runs(openings: list[Opening]) -> list[list[Opening]]:
    """Consecutive openings that are combined in one go: many small ones together, a big one alone, uncopied."""
    runs: list[list[Opening]] = []
    size = RUN_ELEMENTS
    for opening in openings:
        if size >= RUN_ELEMENTS or opening.value.size >= RUN_ELEMENTS:
            runs.append([])
            size = 0
        runs[-1].append(opening)
        size += opening.value.size
    return runs


def _sum_is_zero(ctx: Context, steps: CheckSteps, payloads: list[bytes]) -> bool:
    total = ctx.field.zeros(())
    for party, payload in enumerate(payloads):
        try:
            total = total + ctx.field.from_bytes(payload, ())
        except ValueError:
            raise MalformedMessage(
                f"party {party} opened a sigma that is not a field element", step=steps.sigma.open.name, blamed=party
            ) from None
    return bool(total.is_zero())
