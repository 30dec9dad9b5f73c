"""Cheats in silent VOLE: each message changed, guesses at places, two keys, and an inputter that fishes for the key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from spdz.errors import AuthenticationFailed
from spdz.field import M61, FieldArray
from spdz.preprocessing.mascot import vole_check, vole_extend
from spdz.preprocessing.mascot.authenticate import authenticate
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.mascot.links import Links
from spdz.preprocessing.mascot.masks import make_random_shares
from spdz.preprocessing.mascot.triples import make_triples
from spdz.preprocessing.vole.code import LpnParams
from spdz.preprocessing.vole.ends import VoleEnd
from spdz.runtime.context import Context, SessionState
from spdz.runtime.lockstep import Interference
from spdz.sharing.material import RANDOM_SHARES
from spdz.sharing.shares import AuthShare
from tests.support.dealer import ideal_links, mac_key_of, reconstruct
from tests.support.interference import POSITIONS, Tampering, add_to_element, flip_bytes, position
from tests.support.parties import Run, assert_caught, make_sessions, rounds_of, run
from tests.support.vole import TINY, take_any_answer, use_other_keys, with_vole

CHEATER, VICTIM = 0, 1
COUNT = 5
CHECK = "authenticate.check.sigma.open"
PARTIES = pytest.mark.parametrize("parties", [2, 3])
STAGES = pytest.mark.parametrize("stage", [0, 1], ids=["first", "main"])
PLACES = pytest.mark.parametrize("place", POSITIONS)
SIDE_BYTES = 16


def authenticated(sessions: list[SessionState], seed: bytes, cheat: Interference | None = None) -> Run:
    links = with_vole(ideal_links(sessions, seed))

    async def main(ctx: Context) -> AuthShare:
        values = ctx.random(COUNT)
        macs = await authenticate(ctx, links[ctx.party], COUNT, tuple(range(ctx.parties)), values)
        return AuthShare(values, macs)

    return run(sessions, main, cheat)


def assert_harmless(sessions: list[SessionState], seed: bytes, cheat: Tampering) -> None:
    ideal_links(sessions, seed)
    alpha = mac_key_of(sessions)
    ended = authenticated(sessions, seed, cheat)
    cheat.assert_fired()
    reconstruct(alpha, ended.results)


@pytest.fixture
def blind_cheater(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheater goes on when its own copy of the honest code would abort."""
    take_any_answer(monkeypatch, CHEATER)


@pytest.fixture
def known_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every path takes side 0 everywhere, so that side 1 is chosen in every OT."""
    zeros = lambda params, randomness: np.zeros((params.blocks, params.depth), np.uint8)  # noqa: E731
    monkeypatch.setattr(vole_extend, "random_paths", zeros)


def changed_side(params: LpnParams, place: str, side: int, stage: int) -> Tampering:
    """One byte of the sum of one side of the first, middle or last level of all trees."""
    at = (2 * position(place, params.blocks * params.depth) + side) * SIDE_BYTES
    return flip_bytes("vole.sums", CHEATER, [at], receiver=VICTIM, skip=stage)


# ---- the key holder cheats


@pytest.mark.usefixtures("blind_cheater", "known_paths")
@PARTIES
@STAGES
@PLACES
def test_a_wrong_sum_that_is_chosen(parties: int, stage: int, place: str, seed: bytes) -> None:
    params = (TINY.first, TINY.main)[stage]
    cheat = changed_side(params, place, 1, stage)
    ended = authenticated(make_sessions(parties, M61, seed), seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "vole.open", cheater=CHEATER, blamed=CHEATER)


@pytest.mark.usefixtures("known_paths")
@STAGES
@PLACES
def test_a_wrong_sum_that_is_not_chosen_tells_one_bit_of_a_place(stage: int, place: str, seed: bytes) -> None:
    """The selective failure that stays: see docs/security/silent-vole.md."""
    params = (TINY.first, TINY.main)[stage]
    assert_harmless(make_sessions(2, M61, seed), seed, changed_side(params, place, 0, stage))


@pytest.mark.usefixtures("blind_cheater")
@PARTIES
@STAGES
@PLACES
def test_a_wrong_total(parties: int, stage: int, place: str, seed: bytes) -> None:
    cheat = add_to_element("vole.totals", CHEATER, M61, index=place, receiver=VICTIM, skip=stage)
    ended = authenticated(make_sessions(parties, M61, seed), seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "vole.open", cheater=CHEATER, blamed=CHEATER)


@pytest.mark.usefixtures("blind_cheater")
def test_totals_whose_errors_cancel_in_their_plain_sum(seed: bytes) -> None:
    up = add_to_element("vole.totals", CHEATER, M61, index=0, delta=1)
    down = add_to_element("vole.totals", CHEATER, M61, index=1, delta=-1)
    ended = authenticated(make_sessions(2, M61, seed), seed, lambda messages: down(up(messages)))
    up.assert_fired()
    down.assert_fired()
    assert_caught(ended, AuthenticationFailed, "vole.open", cheater=CHEATER)


@pytest.mark.usefixtures("blind_cheater")
def test_a_key_holder_cannot_open_to_what_it_has_just_been_told(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It commits to Y before Z comes; afterwards another value does not open the commitment."""
    cheat = add_to_element("vole.totals", CHEATER, M61)
    opened = []
    honest = vole_check.verify_opening

    def spy(*more: object) -> bool:
        opened.append(more)
        return honest(*more)  # type: ignore[arg-type]

    monkeypatch.setattr(vole_check, "verify_opening", spy)
    ended = authenticated(make_sessions(2, M61, seed), seed, cheat)
    assert_caught(ended, AuthenticationFailed, "vole.open", cheater=CHEATER)
    assert any(not honest(*more) for more in opened)  # type: ignore[arg-type]


