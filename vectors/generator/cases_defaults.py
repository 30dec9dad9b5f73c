"""Recordings of what sessions run by default: trees, matrix triples, batches in flight, silent VOLE with a toy plan.

As in `cases_mascot`: the tests of a group have one seed, and attacks run in toy fields.
"""

from __future__ import annotations

from vectors.generator.cases_mascot import SCHEMA, Wanted, material_group, record_material, secrets_of
from vectors.generator.cases_sessions import Writer, record_session, session_group
from vectors.generator.cheats import FLAGS, Change, flip, plus, unreduced
from vectors.generator.dealing import Kind
from vectors.generator.envelope import Group, document, seed_of
from vectors.generator.field import FIELDS, Field
from vectors.generator.ot_trees import BASE_OTS, CHECK_BYTES, SUMS_BYTES
from vectors.generator.params import DEFAULT, Lpn, MascotParams, Plan
from vectors.generator.world import Cheat, Session


def _triples(count: int) -> Wanted:
    return ((Kind("triples"), count),)


TRIPLE = _triples(1)
TOY = Plan(Lpn(5, 3, 2), Lpn(6, 4, 3), 4)
"""LPN parameters of no security at all; the first four values go through COPEe."""


# -- trees


def trees_file() -> str:
    """triples_trees.json"""
    four, eight = MascotParams(4), MascotParams(8)
    narrow, wide = material_group("M5", 2, four), material_group("M13", 2, eight)
    record_material(narrow, "a triple", "Honest", TRIPLE, mascot=four)
    record_material(narrow, "six batches in flight", "Honest", _triples(7), mascot=four, batches=[2, 1, 1, 1, 1, 1])
    _attack_the_trees(narrow, four)
    record_material(wide, "two triples", "Honest", _triples(2), mascot=eight)
    return document("triples with trees, in one batch and in several", SCHEMA, FLAGS, [narrow, wide])


