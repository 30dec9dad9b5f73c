"""The small validator agrees with the `jsonschema` package."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from spdz.errors import InternalError
from spdz.vectors.files import FOLDER
from spdz.vectors.schema import Schemas, SchemaViolation
from vectors.generator.catalogue import FILES
from vectors.generator.envelope import INDEX

SCHEMAS = Schemas()
RESOURCES = [(name, Resource.from_contents(SCHEMAS.document(name))) for name in SCHEMAS.names]
REGISTRY: Registry[Any] = Registry().with_resources(RESOURCES)


def _reference(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(SCHEMAS.document(name), registry=REGISTRY)


def _accepts(name: str, document: Any) -> bool:
    try:
        SCHEMAS.validate(name, document)
    except SchemaViolation:
        return False
    return True


@pytest.mark.parametrize("name", SCHEMAS.names)
def test_the_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS.document(name))
    assert SCHEMAS.document(name)["$id"] == name


@pytest.mark.parametrize("name", FILES)
def test_both_accept_every_file(name: str) -> None:
    document = json.loads((FOLDER / name).read_text())
    SCHEMAS.validate(document["schema"], document)
    _reference(document["schema"]).validate(document)


def _places(value: Any, *keys: Any) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside, of lists the first two entries only."""
    entries = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, item in entries:
        yield (*keys, key)
        yield from _places(item, *keys, key)


def _mutants(document: Any) -> Iterator[Any]:
    for keys in _places(document):
        for value in ("drop", None, 0, True, "", "zz", [], {}, -1, "ff" * 40, "invalid"):
            mutant = copy.deepcopy(document)
            inner = mutant
            for key in keys[:-1]:
                inner = inner[key]
            if value == "drop":
                del inner[keys[-1]]
            else:
                inner[keys[-1]] = value
            yield mutant


@pytest.mark.parametrize(
    "name", ["prg.json", "group.json", "commitment.json", "codec.json", "output.json", "coin_toss.json"]
)
def test_both_refuse_the_same(name: str) -> None:
    document = json.loads((FOLDER / name).read_text())
    for group in document["testGroups"]:
        group["tests"] = group["tests"][:1]
        for test in group["tests"]:
            if "messages" in test:
                test["messages"] = test["messages"][:3]
    document["testGroups"] = document["testGroups"][:2]
    reference, refused = _reference(document["schema"]), 0
    for mutant in _mutants(document):
        verdict = _accepts(document["schema"], mutant)
        assert verdict == reference.is_valid(mutant), json.dumps(mutant)[:2000]
        refused += not verdict
    assert refused > 300


def test_both_judge_an_index_alike() -> None:
    document = json.loads((FOLDER / INDEX).read_text())
    document["files"] = document["files"][:2]
    reference, verdicts = _reference("index_v1.json"), set()
    for mutant in _mutants(document):
        verdict = _accepts("index_v1.json", mutant)
        assert verdict == reference.is_valid(mutant), json.dumps(mutant)
        verdicts.add(verdict)
    assert verdicts == {True, False}


def test_an_unknown_keyword_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"type": "object", "maxProperties": 1}))
    with pytest.raises(InternalError, match="maxProperties"):
        Schemas(tmp_path).validate("x.json", {})
