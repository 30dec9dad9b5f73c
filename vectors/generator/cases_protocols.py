"""Single protocols, played by honest parties: coins, MAC check, input, products, output, base OT."""

from __future__ import annotations

from collections.abc import Callable

from vectors.generator import base_ot, cases_bit_protocols, online, plain
from vectors.generator.cheats import FLAGS
from vectors.generator.checking import Shares, check, combine, commit_and_open, open_partially, output, toss
from vectors.generator.envelope import Group, document
from vectors.generator.recording import Results, Stage, group_of, record
from vectors.generator.world import Cheat

SCHEMA = "transcript_v1.json"


# -- commitments and coins


def _commit(stage: Stage) -> Results:
    session = stage.session
    payloads = [stage.stream.read(8) for _ in session.parties]
    stage.given["payloads"] = [payload.hex() for payload in payloads]
    seen = commit_and_open(session, stage.clock, stage.place, "mac_check.sigma", payloads)
    return [{f"payload {sender}": payload for sender, payload in enumerate(view)} for view in seen]


def _toss(stage: Stage) -> Results:
    coins = toss(stage.session, stage.clock, stage.place, "mac_check")
    elements = coins.elements("another use", 5)
    return [
        {"key": coins.key(party, "a use"), "elements": stage.session.field.encode(elements[party])}
        for party in stage.session.parties
    ]


# -- openings and outputs


def _open_and_check(stage: Stage) -> Results:
    session = stage.session
    shares = {name: stage.deal(name, stage.random(size), (size,)) for name, size in (("x", 3), ("y", 2))}
    opened = {
        name: open_partially(session, stage.clock, stage.place, stage.scope, "output.open", part)
        for name, part in shares.items()
    }
    check(session, stage.clock, stage.place, stage.scope)
    return [{name: session.field.encode(rows[party]) for name, rows in opened.items()} for party in session.parties]


def _output(stage: Stage) -> Results:
    x = stage.deal("x", stage.random(4), (2, 2))
    opened = output(stage.session, stage.clock, stage.place, stage.scope, x)
    return [{"opened": stage.session.field.encode(row)} for row in opened]


def _output_to(stage: Stage) -> Results:
    session, receiver = stage.session, 1
    x, clear = stage.deal("x", stage.random(3), (3,)), stage.random(3)
    mask = stage.deal("r", clear, (3,))
    stage.given |= {"receiver": receiver, "clear": session.field.encode(clear).hex()}
    masked = combine(session, (1, x), (-1, mask))
    opened = output(session, stage.clock, stage.place, stage.scope, masked)
    learned = session.field.encode(session.field.add(opened[receiver], clear))
    return [{"opened": learned} if party == receiver else {} for party in session.parties]


# -- input and products


def _shown(stage: Stage, shares: Shares) -> Results:
    encode = stage.session.field.encode
    return [{"value": encode(shares.values[i]), "mac": encode(shares.macs[i])} for i in stage.session.parties]


def _input(stage: Stage) -> Results:
    session, owner = stage.session, 1
    values, clear = stage.random(4), stage.random(4)
    mask = stage.deal("r", clear, (2, 2))
    encode = session.field.encode
    stage.given |= {"owner": owner, "values": encode(values).hex(), "clear": encode(clear).hex()}
    return _shown(stage, online.share_input(session, stage.clock, stage.place, stage.scope, owner, values, mask, clear))


def _multiply(stage: Stage) -> Results:
    shape = (1, 2)
    x, y = (stage.deal(name, stage.random(2), shape) for name in "xy")
    triple = stage.triple(shape, shape)
    return _shown(stage, online.multiply(stage.session, stage.clock, stage.place, stage.scope, x, y, triple))


def _square(stage: Stage) -> Results:
    p, values = stage.session.field.p, stage.random(2)
    x = stage.deal("x", stage.random(2), (2,))
    pair = stage.deal("a", values, (2,)), stage.deal("b", [a * a % p for a in values], (2,))
    return _shown(stage, online.square(stage.session, stage.clock, stage.place, stage.scope, x, pair))


def _matmul(stage: Stage) -> Results:
    p, m, inner, n = stage.session.field.p, 2, 1, 2
    x, y = stage.deal("x", stage.random(m * inner), (m, inner)), stage.deal("y", stage.random(inner * n), (inner, n))
    a, b = stage.random(m * inner), stage.random(inner * n)
    c = online.matrix_product(p, a, b, (m, inner, n))
    triple = stage.deal("a", a, (m, inner)), stage.deal("b", b, (inner, n)), stage.deal("c", c, (m, n))
    return _shown(stage, online.matmul(stage.session, stage.clock, stage.place, stage.scope, x, y, triple))


