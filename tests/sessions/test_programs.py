"""A program in a file: how it is loaded, and what belongs to its digest."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import spdz
from spdz.errors import UsageError
from spdz.sessions.programs import load_program, unrevealed


def forget(folder: Path) -> None:
    """Take what was loaded from a folder out of this process."""
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
    sys.path[:] = [place for place in sys.path if not place.startswith(str(folder))]
    importlib.invalidate_caches()


@pytest.fixture(autouse=True)
def clean(tmp_path: Path) -> Iterator[None]:
    """Each test loads into the same process."""
    yield
    forget(tmp_path)


def digest(folder: Path, files: Mapping[str, str]) -> str:
    """What a fresh process would find."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    try:
        return load_program(folder / "prog.py")[1]
    finally:
        forget(folder)


USES = {
    "at the top": "import helper\ndef main(mpc): pass",
    "in a function": "def main(mpc):\n    import helper",
    "a name of it": "from helper import FACTOR\ndef main(mpc): pass",
    "by another module": "import between\ndef main(mpc): pass",
    "in a package": "import parts.helper\ndef main(mpc): pass",
    "from a package": "from parts import helper\ndef main(mpc): pass",
    "beside it in a package": "from parts import other\ndef main(mpc): pass",
    "by importlib": "import importlib\nimportlib.import_module('helper')\ndef main(mpc): pass",
}


@pytest.mark.parametrize("use", USES)
def test_a_module_beside_the_program_belongs_to_the_digest(use: str, tmp_path: Path) -> None:
    """Regression: an old version of a helper looked like cheating."""
    folder = "parts/" if "package" in use else ""
    files = {
        "prog.py": USES[use],
        f"{folder}helper.py": "FACTOR = 7",
        "between.py": "def late():\n    import helper",
        "parts/__init__.py": "",
        "parts/other.py": "from . import helper",
        "unused.py": "x = 1",
    }
    first = digest(tmp_path / "a", files)
    assert first == digest(tmp_path / "b", {**files, "unused.py": "x = 2"})
    assert first != digest(tmp_path / "c", {**files, f"{folder}helper.py": "FACTOR = 8"})


def test_the_digest_does_not_depend_on_what_was_loaded_before(tmp_path: Path) -> None:
    files = {"prog.py": "import helper\ndef main(mpc):\n    import late", "helper.py": "", "late.py": ""}
    first = digest(tmp_path, files)
    load_program(tmp_path / "prog.py")[0](None)  # type: ignore[arg-type]
    assert "late" in sys.modules
    assert load_program(tmp_path / "prog.py")[1] == first


def test_moving_a_module_changes_the_digest(tmp_path: Path) -> None:
    one = {"prog.py": "import a, b\ndef main(mpc): pass", "a.py": "x = 1", "b.py": ""}
    assert digest(tmp_path / "a", one) != digest(tmp_path / "b", {**one, "a.py": "", "b.py": "x = 1"})


@pytest.mark.parametrize("place", ["venv/lib/site-packages", "venv/lib"])
def test_a_virtual_environment_inside_the_folder_is_no_part_of_it(place: str, tmp_path: Path) -> None:
    search = f"import sys\nsys.path.insert(0, __file__.rpartition('/')[0] + '/{place}')\n"
    program = f"{search}import installed\ndef main(mpc): pass"
    files = {"prog.py": program, "venv/pyvenv.cfg": "", f"{place}/installed.py": "version = 1"}
    first = digest(tmp_path / "a", files)
    assert first == digest(tmp_path / "b", {**files, f"{place}/installed.py": "version = 2"})


def test_a_module_that_python_cannot_read_and_nobody_runs_is_no_error(tmp_path: Path) -> None:
    assert digest(tmp_path, {"prog.py": "def main(mpc):\n    import broken", "broken.py": "def"})


def test_an_import_above_the_folder_is_left_alone(tmp_path: Path) -> None:
    text = "def main(mpc):\n    from ... import outside\n    from " + "." * 99 + " import further"
    assert digest(tmp_path / "a" / "b" / "c", {"prog.py": text, "../../outside.py": ""})


def test_a_program_alone_has_the_hash_of_its_text(tmp_path: Path) -> None:
    text = "def main(mpc): pass"
    assert digest(tmp_path, {"prog.py": text}) == hashlib.sha256(text.encode()).hexdigest()[:32]


@pytest.mark.parametrize("name", ["numpy.py", "sys.py", "my.program.py"])
def test_a_name_under_which_no_process_could_import_it(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("def main(mpc): pass")
    with pytest.raises(UsageError, match="processes could not import a program of this name"):
        load_program(tmp_path / name)


def test_an_async_main_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text("async def main(mpc): pass")
    with pytest.raises(UsageError, match="must be a plain function, and this is async"):
        load_program(tmp_path / "prog.py")


def test_secrets_in_a_result() -> None:
    def program(mpc: spdz.Mpc) -> list[bool]:
        x = mpc.random(2)
        return [unrevealed(one) for one in (x, (1, x), {"a": [x]}, 1, None, [mpc.reveal(x)], "x")]

    results = spdz.run_local(program, preprocessing="dealer", field="M61")
    assert results == [[True, True, True, False, False, False, False]] * 2
