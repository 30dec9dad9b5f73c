"""Kernels compute with words alone, and neither branch on what may be secret nor index with it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import spdz.bits

ROOT = Path(__file__).parents[2]
SOURCES = sorted(Path(spdz.bits.__file__).parent.glob("*.py"))

# Lengths, positions, and what is chosen when a kernel is compiled.
PUBLIC = {"done", "blocks", "at", "_CHUNK_BLOCKS", "with_bits", "words"}
INDICES = {
    "i",
    "leaf",
    "pair",
    "limb",
    "first",
    "g",
    "h",
    "byte",
    "place",
    "words",
    "out",
    "known",
    "done",
    "count",
    "at",
    "start",
    "stop",
    "_CHUNK_BLOCKS",
}


def _kernels(tree: ast.AST) -> list[ast.FunctionDef]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [node for node in found if any(ast.unparse(mark) in ("kernel", "inlined") for mark in node.decorator_list)]


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def _secrets(tree: ast.AST) -> set[str]:
    """Names in conditions and indices of kernels that are not known to be public."""
    found = set[str]()
    for node in (node for function in _kernels(tree) for statement in function.body for node in ast.walk(statement)):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            found |= _names(node.test) - PUBLIC
        elif isinstance(node, ast.BoolOp):
            found |= _names(node)
        elif isinstance(node, ast.Subscript):
            found |= _names(node.slice) - INDICES
    return found


def test_nothing_secret_is_branched_on_or_indexed_with() -> None:
    assert sum(len(_kernels(ast.parse(path.read_text()))) for path in SOURCES) > 25
    for path in SOURCES:
        assert _secrets(ast.parse(path.read_text())) == set(), path.name


def test_the_lint_sees_a_branch_and_an_index() -> None:
    for body in ("if x[i] > 0: pass", "y = x[delta]", "y = x[i] and z", "y = 1 if delta else 0"):
        assert _secrets(ast.parse(f"@kernel\ndef f(x, delta, z, i):\n    {body}\n")) & {"x", "delta", "z"}


def test_no_kernel_mixes_words_with_signed_integers(tmp_path: Path) -> None:
    """In a process whose cache is empty, so that everything is compiled before its eyes."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_OPT": "0"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.bits.kernel_types"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    assert found["missed"] == [], "kernels that no use in kernel_types.py reaches"
    assert found["mistakes"] == []


def test_a_target_without_the_instruction_is_served(tmp_path: Path) -> None:
    """Compiled for a plain processor, every loop gives the same: the tests of the fields, the hash and the proof."""
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(tmp_path),
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
    }
    check = "from spdz.bits.clmul import HAVE_CLMUL; assert not HAVE_CLMUL; import sys, pytest; sys.exit(pytest.main())"
    tests = [f"tests/bits/test_{name}.py" for name in ("fields", "clmul_sums", "word_hash", "proof")]
    command = [sys.executable, "-c", check, "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