def _matmul_by_triples(stage: Stage) -> Results:
    m, inner, n = 1, 2, 1
    x, y = stage.deal("x", stage.random(m * inner), (m, inner)), stage.deal("y", stage.random(inner * n), (inner, n))
    triple = stage.triple((m, inner, n), (m, inner, n))
    return _shown(stage, online.matmul_by_triples(stage.session, stage.clock, stage.place, stage.scope, x, y, triple))


# -- publishing

PUBLISHED = ((3, -(2**15)), "Zürich", [None, True, 0.5, b"\0"])
PUBLISHER = 1


def _publish(stage: Stage) -> Results:
    data = plain.encode(PUBLISHED)
    if not stage.alpha:
        raise AssertionError("a MAC key of zero")
    stage.given |= {"owner": PUBLISHER, "values": data.hex()}
    seen = plain.publish(stage.session, stage.clock, stage.place, PUBLISHER, data)
    return [{"value": told} for told in seen]


# -- base OT


def _base_ots(stage: Stage) -> Results:
    session, count = stage.session, 3
    choices: base_ot.Choices = {}
    for receiver in session.parties:
        for sender in session.peers(receiver):
            choices[receiver, sender] = [byte & 1 for byte in stage.stream.read(count)]
    stage.given["choices"] = [
        {"receiver": receiver, "sender": sender, "bits": bits} for (receiver, sender), bits in sorted(choices.items())
    ]
    keys = base_ot.base_ots(session, stage.clock, stage.place, choices)
    results: Results = [{} for _ in session.parties]
    for (receiver, sender), pair in sorted(keys.items()):
        results[receiver][f"chosen, sender {sender}"] = b"".join(pair.chosen)
        results[sender][f"pairs, receiver {receiver}"] = b"".join(first + second for first, second in pair.pairs)
    return results


# -- recordings

PROTOCOLS: dict[str, tuple[str, Callable[[Stage], Results]]] = {
    "commit and open": ("docs/wire, section 7", _commit),
    "coin toss": ("[KOS16] section 2; docs/wire, section 7", _toss),
    "open and check": ("[DKLPSS13] figure 10; docs/wire, sections 6 and 7", _open_and_check),
    "output": ("[DPSZ12] output; docs/wire, section 9", _output),
    "output to": ("[DPSZ12] output; docs/wire, section 9", _output_to),
    "input": ("[DPSZ12] input; docs/wire, section 9", _input),
    "multiply": ("[DPSZ12] multiplication; docs/wire, section 9", _multiply),
    "square": ("[DKLPSS13] squaring; docs/wire, section 9", _square),
    "matmul": ("[MZ17] section IV; docs/wire, section 9", _matmul),
    "matmul by triples": ("[DPSZ12] multiplication; docs/wire, section 9", _matmul_by_triples),
    "publish": ("docs/wire, section 9", _publish),
    "base ot": ("[MR19]; docs/wire, section 12", _base_ots),
    **cases_bit_protocols.PROTOCOLS,
}
"""(source, what all parties do), by the name that vectors/README.md explains."""


def protocol_group(protocol: str, field: str, parties: int) -> Group:
    """An empty group of recordings of one protocol."""
    return group_of(protocol, PROTOCOLS[protocol][0], field, parties)


def record_protocol(group: Group, comment: str, flag: str, *cheats: Cheat) -> None:
    """One more recording of the protocol of a group."""
    record(group, comment, flag, PROTOCOLS[group.params["protocol"]][1], *cheats)


def _honest(algorithm: str, *protocols: str, three: str = "M127") -> str:
    """Two parties at M61, three in another field: one recording each."""
    groups = []
    for protocol in protocols:
        for field, parties in (("M61", 2), (three, 3)):
            group = protocol_group(protocol, field, parties)
            record_protocol(group, "honest", "Honest")
            groups.append(group)
    return document(algorithm, SCHEMA, FLAGS, groups)


def commit_and_open_file() -> str:
    """commit_and_open.json"""
    return _honest("commit-and-open", "commit and open", three="M61")


def coin_toss_file() -> str:
    """coin_toss.json"""
    return _honest("coin toss", "coin toss")


def mac_check_file() -> str:
    """mac_check.json"""
    return _honest("MAC check", "open and check")


def input_file() -> str:
    """input.json"""
    return _honest("input", "input")


def multiply_file() -> str:
    """multiply.json"""
    return _honest("products", "multiply", "square", "matmul", "matmul by triples")


def output_file() -> str:
    """output.json"""
    return _honest("output", "output", "output to")


def publish_file() -> str:
    """publish.json"""
    return _honest("publish", "publish", three="M61")


def base_ot_file() -> str:
    """base_ot.json"""
    return _honest("base OT", "base ot", three="M61")


def bit_protocols_file() -> str:
    """bit_protocols.json"""
    return _honest("protocols on bits", *cases_bit_protocols.PROTOCOLS)
