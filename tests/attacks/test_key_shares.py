"""A party that uses different MAC key shares towards different peers, and corrects for it where it can (PITFALLS 6).

Without the check after set-up such a party could test a guess of one honest party's input at every reveal: the MACs of
that party's masks are off by a multiple of the mask, and the online phase tells it input minus mask.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spdz.adversary.ideal_base_ots import ideal_base_ots
from spdz.errors import AuthenticationFailed
from spdz.field import M61, FieldArray
from spdz.preprocessing.mascot import authenticate as module
from spdz.preprocessing.mascot.links import Link
from spdz.protocols.broadcast import broadcast
from spdz.runtime.context import Context
from spdz.sharing.field_domain import FIELD, Opening
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Elements
from spdz.wire.steps import Step
from tests.support.parties import make_sessions, run
from tests.support.vole import AUTHENTICATIONS, links_for, use_other_keys

CHEATER, VICTIM, OFFSET = 2, 1, 12345

ZeroShare = Callable[[Context, dict[int, Link], FieldArray], FieldArray]
_original: ZeroShare = module._with_zero_share


def between_honest_parties(ctx: Context, links: dict[int, Link], value: FieldArray) -> FieldArray:
    """What the cheater does not know of the sharing of zero; the rest it can take off again."""
    honest = {peer: link for peer, link in links.items() if CHEATER not in (peer, ctx.party)}
    return _original(ctx, honest, value)


def nowhere(ctx: Context, links: dict[int, Link], value: FieldArray) -> FieldArray:
    """The protocol without the sharing of zero."""
    return value


async def open_and_correct(ctx: Context, step: Step, share: AuthShare) -> FieldArray:
    """As `partial_open`, but the cheater makes up for what its other key share does to what the victim opened."""
    shares = await broadcast(ctx, step, Elements(ctx.field, share.shape), share.value)
    total = shares[0] + shares[1] + shares[2]
    mac = share.mac - shares[VICTIM] * OFFSET if ctx.party == CHEATER else share.mac
    ctx.unverified.record_opening(FIELD, Opening.of(ctx.last_path, total, mac))
    return total


@AUTHENTICATIONS
@pytest.mark.parametrize(("zero_share", "caught"), [(between_honest_parties, True), (nowhere, False)])
def test_a_cheater_that_corrects_what_it_sees(
    zero_share: ZeroShare, caught: bool, authentication: str, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_with_zero_share", zero_share)
    monkeypatch.setattr(module, "partial_open", open_and_correct)
    sessions = make_sessions(3, M61, seed)
    use_other_keys(monkeypatch, {(CHEATER, VICTIM): OFFSET})
    links = links_for(authentication, sessions, seed, {(CHEATER, VICTIM): OFFSET})
    ended = run(sessions, lambda ctx: module.check_key_shares(ctx, links[ctx.party]))
    errors = [ended.outcomes[party].error for party in (0, 1)]
    if not caught:
        assert errors == [None, None], "this is the attack that the sharing of zero prevents"
        return
    for error in errors:
        assert isinstance(error, AuthenticationFailed)
        assert error.step == "authenticate.check.sigma.open"
    assert not any(sessions[party].key.alive for party in (0, 1))


def test_the_generator_makes_the_check_before_anything_else(seed: bytes) -> None:
    from spdz.preprocessing.mascot.generator import MascotPreprocessing, MascotProtocols

    sessions = make_sessions(3, M61, seed)
    ended = run(
        sessions, lambda ctx: MascotPreprocessing(protocols=MascotProtocols(base_ots=ideal_base_ots)).set_up(ctx)
    )
    for outcome in ended.outcomes:
        assert outcome.error is None
        assert outcome.trace.steps["authenticate.combination"].exchanges == 1
