"""Attacks on single protocols: each function returns the groups of one family of faults."""

from __future__ import annotations

from vectors.generator import base_ot, edwards, plain
from vectors.generator.cases_protocols import PROTOCOLS, PUBLISHED, PUBLISHER, protocol_group, record_protocol
from vectors.generator.cheats import flip, instead, plus, unreduced
from vectors.generator.envelope import Group, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.hashing import commitment
from vectors.generator.recording import Stage
from vectors.generator.world import Cheat

SIGMA, COINS = "mac_check.sigma", "mac_check.coins"


# -- commitments and their openings


def wrong_openings() -> list[Group]:
    """What is opened is not what was committed to, or was committed to by somebody else."""
    two, three = protocol_group("commit and open", "M61", 2), protocol_group("commit and open", "M61", 3)
    for comment, flag, step, change in (
        ("another commitment", "TamperedCommitment", "commit", flip(0)),
        ("another payload than committed to", "WrongOpening", "open", flip(32)),
        ("another nonce than committed to", "WrongOpening", "open", flip(31)),
    ):
        record_protocol(two, comment, flag, Cheat(1, f"{SIGMA}.{step}", change))
    _record_copied(two)
    record_protocol(three, "another payload than committed to", "WrongOpening", Cheat(0, f"{SIGMA}.open", flip(32)))

    coins = protocol_group("coin toss", "M127", 3)
    record_protocol(coins, "another contribution", "WrongOpening", Cheat(2, f"{COINS}.open", flip(40)))
    record_protocol(coins, "another commitment", "TamperedCommitment", Cheat(0, f"{COINS}.commit", flip(9)))

    checks = protocol_group("open and check", "M61", 2)
    for comment, flag, at, place in (
        ("another commitment to coins", "TamperedCommitment", f"{COINS}.commit", 0),
        ("other coins", "WrongOpening", f"{COINS}.open", 32),
        ("another commitment to sigma", "TamperedCommitment", f"{SIGMA}.commit", 31),
        ("another sigma than committed to", "WrongOpening", f"{SIGMA}.open", 32),
    ):
        record_protocol(checks, comment, flag, Cheat(1, at, flip(place)))
    return [two, three, coins, checks]


def _record_copied(group: Group) -> None:
    """Party 1 waits for the commitment and the opening of party 0, and sends them back."""
    comment = "party 1 sends back what party 0 sent"
    rehearsal = _rehearsed(group, comment)
    frames = {
        message.path.rsplit(".", 1)[-1]: message.frame for message in rehearsal.session.messages if message.sender == 0
    }
    copies = (Cheat(1, f"{SIGMA}.{part}", instead(frames[part][33:])) for part in ("commit", "open"))
    record_protocol(group, comment, "CopiedCommitment", *copies)


def _rehearsed(group: Group, comment: str) -> Stage:
    """An honest run with the randomness of the recording that will have this comment."""
    protocol, field, parties = (group.params[key] for key in ("protocol", "field", "parties"))
    stage = Stage(FIELDS[field], parties, f"{protocol} {field} {parties} {comment}")
    PROTOCOLS[protocol][1](stage)
    return stage


# -- values


def wrong_shares() -> list[Group]:
    """Shares and sigmas that are elements, but not those that the MACs belong to."""
    groups = []
    for field, parties in (("M61", 2), ("M127", 3)):
        group, prime, last = protocol_group("open and check", field, parties), FIELDS[field], parties - 1
        record_protocol(group, "a wrong share, first element", "WrongShare", Cheat(0, "output.open", plus(prime, 0)))
        second = Cheat(last, "output.open", plus(prime, 1), occurrence=1)
        record_protocol(group, "a wrong share in the second opening", "WrongShare", second)
        groups.append(group)
    comment = "a committed sigma + 1"
    record_protocol(groups[0], comment, "WrongSigma", *_committed_sigma(groups[0], comment, 1))
    for protocol in ("output", "output to"):
        group = protocol_group(protocol, "M61", 2)
        record_protocol(group, "a wrong share", "WrongShare", Cheat(0, "output.open", plus(FIELDS["M61"], -1)))
        groups.append(group)
    return groups


def not_canonical() -> list[Group]:
    """Elements that are p."""
    groups = []
    for protocol, step in (
        ("open and check", "output.open"),
        ("output", "output.open"),
        ("input", "input.masked"),
        ("multiply", "multiply.masked"),
        ("square", "square.masked"),
        ("matmul", "matmul.masked"),
    ):
        group = protocol_group(protocol, "M61", 2)
        record_protocol(group, "an element that is p", "NotCanonical", Cheat(1, step, unreduced(FIELDS["M61"], -1)))
        groups.append(group)
    comment = "a committed sigma that is p"
    record_protocol(groups[0], comment, "NotCanonical", *_committed_sigma(groups[0], comment, 0))
    wide = protocol_group("multiply", "M127", 3)
    change = unreduced(FIELDS["M127"])
    record_protocol(wide, "an element that is p", "NotCanonical", Cheat(2, "multiply.masked", change))
    return [*groups, wide, _not_plain()]


