"""Vectors of what sessions run by default: every step occurs, and what differs is noticed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spdz.errors import UsageError
from spdz.preprocessing.mascot.pipeline import BATCHES_IN_FLIGHT
from spdz.vectors.check import check_case
from spdz.vectors.endpoints import replay
from spdz.vectors.files import FOLDER, Case, read_file
from spdz.vectors.schema import Schemas
from spdz.wire.frames import HEADER_BYTES
from vectors.generator.cases_mascot import TREES, material_group, record_material
from vectors.generator.dealing import Kind

TOSSES = ("matrix_combine", "matrix_sacrifice", "matrix_sacrifice.check", "vole.base", "vole.check")
ALONE = """
    matrix_multiply.corrections matrix_sacrifice.check.sigma.commit matrix_sacrifice.check.sigma.open
    matrix_sacrifice.rho setup.ot_trees vole.base.combination vole.commit vole.corrections vole.difference vole.open
    vole.response vole.sums vole.totals
"""
STEPS = {f"{name}.coins.{part}" for name in TOSSES for part in ("commit", "open")} | set(ALONE.split())
"""Those that no session without trees, matrix triples and silent VOLE has."""

FUNCTION_FILES = ("ggm_trees.json", "ot_trees.json", "ot_extension.json", "seed_expansion.json", "lpn_code.json")
RECORDINGS = ("matrix_triples.json", "vole.json", "sessions_default.json")


def _cases(name: str) -> list[Case]:
    return read_file(FOLDER / name, Schemas())


def _step(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[2]


def _flipped(text: str, place: int) -> str:
    data = bytearray.fromhex(text)
    data[place] ^= 1
    return data.hex()


@pytest.mark.parametrize("name", FUNCTION_FILES)
def test_a_changed_byte_of_any_output_is_noticed(name: str) -> None:
    outputs = {"out", "keys", "sums", "punctured", "firstTree", "seedsDigest", "digests", "received", "pairs"}
    seen = set()
    for case in _cases(name):
        if case.test["result"] == "invalid" or case.kind in seen:
            continue
        seen.add(case.kind)
        given = {"keys"} if case.kind == "ot trees" else {"digests"} if case.kind == "ot extension check" else set()
        for field in outputs.intersection(case.test) - given:
            value = case.test[field]
            for place in (0, -1):
                changed = copy.deepcopy(case)
                if isinstance(value, list):
                    changed.test[field][place] = _flipped(value[place], place)
                else:
                    changed.test[field] = _flipped(value, place)
                assert any(text.startswith(f"{field} differs") for text in check_case(changed)), (case.name, field)
    assert seen


def _honest(name: str, words: str = "") -> Case:
    """The first honest recording, or one with these words in its comment, with all frames spelled out."""
    good = (case for case in _cases(name) if case.test["result"] == "valid")
    case = next(case for case in good if words in case.test["comment"])
    for message in case.test["messages"]:
        if isinstance(message["frame"], int):
            message["frame"] = case.frames[message["frame"]]
    return case


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_changed_byte_of_any_step_is_noticed(name: str) -> None:
    """In the first message of each step that belongs to these protocols: first and last byte of the payload."""
    case, steps = _honest(name), set()
    assert replay(case) == []
    for index, message in enumerate(case.test["messages"]):
        step = _step(message["path"])
        if step in steps or step not in STEPS | {"sacrifice.rho"}:
            continue
        steps.add(step)
        for place in (HEADER_BYTES, -1):
            changed = copy.deepcopy(case)
            changed.test["messages"][index]["frame"] = _flipped(message["frame"], place)
            assert any(step in text for text in replay(changed)), (step, place)
    assert steps


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_changed_result_is_noticed(name: str) -> None:
    case = _honest(name)
    for outcome in case.test["outcomes"]:
        first, value = next(iter(outcome["result"].items()))
        outcome["result"][first] = _flipped(value, 0)
        assert any(f"result {first!r} differs" in text for text in replay(case))


def test_other_parameters_are_noticed() -> None:
    """Trees of another size, another way to authenticate, another plan, other batches."""
    trees = _honest("matrix_triples.json")
    trees.params["mascot"] = "2 bits per OT tree, copee"
    assert replay(trees)
    for key, value in (("threshold", 1 << 15), ("main", {"secret": 6, "blocks": 8, "depth": 3})):
        voles = _honest("vole.json")
        voles.params["volePlan"][key] = value
        assert replay(voles)
    voles = _honest("vole.json")
    voles.params["mascot"] = "4 bits per OT tree, copee"
    assert replay(voles)
    flight = _honest("vole.json", "in flight")
    flight.test["given"]["material"][0]["batches"] = [2, 1, 1]
    assert replay(flight)
    flight.test["given"]["material"][0]["batches"].append(1)
    with pytest.raises(UsageError, match="must add up to the count"):
        replay(flight)


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("matrix_triples.json", lambda group: group["tests"][0]["given"]["material"][0].pop("dims"), "dims"),
        ("matrix_triples.json", lambda group: group["params"].update(mascot="3 bits per OT tree, copee"), "mascot"),
        ("vole.json", lambda group: group["tests"][0]["given"]["material"][0].update(dims=[1, 1, 1]), "dims"),
        ("vole.json", lambda group: group["tests"][1]["given"]["material"][0].update(kind="squares"), "kind"),
        ("vole.json", lambda group: group["params"]["volePlan"].pop("first"), "volePlan.first"),
        ("vole.json", lambda group: group["params"]["volePlan"]["main"].update(depth=40), "volePlan.main.depth"),
        ("sessions_default.json", lambda group: group["params"].pop("mascot"), "params.mascot"),
        ("ot_trees.json", lambda group: group["tests"][0].update(treeBits=3), "treeBits"),
        ("ggm_trees.json", lambda group: group["tests"][0].update(path=[2]), "path[0]"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, name: str, change: Callable[[dict[str, Any]], object], field: str
) -> None:
    document = json.loads((FOLDER / name).read_text())
    change(document["testGroups"][0])
    (tmp_path / name).write_text(json.dumps(document))
    with pytest.raises(UsageError) as caught:
        read_file(tmp_path / name, Schemas())
    assert field in str(caught.value)


def _in_flight(messages: list[dict[str, Any]]) -> dict[int, set[str]]:
    """The batches that have messages in a round."""
    found: dict[int, set[str]] = {}
    for message in messages:
        parts = message["path"].split("/")
        if len(parts) > 2 and parts[2].endswith(".batch"):
            found.setdefault(message["round"], set()).add(parts[2])
    return found


def test_batches_are_in_flight() -> None:
    found = _in_flight(_honest("vole.json", "in flight").test["messages"])
    assert max(len(names) for names in found.values()) == BATCHES_IN_FLIGHT
    assert len(set.union(*found.values())) == BATCHES_IN_FLIGHT + 1, "one waits for another to be done"


def test_six_batches_take_as_many_rounds_as_the_specification_says() -> None:
    group = material_group("M5", 2, TREES)
    wanted = ((Kind("triples"), 6),)
    record_material(group, "six batches in flight", "Honest", wanted, mascot=TREES, batches=[1] * 6)
    found = _in_flight(group.tests[0]["messages"])
    assert max(found) - min(found) + 1 == 73


def test_the_session_is_one_of_the_default_parameters() -> None:
    document = json.loads((FOLDER / "sessions_default.json").read_text())
    (group,) = document["testGroups"]
    assert group["params"]["mascot"] == "4 bits per OT tree, vole"
    assert "volePlan" not in group["params"]