@PARTIES
@STAGES
@PLACES
@pytest.mark.parametrize("step", ["vole.commit", "vole.open"])
def test_another_commitment_or_opening(step: str, parties: int, stage: int, place: str, seed: bytes) -> None:
    cheat = flip_bytes(step, CHEATER, [place], receiver=VICTIM, skip=stage)
    ended = authenticated(make_sessions(parties, M61, seed), seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "vole.open", cheater=CHEATER, blamed=CHEATER)


def test_a_commitment_of_another_party_is_refused(seed: bytes) -> None:
    """Session, committer, place and inputter are bound: what party 2 says to party 1 is nothing from party 0."""

    class Copy:
        fired = 0

        def __call__(self, messages):  # type: ignore[no-untyped-def]
            for step in ("vole.commit", "vole.open", "vole.response"):
                mine = [m for m in messages if m.step == step and (m.sender, m.receiver) == (CHEATER, VICTIM)]
                theirs = [m for m in messages if m.step == step and (m.sender, m.receiver) == (2, VICTIM)]
                for own, other in zip(mine, theirs, strict=False):
                    own.payload[:] = other.payload
                    self.fired += 1
            return messages

    cheat = Copy()
    ended = authenticated(make_sessions(3, M61, seed), seed, cheat)
    assert cheat.fired
    assert_caught(ended, AuthenticationFailed, "vole.response", cheater=CHEATER)


