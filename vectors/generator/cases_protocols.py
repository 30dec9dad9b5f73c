"""Recordings of single protocols: coins, MAC check, input, products, output, base OT."""

from __future__ import annotations

from vectors.generator import base_ot, edwards, online, plain
from vectors.generator.cheats import FLAGS, flip, instead, plus, unreduced
from vectors.generator.checking import Shares, check, combine, commit_and_open, open_partially, output, toss
from vectors.generator.envelope import Group, document, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.hashing import commitment
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


def commit_and_open_file() -> str:
    """commit_and_open.json"""
    groups = []
    for parties in (2, 3):
        group = group_of("commit and open", "docs/wire, section 7", "M61", parties)
        record(group, "honest", "Honest", _commit)
        for cheater in (0, parties - 1):
            who = f"party {cheater} "
            for comment, flag, step, change in (
                ("sends another commitment", "TamperedCommitment", "commit", flip(0)),
                ("opens another payload", "WrongOpening", "open", flip(32)),
                ("opens with another nonce", "WrongOpening", "open", flip(31)),
            ):
                record(group, who + comment, flag, _commit, Cheat(cheater, f"mac_check.sigma.{step}", change))
        if parties == 3:
            first = (1,)
            equivocating = Cheat(0, "mac_check.sigma.commit", flip(5), first)
            record(group, "party 0 sends party 1 another commitment", "EquivocatedCommitment", _commit, equivocating)
            seen = Cheat(2, "mac_check.sigma.open", flip(-1), (0,))
            record(group, "party 2 says to party 0 that it saw others", "EquivocatedCommitment", _commit, seen)
        else:
            _add_copied(group)
        groups.append(group)
    return document("commit-and-open", SCHEMA, FLAGS, groups)


def _add_copied(group: Group) -> None:
    """Party 1 waits for the commitment and the opening of party 0, and sends them back."""
    comment = "party 1 sends back what party 0 sent"
    name = f"commit and open M61 2 {comment}"
    rehearsal = Stage(FIELDS["M61"], 2, name)
    _commit(rehearsal)
    frames = {
        message.path.rsplit(".", 1)[-1]: message.frame for message in rehearsal.session.messages if message.sender == 0
    }
    record(
        group,
        comment,
        "CopiedCommitment",
        _commit,
        Cheat(1, "mac_check.sigma.commit", instead(frames["commit"][33:])),
        Cheat(1, "mac_check.sigma.open", instead(frames["open"][33:])),
    )


def coin_toss_file() -> str:
    """coin_toss.json"""
    groups = []
    for field, parties in (("M61", 2), ("M127", 3), ("M5", 4)):
        group = group_of("coin toss", "[KOS16] section 2; docs/wire, section 7", field, parties)
        record(group, "honest", "Honest", _toss)
        last = parties - 1
        record(group, "another contribution", "WrongOpening", _toss, Cheat(last, "mac_check.coins.open", flip(40)))
        record(group, "another commitment", "TamperedCommitment", _toss, Cheat(0, "mac_check.coins.commit", flip(9)))
        groups.append(group)
    return document("coin toss", SCHEMA, FLAGS, groups)


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


def _committed_sigma(parties: int, field: str, comment: str, change_sigma: int) -> list[Cheat]:
    """A cheater, party 0, that commits to sigma + 1, or to what is no element, and opens it as committed."""
    stage = Stage(FIELDS[field], parties, f"open and check {field} {parties} {comment}")
    _open_and_check(stage)
    (message,) = [m for m in stage.session.messages if m.sender == 0 and m.path.endswith("mac_check.sigma.open")]
    payload, width = message.frame[33:], FIELDS[field].width
    nonce, sigma = payload[:32], int.from_bytes(payload[32 : 32 + width], "little")
    wrong = (FIELDS[field].p if change_sigma == 0 else (sigma + change_sigma) % FIELDS[field].p).to_bytes(
        width, "little"
    )
    place = message.path.rsplit("/", 1)[0].encode()
    made = commitment(stage.session.session_id, 0, place, nonce, wrong)
    return [Cheat(0, "mac_check.sigma.commit", instead(made)), Cheat(0, "mac_check.sigma.open", instead(wrong, 32))]


