"""The mutation tool itself: its list fits the source and is complete, and it fails loudly where it should."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutation import document, runner
from tests.mutation.catalogue import EXEMPT, MUTANTS, uncovered
from tests.mutation.mutant import StaleMutant, apply, mutant, mutated, scope_of, spans
from tests.mutation.runner import Result, Verdict
from tests.mutation.sites import all_sites, sources

# Under pytest-xdist this process has threads. The forks do not touch them.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")

ROOT = Path(__file__).parents[2]

SOURCE = """class Box:
    def check(self, peer, value):
        if value < 0:
            raise MalformedMessage(f"party {peer}")
        return value


def check(peer, value):
    if value < 0:
        raise _fault(peer)
    return value


def _fault(peer):
    return Desync(f"party {peer}")
"""


# -- the list ---------------------------------------------------------------------------------------------------------


def test_every_mutant_fits_the_source_exactly_once() -> None:
    for each in MUTANTS:
        source = (ROOT / each.path).read_text()
        assert mutated(each, source) != source
        assert len(spans(each, source)) == len(each.edits)


def test_every_place_that_makes_an_abort_is_mutated_or_exempt() -> None:
    assert [str(site) for site in uncovered(ROOT)] == []


def test_every_exemption_is_needed_and_has_a_reason() -> None:
    places = {(site.path, site.scope) for site in all_sites(ROOT)}
    for place, reason in EXEMPT.items():
        assert place in places
        assert len(reason) > 20


def test_names_are_unique_and_tests_exist() -> None:
    names = [each.name for each in MUTANTS]
    assert len(set(names)) == len(names)
    for each in MUTANTS:
        assert re.fullmatch(r"[a-z0-9-]+", each.name)
        assert each.disables
        assert "|" not in each.disables
        assert each.tests
        for named in each.tests:
            path, _, test = named.partition("::")
            assert (ROOT / path).exists(), f"{each.name} names {path}"
            assert not test or f"def {test}(" in (ROOT / path).read_text(), f"{each.name} names {named}"


def test_mutants_stay_out_of_tests_and_links() -> None:
    for each in MUTANTS:
        path = ROOT / each.path
        assert each.path.split("/")[0] in ("spdz", "preprocessing", "online")
        assert path.resolve().relative_to(ROOT.resolve()).as_posix() == each.path


def test_every_mutant_has_been_killed_by_a_test_that_exists() -> None:
    killers = document.known_killers(ROOT)
    assert set(killers) == {each.name for each in MUTANTS}, "run make mutants"
    for name, killer in killers.items():
        path, _, test = killer.partition("::")
        assert f"def {test}(" in (ROOT / path).read_text(), f"{name} is said to be killed by {killer}"


def test_the_document_is_the_one_that_the_killers_give() -> None:
    assert (ROOT / document.DOCUMENT).read_text() == document.document(document.known_killers(ROOT))


# -- finding places ---------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a package of one module."""
    (tmp_path / "spdz").mkdir()
    (tmp_path / "spdz/errors.py").write_text((ROOT / "spdz/errors.py").read_text())
    (tmp_path / "spdz/module.py").write_text(SOURCE)
    return tmp_path


def test_direct_and_indirect_raises_are_found(tree: Path) -> None:
    found = [(site.scope, site.what) for site in all_sites(tree)]
    assert found == [
        ("Box.check", "raises MalformedMessage"),
        ("check", "raises _fault"),
        ("_fault", "makes Desync"),
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("raise BroadcastMismatch", "raises BroadcastMismatch"),
        ("raise errors.MacCheckFailed('x')", "raises MacCheckFailed"),
        ("raise steps.failure('x')", "raises steps.failure"),
        ("raise self.kept", "raises self.kept"),
        ("error = PeerAborted('x')", "makes PeerAborted"),
        ("raise UsageError('x')", None),
        ("raise error", None),
        ("raise", None),
    ],
)
def test_what_counts_as_an_abort(tree: Path, line: str, what: str | None) -> None:
    (tree / "spdz/module.py").write_text(f"def function(steps, self, errors, error):\n    {line}\n")
    assert [site.what for site in all_sites(tree)] == ([] if what is None else [what])


def test_the_condition_belongs_to_the_place(tree: Path) -> None:
    first, second, third = all_sites(tree)
    covering = mutant("x", "spdz/module.py::Box.check", "if value < 0:", "if False:", "", "tests")
    (span,) = spans(covering, SOURCE)
    assert [span.meets(site.guard) for site in (first, second, third)] == [True, False, False]


def test_links_are_read_once_and_the_harness_is_left_out() -> None:
    found = [path.relative_to(ROOT.resolve()).as_posix() for path in sources(ROOT)]
    assert len(found) == len(set(found))
    assert "preprocessing/mascot/triples.py" in found
    assert not any(path.startswith(("spdz/preprocessing/", "spdz/online/", "spdz/adversary/")) for path in found)


