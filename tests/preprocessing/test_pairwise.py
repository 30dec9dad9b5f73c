"""Values that parties enter each for itself: their relation with every key holder, and the check of all of them."""

from __future__ import annotations

import pytest

from spdz.errors import AuthenticationFailed
from spdz.field import M61, M127, Field
from spdz.preprocessing.mascot import pairwise
from spdz.preprocessing.mascot.authenticate import cross
from spdz.preprocessing.mascot.pairwise import Apart, covers, enter_apart, make_proof_masks, spread
from spdz.preprocessing.mascot.vole_extend import raw_voles
from spdz.protocols.field_proof import Covers
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Message
from spdz.sharing.shares import AuthShare
from tests.support.costs import stated_rounds
from tests.support.dealer import ideal_links, reconstruct_batches
from tests.support.interference import add_to_element
from tests.support.parties import Run, assert_caught, make_sessions, run
from tests.support.vole import AUTHENTICATIONS, links_for

PARTIES = pytest.mark.parametrize("parties", [2, 3])
COUNT = 5


def entered(
    parties: int,
    contributors: tuple[int, ...],
    seed: bytes,
    field: Field = M61,
    authentication: str = "copee",
    interference: object = None,
) -> Run:
    sessions = make_sessions(parties, field, seed)
    links = links_for(authentication, sessions, seed)

    async def main(ctx: Context) -> tuple[Apart, dict[int, AuthShare]]:
        mine = ctx.party in contributors
        values = ctx.field.array([10 * ctx.party + k for k in range(COUNT)]) if mine else None
        apart = await enter_apart(ctx, links[ctx.party], COUNT, contributors, values)
        return apart, spread(ctx, links[ctx.party], contributors, apart)

    return run(sessions, main, interference)  # type: ignore[arg-type]


@PARTIES
@AUTHENTICATIONS
@pytest.mark.parametrize("field", [M61, M127], ids=str)
@pytest.mark.parametrize("contributors", ["everyone", "one"])
def test_every_key_holder_has_the_relation_and_all_have_shares(
    contributors: str, field: Field, authentication: str, parties: int, seed: bytes
) -> None:
    who = tuple(range(parties)) if contributors == "everyone" else (1,)
    ended = entered(parties, who, seed, field, authentication)
    for prover in who:
        apart = ended.results[prover][0]
        for verifier in set(range(parties)) - {prover}:
            w, alpha = ended.results[verifier][0].keys[prover], ended.sessions[verifier].key.share
            assert w.equals(apart.tags[verifier] + apart.values * alpha)
        shares = [result[1][prover] for result in ended.results]
        [value] = reconstruct_batches(ended.sessions, [_AsBatch(share) for share in shares])  # type: ignore[misc]
        assert value.to_ints() == [10 * prover + k for k in range(COUNT)]
        # Nobody's share is the value, or zero: what is opened with others shows the sum alone.
        assert not any(share.value.equals(apart.values) or share.value.is_zero().any() for share in shares)
    assert set(ended.results[0][0].keys) == set(who) - {0}


class _AsBatch:
    def __init__(self, share: AuthShare) -> None:
        self.shares = (share,)


@PARTIES
@AUTHENTICATIONS
@pytest.mark.parametrize("owner", [0, 1])
def test_proof_masks(owner: int, authentication: str, parties: int, seed: bytes) -> None:
    """Uniform ones that have shares, and whose owner has the relation with all others."""
    sessions = make_sessions(parties, M61, seed)
    links = links_for(authentication, sessions, seed)
    ended = run(sessions, lambda ctx: make_proof_masks(ctx, links[ctx.party], owner, COUNT))
    batches = ended.results
    [masks] = reconstruct_batches(sessions, batches)
    known = batches[owner].clear
    assert [batch.clear is None for batch in batches] == [party != owner for party in range(parties)]
    assert known[:, 0].equals(masks)
    assert len({*known.ravel().to_ints()}) == COUNT * parties
    others = [party for party in range(parties) if party != owner]
    for place, party in enumerate(others):
        assert batches[party].shares[0].mac.equals(known[:, 1 + place] + masks * sessions[party].key.share)
    if authentication == "copee":
        assert ended.rounds == stated_rounds(enter_apart) + (parties > 2)


