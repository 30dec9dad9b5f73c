"""The kernels' cache: nothing stale is ever run, and a read-only installation works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spdz.field import M5, M61, jit
from spdz.field.mersenne import arrays as kernels


def test_cache_entries_depend_on_all_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    _ = M61.ones(2) + 1
    cache = kernels.add_arrays._cache  # type: ignore[attr-defined]
    codegen = kernels.add_arrays.targetctx.codegen()  # type: ignore[attr-defined]
    before = cache._index_key("signature", codegen)
    assert before == cache._index_key("signature", codegen)
    monkeypatch.setattr(jit, "SOURCES_DIGEST", "of other sources")
    assert before != cache._index_key("signature", codegen)


def test_the_digest_covers_every_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = Path(jit.__file__).parent
    for source in package.rglob("*.py"):
        copy = tmp_path / source.relative_to(package)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(source.read_bytes())
    monkeypatch.setattr(jit, "__file__", str(tmp_path / "jit.py"))
    assert jit._digest_of_sources() == jit.SOURCES_DIGEST
    with (tmp_path / "mersenne" / "element.py").open("a") as changed:
        changed.write("# changed\n")
    assert jit._digest_of_sources() != jit.SOURCES_DIGEST


def test_no_place_for_a_cache_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(function: object) -> object:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(jit, "_KernelCache", nowhere)

    @jit.kernel
    def successor(number: int) -> int:
        return number + 1

    assert successor(1) == 2


def test_one_compilation_serves_all_small_fields() -> None:
    for array in (M5.ones(3), M61.ones(3), M61.from_bytes(M61.ones(3).to_bytes(), 3), M61.ones((3, 2))[:, 0]):
        _ = array + array
    one_limb = [s for s in kernels.add_arrays.signatures if s[0].ndim == 1]  # type: ignore[attr-defined]
    assert len(one_limb) == 1


def test_importing_the_package_does_not_load_numba() -> None:
    program = (
        "import sys; from spdz.field import M61, field_by_name; M61.array([1, 2]); sys.exit('numba' in sys.modules)"
    )
    root = Path(jit.__file__).parents[2]
    # Nothing else in the package may be imported on the way, so the parent package is stood in for.
    program = (
        "import types, sys; m = types.ModuleType('spdz'); m.__path__ = ['spdz']; sys.modules['spdz'] = m; " + program
    )
    subprocess.run([sys.executable, "-c", program], cwd=root, env=dict(os.environ), check=True)


KERNEL = """
from spdz.field import M61

print((M61.array([2, 3]) * M61.array([4, 5])).to_signed().tolist())
"""


@pytest.mark.parametrize(("kind", "size"), [("nbi", 0), ("nbi", 30), ("nbc", 0), ("nbc", 100)])
def test_a_truncated_file_of_the_cache_made_every_later_run_fail(kind: str, size: int, tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}

    def run() -> str:
        done = subprocess.run([sys.executable, "-c", KERNEL], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run() == "[8, 15]\n"
    files = sorted(tmp_path.rglob(f"*.{kind}"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:size])
    assert run() == "[8, 15]\n"
    assert all(file.stat().st_size > size for file in files), "the damaged files are replaced"
    assert run() == "[8, 15]\n"


def test_a_cache_that_can_be_neither_read_nor_replaced_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    @jit.kernel
    def predecessor(number: int) -> int:
        return number - 1

    def damaged(*_: object) -> None:
        raise EOFError

    def refused(*_: object) -> None:
        raise PermissionError("read-only")

    cache = predecessor._cache  # type: ignore[attr-defined]
    monkeypatch.setattr(cache._cache_file, "_load_index", damaged)
    monkeypatch.setattr(cache._cache_file, "_save_index", refused)
    assert predecessor(2) == 1


def test_python_without_the_compiler_is_refused_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KERNEL], env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True
    )
    assert done.stderr.splitlines()[-1] == (
        "spdz.errors.UsageError: spdz needs numba's compiler, which NUMBA_DISABLE_JIT turns off; unset it"
    )
