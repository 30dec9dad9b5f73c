"""Recordings of whole sessions, hand-shake to BYE."""

from __future__ import annotations

from typing import Any

from vectors.generator.cheats import FLAGS
from vectors.generator.envelope import Group, big, document, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.hashing import seeded
from vectors.generator.params import DEFAULT, PLAINEST, MascotParams
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


def product(field: str, count: int) -> Program:
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


def dealer_sessions_file() -> str:
    """sessions_dealer.json"""
    two, three = session_group("M61", 2, "dealer"), session_group("M127", 3, "dealer")
    record_session(two, "every operation", "Honest", everything("M61", 1))
    record_session(three, "a product", "Honest", product("M127", 1))
    return document("sessions with a trusted dealer", SCHEMA, FLAGS, [two, three])


def default_session_file() -> str:
    """sessions_default.json"""
    group = session_group("M61", 2, "mascot", DEFAULT)
    record_session(group, "a product", "Honest", product("M61", 1), mascot=DEFAULT)
    return document("a session as it is by default", SCHEMA, FLAGS, [group])