def mac_check_file() -> str:
    """mac_check.json"""
    groups = []
    for field, parties in (("M61", 2), ("M127", 2), ("M61", 3)):
        prime = FIELDS[field]
        group = group_of("open and check", "[DKLPSS13] figure 10; docs/wire, sections 6 and 7", field, parties)
        record(group, "honest", "Honest", _open_and_check)
        last = parties - 1
        for index, name in ((0, "first"), (2, "last")):
            cheat = Cheat(0, "output.open", plus(prime, index))
            record(group, f"a wrong share, {name} element", "WrongShare", _open_and_check, cheat)
        second = Cheat(last, "output.open", plus(prime, 1), occurrence=1)
        record(group, "a wrong share in the second opening", "WrongShare", _open_and_check, second)
        whole = Cheat(last, "output.open", unreduced(prime, 1))
        record(group, "a share that is p", "NotCanonical", _open_and_check, whole)
        for comment, flag, step, place in (
            ("another commitment to coins", "TamperedCommitment", "coins.commit", 0),
            ("other coins", "WrongOpening", "coins.open", 32),
            ("another commitment to sigma", "TamperedCommitment", "sigma.commit", 31),
            ("another sigma than committed to", "WrongOpening", "sigma.open", 32),
        ):
            record(group, comment, flag, _open_and_check, Cheat(last, f"mac_check.{step}", flip(place)))
        if parties == 2:
            for comment, flag, delta in (
                ("a committed sigma + 1", "WrongSigma", 1),
                ("a committed p", "NotCanonical", 0),
            ):
                cheats = _committed_sigma(parties, field, comment, delta)
                record(group, comment, flag, _open_and_check, *cheats)
        else:
            _add_equivocations(group)
        groups.append(group)
    return document("MAC check", SCHEMA, FLAGS, groups)


def _add_equivocations(group: Group) -> None:
    prime = FIELDS[group.params["field"]]
    one = Cheat(0, "output.open", plus(prime), (1,))
    record(group, "a wrong share to party 1 alone", "EquivocatedBroadcast", _open_and_check, one)
    for victims in ((0,), (0, 1)):
        cheat = Cheat(2, "broadcast.echo", flip(0), victims)
        record(group, f"a wrong echo to parties {list(victims)}", "WrongEcho", _open_and_check, cheat)
    split = Cheat(1, "mac_check.coins.commit", flip(0), (2,))
    record(group, "different commitments to coins", "EquivocatedCommitment", _open_and_check, split)


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


def output_file() -> str:
    """output.json"""
    groups = []
    for field, parties in (("M61", 2), ("M127", 3)):
        prime = FIELDS[field]
        for protocol, play in (("output", _output), ("output to", _output_to)):
            group = group_of(protocol, "[DPSZ12] output; docs/wire, section 9", field, parties)
            record(group, "honest", "Honest", play)
            record(group, "a wrong share", "WrongShare", play, Cheat(0, "output.open", plus(prime, -1)))
            record(group, "a share that is p", "NotCanonical", play, Cheat(0, "output.open", unreduced(prime)))
            groups.append(group)
    return document("output", SCHEMA, FLAGS, groups)


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


def input_file() -> str:
    """input.json"""
    groups = []
    for field, parties in (("M61", 2), ("M127", 2), ("M61", 3)):
        group = group_of("input", "[DPSZ12] input; docs/wire, section 9", field, parties)
        record(group, "honest", "Honest", _input)
        bad = Cheat(1, "input.masked", unreduced(FIELDS[field]))
        record(group, "a masked input that is p", "NotCanonical", _input, bad)
        groups.append(group)
    return document("input", SCHEMA, FLAGS, groups)


def _multiply(stage: Stage) -> Results:
    shape = (2, 3)
    x, y = (stage.deal(name, stage.random(6), shape) for name in "xy")
    triple = stage.triple(shape, shape)
    return _shown(stage, online.multiply(stage.session, stage.clock, stage.place, stage.scope, x, y, triple))


def _square(stage: Stage) -> Results:
    p, values = stage.session.field.p, stage.random(3)
    x = stage.deal("x", stage.random(3), (3,))
    pair = stage.deal("a", values, (3,)), stage.deal("b", [a * a % p for a in values], (3,))
    return _shown(stage, online.square(stage.session, stage.clock, stage.place, stage.scope, x, pair))


def _matmul(stage: Stage) -> Results:
    p, m, inner, n = stage.session.field.p, 2, 3, 2
    x, y = stage.deal("x", stage.random(m * inner), (m, inner)), stage.deal("y", stage.random(inner * n), (inner, n))
    a, b = stage.random(m * inner), stage.random(inner * n)
    c = online.matrix_product(p, a, b, (m, inner, n))
    triple = stage.deal("a", a, (m, inner)), stage.deal("b", b, (inner, n)), stage.deal("c", c, (m, n))
    return _shown(stage, online.matmul(stage.session, stage.clock, stage.place, stage.scope, x, y, triple))


