"""Vector files: read, and refused with path and field if they are not what they say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from spdz.errors import UsageError
from spdz.field import field_by_name
from spdz.vectors import index
from spdz.vectors.recording import fault_of
from spdz.vectors.schema import Schemas, SchemaViolation
from spdz.version import PROTOCOL_VERSION

FOLDER = Path(str(files("spdz.vectors.data")))


class VectorFault(UsageError):
    """A field of a vector makes no sense. Not what an endpoint may end with."""


@dataclass(frozen=True)
class Case:
    """One test of a file, with what its group says about it."""

    file: str
    place: str
    kind: str
    """The `type` of its group."""
    params: dict[str, Any]
    test: dict[str, Any]
    frames: list[str]
    """What messages name by a number instead of spelling it out."""

    @property
    def name(self) -> str:
        """File, number and comment, for reports."""
        return f"{self.file} tcId {self.test['tcId']} ({self.test['comment']})"

    def fault(self, field: str, text: str) -> VectorFault:
        """The refusal of a field of this test."""
        return VectorFault(f"{self.file}: {self.place}.{field}: {text}")


def read_folder(folder: Path, schemas: Schemas) -> dict[str, dict[str, Any]]:
    """What the vector files of a folder hold, by file name. An index is not one of them.

    Raises: UsageError naming the file and the field that is wrong; also if there are no files.
    """
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    documents = {path.name: read_document(path, schemas) for path in paths if path.name != index.NAME}
    if not documents:
        raise UsageError(f"{folder}: there are no vector files here")
    return documents


def read_file(path: Path, schemas: Schemas) -> list[Case]:
    """All cases of one file. Raises UsageError naming the field that is wrong."""
    return cases_of(path, read_document(path, schemas))


def read_document(path: Path, schemas: Schemas) -> dict[str, Any]:
    """What one vector file holds. Raises UsageError naming the field that is wrong."""
    document = _read_object(path)
    name = document.get("schema")
    if name not in schemas.of_files:
        text = f"is {name!r}, which is not a known schema; known are {', '.join(schemas.of_files)}"
        raise _refusal(path, "schema", text)
    _validate(path, document, schemas, name)
    fault = _inconsistency(document)
    if fault is not None:
        raise _refusal(path, *fault)
    return document


def read_index(path: Path, schemas: Schemas) -> dict[str, Any]:
    """The index of a folder. Raises UsageError naming the field that is wrong."""
    document = _read_object(path)
    _validate(path, document, schemas, index.SCHEMA)
    return document


def _read_object(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"), object_pairs_hook=_object)
    except RecursionError:
        raise _refusal(path, "", "is nested too deeply") from None
    except OSError as error:
        raise _refusal(path, "", f"cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise _refusal(path, "", f"is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise _refusal(path, "", "must be a JSON object")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field occurs twice in one object")
    return found


def _validate(path: Path, document: dict[str, Any], schemas: Schemas, name: str) -> None:
    try:
        schemas.validate(name, document)
    except SchemaViolation as violation:
        raise _refusal(path, violation.place, str(violation)) from None


def _refusal(path: Path, place: str, text: str) -> UsageError:
    return UsageError(f"{path}: {place}: {text}" if place else f"{path}: {text}")


def _inconsistency(document: dict[str, Any]) -> tuple[str, str] | None:
    """What a schema cannot say: version, counts, numbers of tests, flags."""
    if document["protocolVersion"] != PROTOCOL_VERSION:
        found = document["protocolVersion"]
        return "protocolVersion", f"is {found}, but this is an implementation of version {PROTOCOL_VERSION}"
    expected, used = 1, set()
    for g, group in enumerate(document["testGroups"]):
        fault = _fault_of_modulus(group["params"])
        if fault is not None:
            return f"testGroups[{g}].params.modulus", fault
        for t, test in enumerate(group["tests"]):
            place = f"testGroups[{g}].tests[{t}]"
            if test["tcId"] != expected:
                return f"{place}.tcId", f"is {test['tcId']}, but tests are numbered from 1: {expected} is next"
            expected += 1
            for f, flag in enumerate(test["flags"]):
                if flag not in document["notes"]:
                    return f"{place}.flags[{f}]", f"{flag!r} is not explained in notes"
                used.add(flag)
            found_fault = fault_of(group, test, document["notes"]) if "messages" in test else None
            if found_fault is not None:
                return f"{place}.{found_fault[0]}", found_fault[1]
    if document["numberOfTests"] != expected - 1:
        return "numberOfTests", f"is {document['numberOfTests']}, but there are {expected - 1}"
    for flag in document["notes"]:
        if flag not in used:
            return f"notes.{flag}", "no test has this flag"
    return None


def _fault_of_modulus(params: dict[str, Any]) -> str | None:
    if "modulus" not in params or "field" not in params:
        return None
    right = f"{field_by_name(params['field']).modulus:x}"
    return None if params["modulus"] == right else f"is {params['modulus']}, but that of {params['field']} is {right}"


def cases_of(path: Path, document: dict[str, Any]) -> list[Case]:
    """All cases of a vector file that has been read."""
    return [
        Case(str(path), f"testGroups[{g}].tests[{t}]", group["type"], group["params"], test, group.get("frames", []))
        for g, group in enumerate(document["testGroups"])
        for t, test in enumerate(group["tests"])
    ]
