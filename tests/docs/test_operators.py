"""docs/operators.md is what its generator makes of the code, and its expressions do what numpy's do."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.online.session import Mpc
from spdz.online.values.array import SecretArray
from spdz.online.values.boolean import SecretBool
from spdz.online.values.fixed import SecretFixed
from spdz.online.values.integer import SecretInt
from spdz.online.values.numpy_functions import FUNCTIONS, UFUNCS
from spdz.online.values.secret import Secret
from tests.docs.operators import PAGE, SECTIONS, Row, Section, cells, evaluated, page

CLASSES = [SecretArray, SecretInt, SecretFixed, SecretBool]
WITHOUT_A_ROW = {
    *{"decode", "of_bits", "type", "interval", "known", "bounds", "scale", "error", "domain", "shape", "ndim", "size"}
}
"""What makes no value: what is known of one."""
NOT_FOR_USERS = {"apply", "apply_as", "apply_public", "local", "local_as", "open", "abort", "close", "supports", "made"}
OF_THE_SESSION = {"prepare", "discard_material", "publish"}


def test_the_page_is_fresh() -> None:
    assert page() == PAGE.read_text(), "run python -m tests.docs.operators"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_every_expression_is_what_numpy_gives_within_its_bound(section: Section) -> None:
    """Entries are what their types hold exactly, so a bound is that of the operation."""
    plain = section.plain(4)
    rows = [row for row in section.rows if row.plain]

    def program(mpc: Mpc) -> list[tuple[Any, float]]:
        operands = section.make(mpc, plain)
        results = [_first(evaluated(row.secret, operands, mpc)) for row in rows]
        secrets = [result for result in results if isinstance(result, Secret)]
        opened = iter(mpc.reveal(*secrets))
        return [
            (next(opened), getattr(each, "error", 0)) if isinstance(each, Secret) else (each, 0) for each in results
        ]

    seen = spdz.run_local(program, preprocessing="dealer", timeout=100)
    for row, (own, bound), (others, _) in zip(rows, seen[1], seen[0], strict=True):
        wanted = np.asarray(evaluated(row.plain, plain))
        np.testing.assert_array_equal(own, others if others is not None else own)
        assert np.shape(own) == wanted.shape, row.secret
        difference = np.abs(np.asarray(own).astype(object) - wanted.astype(object)).max()
        assert difference <= bound, (row.secret, difference, bound)


def _first(result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


@pytest.mark.parametrize("section", SECTIONS[1:], ids=lambda section: section.title)
def test_every_operation_of_a_class_has_a_row(section: Section) -> None:
    [kind] = [each for each in CLASSES if each.__name__ == section.title]
    text = "".join(row.secret + "\n" for row in section.rows)
    names = {name for name in dir(kind) if not name.startswith("_")} - WITHOUT_A_ROW
    names = {name for name in names if not getattr(getattr(kind, name), "refuses", False)}
    missing = {name for name in names if not re.search(rf"\.{name}\b", text)}
    assert not missing


def test_every_operation_of_a_session_has_a_row() -> None:
    text = "".join(row.secret for section in SECTIONS for row in section.rows)
    public = {name for name in vars(Mpc) if not name.startswith("_") and callable(getattr(Mpc, name))}
    missing = {name for name in public - NOT_FOR_USERS - OF_THE_SESSION if f"mpc.{name}(" not in text}
    assert not missing


SIGNS = {
    **{"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "matmul": "@", "power": "**", "square": "x * x"},
    **{"negative": "-x", "positive": "+x", "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<="},
    **{
        "greater": ">",
        "greater_equal": ">=",
        "absolute": "abs(",
        "logical_not": "~",
        "invert": "~",
        "reshape": "reshape",
        "floor_divide": "//",
        "remainder": "%",
        "left_shift": "<<",
        "right_shift": ">>",
    },
    **{
        f"{kind}_{name}": sign
        for kind in ("logical", "bitwise")
        for name, sign in zip(("and", "or", "xor"), "&|^", strict=True)
    },
    **{"amax": "np.max(", "amin": "np.min(", "ravel": "ravel", "transpose": "transpose", "swapaxes": "swapaxes"},
}
"""How an expression of the page has what numpy also has as a function."""


def test_every_function_of_numpy_that_is_taken_has_a_row() -> None:
    text = "".join(row.plain + "\n" for section in SECTIONS for row in section.rows)
    names = {each.__name__ for each in (*UFUNCS, *FUNCTIONS)} - {"shape", "ndim", "size"}
    missing = {name for name in names if SIGNS.get(name, f"np.{name}(") not in text}
    assert not missing


def test_a_row_says_what_its_operation_costs() -> None:
    """A product, worked out by hand: two masked elements of sixteen bytes, a truncation pair, and the check between."""
    [section] = [each for each in SECTIONS if each.title == "SecretFixed"]
    line = cells(section, Row("x * y", "x * y"))
    assert line[2:] == ["1.5 units", "4.5 units", "6", "48 per entry", "1 triples, 1 truncation pairs 16"]
