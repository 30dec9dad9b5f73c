"""Attacks in whole sessions with a dealer: each function returns the groups of one family of faults."""

from __future__ import annotations

from vectors.generator.cases_sessions import product, record_session, session_group
from vectors.generator.cheats import Change, flip, instead, plus
from vectors.generator.envelope import Group
from vectors.generator.field import FIELDS
from vectors.generator.hashing import PROTOCOL_VERSION
from vectors.generator.world import Cheat

Rows = tuple[tuple[str, str, Cheat], ...]


def _recorded(field: str, parties: int, rows: Rows) -> list[Group]:
    """A product in a session, once for each (comment, flag, cheat)."""
    group = session_group(field, parties, "dealer")
    for comment, flag, cheat in rows:
        record_session(group, comment, flag, product(field, 2), cheat)
    return [group]


def _says(old: bytes, new: bytes) -> Change:
    """Another value in a text, of the same length."""

    def change(payload: bytes) -> bytes:
        if payload.count(old) != 1:
            raise ValueError("the text to be changed occurs once")
        return payload.replace(old, new)

    return change


def different_parameters() -> list[Group]:
    """An endpoint says other parameters, another session, another program or another need than the rest."""
    hello, confirm, request = "handshake.hello", "handshake.confirm", "dealer.request"
    return _recorded(
        "M61",
        2,
        (
            ("party 0 says another field", "DifferentParameters", Cheat(0, hello, _says(b"field=M", b"field=N"))),
            ("to the dealer only", "DifferentParameters", Cheat(0, hello, _says(b"dealer", b"mascot"), (2,))),
            (
                "the dealer says another version",
                "DifferentParameters",
                Cheat(2, hello, _says(b"version=%d" % PROTOCOL_VERSION, b"version=7")),
            ),
            ("no text", "MalformedText", Cheat(1, hello, instead(b"\xff" * 8, 32))),
            (
                "a line twice",
                "MalformedText",
                Cheat(1, hello, _says(b"number of parties=2", b"protocol version=12")),
            ),
            ("another nonce to each", "WrongSessionId", Cheat(0, hello, flip(3), (1,))),
            ("another session id to party 0", "WrongSessionId", Cheat(1, confirm, flip(31), (0,))),
            ("another session id to all", "WrongSessionId", Cheat(1, confirm, flip(0))),
            ("another plan", "DifferentPlan", Cheat(1, "program.plan", flip(0))),
            ("a request for more", "DifferentRequest", Cheat(0, request, flip(14))),
            ("a request for more, by the last party", "DifferentRequest", Cheat(1, request, flip(14), None, 2)),
        ),
    )


def wrong_dealer() -> list[Group]:
    """The dealer sends what does not fit: the MAC check of the online phase finds it."""
    field = FIELDS["M61"]
    return _recorded(
        "M61",
        2,
        (
            ("another seed to party 0", "WrongCorrection", Cheat(2, "dealer.seed", flip(0), (0,))),
            ("a wrong mask", "WrongCorrection", Cheat(2, "dealer.corrections", plus(field))),
            ("a wrong MAC of c", "WrongCorrection", Cheat(2, "dealer.corrections", plus(field, -1), None, 2)),
        ),
    )


def wrong_shares() -> list[Group]:
    """A party sends values that its MAC shares do not belong to."""
    field = FIELDS["M61"]
    return _recorded(
        "M61",
        2,
        (
            ("another masked input than its share stands by", "WrongShare", Cheat(0, "input.masked", plus(field))),
            ("a wrong share in a product", "WrongShare", Cheat(0, "multiply.masked", plus(field, 1))),
            ("a wrong share of the output", "WrongShare", Cheat(1, "output.open", plus(field))),
        ),
    )


def equivocations() -> list[Group]:
    """One of three parties tells the others different things."""
    field, one = FIELDS["M127"], (1,)
    return _recorded(
        "M127",
        3,
        (
            ("another input to party 1", "EquivocatedBroadcast", Cheat(0, "input.masked", plus(field), one)),
            ("another product to party 1", "EquivocatedBroadcast", Cheat(2, "multiply.masked", plus(field), one)),
            ("a wrong second echo", "WrongEcho", Cheat(0, "broadcast.echo", flip(7), None, 1)),
        ),
    )
