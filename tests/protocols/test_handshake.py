"""A difference of configuration is named and never looks like cheating (PITFALLS 19)."""

from __future__ import annotations

import dataclasses

import pytest

from spdz.crypto.randomness import SystemRandomness
from spdz.errors import BroadcastMismatch, ConfigurationMismatch, MalformedMessage, UsageError
from spdz.field import M61, M127, Field
from spdz.params import SecurityParams, SessionParams
from spdz.protocols import handshake
from spdz.protocols.handshake import agree_on_parameters
from spdz.runtime.context import SessionState
from spdz.runtime.lockstep import Protocol
from tests.support.interference import flip_bytes, replace_payload
from tests.support.parties import assert_caught, make_sessions, run

PARAMS = SessionParams("M61", 2, "mascot", "digest of one program", session_label="of Monday")


def greet(params: SessionParams, endpoints: int | None = None) -> Protocol:
    """The hand-shake with these parameters."""
    count = params.parties if endpoints is None else endpoints
    return lambda ctx: agree_on_parameters(ctx, params, tuple(range(count)))


@pytest.mark.parametrize("parties", [2, 3, 5])
def test_equal_parameters_lead_to_one_fresh_session_id(parties: int, seed: bytes) -> None:
    params = SessionParams("M61", parties, "mascot")
    first = run(make_sessions(parties, M61, seed), greet(params)).results
    second = run(make_sessions(parties, M61, seed[::-1]), greet(params)).results
    assert first == [first[0]] * parties
    assert len(first[0]) == 32
    assert first[0] != second[0]


def test_an_endpoint_that_does_not_compute_takes_part(seed: bytes) -> None:
    """A dealer is one endpoint more than there are parties."""
    results = run(make_sessions(3, M61, seed), greet(PARAMS, endpoints=3)).results
    assert results == [results[0]] * 3


DIFFERENCES = {
    "number of parties": ({"parties": 3}, "2", "3"),
    "field": ({"field_name": "M127"}, "M61", "M127"),
    "preprocessing": ({"preprocessing": "dealer"}, "mascot", "dealer"),
    "statistical security": ({"security": SecurityParams(40)}, "60", "40"),
    "session": ({"session_label": "of Tuesday"}, "of Monday", "of Tuesday"),
    "program": ({"program_digest": "digest of another"}, "digest of one program", "digest of another"),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_every_difference_is_named_with_both_values(name: str, seed: bytes) -> None:
    change, mine, theirs = DIFFERENCES[name]
    other = dataclasses.replace(PARAMS, **change)  # type: ignore[arg-type]
    ended = run(make_sessions(2, M61, seed), [greet(PARAMS, 2), greet(other, 2)])
    for outcome, here, there in zip(ended.outcomes, (mine, theirs), (theirs, mine), strict=True):
        assert type(outcome.error) is ConfigurationMismatch
        assert f"{name} is {here!r} here and {there!r} at party" in str(outcome.error)


def test_another_protocol_version_is_named(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [PARAMS.describe(), {**PARAMS.describe(), "protocol version": "999"}]
    monkeypatch.setattr(SessionParams, "describe", lambda self: values.pop(0))
    for outcome in run(make_sessions(2, M61, seed), greet(PARAMS)).outcomes:
        assert type(outcome.error) is ConfigurationMismatch
        assert "protocol version" in str(outcome.error)
        assert "'999'" in str(outcome.error)


def test_a_parameter_that_one_side_does_not_know_is_named(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [PARAMS.describe(), {**PARAMS.describe(), "new option": "on"}]
    monkeypatch.setattr(SessionParams, "describe", lambda self: values.pop(0))
    for outcome in run(make_sessions(2, M61, seed), greet(PARAMS)).outcomes:
        assert type(outcome.error) is ConfigurationMismatch
        assert "new option" in str(outcome.error)
        assert "'unknown'" in str(outcome.error)


def test_the_first_difference_is_the_one_that_matters_most(seed: bytes) -> None:
    other = SessionParams("M127", 3, "dealer", "digest of another")
    for outcome in run(make_sessions(2, M61, seed), [greet(PARAMS, 2), greet(other, 2)]).outcomes:
        assert "number of parties" in str(outcome.error)


def test_different_nonces_to_different_parties_are_found_before_anything_else(seed: bytes) -> None:
    params = SessionParams("M61", 3, "mascot")
    cheat = flip_bytes("handshake.hello", 0, [0], receiver=1)
    ended = run(make_sessions(3, M61, seed), greet(params), cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "handshake.confirm", cheater=0, everyone_sees=True)


def test_a_false_confirmation_is_refused(seed: bytes) -> None:
    cheat = flip_bytes("handshake.confirm", 0, ["last"])
    ended = run(make_sessions(2, M61, seed), greet(PARAMS), cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "handshake.confirm", cheater=0)


HELLOS = {
    "empty": b"",
    "not ASCII": b"field=M\xc36",
    "no equals sign": b"field",
    "a name twice": b"field=M61\nfield=M61",
    "a control character": b"field=M61\x1b[31m",
    "a zero byte inside": b"field=\0M61",
    "an empty line": b"field=M61\n\nprogram=x",
}


@pytest.mark.parametrize("name", HELLOS)
def test_an_unreadable_hello_is_malformed_and_blamed(name: str, seed: bytes) -> None:
    text = HELLOS[name].ljust(1024, b"\0")
    cheat = replace_payload("handshake.hello", 0, lambda payload: payload[:32] + text)
    ended = run(make_sessions(2, M61, seed), greet(PARAMS), cheat)
    cheat.assert_fired()
    assert_caught(ended, MalformedMessage, "handshake.hello", cheater=0, blamed=0)


def test_parameters_that_make_no_sense_are_refused_at_once() -> None:
    for parties in (0, 1, 17):
        with pytest.raises(UsageError, match=str(parties)):
            SessionParams("M61", parties, "mascot")
    for bits in (39, 129):
        with pytest.raises(UsageError, match=str(bits)):
            SecurityParams(bits)


@pytest.mark.parametrize("digest", ["", "two\nlines", "ä", "x" * 201])
def test_a_digest_that_does_not_fit_a_line_is_refused_before_anybody_could_be_blamed(digest: str) -> None:
    with pytest.raises(UsageError, match="program_digest is 1 to 200 printable ASCII characters"):
        SessionParams("M61", 2, "mascot", digest)


@pytest.mark.parametrize("field", [M61, M127])
def test_no_more_security_is_promised_than_the_field_gives(field: Field) -> None:
    most = field.bits - 1
    SessionState(0, 2, field, SecurityParams(min(most, 128)), SystemRandomness())
    with pytest.raises(UsageError, match=f"{field.name} gives {most} bits of statistical security"):
        SessionState(0, 2, field, SecurityParams(most + 1), SystemRandomness())


def test_the_hello_message_has_room_for_every_parameter() -> None:
    long = SessionParams("M127", 16, "trusted dealer", "f" * 64, SecurityParams(128))
    assert len(handshake._encode(long.describe())) == 1024
