"""Recordings of the MASCOT generator: set-up and material, made by honest parties.

All tests of one group have the same seed, so they share their base OTs. Most run in a toy field, where an OT extension
is small.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vectors.generator.cheats import FLAGS
from vectors.generator.dealing import Kind, Material
from vectors.generator.envelope import Group, big, document, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.flight import triples_in_flight
from vectors.generator.mascot import Mascot
from vectors.generator.params import PLAINEST, PLAN, Lpn, MascotParams, Plan
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


# -- honest recordings

TREES = MascotParams(4)
VOLE = MascotParams(4, "vole", Plan(Lpn(5, 3, 2), Lpn(6, 4, 3), 4))
"""LPN parameters of no security at all; the first four values go through COPEe."""


def secrets_of(session: Session, party: int) -> tuple[int, int]:
    """(alpha_i, Delta towards the first peer): what a party draws first."""
    (alpha,) = session.draw_elements(party, 1)
    return alpha, int.from_bytes(session.draw(party, 16), "little")


def authenticate_file() -> str:
    """authenticate.json"""
    group = material_group("M5", 3)
    wanted: Wanted = ((Kind("input masks", 0), 2), (Kind("random shares"), 2))
    record_material(group, "input masks and random shares", "Honest", wanted)
    return document("set-up, COPEe, authenticate: input masks and random shares", SCHEMA, FLAGS, [group])


def triples_file() -> str:
    """triples.json"""
    group = material_group("M5", 2)
    record_material(group, "a square", "Honest", ((Kind("squares"), 1),))
    record_material(group, "a random bit", "Honest", ((Kind("random bits"), 1),))
    return document("OT extension, triples with their sacrifice, squares, bits", SCHEMA, FLAGS, [group])


def matrix_triples_file() -> str:
    """matrix_triples.json"""
    group = material_group("M5", 2, TREES)
    small: Wanted = ((Kind("matrix triples", -1, (2, 1, 2)), 1),)
    wide: Wanted = ((Kind("matrix triples", -1, (7, 1, 8)), 1),)
    record_material(group, "2 x 1 by 1 x 2", "Honest", small, mascot=TREES)
    record_material(group, "7 x 1 by 1 x 8, made transposed, with trees for digits", "Honest", wide, mascot=TREES)
    return document("matrix triples of MASCOT", SCHEMA, FLAGS, [group])


def vole_file() -> str:
    """vole.json"""
    group = material_group("M5", 2, VOLE)
    masks: Wanted = ((Kind("input masks", 0), 2), (Kind("input masks", 1), 6))
    triples: Wanted = ((Kind("triples"), 4),)
    record_material(group, "COPEe, then VOLEs of one inputter", "Honest", masks, mascot=VOLE)
    record_material(group, "triples, four batches in flight", "Honest", triples, mascot=VOLE, batches=[1, 1, 1, 1])
    return document("silent VOLE with a toy plan, and batches in flight", SCHEMA, FLAGS, [group])
