"""The cost lines of `spdz.protocols`, each against the trace of a run, for two and for three parties."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spdz.field import M61
from spdz.params import SessionParams
from spdz.protocols import broadcast as broadcast_module
from spdz.protocols import coin_toss, commit, handshake, mac_check, opening
from spdz.protocols import output as output_module
from spdz.protocols.broadcast import broadcast, broadcast_from, echo
from spdz.protocols.coin_toss import toss
from spdz.protocols.commit import CommitAndOpen, commit_and_open
from spdz.protocols.handshake import agree_on_parameters
from spdz.protocols.mac_check import OPENING_CHECK, check_openings, checked
from spdz.protocols.opening import open_masked, partial_open
from spdz.protocols.output import OUTPUT, output, output_to
from spdz.wire.codec import Blob
from spdz.wire.steps import Delivery, Step
from tests.support.costs import (
    bytes_per_peer,
    check_bytes,
    commit_bytes,
    functions_that_state_rounds,
    stated_rounds,
    toss_bytes,
)
from tests.support.dealer import IdealDealer
from tests.support.parties import make_sessions, run

Declare = Callable[..., Step]
PARTIES = pytest.mark.parametrize("parties", [2, 3])
MODULES = (broadcast_module, coin_toss, commit, handshake, mac_check, opening, output_module)
COVERED = {
    "broadcast",
    "broadcast_from",
    "echo",
    "toss",
    "commit_and_open",
    "agree_on_parameters",
    "check_openings",
    "checked",
    "partial_open",
    "open_masked",
    "output",
    "output_to",
}


def test_every_function_with_a_cost_line_is_tested_here() -> None:
    # `open_apart` is counted where it is used: tests/preprocessing/test_truncation_pairs.py.
    assert functions_that_state_rounds(MODULES) - {"open_apart"} | {"output_to"} == COVERED


@pytest.fixture
def said(declare_step: Declare) -> Step:
    """A broadcast step."""
    return declare_step("test.said", Delivery.BROADCAST)


@PARTIES
def test_broadcast(parties: int, said: Step, seed: bytes) -> None:
    ended = run(make_sessions(parties, M61, seed), lambda ctx: broadcast(ctx, said, Blob(7), bytes(7)))
    assert ended.rounds == stated_rounds(broadcast) == 1
    assert bytes_per_peer(ended) == {"test.said": 7}


@PARTIES
def test_broadcast_from(parties: int, said: Step, seed: bytes) -> None:
    ended = run(make_sessions(parties, M61, seed), lambda ctx: broadcast_from(ctx, said, Blob(7), 1, bytes(7)))
    assert ended.rounds == stated_rounds(broadcast_from) == 1
    assert [bytes_per_peer(ended, party)["test.said"] for party in range(parties)] == [0, 7, 0][:parties]


@PARTIES
def test_echo(parties: int, seed: bytes) -> None:
    ended = run(make_sessions(parties, M61, seed), echo)
    assert ended.rounds == (stated_rounds(echo) if parties > 2 else 0)
    assert bytes_per_peer(ended) == ({"broadcast.echo": 32} if parties > 2 else {})


@PARTIES
def test_toss(parties: int, seed: bytes) -> None:
    ended = run(make_sessions(parties, M61, seed), lambda ctx: toss(ctx, OPENING_CHECK.coins, after=None))
    assert ended.rounds == stated_rounds(toss) == 2
    assert bytes_per_peer(ended) == toss_bytes("mac_check", parties)
    assert list(bytes_per_peer(ended).values()) == [32, 64 if parties == 2 else 96]


@PARTIES
@pytest.mark.parametrize("size", [0, 100])
def test_commit_and_open(parties: int, size: int, declare_step: Declare, seed: bytes) -> None:
    steps = CommitAndOpen(declare_step("test.commit"), declare_step("test.open"))
    ended = run(make_sessions(parties, M61, seed), lambda ctx: commit_and_open(ctx, steps, bytes(size)))
    assert ended.rounds == stated_rounds(commit_and_open) == 2
    assert bytes_per_peer(ended) == {"test.commit": 32, "test.open": 32 + size + (32 if parties > 2 else 0)}


@PARTIES
def test_agree_on_parameters(parties: int, seed: bytes) -> None:
    params = SessionParams("M61", parties, "mascot")
    ended = run(make_sessions(parties, M61, seed), lambda ctx: agree_on_parameters(ctx, params, tuple(range(parties))))
    assert ended.rounds == stated_rounds(agree_on_parameters) == 2
    assert bytes_per_peer(ended) == {"handshake.hello": 1056, "handshake.confirm": 32}


@PARTIES
def test_partial_open(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([[1, 2, 3], [4, 5, 6]])
    ended = run(sessions, lambda ctx: partial_open(ctx, OUTPUT, shares[ctx.party]))
    assert ended.rounds == stated_rounds(partial_open) == 1
    assert bytes_per_peer(ended) == {"output.open": 6 * 8}


@PARTIES
def test_open_masked(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    dealer = IdealDealer(sessions, seed)
    x, a, y, b = (dealer.share(values) for values in ([[1, 2, 3], [4, 5, 6]], [[6, 5, 4], [3, 2, 1]], [9], [2]))
    ended = run(
        sessions, lambda ctx: open_masked(ctx, OUTPUT, (x[ctx.party], a[ctx.party]), (y[ctx.party], b[ctx.party]))
    )
    assert ended.rounds == stated_rounds(open_masked) == 1
    assert bytes_per_peer(ended) == {"output.open": 7 * 8}
    for difference, other in ended.results:
        assert difference.equals(M61.signed([[-5, -3, -1], [1, 3, 5]]))
        assert other.equals(M61.array([7]))


@PARTIES
def test_check_openings(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2, 3])

    async def main(ctx):  # type: ignore[no-untyped-def]
        await check_openings(ctx)
        await partial_open(ctx, OUTPUT, shares[ctx.party])
        await check_openings(ctx)
        await check_openings(ctx)

    ended = run(sessions, main)
    assert stated_rounds(check_openings) == 4
    assert ended.rounds == 1 + (4 if parties == 2 else 5)
    assert bytes_per_peer(ended) == {"output.open": 24, **check_bytes("mac_check", parties, 8)}


@PARTIES
def test_checked(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2, 3])

    async def body(scope):  # type: ignore[no-untyped-def]
        await partial_open(scope, OUTPUT, shares[scope.party])

    ended = run(sessions, lambda ctx: checked(ctx, "scope", body))
    assert ended.rounds == 1 + (4 if parties == 2 else 5)
    assert bytes_per_peer(ended) == {"output.open": 24, **check_bytes("mac_check", parties, 8)}


@PARTIES
@pytest.mark.parametrize("private", [False, True])
def test_output_after_something_was_opened(parties: int, private: bool, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    dealer = IdealDealer(sessions, seed)
    shares, masks = dealer.share([1, 2, 3]), dealer.masks(0, 3)

    async def main(ctx):  # type: ignore[no-untyped-def]
        await partial_open(ctx, OUTPUT, shares[ctx.party])
        if private:
            return await output_to(ctx, shares[ctx.party], 0, masks[ctx.party])
        return await output(ctx, shares[ctx.party])

    ended = run(sessions, main)
    assert stated_rounds(output) == 9
    assert ended.rounds == 1 + (9 if parties == 2 else 11)
    twice = {step: 2 * cost for step, cost in check_bytes("mac_check", parties, 8).items()}
    assert bytes_per_peer(ended) == {"output.open": 2 * 24, **twice}


@PARTIES
def test_output_of_a_fresh_session_is_four_rounds_cheaper(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2, 3])
    ended = run(sessions, lambda ctx: output(ctx, shares[ctx.party]))
    assert ended.rounds == (9 - 4 if parties == 2 else 11 - 4 - 1)
    assert bytes_per_peer(ended) == {"output.open": 24, **check_bytes("mac_check", parties, 8)}


def test_the_helper_for_commitments_says_what_the_docstring_says() -> None:
    assert commit_bytes("x", 10, 2) == {"x.commit": 32, "x.open": 42}
    assert commit_bytes("x", 10, 3) == {"x.commit": 32, "x.open": 74}
