"""Inconsistent inputs to COPEe, and other keys towards other peers, are found by the check of `authenticate`."""

from __future__ import annotations

import pytest

from spdz.errors import AuthenticationFailed, MacCheckFailed
from spdz.field import M61
from spdz.preprocessing.mascot.authenticate import authenticate, check_key_shares
from spdz.preprocessing.mascot.masks import make_input_masks, make_random_shares
from spdz.preprocessing.mascot.triples import make_triples
from spdz.protocols import mac_check
from spdz.protocols.output import output
from spdz.runtime.context import Context, SessionState
from spdz.sharing.mac_key import MacKey
from spdz.sharing.shares import AuthShare
from tests.support.dealer import ideal_links, mac_key_of, reconstruct
from tests.support.interference import Tampering, add_to_element, flip_bytes
from tests.support.links import set_up_links
from tests.support.parties import Run, assert_caught, make_sessions, run

STEP = "copee.corrections"
CHECK = "authenticate.check.sigma.open"
COUNT = 5
"""Values; one more masks the check."""
CHEATER, VICTIM = 0, 1


def correction(bit: int, value: int) -> int:
    """Where the correction of one value for one bit of alpha stands: a row for each bit, lowest first."""
    return bit * (COUNT + 1) + value


def bits_of(session: SessionState) -> list[int]:
    alpha = session.key.share.to_ints()
    return [alpha >> place & 1 for place in range(M61.bits)]


def authenticated(sessions: list[SessionState], seed: bytes, cheat: object) -> Run:
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> AuthShare:
        values = ctx.random(COUNT)
        macs = await authenticate(ctx, links[ctx.party], COUNT, tuple(range(ctx.parties)), values)
        return AuthShare(values, macs)

    return run(sessions, main, cheat)  # type: ignore[arg-type]


def a_place_where(sessions: list[SessionState], seed: bytes, bit: int) -> int:
    """A bit position at which the victim's key share is `bit`."""
    ideal_links(sessions, seed)
    return bits_of(sessions[VICTIM]).index(bit)


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("value", [0, 2, COUNT - 1, COUNT], ids=["first", "middle", "last", "mask"])
def test_another_input_under_one_bit_of_the_key(parties: int, value: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    place = a_place_where(sessions, seed, 1)
    cheat = add_to_element(STEP, CHEATER, M61, index=correction(place, value), delta=12345, receiver=VICTIM)
    ended = authenticated(sessions, seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True, blamed=None)


def test_where_the_bit_is_zero_the_change_does_nothing_and_tells_that_bit_alone(seed: bytes) -> None:
    """The selective failure for whose sake an abort destroys the key (PITFALLS 5)."""
    sessions = make_sessions(2, M61, seed)
    place = a_place_where(sessions, seed, 0)
    cheat = add_to_element(STEP, CHEATER, M61, index=correction(place, 2), delta=12345)
    ended = authenticated(sessions, seed, cheat)
    cheat.assert_fired()
    reconstruct(mac_key_of(sessions), ended.results)


def test_another_input_towards_one_of_two_peers(seed: bytes) -> None:
    """All blocks of one value towards party 1: for it the value is x + 1, for party 2 it is x."""
    sessions = make_sessions(3, M61, seed)
    every_bit = [correction(bit, 2) for bit in range(M61.bits)]
    cheat = add_to_element(STEP, CHEATER, M61, index=every_bit, receiver=VICTIM)
    ended = authenticated(sessions, seed, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True)


def test_errors_in_two_values_that_cancel_in_their_plain_sum(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    place = a_place_where(sessions, seed, 1)
    up = add_to_element(STEP, CHEATER, M61, index=correction(place, 0), delta=1)
    down = add_to_element(STEP, CHEATER, M61, index=correction(place, 1), delta=-1)
    ended = authenticated(sessions, seed, lambda messages: down(up(messages)))
    up.assert_fired()
    down.assert_fired()
    assert_caught(ended, AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True)


@pytest.mark.parametrize("make", [make_triples, make_random_shares], ids=lambda make: make.__name__)
@pytest.mark.parametrize("offset", [1, 2**40])
def test_another_key_share_towards_another_peer(make, offset: int, seed: bytes) -> None:  # type: ignore[no-untyped-def]
    """PITFALLS 6: honest code otherwise."""
    sessions = make_sessions(3, M61, seed)
    links = ideal_links(sessions, seed, key_towards={(CHEATER, 2): offset})
    ended = run(sessions, lambda ctx: make(ctx, links[ctx.party], 4))
    assert_caught(ended, AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True)


def test_another_key_share_from_the_second_batch_on(seed: bytes) -> None:
    """PITFALLS 6."""
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> object:
        await make_random_shares(ctx.child("first"), links[ctx.party], 4)
        if ctx.party == CHEATER:
            ctx.session.field_domain.install(MacKey(ctx.session.key.share + 1))
        return await make_random_shares(ctx.child("second"), links[ctx.party], 4)

    ended = run(sessions, main)
    assert_caught(ended, AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True)
    assert ended.outcomes[1].trace.steps[STEP].exchanges == 2


def test_another_key_share_in_the_check_alone(seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    links = ideal_links(sessions, seed)
    key = sessions[CHEATER].key

    async def main(ctx: Context) -> object:
        if ctx.party == CHEATER:
            ctx.session.field_domain.install(MacKey(key.share + 1))
        return await make_random_shares(ctx, links[ctx.party], 4)

    assert_caught(run(sessions, main), AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True)


def test_another_key_share_towards_another_peer_is_found_right_after_the_set_up(seed: bytes) -> None:
    """PITFALLS 6, before any value is authenticated."""
    sessions = make_sessions(3, M61, seed)
    links = ideal_links(sessions, seed, key_towards={(CHEATER, 2): 1})
    ended = run(sessions, lambda ctx: check_key_shares(ctx, links[ctx.party]))
    assert_caught(ended, AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True)


def masks_after_set_up(sessions: list[SessionState], wrong_stream: bool, cheat: Tampering | None = None) -> Run:
    """Make masks of the cheater and open them; with `wrong_stream` its shares are not those that it announced."""

    async def main(ctx: Context) -> object:
        links = await set_up_links(ctx.child("set_up"))
        if wrong_stream and ctx.party == CHEATER:
            links[VICTIM].shares_to.bytes(8)
        batch = await make_input_masks(ctx.child("masks"), links, CHEATER, 3)
        return await output(ctx.child("output"), batch.shares[0])

    return run(sessions, main, cheat)


@pytest.fixture
def blind_cheater(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheater goes on when its own copy of the honest code would abort."""
    honest = mac_check._sum_is_zero
    monkeypatch.setattr(mac_check, "_sum_is_zero", lambda ctx, *more: ctx.party == CHEATER or honest(ctx, *more))


@pytest.mark.usefixtures("blind_cheater")
def test_other_shares_of_a_mask_than_were_announced_fail_when_it_is_opened(seed: bytes) -> None:
    """The owner's MAC is on the whole mask; the others have their shares of it from the announced seed."""
    ended = masks_after_set_up(make_sessions(2, M61, seed), wrong_stream=True)
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True)


@pytest.mark.usefixtures("blind_cheater")
def test_another_seed_than_the_one_used_fails_at_the_first_combination(seed: bytes) -> None:
    """The shares of zero come from it too."""
    cheat = flip_bytes("setup.share_seeds", CHEATER, ["first"])
    ended = masks_after_set_up(make_sessions(2, M61, seed), False, cheat)
    cheat.assert_fired()
    assert_caught(ended, AuthenticationFailed, CHECK, cheater=CHEATER, everyone_sees=True)
