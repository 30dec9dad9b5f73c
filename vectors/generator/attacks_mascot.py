"""Attacks on the MASCOT generator: each function returns the groups of one family of faults.

All run with two parties in a toy field; that each is found there, where cheats pass now and then, is a property of
these seeds.
"""

from __future__ import annotations

from vectors.generator.cases_mascot import TREES, VOLE, Wanted, material_group, record_material, secrets_of
from vectors.generator.cheats import Change, flip, plus, unreduced
from vectors.generator.dealing import Kind
from vectors.generator.envelope import Group, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.ot_trees import BASE_OTS
from vectors.generator.params import MascotParams
from vectors.generator.world import Cheat, Session

FIELD = FIELDS["M5"]
COPEE: Wanted = ((Kind("random shares"), 1),)
SILENT: Wanted = ((Kind("random shares"), 5),)
"""More than the plan authenticates by COPEe."""
BITS: Wanted = ((Kind("random bits"), 1),)
"""From a square, which is made from a triple."""
MATRIX: Wanted = ((Kind("matrix triples", -1, (7, 1, 7)), 1),)
"""Of so many columns that it has trees for digits."""

Row = tuple[str, str, str, Change]
"""(comment, flag, step, change)"""


def _record(group: Group, params: MascotParams, wanted: Wanted, cheater: int, *rows: Row) -> None:
    for comment, flag, step, change in rows:
        record_material(group, comment, flag, wanted, Cheat(cheater, step, change), mascot=params)


def _secrets(party: int) -> tuple[int, int]:
    return secrets_of(Session(FIELD, 2, seed_of("mascot M5 2")), party)


# -- triples


def wrong_triples() -> list[Group]:
    """Triples, squares, bits and matrix triples that do not multiply, or would depend on single bits of a secret."""
    group, (_, delta) = material_group(FIELD.name, 2, TREES), _secrets(0)
    trees, product, last = "setup.ot_trees", "multiply.corrections", BASE_OTS - 1
    used = next(j for j in range(BASE_OTS // 4) if delta >> 4 * j & 15)
    _record(
        group,
        TREES,
        BITS,
        1,
        # Of every two sums the holder of Delta reads the one that its bit says.
        ("the last sum of the OT trees that is read", "WrongTrees", trees, flip(32 * last + 16 * (delta >> last))),
        ("a column of a tree that Delta uses", "WrongColumns", "ot_extension.columns", flip(96 * used)),
        ("the digest of the choice bits", "WrongDigest", "ot_extension.digests", flip(-1)),
        ("coins of the OT check", "WrongOpening", "ot_extension.check.coins.open", flip(32)),
        ("a correction, where the bit of a is one", "WrongProduct", product, plus(FIELD, 1)),
        ("a correction, where the bit of a is zero", "NoEffect", product, plus(FIELD, 2)),
        ("a correction that is p", "NotCanonical", product, unreduced(FIELD)),
        ("coins of combine", "WrongOpening", "combine.coins.open", flip(32)),
        ("coins of the sacrifice", "WrongOpening", "sacrifice.coins.open", flip(32)),
        ("sigma of the sacrifice", "WrongOpening", "sacrifice.check.sigma.open", flip(32)),
    )
    _record(group, TREES, BITS, 0, ("another rho", "WrongRho", "sacrifice.rho", plus(FIELD)))
    for step in ("squares.difference", "bits.square"):
        _record(group, TREES, BITS, 0, (f"a wrong share at {step}", "WrongShare", step, plus(FIELD)))
    _attack_matrices(group)
    return [group]


def _attack_matrices(group: Group) -> None:
    products = "matrix_multiply.corrections"
    _record(
        group,
        TREES,
        MATRIX,
        1,
        ("a sum of a tree, of the side that is chosen", "WrongProduct", "matrix_multiply.trees", flip(5)),
        ("a correction, where the digit of X is not zero", "WrongProduct", products, plus(FIELD, 0)),
        ("a matrix correction that is p", "NotCanonical", products, unreduced(FIELD, -1)),
        ("coins of combine, of matrices", "WrongOpening", "matrix_combine.coins.open", flip(32)),
        ("coins of the sacrifice of matrices", "WrongOpening", "matrix_sacrifice.coins.open", flip(32)),
        ("another rho of matrices", "WrongRho", "matrix_sacrifice.rho", plus(FIELD)),
    )


# -- authentication


def wrong_authentication() -> list[Group]:
    """Party 0 enters values whose MAC shares do not fit, or would depend on bits of the key: COPEe and silent VOLE."""
    group, (alpha, _) = material_group(FIELD.name, 2, VOLE), _secrets(1)
    one, zero = (next(bit for bit in range(FIELD.bits) if alpha >> bit & 1 == kept) for kept in (1, 0))
    copee, check = "copee.corrections", "authenticate.check"
    # The matrix u has a row of two elements for each bit of the peer's key share.
    _record(
        group,
        VOLE,
        COPEE,
        0,
        ("a correction, where the key bit is one", "WrongAuthentication", copee, plus(FIELD, 2 * one)),
        ("a correction, where the key bit is zero", "NoEffect", copee, plus(FIELD, 2 * zero)),
        ("a correction that is p", "NotCanonical", copee, unreduced(FIELD, 3)),
        ("another combination", "WrongCombination", "authenticate.combination", plus(FIELD)),
        ("another seed of shares than used", "WrongSeed", "setup.share_seeds", flip(0)),
        ("other coins", "WrongOpening", "authenticate.coins.open", flip(33)),
        ("other coins of the check", "WrongOpening", f"{check}.coins.open", flip(60)),
        ("another sigma than committed to", "WrongOpening", f"{check}.sigma.open", flip(32)),
    )
    _attack_voles(group, one * (VOLE.plan.first.base + 1))
    return [group]


def _attack_voles(group: Group, at: int) -> None:
    """As an inputter in the base, x*, Z and corrections, else as a key holder; `at` is where a key bit is one."""
    base = "copee.corrections"
    _record(
        group,
        VOLE,
        SILENT,
        0,
        ("a correction of the base, where the key bit is one", "WrongBase", base, plus(FIELD, at)),
        ("u of the combination of the base", "WrongBase", "vole.base.combination", plus(FIELD)),
        ("a sum that is p or above", "NotCanonical", "vole.totals", unreduced(FIELD, 1)),
        ("a sum of both sides of a level", "WrongSums", "vole.sums", lambda data: flip(0)(flip(16)(data))),
        ("a total", "WrongSums", "vole.totals", plus(FIELD, 2)),
        ("another x*", "WrongDifference", "vole.difference", plus(FIELD)),
        ("another Z", "WrongResponse", "vole.response", plus(FIELD)),
        ("another nonce of Y", "WrongOpening", "vole.open", flip(0)),
        ("a wrong correction", "WrongAuthentication", "vole.corrections", plus(FIELD)),
        ("coins of the base", "WrongOpening", "vole.base.coins.open", flip(32)),
        ("coins of the check", "WrongOpening", "vole.check.coins.open", flip(32)),
    )
