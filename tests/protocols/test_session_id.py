"""The session id is fresh if one party is honest: the nonce of every endpoint enters (PITFALLS 7)."""

from __future__ import annotations

import pytest

from spdz.field import M61
from spdz.params import SessionParams
from spdz.protocols.handshake import agree_on_parameters
from tests.support.parties import make_sessions, run


@pytest.mark.parametrize("fresh", [0, 1, 2])
def test_one_fresh_nonce_makes_a_fresh_session_id(fresh: int, seed: bytes) -> None:
    """All others repeat the nonces of an earlier session."""
    params = SessionParams("M61", 3, "mascot")
    old, new = make_sessions(3, M61, seed), make_sessions(3, M61, seed)
    new[fresh] = make_sessions(3, M61, seed[::-1])[fresh]
    ids = []
    for sessions in (old, new):
        results = run(sessions, lambda ctx: agree_on_parameters(ctx, params, (0, 1, 2))).results
        assert results == [results[0]] * 3
        ids.append(results[0])
    assert ids[0] != ids[1]