@PARTIES
def test_other_proof_masks_towards_one_party(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    links = links_for("copee", sessions, seed)
    places = [row * (COUNT + 1) for row in range(0, M61.bits, 2)]
    cheat = add_to_element("copee.corrections", 0, M61, index=places, receiver=1)
    ended = run(sessions, lambda ctx: make_proof_masks(ctx, links[ctx.party], 0, COUNT), cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "authenticate.check.sigma.open", cheater=0)


@PARTIES
@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7])
def test_values_enter_in_parts(size: int, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairwise, "VALUES_AT_ONCE", size)
    ended = entered(parties, tuple(range(parties)), seed)
    parts = -(-(COUNT + 1) // size)
    assert ended.rounds == stated_rounds(enter_apart) + (parties > 2) + parts - 1
    assert ended.trace.steps["copee.corrections"].exchanges == parts
    assert ended.results[1][0].values.to_ints() == [10 + k for k in range(COUNT)]


@PARTIES
@pytest.mark.parametrize("index", [0, 3, COUNT])
def test_an_inconsistent_value_is_found(index: int, parties: int, seed: bytes) -> None:
    # In half of the rows: one row alone would matter only where that bit of the key is set.
    places = [row * (COUNT + 1) + index for row in range(0, M61.bits, 2)]
    cheat = add_to_element("copee.corrections", 0, M61, index=places, receiver=1)
    ended = entered(parties, tuple(range(parties)), seed, interference=cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "authenticate.check.sigma.open", cheater=0)


def test_contributors_cannot_make_up_for_each_other(seed: bytes) -> None:
    """Parties 0 and 1 enter other values towards party 2 than towards party 3, with sums that agree."""
    deltas = {0: 1, 1: -1}
    changed: list[int] = []

    def cheat(messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.step == "copee.corrections" and message.receiver == 2 and message.sender in deltas:
                rows = M61.from_bytes(message.payload, (M61.bits, COUNT + 1))
                rows[:, 0] = rows[:, 0] + deltas[message.sender]
                changed.append(message.sender)
        return messages

    ended = entered(4, (0, 1, 2, 3), seed, interference=cheat)
    assert sorted(changed) == [0, 1]
    assert_caught(ended, AuthenticationFailed, "authenticate.check.sigma.open", cheater=0)


@AUTHENTICATIONS
def test_covers_are_other_ones_for_every_verifier_and_every_time(authentication: str, seed: bytes) -> None:
    """PITFALLS 25. They belong to no value that is entered either."""
    sessions = make_sessions(3, M61, seed)
    links = links_for(authentication, sessions, seed)

    async def main(ctx: Context) -> list[Covers]:
        own, everyone = links[ctx.party], (0, 1, 2)
        # The first values decide that VOLEs are extended from now on, if they are at all.
        await cross(ctx.child("before"), own, everyone, ctx.random(COUNT))
        return [await covers(ctx.child("covers"), own, everyone, 3) for _ in range(2)]

    seen: list[int] = []
    results = run(sessions, main).results
    for prover in range(3):
        for turn in range(2):
            for verifier, (u, v) in results[prover][turn].towards.items():
                w = results[verifier][turn].of[prover]
                assert w.equals(v + u * sessions[verifier].key.share)
                assert u.size == 3
                seen += u.to_ints()
    assert len(set(seen)) == len(seen) == 3 * 2 * 2 * 3


def test_without_extended_voles_they_come_from_copee_checked(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed)
    # A row beyond the first bits: the prover's u is another one towards some bits of the key.
    cheat = add_to_element("copee.corrections", 0, M61, index=4 * 60)
    ended = run(sessions, lambda ctx: raw_voles(ctx, links[ctx.party], (0, 1), 3), cheat)
    cheat.assert_fired()
    error = ended.outcomes[1].error
    # One bit of the key decides: it is found, or nothing has changed for this key.
    if sessions[1].key.alive:
        assert error is None
    else:
        assert isinstance(error, AuthenticationFailed)
        assert (error.step, error.blamed) == ("vole.base.combination", 0)
    honest = run(make_sessions(2, M61, seed), lambda ctx: _rounds_of_raw_voles(ctx, seed))
    assert honest.rounds == 4


async def _rounds_of_raw_voles(ctx: Context, seed: bytes) -> None:
    # Links of this party alone: only the number of rounds is looked at, so nobody checks.
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed)
    ctx.session.field_domain.install(sessions[ctx.party].field_domain.key)
    await raw_voles(ctx, links[ctx.party], (0, 1), 3)
