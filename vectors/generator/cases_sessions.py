"""Recordings of whole sessions, hand-shake to BYE, and of attacks in them."""

from __future__ import annotations

from typing import Any

from vectors.generator.cheats import FLAGS, Change, flip, instead, plus
from vectors.generator.envelope import Group, big, document, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.hashing import seeded
from vectors.generator.params import PLAINEST, MascotParams
from vectors.generator.recording import add_transcript
from vectors.generator.running import Runner
from vectors.generator.world import Cheat, Session

SCHEMA = "transcript_v1.json"
Program = list[dict[str, Any]]


class Writer:
    """Writes programs; inputs are small integers and their negatives."""

    def __init__(self, field: str, name: str) -> None:
        self._field = FIELDS[field]
        self._stream = seeded(seed_of(f"inputs {name}"), field)
        self.program: Program = []

    def add(self, op: str, **more: Any) -> int:
        """One operation; returns its number."""
        self.program.append({"op": op, **more})
        return len(self.program) - 1

    def input(self, owner: int, *shape: int) -> int:
        """An input of random small integers."""
        count = 1
        for length in shape:
            count *= length
        values = [(byte % 15 - 7) % self._field.p for byte in self._stream.read(count)]
        return self.add("input", owner=owner, shape=list(shape), values=self._field.encode(values).hex())


def product(field: str, count: int = 3) -> Program:
    """x y of two parties."""
    writer = Writer(field, "product")
    x, y = writer.input(0, count), writer.input(1, count)
    writer.add("reveal", of=[writer.add("multiply", of=[x, y])])
    return writer.program


def everything(field: str, last: int) -> Program:
    """Every operation and every ending there is, over two reveals and a request ahead of need."""
    writer = Writer(field, "everything")
    writer.add("prepare", material=[{"kind": "triples", "count": 3}, {"kind": "squares", "count": 1}])
    x, y = writer.input(0, 2, 2), writer.input(last, 2, 2)
    squares = writer.add("square", of=[x])
    total = writer.add("add", of=[writer.add("multiply", of=[x, y]), squares])
    matrix = writer.add("matmul", of=[x, y])
    writer.add("reveal", of=[total, matrix])
    bits, uniform = writer.add("random bits", shape=[3]), writer.add("random", shape=[2])
    writer.add("reveal to", party=last, of=[writer.add("add", of=[x, y])])
    writer.add("reveal", of=[bits])
    again = writer.add("square", of=[writer.add("add", of=[total, matrix])])
    writer.add("reveal", of=[again])
    writer.add("reveal to", party=0, of=[uniform, uniform])
    return writer.program


def session_group(field: str, parties: int, preprocessing: str, mascot: MascotParams = PLAINEST) -> Group:
    """A group of sessions with the same parameters."""
    params: dict[str, Any] = {"field": field, "modulus": big(FIELDS[field].p), "parties": parties}
    params["preprocessing"] = preprocessing
    if preprocessing == "mascot":
        params["mascot"] = str(mascot)
    return Group("session", "docs/wire, sections 3 and 8 to 14", params)


def record_session(
    group: Group, comment: str, flag: str, program: Program, *cheats: Cheat, mascot: MascotParams = PLAINEST
) -> None:
    """Run a session and add what happened."""
    params = group.params
    name = f"session {params['preprocessing']} {params['field']} {params['parties']}"
    dealer = params["preprocessing"] == "dealer"
    session = Session(FIELDS[params["field"]], params["parties"], seed_of(name), dealer=dealer, cheats=cheats)
    runner = Runner(session, params["preprocessing"], mascot)
    runner.run(program)
    add_transcript(group, comment, flag, session, seed_of(name), {"program": program}, runner.results)


def _says(old: bytes, new: bytes) -> Change:
    """Another value in a text, of the same length."""

    def change(payload: bytes) -> bytes:
        if payload.count(old) != 1:
            raise ValueError("the text to be changed occurs once")
        return payload.replace(old, new)

    return change


