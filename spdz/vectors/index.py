"""The index of a folder of vector files: which there must be, and what they hash to.

Files can only be compared with what they say themselves, and one that is missing says nothing. So the generator writes
down what it has made. A folder of somebody's own may do without.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

NAME = "index.json"
SCHEMA = "index_v1.json"


def differences(path: Path, index: dict[str, Any], documents: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """What differs between an index and the vector files beside it, a sentence for each file.

    path       of the index; `index` is what it says, by its schema
    documents  the contents of all vector files in the folder, by name
    """
    listed = set()
    for number, entry in enumerate(index["files"]):
        name, file = entry["name"], path.with_name(entry["name"])
        if name in listed:
            yield f"{path}: files[{number}].name: {name} is listed twice"
        elif name not in documents:
            yield f"{file} is missing: {NAME} lists it"
        else:
            yield from _of_file(path, number, entry, file, documents[name])
        listed.add(name)
    for name in documents:
        if name not in listed:
            yield f"{path.with_name(name)} is one too many: {NAME} does not list it"


def _of_file(path: Path, number: int, entry: dict[str, Any], file: Path, document: dict[str, Any]) -> Iterator[str]:
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != entry["sha256"]:
        yield f"{file} has changed: its SHA-256 is {found}, {NAME} says {entry['sha256']}"
        return
    for field in ("schema", "numberOfTests"):
        if document[field] != entry[field]:
            yield f"{path}: files[{number}].{field}: is {entry[field]!r}, but in {file.name} it is {document[field]!r}"