def _attack_the_trees(group: Group, params: MascotParams) -> None:
    """The holder is party 0; of every two sums it reads the one that its bit of Delta says."""
    _, delta = secrets_of(Session(FIELDS["M5"], 2, seed_of("mascot M5 2")), 0)
    step, last = "setup.ot_trees", BASE_OTS - 1
    for comment, flag, place in (
        ("the first sum that the holder reads", "WrongTrees", 16 * (delta & 1)),
        ("the first sum that it does not read", "NoEffect", 16 * (1 - (delta & 1))),
        ("the last sum that it reads", "WrongTrees", 32 * last + 16 * (delta >> last)),
        ("the total of a tree", "WrongTrees", SUMS_BYTES + CHECK_BYTES),
        ("the hash of the trees", "WrongTrees", -1),
    ):
        record_material(group, comment, flag, TRIPLE, Cheat(1, step, flip(place)), mascot=params)
    used = next(j for j in range(BASE_OTS // 4) if delta >> 4 * j & 15)
    cheat = Cheat(1, "ot_extension.columns", flip(96 * used))
    record_material(group, "a column of a tree that Delta uses", "WrongColumns", TRIPLE, cheat, mascot=params)


# -- matrix triples


def matrix_triples_file() -> str:
    """matrix_triples.json"""
    params = MascotParams(4)
    group = material_group("M13", 2, params)
    flat: Wanted = ((Kind("matrix triples", -1, (2, 1, 3)), 2),)
    square: Wanted = ((Kind("matrix triples", -1, (2, 2, 2)), 1),)
    wide: Wanted = ((Kind("matrix triples", -1, (7, 1, 7)), 1),)
    record_material(group, "2 x 2 by 2 x 2", "Honest", square, mascot=params)
    record_material(group, "two of 2 x 1 by 1 x 3, which are made transposed", "Honest", flat, mascot=params)
    record_material(group, "7 x 1 by 1 x 7, with trees for digits", "Honest", wide, mascot=params)
    _attack_matrices(group, square, params)
    for comment, flag, place in (
        ("a sum of a tree, of the side that is chosen", "WrongProduct", 5 + 16),
        ("a sum of a tree, of the side that is not chosen", "NoEffect", 5),
    ):
        cheat = Cheat(1, "matrix_multiply.trees", flip(place))
        record_material(group, comment, flag, wide, cheat, mascot=params)
    return document("matrix triples of MASCOT", SCHEMA, FLAGS, [group])


def _attack_matrices(group: Group, wanted: Wanted, params: MascotParams) -> None:
    field, products, rho = FIELDS["M13"], "matrix_multiply.corrections", "matrix_sacrifice.rho"
    for comment, flag, step, change in (
        ("a correction of a product, where the bit of X is one", "WrongProduct", products, plus(field, 0)),
        ("a correction of a product, where the bit of X is zero", "NoEffect", products, plus(field, 4)),
        ("a correction that is p", "NotCanonical", products, unreduced(field, -1)),
        ("another rho", "WrongRho", rho, plus(field, 1)),
        ("sigma of the sacrifice", "WrongOpening", "matrix_sacrifice.check.sigma.open", flip(32)),
        ("commitment to sigma", "TamperedCommitment", "matrix_sacrifice.check.sigma.commit", flip(8)),
    ):
        record_material(group, comment, flag, wanted, Cheat(1, step, change), mascot=params)
    for step in ("matrix_combine", "matrix_sacrifice", "matrix_sacrifice.check"):
        for flag, part, place in (("TamperedCommitment", "commit", 31), ("WrongOpening", "open", 32)):
            cheat = Cheat(0, f"{step}.coins.{part}", flip(place))
            record_material(group, f"{step}.coins.{part}", flag, wanted, cheat, mascot=params)


# -- silent VOLE


def vole_file() -> str:
    """vole.json"""
    params = MascotParams(4, "vole", TOY)
    wide, two, three = (material_group(*shape, params) for shape in (("M61", 2), ("M5", 2), ("M5", 3)))
    shares: Wanted = ((Kind("random shares"), 5),)
    several: Wanted = ((Kind("input masks", 0), 2), (Kind("input masks", 1), 6), (Kind("random shares"), 22))
    matrix: Wanted = ((Kind("matrix triples", -1, (3, 1, 2)), 1),)
    record_material(wide, "random shares", "Honest", shares, mascot=params)
    record_material(two, "random shares", "Honest", shares, mascot=params)
    record_material(two, "COPEe, one inputter, then both, who extend again", "Honest", several, mascot=params)
    record_material(two, "two batches in flight", "Honest", _triples(3), mascot=params, batches=[2, 1])
    _attack_voles(two, shares, params)
    record_material(three, "a matrix triple, 3 x 1 by 1 x 2", "Honest", matrix, mascot=params)
    return document("silent VOLE, with a toy plan", SCHEMA, FLAGS, [wide, two, three])


def _in_row(field: Field, bit: int) -> Change:
    """Change an element of the row of a bit of the key, in COPEe of the base and its mask."""
    return plus(field, bit * (TOY.first.base + 1))


def _attack_voles(group: Group, wanted: Wanted, params: MascotParams) -> None:
    """Party 0 cheats: as an inputter in the base, x*, Z and corrections, as a key holder in the rest."""
    field = FIELDS["M5"]
    alpha, _ = secrets_of(Session(field, 2, seed_of("mascot M5 2")), 1)
    one = next(bit for bit in range(field.bits) if alpha >> bit & 1)
    for comment, flag, step, change in (
        ("a correction of the base, where the key bit is one", "WrongBase", "copee.corrections", _in_row(field, one)),
        ("u of the combination of the base", "WrongBase", "vole.base.combination", plus(field, 0)),
        ("v of the combination of the base", "WrongBase", "vole.base.combination", plus(field, 1)),
        ("a sum that is p or above", "NotCanonical", "vole.totals", unreduced(field, 1)),
        ("a sum of both sides of a level", "WrongSums", "vole.sums", lambda data: flip(0)(flip(16)(data))),
        ("a sum that is not read", "NoEffect", "vole.sums", flip(16)),
        ("a total", "WrongSums", "vole.totals", plus(field, 2)),
        ("another x*", "WrongDifference", "vole.difference", plus(field)),
        ("another commitment to Y", "TamperedCommitment", "vole.commit", flip(5)),
        ("another Z", "WrongResponse", "vole.response", plus(field)),
        ("another nonce", "WrongOpening", "vole.open", flip(0)),
        ("a wrong correction", "WrongAuthentication", "vole.corrections", plus(field)),
    ):
        record_material(group, comment, flag, wanted, Cheat(0, step, change), mascot=params)
    for step in ("vole.base", "vole.check"):
        for flag, part, place in (("TamperedCommitment", "commit", 31), ("WrongOpening", "open", 32)):
            cheat = Cheat(1, f"{step}.coins.{part}", flip(place))
            record_material(group, f"{step}.coins.{part}", flag, wanted, cheat, mascot=params)


# -- a session


def default_session_file() -> str:
    """sessions_default.json"""
    group = session_group("M61", 2, "mascot", DEFAULT)
    writer = Writer("M61", "default")
    x, y = writer.input(0, 2, 2), writer.input(1, 2, 2)
    product, matrix = writer.add("multiply", of=[x, y]), writer.add("matmul", of=[x, y])
    writer.add("reveal", of=[product, matrix])
    record_session(group, "products and a matrix product", "Honest", writer.program, mascot=DEFAULT)
    return document("a session as it is by default", SCHEMA, FLAGS, [group])