def _attack_the_handshake(group: Group, program: Program) -> None:
    hello = "handshake.hello"
    for comment, flag, cheat in (
        ("party 0 says another field", "DifferentParameters", Cheat(0, hello, _says(b"field=M", b"field=N"))),
        ("to the dealer only", "DifferentParameters", Cheat(0, hello, _says(b"dealer", b"mascot"), (2,))),
        ("the dealer says another version", "DifferentParameters", Cheat(2, hello, _says(b"version=1", b"version=7"))),
        ("no text", "MalformedText", Cheat(1, hello, instead(b"\xff" * 8, 32))),
        ("a line twice", "MalformedText", Cheat(1, hello, _says(b"number of parties=2", b"protocol version=12"))),
        ("another nonce to each", "WrongSessionId", Cheat(0, hello, flip(3), (1,))),
        ("another session id to party 0", "WrongSessionId", Cheat(1, "handshake.confirm", flip(31), (0,))),
        ("another session id to all", "WrongSessionId", Cheat(1, "handshake.confirm", flip(0))),
    ):
        record_session(group, comment, flag, program, cheat)


def _attack_the_dealer_session(group: Group, program: Program) -> None:
    params = group.params
    field, last, dealer = FIELDS[params["field"]], params["parties"] - 1, params["parties"]
    for comment, flag, cheat in (
        ("another plan", "DifferentPlan", Cheat(last, "program.plan", flip(0))),
        ("a request for more", "DifferentRequest", Cheat(0, "dealer.request", flip(14))),
        ("a request for more, by the last party", "DifferentRequest", Cheat(last, "dealer.request", flip(14), None, 2)),
        ("another seed to party 0", "WrongCorrection", Cheat(dealer, "dealer.seed", flip(0), (0,))),
        ("a wrong mask", "WrongCorrection", Cheat(dealer, "dealer.corrections", plus(field))),
        ("a wrong MAC of c", "WrongCorrection", Cheat(dealer, "dealer.corrections", plus(field, -1), None, 2)),
        ("a wrong share in a product", "WrongShare", Cheat(0, "multiply.masked", plus(field, 4))),
        ("a wrong share of the output", "WrongShare", Cheat(last, "output.open", plus(field, 1))),
    ):
        record_session(group, comment, flag, program, cheat)
    if dealer > 2:
        one = (1,)
        for comment, flag, cheat in (
            ("another input to party 1", "EquivocatedBroadcast", Cheat(0, "input.masked", plus(field), one)),
            (
                "another share of a product to party 1",
                "EquivocatedBroadcast",
                Cheat(2, "multiply.masked", plus(field), one),
            ),
            ("another output to party 1", "EquivocatedBroadcast", Cheat(2, "output.open", plus(field), one)),
            ("a wrong echo", "WrongEcho", Cheat(2, "broadcast.echo", flip(7), one)),
            ("a wrong second echo", "WrongEcho", Cheat(0, "broadcast.echo", flip(7), None, 1)),
        ):
            record_session(group, comment, flag, program, cheat)
    else:
        cheat = Cheat(0, "input.masked", plus(field))
        record_session(group, "another masked input than its share stands by", "WrongShare", program, cheat)


def dealer_sessions_file() -> str:
    """sessions_dealer.json"""
    groups = []
    for field, parties in (("M61", 2), ("M127", 3)):
        group = session_group(field, parties, "dealer")
        record_session(group, "a product", "Honest", product(field))
        record_session(group, "every operation", "Honest", everything(field, parties - 1))
        _attack_the_dealer_session(group, product(field))
        if parties == 2:
            _attack_the_handshake(group, product(field))
        groups.append(group)
    more = session_group("M31", 5, "dealer")
    record_session(more, "five parties", "Honest", product("M31", 1))
    groups.append(more)
    return document("sessions with a trusted dealer", SCHEMA, FLAGS, groups)
