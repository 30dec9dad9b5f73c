"""Recordings of the MASCOT generator: set-up and material, attacks on each of its checks, whole sessions.

All tests of one group have the same seed, so they share their base OTs. Attacks run in a toy field, where an OT
extension is small; that each is found there, where cheats pass now and then, is a property of these seeds.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vectors.generator.cases_sessions import Writer, product, record_session, session_group
from vectors.generator.cheats import FLAGS, flip, instead, plus, unreduced
from vectors.generator.dealing import Kind, Material
from vectors.generator.edwards import IDENTITY, encode
from vectors.generator.envelope import Group, big, document, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.flight import triples_in_flight
from vectors.generator.mascot import Mascot
from vectors.generator.params import PLAINEST, PLAN, MascotParams
from vectors.generator.recording import Results, add_transcript
from vectors.generator.world import Cheat, Clock, OverError, Place, Session

SCHEMA = "transcript_v1.json"
SOURCE = "[KOS16] figures 2, 4, 6 and 7; [Roy22] section 4; docs/wire, sections 12 to 14"

Wanted = tuple[tuple[Kind, int], ...]


def material_group(field: str, parties: int, mascot: MascotParams = PLAINEST) -> Group:
    """A group of recordings of the generator; the plan of silent VOLE is given where it is not the usual one."""
    params: dict[str, Any] = {
        "field": field,
        "modulus": big(FIELDS[field].p),
        "parties": parties,
        "sessionId": seed_of("session id").hex(),
        "preprocessing": "mascot",
        "mascot": str(mascot),
    }
    if mascot.plan != PLAN:
        params["volePlan"] = asdict(mascot.plan)
    return Group("material", SOURCE, params)


def _shown(kind: Kind) -> str:
    if kind.dims:
        return f"{kind.name} {'x'.join(map(str, kind.dims))}"
    return f"{kind.name} of party {kind.owner}" if kind.owner >= 0 else kind.name


def record_material(
    group: Group,
    comment: str,
    flag: str,
    wanted: Wanted,
    *cheats: Cheat,
    mascot: MascotParams = PLAINEST,
    batches: list[int] | None = None,
) -> Session:
    """Set-up, then batches in the order of the kinds; or triples in several batches, of these sizes."""
    field, parties = FIELDS[group.params["field"]], group.params["parties"]
    seed = seed_of(f"mascot {field.name} {parties}")
    session = Session(field, parties, seed, seed_of("session id"), cheats=cheats)
    clock, root = Clock(), Place()
    results: Results = [{} for _ in session.parties]
    try:
        maker = Mascot(session, clock, root.child("set-up"), mascot)
        place = root.child("prepare")
        for kind, count in sorted(wanted):
            if batches:
                material = Material(triples_in_flight(maker, clock, place, batches), [])
            else:
                material = maker.make(clock, place.child("batch"), kind, count)
            for party in session.parties:
                for i, shares in enumerate(material.arrays):
                    results[party][f"{_shown(kind)}, array {i}, value"] = field.encode(shares.values[party])
                    results[party][f"{_shown(kind)}, array {i}, mac"] = field.encode(shares.macs[party])
            if material.clear:
                results[kind.owner][f"{_shown(kind)}, clear"] = field.encode(material.clear)
        for party in session.parties:
            results[party]["macKey"] = field.encode([session.mac_key[party]])
        session.settle()
    except OverError:
        pass
    listed: list[dict[str, Any]] = []
    for kind, count in wanted:
        more: dict[str, Any] = {"owner": kind.owner} if kind.owner >= 0 else {}
        more |= {"dims": list(kind.dims)} if kind.dims else {}
        more |= {"batches": batches} if batches else {}
        listed.append({"kind": kind.name, **more, "count": count})
    add_transcript(group, comment, flag, session, seed, {"material": listed}, results)
    return session


# -- authenticate

MASKS_AND_SHARES: Wanted = ((Kind("input masks", 0), 2), (Kind("input masks", 1), 1), (Kind("random shares"), 2))


def authenticate_file() -> str:
    """authenticate.json"""
    groups = [material_group(field, 2) for field in ("M61", "M13")]
    for group in groups:
        record_material(group, "input masks and random shares", "Honest", MASKS_AND_SHARES)
    _attack_authenticate(groups[1])
    return document("set-up, COPEe, authenticate: input masks and random shares", SCHEMA, FLAGS, groups)


def secrets_of(session: Session, party: int) -> tuple[int, int]:
    """(alpha_i, Delta towards the first peer): what a party draws first."""
    (alpha,) = session.draw_elements(party, 1)
    return alpha, int.from_bytes(session.draw(party, 16), "little")


def _attack_authenticate(group: Group) -> None:
    field, seed = FIELDS["M13"], seed_of("mascot M13 2")
    wanted: Wanted = ((Kind("random shares"), 1),)
    alpha, _ = secrets_of(Session(field, 2, seed), 0)
    # The matrix u has a row of two elements for each bit of the peer's key share.
    one, zero = (next(bit for bit in range(field.bits) if alpha >> bit & 1 == kept) for kept in (1, 0))
    corrections, step, identity = "copee.corrections", "authenticate.check", encode(IDENTITY)
    for comment, flag, at, change in (
        ("a correction, where the key bit is one", "WrongAuthentication", corrections, plus(field, 2 * one)),
        ("a correction, where the key bit is zero", "NoEffect", corrections, plus(field, 2 * zero)),
        ("a correction that is p", "NotCanonical", corrections, unreduced(field, 3)),
        ("another combination", "WrongCombination", "authenticate.combination", plus(field)),
        ("other coins", "WrongOpening", "authenticate.coins.open", flip(33)),
        ("another commitment to coins", "TamperedCommitment", "authenticate.coins.commit", flip(1)),
        ("other coins of the check", "WrongOpening", f"{step}.coins.open", flip(60)),
        ("another commitment to coins of the check", "TamperedCommitment", f"{step}.coins.commit", flip(2)),
        ("another sigma than committed to", "WrongOpening", f"{step}.sigma.open", flip(32)),
        ("another commitment to sigma", "TamperedCommitment", f"{step}.sigma.commit", flip(3)),
        ("another seed of shares than used", "WrongSeed", "setup.share_seeds", flip(0)),
        ("a point that is the identity", "InvalidPoint", "base_ot.receiver_points", instead(identity, 64)),
        ("an answer that is the identity", "InvalidPoint", "base_ot.sender_points", instead(identity, 32)),
    ):
        record_material(group, comment, flag, wanted, Cheat(1, at, change))


# -- triples


def triples_file() -> str:
    """triples.json"""
    two, three = material_group("M5", 2), material_group("M5", 3)
    record_material(two, "a triple", "Honest", ((Kind("triples"), 1),))
    record_material(two, "a square", "Honest", ((Kind("squares"), 1),))
    record_material(two, "a random bit", "Honest", ((Kind("random bits"), 1),))
    _attack_triples(two)
    _attack_squares_and_bits(two)
    record_material(three, "triples", "Honest", ((Kind("triples"), 2),))
    record_material(three, "a random bit", "Honest", ((Kind("random bits"), 1),))
    record_material(three, "input masks and random shares", "Honest", MASKS_AND_SHARES)
    _attack_the_key_check(three)
    return document("OT extension, triples with their sacrifice, squares, bits", SCHEMA, FLAGS, [two, three])


def _attack_triples(group: Group) -> None:
    field = FIELDS["M5"]
    wanted: Wanted = ((Kind("triples"), 1),)
    column = 96  # bytes of a column: 128 * 5 rows and 128 more
    columns, digests, products = "ot_extension.columns", "ot_extension.digests", "multiply.corrections"
    _, delta = secrets_of(Session(field, 2, seed_of("mascot M5 2")), 0)
    ones = [i for i in range(128) if delta >> i & 1]
    early, late, ignored = ones[0], ones[-1], next(i for i in range(128) if i not in ones)
    tosses = {"ot_extension.check": "the OT check", "combine": "combine", "sacrifice": "the sacrifice"}
    tosses["sacrifice.check"] = "the check of the sacrifice"
    for comment, flag, step, change in (
        ("an early column, first row", "WrongColumns", columns, flip(early * column)),
        ("a late column, last row", "WrongColumns", columns, flip(late * column + column - 1)),
        ("a column that Delta ignores", "NoEffect", columns, flip(ignored * column)),
        ("an early column, a padding row", "WrongColumns", columns, flip(early * column + 70)),
        ("a digest of a column", "WrongDigest", digests, flip(5)),
        ("the digest of the choice bits", "WrongDigest", digests, flip(-1)),
        ("a correction of a product, where the bit of a is one", "WrongProduct", products, plus(field, 11)),
        ("a correction of a product, where the bit of a is zero", "NoEffect", products, plus(field, 5)),
        ("a correction that is p", "NotCanonical", products, unreduced(field)),
        ("another rho", "WrongRho", "sacrifice.rho", plus(field)),
        ("sigma of the sacrifice", "WrongOpening", "sacrifice.check.sigma.open", flip(32)),
        ("commitment to sigma of the sacrifice", "TamperedCommitment", "sacrifice.check.sigma.commit", flip(8)),
    ):
        record_material(group, comment, flag, wanted, Cheat(1, step, change))
    for step, name in tosses.items():
        for flag, part, place in (("TamperedCommitment", "commit", 31), ("WrongOpening", "open", 32)):
            record_material(
                group, f"coins of {name}, {part}", flag, wanted, Cheat(0, f"{step}.coins.{part}", flip(place))
            )


def _attack_squares_and_bits(group: Group) -> None:
    wanted: Wanted = ((Kind("random bits"), 1),)
    for step in ("squares.difference", "bits.square"):
        record_material(group, f"a wrong share at {step}", "WrongShare", wanted, Cheat(0, step, plus(FIELDS["M5"])))


def _attack_the_key_check(group: Group) -> None:
    """Three parties: the check that everyone uses one key share, which is an authentication of nothing."""
    wanted: Wanted = ((Kind("random shares"), 1),)
    combination, field = "authenticate.combination", FIELDS["M5"]
    alpha, _ = secrets_of(Session(field, 3, seed_of("mascot M5 3")), 2)
    one = next(bit for bit in range(field.bits) if alpha >> bit & 1)
    for comment, flag, cheat in (
        ("a wrong echo", "WrongEcho", Cheat(2, "broadcast.echo", flip(1), (0,))),
        ("another combination to party 1", "EquivocatedBroadcast", Cheat(0, combination, plus(field), (1,))),
        ("a wrong correction", "WrongAuthentication", Cheat(1, "copee.corrections", plus(field, one), (2,))),
    ):
        record_material(group, f"in the check of key shares: {comment}", flag, wanted, cheat)


# -- whole sessions


def mascot_sessions_file() -> str:
    """sessions_mascot.json"""
    two, three, wide = (session_group(*shape, "mascot") for shape in (("M31", 2), ("M5", 3), ("M127", 2)))
    record_session(two, "a product", "Honest", product("M31", 1))
    record_session(three, "a product", "Honest", product("M5", 1))
    writer = Writer("M127", "sum")
    x, y = writer.input(0, 2), writer.input(1, 2)
    writer.add("reveal", of=[writer.add("add", of=[x, y])])
    writer.add("reveal to", party=1, of=[x])
    record_session(wide, "a sum", "Honest", writer.program)
    change = Cheat(0, "output.open", plus(FIELDS["M127"]))
    record_session(wide, "a wrong share of the output", "WrongShare", writer.program, change)
    return document("sessions without a trusted party", SCHEMA, FLAGS, [two, three, wide])