def test_no_two_commitments_of_a_party_have_one_place(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commitment of one comparison, towards one inputter, opens nothing in another one."""
    places: list[tuple[int, bytes]] = []
    honest = vole_check.commit

    def spy(session_id: bytes, party: int, place: bytes, *more: object) -> tuple[bytes, bytes]:
        places.append((party, place))
        return honest(session_id, party, place, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(vole_check, "commit", spy)
    assert authenticated(make_sessions(3, M61, seed), seed).results
    assert len(places) == len(set(places)) == 3 * 2 * 2


@pytest.mark.parametrize("make", [make_triples, make_random_shares], ids=lambda make: make.__name__)
def test_another_key_share_towards_another_peer(make, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """PITFALLS 6: what was base-OTed is what every VOLE has; consistent code otherwise."""
    offsets = {(CHEATER, 2): 2**40}
    use_other_keys(monkeypatch, offsets)
    sessions = make_sessions(3, M61, seed)
    links = with_vole(ideal_links(sessions, seed, offsets))
    ended = run(sessions, lambda ctx: make(ctx, links[ctx.party], 4))
    assert_caught(ended, AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True)


@pytest.mark.usefixtures("blind_cheater")
def test_another_key_share_than_in_the_base_ots_fails_in_the_check(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key holder that adds to all a of its trees what another key would: it does not know the entries."""
    honest = vole_extend.grow

    def other(field, link, base, *more):  # type: ignore[no-untyped-def]
        masked, totals, w = honest(field, link, base, *more)
        return masked, totals + base * 3, w

    sessions = make_sessions(2, M61, seed)
    calls = iter([True])
    monkeypatch.setattr(vole_extend, "grow", lambda *more: (other if next(calls, False) else honest)(*more))
    ended = authenticated(sessions, seed)
    assert_caught(ended, AuthenticationFailed, "vole.open", cheater=CHEATER)


# ---- the inputter cheats


@PARTIES
@STAGES
def test_an_inputter_that_sends_another_difference_is_told_nothing(parties: int, stage: int, seed: bytes) -> None:
    """Y would be off by a multiple of alpha: the key holder ends the session before it opens."""
    cheat = add_to_element("vole.difference", CHEATER, M61, receiver=VICTIM, skip=stage)
    ended = authenticated(make_sessions(parties, M61, seed), seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "vole.response", cheater=CHEATER, blamed=CHEATER)
    assert len(rounds_of(ended.outcomes[VICTIM].trace, "vole.open")) == stage


@PARTIES
@STAGES
def test_another_response(parties: int, stage: int, seed: bytes) -> None:
    cheat = add_to_element("vole.response", CHEATER, M61, receiver=VICTIM, skip=stage)
    ended = authenticated(make_sessions(parties, M61, seed), seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "vole.response", cheater=CHEATER, blamed=CHEATER)


@PARTIES
@pytest.mark.parametrize("index", [0, 1], ids=["u", "v"])
def test_another_combination_of_the_base(parties: int, index: int, seed: bytes) -> None:
    cheat = add_to_element("vole.base.combination", CHEATER, M61, index=index, receiver=VICTIM)
    ended = authenticated(make_sessions(parties, M61, seed), seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "vole.base.combination", cheater=CHEATER, blamed=CHEATER)


def corrected(sessions: Sequence[SessionState], seed: bytes, bit: int, values: Sequence[int]) -> Tampering:
    """Other inputs to the COPEe of the base under one bit of the victim's key, which is `bit`."""
    ideal_links(sessions, seed)
    alpha = sessions[VICTIM].key.share.to_ints()
    row = [alpha >> place & 1 for place in range(M61.bits)].index(bit) * (TINY.first.base + 1)
    return add_to_element("copee.corrections", CHEATER, M61, index=[row + value for value in values], receiver=VICTIM)


@PARTIES
@pytest.mark.parametrize("value", [0, 5, TINY.first.base - 1, TINY.first.base], ids=["first", "middle", "last", "mask"])
def test_another_input_to_the_base_under_one_bit_of_the_key(parties: int, value: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    cheat = corrected(sessions, seed, 1, [value])
    ended = authenticated(sessions, seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, "vole.base.combination", cheater=CHEATER, blamed=CHEATER)


def test_where_that_bit_is_zero_nothing_happens(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    assert_harmless(sessions, seed, corrected(sessions, seed, 0, [2]))


@PARTIES
@PLACES
def test_another_input_towards_one_peer(parties: int, place: str, seed: bytes) -> None:
    cheat = add_to_element("vole.corrections", CHEATER, M61, index=place, receiver=VICTIM)
    ended = authenticated(make_sessions(parties, M61, seed), seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


# ---- what is left after an abort


@pytest.mark.parametrize(
    "cheat",
    [
        add_to_element("vole.base.combination", CHEATER, M61),
        add_to_element("vole.response", CHEATER, M61),
        add_to_element("vole.response", CHEATER, M61, skip=1),
        add_to_element("vole.corrections", CHEATER, M61),
    ],
    ids=["base", "first stage", "main stage", "use"],
)
def test_nothing_survives_the_end_of_a_session(cheat: Tampering, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is ready, bases, and what an extension was working on when the session ended."""
    held: list[FieldArray] = []
    honest = VoleEnd.hold

    def spy(self: VoleEnd, vectors: tuple[FieldArray, ...]) -> None:
        held.extend(vectors)
        honest(self, vectors)

    monkeypatch.setattr(VoleEnd, "hold", spy)
    sessions = make_sessions(2, M61, seed)
    makers = [MascotPreprocessing() for _ in sessions]
    for maker, links in zip(makers, with_vole(ideal_links(sessions, seed)), strict=True):
        maker._links = Links(links)
    ended = run(sessions, lambda ctx: makers[ctx.party].produce(ctx, {RANDOM_SHARES: 3}), cheat)
    cheat.assert_fired()
    assert isinstance(ended.outcomes[VICTIM].error, AuthenticationFailed)
    assert held
    for maker in makers:
        maker.destroy()
    assert all(array.is_zero().all() for array in held)


# ---- what is seen says nothing


def test_what_the_base_check_opens_is_masked(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last u and v enter with coefficient 1, whatever the coins are."""
    sent: list[FieldArray] = []
    honest = Context.exchange

    async def spy(self: Context, step, sends, receives):  # type: ignore[no-untyped-def]
        if step.name == "vole.base.combination" and self.party == CHEATER:
            sent.extend(value for _, value in sends.values())
        return await honest(self, step, sends, receives)

    monkeypatch.setattr(Context, "exchange", spy)
    monkeypatch.setattr("spdz.protocols.coin_toss.Coins.elements", lambda self, label, shape: self._field.zeros(shape))
    made: list[tuple[FieldArray, ...]] = []
    original = vole_extend._check_base

    async def check(ctx: Context, vectors, *, after):  # type: ignore[no-untyped-def]
        if ctx.party == CHEATER:
            made.append(tuple(array.copy() for array in vectors[CHEATER, VICTIM]))
        await original(ctx, vectors, after=after)

    used: list[tuple[FieldArray, ...]] = []
    stretched = vole_extend.stretch

    async def stretch(ctx: Context, links, inputters, params, stage, base):  # type: ignore[no-untyped-def]
        if ctx.party == CHEATER:
            used.append(tuple(array.copy() for array in base[CHEATER, VICTIM]))
        return await stretched(ctx, links, inputters, params, stage, base)

    monkeypatch.setattr(vole_extend, "_check_base", check)
    monkeypatch.setattr(vole_extend, "stretch", stretch)
    authenticated(make_sessions(2, M61, seed), seed)
    u, v = made[0]
    assert sent[0].to_ints() == [u[-1].to_ints(), v[-1].to_ints()]
    for array, base in zip((u, v), used[0], strict=True):
        assert base.equals(array[:-1]), "what masked the check is used for nothing else"


def test_the_difference_and_the_answer_are_masked_by_a_vole_that_is_used_for_nothing_else(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks: list[tuple[FieldArray, ...]] = []
    bases: list[tuple[FieldArray, ...]] = []
    checked, stretched = vole_extend.check_trees, vole_extend.stretch

    async def check(ctx: Context, vectors, given, *, after):  # type: ignore[no-untyped-def]
        if ctx.party == CHEATER:
            masks.append(given[CHEATER, VICTIM])
        await checked(ctx, vectors, given, after=after)

    async def stretch(ctx: Context, links, inputters, params, stage, base):  # type: ignore[no-untyped-def]
        if ctx.party == CHEATER:
            bases.append(base[CHEATER, VICTIM])
            assert params.base == base[CHEATER, VICTIM][0].size == params.secret + params.blocks + 1
        return await stretched(ctx, links, inputters, params, stage, base)

    monkeypatch.setattr(vole_extend, "check_trees", check)
    monkeypatch.setattr(vole_extend, "stretch", stretch)
    # Without the wiping of used bases they could not be compared afterwards.
    monkeypatch.setattr(FieldArray, "wipe", lambda self: None)
    assert authenticated(make_sessions(2, M61, seed), seed).results
    assert len(masks) == len(bases) == 2
    for mask, base in zip(masks, bases, strict=True):
        for one, all_of in zip(mask, base, strict=True):
            assert one.equals(all_of[-1:])
            assert not one.is_zero().any()


def test_whatever_the_coins_the_difference_and_the_answer_hide_the_noise(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With coefficients of zero nothing but the masks is left."""
    sent: dict[str, list[FieldArray]] = {"vole.difference": [], "vole.response": []}
    masks: list[tuple[FieldArray, ...]] = []
    honest, checked = Context.exchange, vole_extend.check_trees

    async def spy(self: Context, step, sends, receives):  # type: ignore[no-untyped-def]
        if step.name in sent and self.party == CHEATER:
            sent[step.name].extend(value for _, value in sends.values())
        return await honest(self, step, sends, receives)

    async def check(ctx: Context, vectors, given, *, after):  # type: ignore[no-untyped-def]
        if ctx.party == CHEATER:
            masks.append(tuple(array.copy() for array in given[CHEATER, VICTIM]))
        await checked(ctx, vectors, given, after=after)

    monkeypatch.setattr(Context, "exchange", spy)
    monkeypatch.setattr(vole_extend, "check_trees", check)
    monkeypatch.setattr("spdz.protocols.coin_toss.Coins.elements", lambda self, label, shape: self._field.zeros(shape))
    authenticated(make_sessions(2, M61, seed), seed)
    assert len(masks) == 2
    for (x, z), difference, response in zip(masks, sent["vole.difference"], sent["vole.response"], strict=True):
        assert difference.equals(-x)
        assert response.equals(-z)
        assert not x.is_zero().any()
