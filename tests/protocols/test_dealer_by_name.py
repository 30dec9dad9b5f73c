"""A dealer is called the dealer, and parameters that differ are named at every endpoint, whoever noticed first."""

from __future__ import annotations

import pytest

from spdz.errors import ConfigurationMismatch, PeerAborted, TransportError
from spdz.field import M61
from spdz.params import SessionParams
from spdz.protocols.handshake import HELLO, NONCE_BYTES, _encode, agree_on_parameters
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Lockstep
from spdz.transport.memory import memory_network
from spdz.wire.frames import Kind
from tests.support.endpoint import Endpoint, control, data_frame
from tests.support.parties import make_sessions

PARTIES = 2
PARAMS = SessionParams("M61", PARTIES, "dealer", has_dealer=True)
OTHER = SessionParams("M127", PARTIES, "dealer", has_dealer=True)
WORDS = "field is 'M61' here and 'M127' at the dealer"


def hello_frame(endpoint: Endpoint, params: SessionParams) -> bytes:
    return data_frame(
        HELLO, endpoint.label("/000001.handshake.hello"), 1, bytes(NONCE_BYTES) + _encode(params.describe())
    )


def greeting(seed: bytes) -> Endpoint:
    """Party 0, which has sent its hello to party 1 and to the dealer."""
    endpoint = Endpoint(PARTIES + 1, M61, seed)
    endpoint.session.parties = PARTIES
    endpoint.scheduler.session_id = b""
    endpoint.start(lambda ctx: agree_on_parameters(ctx, PARAMS, (0, 1, 2)))
    return endpoint


def test_a_dealer_that_differs_is_named_though_a_party_has_aborted_before(seed: bytes) -> None:
    """Regression: the other parties heard only that somebody had aborted, and one heard of a party 2."""
    endpoint = greeting(seed)
    endpoint.feed(hello_frame(endpoint, PARAMS) + control(Kind.ABORT))
    with pytest.raises(ConfigurationMismatch, match=WORDS):
        endpoint.feed(hello_frame(endpoint, OTHER), peer=2)


def test_an_abort_counts_when_everybody_has_been_heard(seed: bytes) -> None:
    endpoint = greeting(seed)
    endpoint.feed(hello_frame(endpoint, PARAMS) + control(Kind.ABORT))
    with pytest.raises(PeerAborted, match="party 1 has aborted"):
        endpoint.feed(control(Kind.ABORT), peer=2)


def test_an_abort_after_the_handshake_counts_at_once(seed: bytes) -> None:
    endpoint = greeting(seed)
    endpoint.scheduler.session_id = bytes(32)
    with pytest.raises(PeerAborted, match="party 1 has aborted"):
        endpoint.feed(control(Kind.ABORT))


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_everybody_hears_who_differs(changed: int, seed: bytes) -> None:
    sessions = make_sessions(PARTIES + 1, M61, seed)
    for session in sessions:
        session.parties, session.session_id = PARTIES, b""

    async def greet(ctx: Context) -> bytes:
        return await agree_on_parameters(ctx, OTHER if ctx.party == changed else PARAMS, (0, 1, 2))

    outcomes = Lockstep(sessions).run([greet] * 3)
    for endpoint, outcome in enumerate(outcomes):
        assert isinstance(outcome.error, ConfigurationMismatch)
        other = ["party 0", "party 1", "the dealer"][changed if endpoint != changed else int(changed == 0)]
        assert str(outcome.error).endswith(f"at {other}")


def test_a_dealer_that_goes_away_is_called_so() -> None:
    first, *_, dealer = memory_network(3, PARTIES)
    first.attach({peer: Endpoint(3, M61, bytes(32))._readers[peer] for peer in (1, 2)})
    dealer.close(0.0)
    with pytest.raises(TransportError, match="the dealer has gone"):
        first.wait(0.0)
