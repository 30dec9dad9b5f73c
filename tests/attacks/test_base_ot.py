"""Points that are no good points are refused by whoever receives them (PITFALLS 11)."""

from __future__ import annotations

import pytest

from spdz.crypto import group
from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.errors import AuthenticationFailed, MalformedMessage, OtConsistencyFailed, PeerAborted, ProtocolAbort
from spdz.field import M61
from spdz.params import MascotParams
from spdz.preprocessing.mascot.triples import make_triples
from spdz.preprocessing.ot.base import base_ots
from spdz.protocols.coin_toss import toss
from spdz.protocols.mac_check import OPENING_CHECK
from spdz.runtime.context import Context
from spdz.wire.steps import all_steps
from tests.support.dealer import IdealDealer
from tests.support.interference import POSITIONS, Tampering, position, replace_payload
from tests.support.links import set_up_links
from tests.support.parties import Run, assert_caught, make_sessions, run

P = 2**255 - 19
ORDER_TWO = (P - 1).to_bytes(32, "little")
BAD_POINTS = {
    "identity": group.IDENTITY,
    "order two": ORDER_TWO,
    "order four": bytes(32),
    "order eight": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "good point plus order two": group.add(group.BASE_POINT, ORDER_TWO),
    "off the curve": (2).to_bytes(32, "little"),
    "not canonical: y = p": P.to_bytes(32, "little"),
    "not canonical: y = p + 1": (P + 1).to_bytes(32, "little"),
    "not canonical: all ones": b"\xff" * 32,
}
STEPS = ("base_ot.receiver_points", "base_ot.sender_points")


def put_point(step: str, place: int | str, point: bytes, *, receiver: int | None = None) -> Tampering:
    """Party 0 sends `point` as one of its points."""

    def change(payload: bytes) -> bytes:
        index = position(place, len(payload) // 32)
        return payload[: 32 * index] + point + payload[32 * (index + 1) :]

    return replace_payload(step, 0, change, receiver=receiver)


def short_base_ots(parties: int, seed: bytes, cheat: Tampering) -> Run:
    sessions = make_sessions(parties, M61, seed)
    IdealDealer(sessions, seed)

    async def main(ctx: Context) -> object:
        await base_ots(ctx.child("base_ots"), {peer: [0, 1, 1] for peer in ctx.peers})
        return await toss(ctx, OPENING_CHECK.coins, after=None)

    ended = run(sessions, main, cheat)
    cheat.assert_fired()
    return ended


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("place", POSITIONS)
@pytest.mark.parametrize("name", BAD_POINTS)
def test_a_bad_point_is_refused_wherever_it_stands(step: str, place: str, name: str, seed: bytes) -> None:
    ended = short_base_ots(2, seed, put_point(step, place, BAD_POINTS[name]))
    assert_caught(ended, MalformedMessage, step, cheater=0, blamed=0)


@pytest.mark.parametrize("step", STEPS)
def test_a_bad_point_for_one_of_two_peers_ends_the_session_of_both(step: str, seed: bytes) -> None:
    ended = short_base_ots(3, seed, put_point(step, "last", group.IDENTITY, receiver=2))
    assert type(ended.outcomes[2].error) is MalformedMessage
    assert_caught(ended, MalformedMessage, step, cheater=0)


@pytest.mark.parametrize("slot", [0, 1])
def test_points_chosen_against_the_hash(slot: int, seed: bytes) -> None:
    """r_slot = -H(r_other) would make one key of the pair the hash of the identity, whatever the sender draws."""
    (session, _) = make_sessions(2, M61, seed)
    place = ("base ot", 0, 1, 2, slot)

    def change(payload: bytes) -> bytes:
        points = [payload[start : start + 32] for start in range(0, len(payload), 32)]
        hashed = group.hash_to_point(*place, points[4 + 1 - slot], session_id=session.session_id)
        points[4 + slot] = group.subtract(group.IDENTITY, hashed)
        return b"".join(points)

    ended = short_base_ots(2, seed, replace_payload("base_ot.receiver_points", 0, change))
    assert_caught(ended, MalformedMessage, "base_ot.receiver_points", cheater=0, blamed=0)


def test_a_bad_point_in_the_set_up_destroys_the_key_that_was_just_drawn(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    cheat = put_point("base_ot.receiver_points", "last", ORDER_TWO)
    ended = run(sessions, set_up_links, cheat)
    cheat.assert_fired()
    assert sessions[1].field_domain.has_key
    assert_caught(ended, MalformedMessage, "base_ot.receiver_points", cheater=0, blamed=0)


OTHER_KEYS = [
    ("base_ot.sender_points", 0, OtConsistencyFailed, "setup.ot_trees"),
    ("base_ot.sender_points", 127, OtConsistencyFailed, "setup.ot_trees"),
    ("base_ot.sender_points", 128, AuthenticationFailed, "authenticate.check.sigma.open"),
    ("base_ot.sender_points", 128 + 60, AuthenticationFailed, "authenticate.check.sigma.open"),
    ("base_ot.receiver_points", 2 * 128, AuthenticationFailed, "authenticate.check.sigma.open"),
    ("base_ot.receiver_points", "last", AuthenticationFailed, "authenticate.check.sigma.open"),
]


def triples_with_another_point(step: str, place: int | str, seed: bytes, params: MascotParams | None = None) -> Run:
    """Put another good point in the place of one, and make a triple."""
    point = group.base_multiply(group.random_scalar(deterministic_randomness_for_tests(seed, "point")))
    cheat = put_point(step, place, point)

    async def main(ctx: Context) -> object:
        links = await set_up_links(ctx.child("set_up"), params)
        return await make_triples(ctx.child("triples"), links, 1)

    ended = run(make_sessions(2, M61, seed), main, cheat)
    cheat.assert_fired()
    return ended


@pytest.mark.parametrize(("step", "place", "error", "where"), OTHER_KEYS)
def test_another_good_point_gives_keys_that_fail_their_first_check(
    step: str, place: int | str, error: type[ProtocolAbort], where: str, seed: bytes
) -> None:
    """The first 128 OTs serve the extension, the others COPEe. What happens is what the step declares."""
    assert_caught(triples_with_another_point(step, place, seed), error, where, cheater=0)
    assert error in all_steps()[step].tampering


@pytest.mark.parametrize("place", [0, 127])
def test_without_trees_the_check_of_the_extension_finds_it(place: int, seed: bytes) -> None:
    ended = triples_with_another_point("base_ot.sender_points", place, seed, MascotParams(ot_tree_bits=1))
    assert_caught(ended, OtConsistencyFailed, "ot_extension.digests", cheater=0)


@pytest.mark.parametrize("place", [0, 2 * 127 + 1])
def test_a_receiver_that_changes_its_points_only_harms_itself(place: int, seed: bytes) -> None:
    """It then knows neither key under its correlation: its own check fails, and the others hear of it."""
    ended = triples_with_another_point("base_ot.receiver_points", place, seed)
    assert type(ended.outcomes[0].error) is OtConsistencyFailed
    assert_caught(ended, PeerAborted, "setup.ot_trees", cheater=0)