def _matmul_by_triples(stage: Stage) -> Results:
    m, inner, n = 2, 3, 2
    x, y = stage.deal("x", stage.random(m * inner), (m, inner)), stage.deal("y", stage.random(inner * n), (inner, n))
    triple = stage.triple((m, inner, n), (m, inner, n))
    return _shown(stage, online.matmul_by_triples(stage.session, stage.clock, stage.place, stage.scope, x, y, triple))


def multiply_file() -> str:
    """multiply.json"""
    groups = []
    for protocol, play, step, source in (
        ("multiply", _multiply, "multiply.masked", "[DPSZ12] multiplication"),
        ("square", _square, "square.masked", "[DKLPSS13] squaring"),
        ("matmul", _matmul, "matmul.masked", "[MZ17] section IV"),
        ("matmul by triples", _matmul_by_triples, "multiply.masked", "[DPSZ12] multiplication"),
    ):
        for field, parties in (("M61", 2), ("M127", 3)):
            group = group_of(protocol, f"{source}; docs/wire, section 9", field, parties)
            record(group, "honest", "Honest", play)
            bad = Cheat(parties - 1, step, unreduced(FIELDS[field], -1))
            record(group, "a share that is p", "NotCanonical", play, bad)
            groups.append(group)
    return document("products", SCHEMA, FLAGS, groups)


# -- publishing

PUBLISHED = ((3, -200), "Zürich", [None, True, 0.5, b"\0"])
OWNER = 1


def _publish(stage: Stage) -> Results:
    data = plain.encode(PUBLISHED)
    if not stage.alpha:
        raise AssertionError("a MAC key of zero")
    stage.given |= {"owner": OWNER, "values": data.hex()}
    seen = plain.publish(stage.session, stage.clock, stage.place, OWNER, data)
    return [{"value": told} for told in seen]


def publish_file() -> str:
    """publish.json"""
    groups = []
    size = len(plain.encode(PUBLISHED))
    for parties in (2, 3):
        group = group_of("publish", "docs/wire/session.md section 9", "M61", parties)
        record(group, "honest", "Honest", _publish)
        for comment, flag, step, change in (
            ("another length than that of the value", "WrongLength", "length", flip(0)),
            ("no length at all", "WrongLength", "length", instead(bytes(4))),
            ("a length beyond what may be published", "WrongLength", "length", instead(b"\1\0\x10\0")),
            ("an unknown letter", "NotPlain", "value", flip(0)),
            ("an integer with a byte too many", "NotPlain", "value", instead(b"\5\0", 21)),
            ("another count", "NotPlain", "value", flip(1)),
            ("text that is not UTF-8", "NotPlain", "value", instead(b"\xff", 33)),
        ):
            record(group, comment, flag, _publish, Cheat(OWNER, f"publish.{step}", change))
        if parties == 3:
            other = Cheat(OWNER, "publish.value", flip(size - 1), (0,))
            record(group, "party 0 is told another value", "EquivocatedBroadcast", _publish, other)
        groups.append(group)
    return document("publish", SCHEMA, FLAGS, groups)


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


def base_ot_file() -> str:
    """base_ot.json"""
    groups = []
    small = edwards.encode((0, edwards.P - 1, 1, 0))
    mixed = edwards.encode(edwards.add(edwards.multiply_generator(9), (0, edwards.P - 1, 1, 0)))
    for parties in (2, 3):
        group = group_of("base ot", "[MR19]; docs/wire, section 12", "M61", parties)
        record(group, "honest", "Honest", _base_ots)
        last = parties - 1
        bad_points = (
            ("the identity", edwards.encode(edwards.IDENTITY)),
            ("a point of order two", small),
            ("a point outside the subgroup", mixed),
            ("y = p", edwards.P.to_bytes(32, "little")),
        )
        for comment, data in bad_points if parties == 2 else bad_points[:1]:
            for step, places in ((base_ot.RECEIVER_STEP, (0, 160)), (base_ot.SENDER_STEP, (64,))):
                for start in places:
                    cheat = Cheat(last, step, instead(data, start))
                    record(group, f"{comment} at byte {start} of {step}", "InvalidPoint", _base_ots, cheat)
        if parties == 2:
            chosen = Cheat(1, base_ot.RECEIVER_STEP, _against_the_hash)
            record(group, "points whose sum with the hash is the identity", "ChosenPoint", _base_ots, chosen)
        groups.append(group)
    return document("base OT", SCHEMA, FLAGS, groups)


def _against_the_hash(payload: bytes) -> bytes:
    """Replace r_0 of the OT 1 by the negative of what is added to it."""
    other = payload[96:128]
    hashed = edwards.hash_to_group("base ot", 1, 0, 1, 0, other, session_id=seed_of("session id"))
    return payload[:64] + edwards.encode(edwards.negate(hashed)) + payload[96:]