# -- applying ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "old", "new", "fault"),
    [
        ("check", "if value == 0:", "if False:", "occurs 0 times"),
        ("", "if value < 0:", "if False:", "occurs 2 times"),
        ("Box.other", "if value < 0:", "if False:", "has no Box.other"),
        ("check", "if value < 0:", "if value:", None),
        ("check", "if value < 0:", "if value <:", "is not Python"),
        ("check", "if value < 0:", "if value < 0:  # still", "change nothing"),
    ],
)
def test_a_mutant_that_does_not_fit_is_stale(place: str, old: str, new: str, fault: str | None) -> None:
    one = mutant("x", f"spdz/module.py::{place}", old, new, "", "tests")
    if fault is None:
        assert mutated(one, SOURCE).count("if value:") == 1
        return
    with pytest.raises(StaleMutant, match=fault):
        mutated(one, SOURCE)


def test_scopes_are_found_by_dotted_names() -> None:
    lines = SOURCE.splitlines()
    span = scope_of(SOURCE, "check")
    assert span is not None
    assert lines[span.first - 1].startswith("def check")
    assert scope_of(SOURCE, "Box.nothing") is None


# -- running ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy with a package of two lines and a test of it."""
    root = tmp_path / "copy"
    for name in ("spdz", "spdz/protocols", "spdz/preprocessing", "spdz/online", "tests", "tests/mutation"):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "__init__.py").write_text("")
    shutil.copy(ROOT / "tests/mutation/inside.py", root / "tests/mutation/inside.py")
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (root / "spdz/module.py").write_text(SOURCE)
    return root


def _result(copy: Path, test: str, wider: str, monkeypatch: pytest.MonkeyPatch, killer: str | None = None) -> Result:
    (copy / "tests/test_first.py").write_text(f"from spdz.module import check\n\n\ndef test_first():\n    {test}\n")
    (copy / "tests/test_wider.py").write_text(f"from spdz.module import check\n\n\ndef test_wider():\n    {wider}\n")
    monkeypatch.setattr(runner, "WIDER", ("tests/test_wider.py",))
    one = mutant("x", "spdz/module.py::check", "value < 0", "value < 7", "", "tests/test_first.py")
    trial = runner.Trial(copy, copy.parent / "mutant", one, killer)
    while (result := trial.ended()) is None:
        time.sleep(0.01)
    assert not (copy.parent / "mutant").exists()
    return result


GOOD, BAD = "assert check(1, 8) == 8", "assert check(1, 5) == 5"


@pytest.mark.parametrize(
    ("test", "wider", "verdict", "killer", "expected"),
    [
        (BAD, GOOD, Verdict.KILLED, "tests/test_first.py::test_first", True),
        (GOOD, BAD, Verdict.KILLED, "tests/test_wider.py::test_wider", False),
        (GOOD, GOOD, Verdict.SURVIVED, "", False),
        (BAD + " +", GOOD, Verdict.BROKEN, None, True),
    ],
    ids=["killed", "killed by another", "survived", "broken"],
)
def test_what_becomes_of_a_mutant(
    test: str,
    wider: str,
    verdict: Verdict,
    killer: str | None,
    expected: bool,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = _result(copy, test, wider, monkeypatch)
    assert result.verdict is verdict, result.output
    assert result.expected is expected
    assert killer is None or result.killer == killer


def test_the_test_that_noticed_last_time_runs_first(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = _result(copy, BAD, BAD, monkeypatch, killer="tests/test_wider.py::test_wider")
    assert result.killer == "tests/test_wider.py::test_wider"
    assert result.expected


@pytest.mark.parametrize("killer", ["tests/test_wider.py::test_renamed", "tests/test_gone.py::test_it"])
def test_a_test_that_is_gone_is_no_obstacle(killer: str, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _result(copy, BAD, GOOD, monkeypatch, killer).killer == "tests/test_first.py::test_first"


def test_a_test_that_hangs_is_ended(copy: Path) -> None:
    (copy / "tests/test_first.py").write_text("import threading\n\n\ndef test():\n    threading.Event().wait()\n")
    assert runner.Run(copy, ["tests/test_first.py"], 1.0).wait()[0] is Verdict.DEADLINE


def test_a_package_from_elsewhere_is_refused(copy: Path) -> None:
    """The copy has no package of its own, so the installed one would be tested."""
    shutil.rmtree(copy / "spdz")
    (copy / "tests/test_first.py").write_text("def test_first():\n    pass\n")
    verdict, output = runner.Run(copy, ["tests/test_first.py"]).wait()
    assert verdict is Verdict.BROKEN
    assert "not from the copy" in output


def test_the_working_tree_is_not_touched(tree: Path, tmp_path: Path) -> None:
    original = (tree / "spdz/module.py").read_text()
    target = tmp_path / "elsewhere"
    runner.copy_tree(tree, target)
    apply(mutant("x", "spdz/module.py::check", "value < 0", "False", "", ""), target)
    assert (tree / "spdz/module.py").read_text() == original
    assert "if False" in (target / "spdz/module.py").read_text()


@pytest.mark.parametrize(
    ("argument", "code"), [("--list", 0), ("no-mutant-is-called-this", 2)], ids=["list", "nothing chosen"]
)
def test_the_command(
    argument: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.mutation.__main__ import main

    main_: Callable[[], int] = main
    monkeypatch.setattr(sys, "argv", ["mutants", argument])
    assert main_() == code
    if code == 0:
        assert len(capsys.readouterr().out.splitlines()) == len(MUTANTS)
