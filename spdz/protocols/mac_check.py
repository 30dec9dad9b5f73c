"""The batched MAC check over everything opened in a scope.

Realises:  MACCheck of [DKLPSS13], figure 10 (also [KOS16], figure 5).
Symbols:   sigma_i what party i makes of opened values, its MAC shares, its key share and the coins, as the sharing
           domain says (`sharing/field_domain.py`). The check passes if the sigma_i add up to zero.
Domains:   one check for all sharing domains of the scope: one toss, which each expands under a label of its own, one
           commitment, one opening.
Deviation: the list is closed, and for three parties and more echoed, before the coins are tossed.
Order:     the coins are tossed after the last opening of the list, by data flow. One check at a time in a session,
           under whichever key; the first that fails destroys all keys.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from spdz.errors import MacCheckFailed, MalformedMessage, ProtocolAbort
from spdz.protocols.broadcast import echo
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.protocols.commit import CommitAndOpen, commit_and_open, declare_commit_and_open
from spdz.runtime.context import Context
from spdz.runtime.task import Task
from spdz.runtime.traps import Trap, wait_for
from spdz.sharing.unverified import Unverified

Result = TypeVar("Result")


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
    Raises:    `steps.failure`, BroadcastMismatch, CommitmentMismatch. All MAC key shares are destroyed by any of them.
    """
    if ctx.unverified.is_empty:
        return
    ctx = ctx.child("check")
    with ctx.session.domains.checking():
        openings = ctx.unverified.close_openings()
        await echo(ctx)
        if not openings:
            return
        coins = await toss(ctx, steps.coins, after=openings)
        sigmas = [_sigma(ctx, name, coins, opened) for name, opened in openings.items()]
        # One commitment for the sigma of all domains: none is opened before all are fixed.
        payloads = await commit_and_open(ctx.child("sigma"), steps.sigma, b"".join(sigmas))
        if not _sum_is_zero(ctx, steps, list(openings), payloads):
            raise steps.failure(
                f"{steps.meaning}. A party has cheated (or the parties computed with different public values, if their "
                "programs say so); which one cannot be known. Nothing unchecked was output, and this session's key and "
                "material are destroyed",
                step=steps.sigma.open.name,
            )


async def checked(
    ctx: Context,
    name: str,
    body: Callable[[Context], Coroutine[Trap, Any, Result]],
    steps: CheckSteps = OPENING_CHECK,
    *,
    turn: Task | None = None,
) -> Result:
    """What `body` returns, once all that it has opened and broadcast is checked.

    The only place that makes a scope: `body` is given a child of `ctx`, called `name`, with a log of its own. The check
    waits for `turn` to end, if there is one. Whoever awaits this has nothing left to check.

    Rounds:    those of `body`, and of `check_openings`.
    Raises:    what `body` and `check_openings` raise; InternalError if something was opened while the check ran.
    """
    scope = ctx.child(name, Unverified())
    result = await body(scope)
    await wait_for(turn)
    await check_openings(scope, steps)
    scope.unverified.require_empty()
    return result


def _sigma(ctx: Context, name: str, coins: Coins, openings: list[Any]) -> bytes:
    domain = ctx.session.domains[name]
    return bytes(domain.sigma_codec.encode(domain.sigma(openings, coins.stream(domain.coins_label))))


def _sum_is_zero(ctx: Context, steps: CheckSteps, names: list[str], payloads: list[bytes]) -> bool:
    """Whether the sigma of every named domain add up to zero. A payload holds one for each, in the order of names."""
    start, zero = 0, True
    for domain in (ctx.session.domains[name] for name in names):
        sigmas, end = [], start + domain.sigma_codec.byte_count
        for party, payload in enumerate(payloads):
            try:
                sigmas.append(domain.sigma_codec.decode(memoryview(payload)[start:end]))
            except ValueError:
                raise MalformedMessage(
                    f"party {party} opened a sigma that is not one of the sharing domain {domain.name}",
                    step=steps.sigma.open.name,
                    blamed=party,
                ) from None
        zero, start = zero and domain.sum_is_zero(sigmas), end
    return zero
