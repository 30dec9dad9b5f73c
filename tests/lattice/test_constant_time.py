"""Kernels neither branch on secrets nor index with them: names in conditions and indices are known to be public."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import spdz.lattice
from spdz.field import jit
from spdz.lattice import ntt_kernels
from spdz.lattice.primes import ntt_primes
from spdz.lattice.ring import ring_of

KERNELS = sorted(Path(spdz.lattice.__file__).parent.glob("*_kernels.py"))

# Sizes, counters, positions; `exponent` and `shift` belong to tossed challenges.
PUBLIC_CONDITIONS = {
    "levels",
    "blocks",
    "size",
    "exponent",
    "mask",
    "half",
    "w",
    "count",
    "len",
    "rows",
    "message",
    "out",
}
PUBLIC_CONDITIONS |= {"_ODD_LEVELS", "COLUMN"}
PUBLIC_INDICES = {"j", "k", "i", "b", "w", "at", "limb", "first", "last", "start", "stop", "step", "blocks", "quarter"}
PUBLIC_INDICES |= {"half", "shift", "size", "COLUMNS", "skipped", "r", "index", "row"}
TYPES = {"Any", "Words"}


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def _conditions(tree: ast.AST) -> list[ast.expr]:
    """Of statements and expressions; minimum and maximum of words compile to selections and are allowed."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            found.append(node.test)
        found += node.ifs if isinstance(node, ast.comprehension) else []
    return found


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_nothing_secret_is_branched_on_or_indexed_with(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for condition in _conditions(tree):
        assert _names(condition) <= PUBLIC_CONDITIONS, f"{path.name}:{condition.lineno} branches"
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp):
            raise AssertionError(f"{path.name}:{node.lineno} evaluates lazily")
        if isinstance(node, ast.Subscript):
            assert _names(node.slice) <= PUBLIC_INDICES | TYPES, f"{path.name}:{node.lineno} indexes"


def test_the_lint_sees_a_branch_and_an_index() -> None:
    tree = ast.parse("if secret > 0:\n    x = table[secret]\n")
    assert not _names(_conditions(tree)[0]) <= PUBLIC_CONDITIONS
    assert not _names(next(n for n in ast.walk(tree) if isinstance(n, ast.Subscript)).slice) <= PUBLIC_INDICES
    assert len(KERNELS) >= 5


def test_compiled_kernels_depend_on_the_sources_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """On `modular.py` and `words.py`, which they inline and which are not in the folder of the field."""
    ring_of(16, ntt_primes(1, 62, 16)).from_integers([1] * 16)
    cache = ntt_kernels.forward._cache  # type: ignore[attr-defined]
    codegen = ntt_kernels.forward.targetctx.codegen()  # type: ignore[attr-defined]
    before = cache._index_key("signature", codegen)
    monkeypatch.setattr(jit, "_digest_beside", lambda folder: f"of other sources in {folder.name}")
    after = cache._index_key("signature", codegen)
    assert before != after
    assert after[-1] == "of other sources in lattice"
