"""What a family must have, and what happens where something is missing."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M13, M61, field_by_name, register
from spdz.field import family as families
from spdz.field.mersenne import arrays
from spdz.field.plain import PlainBeaver, PlainChoices, PlainCode, PlainGadget, PlainRows

from .helpers import PLAIN

INTERFACES = {
    "arrays": families.ArrayLoops,
    "beaver": families.BeaverLoops,
    "gadget": families.GadgetLoops,
    "choices": families.ChoiceLoops,
    "rows": families.RowLoops,
    "code": families.CodeLoops,
}


@pytest.mark.parametrize("part", INTERFACES)
def test_the_mersenne_family_is_whole(part: str) -> None:
    assert families.loops_of("spdz.field.mersenne", part, INTERFACES[part]).__name__ == f"spdz.field.mersenne.{part}"


def test_what_a_family_leaves_out_is_computed_plainly() -> None:
    field = PLAIN[0]
    found = (field.beaver, field.gadget, field.choices, field.rows, field.code)
    assert tuple(map(type, found)) == (PlainBeaver, PlainGadget, PlainChoices, PlainRows, PlainCode)


@pytest.mark.parametrize("plain", [PlainBeaver, PlainGadget, PlainChoices, PlainRows, PlainCode])
def test_the_plain_loops_are_whole(plain: type) -> None:
    interface = INTERFACES[plain.__name__.removeprefix("Plain").lower()]
    assert {name for name in vars(interface) if not name.startswith("_")} <= vars(plain).keys()


def test_a_module_that_lacks_a_loop_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    halved = ModuleType("halved.arrays")
    halved.add_arrays, halved.sub_arrays = arrays.add_arrays, 7  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "halved.arrays", halved)
    field = replace(M13, name="halved", family="halved")
    with pytest.raises(
        UsageError, match="the family halved is incomplete: its module arrays lacks sub_arrays, mul_arr"
    ):
        field.ones(2) + 1


def test_no_family_is_no_field() -> None:
    with pytest.raises(UsageError, match=r"there is no family of fields nowhere\.at\.all"):
        replace(M13, name="lost", family="nowhere.at.all").ones(2) + 1


def test_what_a_module_of_a_family_fails_to_import_is_not_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "broken_family").mkdir()
    (tmp_path / "broken_family" / "gadget.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = replace(M13, name="broken", family="broken_family").gadget


def test_a_name_stands_for_one_field() -> None:
    assert register(replace(M61)) is M61 is field_by_name("M61")
    for change in ({"modulus": 13}, {"parameter": np.uint64(13)}, {"family": "another"}):
        with pytest.raises(UsageError, match="another field called M61"):
            register(replace(M61, **change))  # type: ignore[arg-type]
    assert field_by_name("M61") is M61
