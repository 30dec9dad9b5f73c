"""The MAC key share dies with any check that does not end well, whatever ended it (PITFALLS 3, 4)."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spdz.errors import InternalError, MacCheckFailed, UsageError
from spdz.field import M61
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.field_domain import FIELD, Opening
from spdz.sharing.mac_key import MacKey
from spdz.sharing.unverified import Unverified
from spdz.wire.steps import Delivery, Payload, Step
from tests.support.dealer import IdealDealer
from tests.support.endpoint import Endpoint
from tests.support.parties import make_sessions, run

Declare = Callable[..., Step]


def test_a_check_that_ends_well_leaves_the_key_and_the_next_check_alone() -> None:
    key = MacKey(M61.array(5))
    for _ in range(2):
        with key.checking() as share:
            assert share.to_ints() == 5
    assert key.alive


@pytest.mark.parametrize(
    "reason", [MacCheckFailed("no"), ValueError(), KeyboardInterrupt(), SystemExit(), MemoryError()], ids=repr
)
def test_whatever_interrupts_a_check_destroys_the_key_and_goes_on(reason: BaseException) -> None:
    key = MacKey(M61.array(5))
    with pytest.raises(type(reason)), key.checking():
        raise reason
    assert not key.alive
    with pytest.raises(UsageError, match="destroyed"):
        _ = key.share
    with pytest.raises(UsageError, match="destroyed"), key.checking():
        pytest.fail("a check began under a dead key")


def test_closing_the_coroutine_inside_a_check_destroys_the_key() -> None:
    key = MacKey(M61.array(5))

    async def check() -> None:
        with key.checking():
            await _Pause()

    coroutine = check()
    coroutine.send(None)
    assert key.alive
    coroutine.close()
    assert not key.alive


class _Pause:
    def __await__(self):  # type: ignore[no-untyped-def]
        yield


def test_closing_the_scheduler_during_a_real_check_destroys_the_key(declare_step: Declare, seed: bytes) -> None:
    endpoint = Endpoint(2, M61, seed)
    dealer = IdealDealer([endpoint.session, *make_sessions(2, M61, seed)[1:]], seed)
    share = dealer.share([1, 2])[0]
    endpoint.context.unverified.record_opening(FIELD, Opening.of("here", M61.array([1, 2]), share.mac))
    endpoint.start(check_openings)
    assert endpoint.scheduler.mailbox.awaited() == {1: "mac_check.coins.commit"}
    assert endpoint.session.key.alive
    endpoint.scheduler.close()
    assert not endpoint.session.key.alive


def test_a_second_check_at_the_same_time_is_refused_and_destroys_the_key() -> None:
    key = MacKey(M61.array(5))
    with pytest.raises(InternalError, match="two MAC checks"), key.checking(), key.checking():
        pytest.fail("two checks ran at once")
    assert not key.alive


def test_the_refusal_of_a_second_check_destroys_the_key_even_if_the_first_goes_on() -> None:
    key = MacKey(M61.array(5))
    first, second = key.checking(), key.checking()
    first.__enter__()
    with pytest.raises(InternalError, match="two MAC checks"):
        second.__enter__()
    assert not key.alive
    first.__exit__(None, None, None)
    assert not key.alive


def test_two_checks_side_by_side_in_a_protocol_end_the_session(declare_step: Declare, seed: bytes) -> None:
    """Rushing at SPDZ, ePrint 2025/789: one failing check must not give away what the other one needs."""
    step = declare_step("test.opening", Delivery.BROADCAST, payload=Payload.ELEMENTS)
    sessions = make_sessions(2, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])

    async def open_and_check(ctx: Context) -> None:
        await partial_open(ctx, step, shares[ctx.party])
        await check_openings(ctx)

    async def main(ctx: Context) -> None:
        await ctx.gather(*(open_and_check(ctx.child("scope", Unverified())) for _ in range(2)))

    for session, outcome in zip(sessions, run(sessions, main).outcomes, strict=True):
        assert type(outcome.error) is InternalError
        assert not session.key.alive


def test_destroying_overwrites_the_share_in_place_and_may_be_repeated() -> None:
    key = MacKey(M61.array(5))
    share = key.share
    key.destroy()
    key.destroy()
    assert share.to_ints() == 0


def test_the_key_is_a_copy_of_what_it_was_made_from() -> None:
    original = M61.array(5)
    key = MacKey(original)
    original.wipe()
    assert key.share.to_ints() == 5


def test_the_key_shows_itself_nowhere() -> None:
    key = MacKey(M61.array(123456789))
    assert repr(key) == "MacKey(alive)"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.copy(key)


_WITHOUT_ASSERTS = """
import sys
assert False, "asserts are on"
from spdz import errors
from spdz.field import M61
from spdz.preprocessing.mascot.triples import make_triples
from spdz.protocols.output import output
from tests.support.dealer import IdealDealer, ideal_links
from tests.support.interference import flip_bytes, silent
from tests.support.parties import make_sessions, run

def require_dead(ended, error):
    for party in range(1, len(ended.sessions)):
        outcome = ended.outcomes[party]
        if type(outcome.error) is not error:
            sys.exit(f"party {party} ended with {outcome.error!r} and not with {error}")
        if outcome.result is not None or ended.sessions[party].key.alive:
            sys.exit("something survived")

for parties in (2, 3):
    sessions = make_sessions(parties, M61, bytes(32))
    shares = IdealDealer(sessions, bytes(32)).share([1, 2, 3])
    shares[0].value[1:2] = shares[0].value[1:2] + 1
    require_dead(run(sessions, lambda ctx: output(ctx, shares[ctx.party])), errors.MacCheckFailed)

for step, error in (
    ("ot_extension.digests", errors.OtConsistencyFailed),
    ("combine.coins.open", errors.CommitmentMismatch),
    ("authenticate.combination", errors.AuthenticationFailed),
    ("sacrifice.rho", errors.SacrificeFailed),
    ("sacrifice.check.sigma.open", errors.CommitmentMismatch),
):
    sessions = make_sessions(2, M61, bytes(32))
    links = ideal_links(sessions, bytes(32))
    cheat = flip_bytes(step, 0, [0])
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 1), silent(0, cheat))
    if cheat.fired == 0:
        sys.exit("nothing was tampered with")
    require_dead(ended, error)
print("all keys are dead")
"""


def test_keys_die_without_asserts_too() -> None:
    """PITFALLS 4: no security check and no clean-up is an `assert`."""
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-O", "-c", _WITHOUT_ASSERTS], cwd=root, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "all keys are dead"), ended.stderr