def _not_plain() -> Group:
    """What is published has a wrong length, or is not the encoding of a value, or not its only one."""
    group = protocol_group("publish", "M61", 2)
    for comment, flag, step, change in (
        ("another length than that of the value", "WrongLength", "length", flip(0)),
        ("no length at all", "WrongLength", "length", instead(bytes(4))),
        ("a length beyond what may be published", "WrongLength", "length", instead(b"\1\0\x10\0")),
        ("an unknown letter", "NotPlain", "value", flip(0)),
        ("an integer with a byte too many", "NotPlain", "value", instead(b"\5\0", 21)),
        ("another count", "NotPlain", "value", flip(1)),
        ("text that is not UTF-8", "NotPlain", "value", instead(b"\xff", 33)),
    ):
        record_protocol(group, comment, flag, Cheat(PUBLISHER, f"publish.{step}", change))
    return group


def _committed_sigma(group: Group, comment: str, change: int) -> list[Cheat]:
    """A cheater, party 0, that commits to sigma + 1, or to p instead of 0, and opens it as committed."""
    stage, field = _rehearsed(group, comment), FIELDS[group.params["field"]]
    (message,) = [m for m in stage.session.messages if m.sender == 0 and m.path.endswith(f"{SIGMA}.open")]
    payload = message.frame[33:]
    nonce, sigma = payload[:32], field.decode(payload[32 : 32 + field.width])[0]
    wrong = ((sigma + change) % field.p if change else field.p).to_bytes(field.width, "little")
    made = commitment(stage.session.session_id, 0, message.path.rsplit("/", 1)[0].encode(), nonce, wrong)
    return [Cheat(0, f"{SIGMA}.commit", instead(made)), Cheat(0, f"{SIGMA}.open", instead(wrong, 32))]


# -- broadcasts


def equivocations() -> list[Group]:
    """One of three parties tells the others different things."""
    opened, checked = protocol_group("commit and open", "M61", 3), protocol_group("open and check", "M61", 3)
    sent = Cheat(0, f"{SIGMA}.commit", flip(5), (1,))
    record_protocol(opened, "another commitment to party 1", "EquivocatedCommitment", sent)
    seen = Cheat(2, f"{SIGMA}.open", flip(-1), (0,))
    record_protocol(opened, "party 2 says to party 0 that it saw others", "EquivocatedCommitment", seen)
    shared = Cheat(0, "output.open", plus(FIELDS["M61"]), (1,))
    record_protocol(checked, "a wrong share to party 1 alone", "EquivocatedBroadcast", shared)
    for victims in ((0,), (0, 1)):
        cheat = Cheat(2, "broadcast.echo", flip(0), victims)
        record_protocol(checked, f"a wrong echo to parties {list(victims)}", "WrongEcho", cheat)
    split = Cheat(1, f"{COINS}.commit", flip(0), (2,))
    record_protocol(checked, "different commitments to coins", "EquivocatedCommitment", split)
    published, last = protocol_group("publish", "M61", 3), len(plain.encode(PUBLISHED)) - 1
    told = Cheat(PUBLISHER, "publish.value", flip(last), (0,))
    record_protocol(published, "party 0 is told another value", "EquivocatedBroadcast", told)
    return [opened, checked, published]


# -- points


def invalid_points() -> list[Group]:
    """Points of base OT that are outside of the group, or chosen against its hash."""
    small = edwards.encode((0, edwards.P - 1, 1, 0))
    mixed = edwards.encode(edwards.add(edwards.multiply_generator(9), (0, edwards.P - 1, 1, 0)))
    identity = edwards.encode(edwards.IDENTITY)
    two, three = (protocol_group("base ot", "M61", parties) for parties in (2, 3))
    for comment, data in (
        ("the identity", identity),
        ("a point of order two", small),
        ("a point outside the subgroup", mixed),
        ("y = p", edwards.P.to_bytes(32, "little")),
    ):
        for step, start in ((base_ot.RECEIVER_STEP, 160), (base_ot.SENDER_STEP, 64)):
            cheat = Cheat(1, step, instead(data, start))
            record_protocol(two, f"{comment} at byte {start} of {step}", "InvalidPoint", cheat)
    chosen = Cheat(1, base_ot.RECEIVER_STEP, _against_the_hash)
    record_protocol(two, "points whose sum with the hash is the identity", "ChosenPoint", chosen)
    record_protocol(three, "the identity", "InvalidPoint", Cheat(2, base_ot.RECEIVER_STEP, instead(identity)))
    return [two, three]


def _against_the_hash(payload: bytes) -> bytes:
    """Replace r_0 of the OT 1 by the negative of what is added to it."""
    other = payload[96:128]
    hashed = edwards.hash_to_group("base ot", 1, 0, 1, 0, other, session_id=seed_of("session id"))
    return payload[:64] + edwards.encode(edwards.negate(hashed)) + payload[96:]
