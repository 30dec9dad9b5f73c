"""A validator for the part of JSON Schema (draft 2020-12) that the schemas of the vectors use.

It refuses a schema with any other keyword, so nothing is silently unchecked. The tests compare its verdicts with those
of the `jsonschema` package, which would be one more dependency of everybody for the sake of one command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from spdz.errors import InternalError

FOLDER = Path(str(files("spdz.vectors.schemas")))

_ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "if", "then", "else"}
_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}


class SchemaViolation(Exception):
    """A value does not fit: `place` is where, as in `testGroups[0].type`; the text says why."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(text)
        self.place = place


class Schemas:
    """All schemas of one folder by file name. Nothing but plain file names is looked up."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._by_name = {path.name: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}

    @property
    def names(self) -> list[str]:
        """The names that `validate` takes."""
        return list(self._by_name)

    @property
    def of_files(self) -> list[str]:
        """The names that a vector file can give as its schema: those that describe a whole file."""
        return [name for name, schema in self._by_name.items() if "testGroups" in schema.get("properties", {})]

    def document(self, name: str) -> Any:
        """A schema as it was read."""
        return self._by_name[name]

    def validate(self, name: str, value: Any) -> None:
        """Raise SchemaViolation for the first thing that does not fit the schema `name`."""
        self._check(name, self._by_name[name], value, "")

    def _resolve(self, name: str, reference: str) -> tuple[str, Any]:
        file, _, pointer = reference.partition("#")
        found = self._by_name[file or name]
        for part in pointer.strip("/").split("/"):
            found = found[part] if part else found
        return file or name, found

    def _check(self, name: str, schema: Any, value: Any, place: str) -> None:
        if isinstance(schema, bool):
            if not schema:
                raise SchemaViolation(place, "is not a field that belongs here")
            return
        for keyword, wanted in schema.items():
            if keyword == "$ref":
                other, target = self._resolve(name, wanted)
                self._check(other, target, value, place)
            elif keyword == "allOf":
                for part in wanted:
                    self._check(name, part, value, place)
            elif keyword in _STRUCTURES:
                _STRUCTURES[keyword](self, name, schema, value, place)
            elif keyword in _ASSERTIONS:
                _ASSERTIONS[keyword](wanted, value, place)
            elif keyword not in _ANNOTATIONS:
                raise InternalError(f"schema {name} uses the keyword {keyword!r}, which this validator does not know")
        if "if" in schema:
            branch = "then" if self._fits(name, schema["if"], value) else "else"
            self._check(name, schema.get(branch, {}), value, place)

    def _fits(self, name: str, schema: Any, value: Any) -> bool:
        try:
            self._check(name, schema, value, "")
        except SchemaViolation:
            return False
        return True

    def _properties(self, name: str, schema: Any, value: Any, place: str) -> None:
        if isinstance(value, dict):
            for key, part in schema["properties"].items():
                if key in value:
                    self._check(name, part, value[key], inside(place, key))

    def _additional(self, name: str, schema: Any, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            return
        for key in value:
            if key not in schema.get("properties", {}):
                self._check(name, schema["additionalProperties"], value[key], inside(place, key))

    def _items(self, name: str, schema: Any, value: Any, place: str) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                self._check(name, schema["items"], item, f"{place}[{index}]")


_STRUCTURES: Mapping[str, Callable[[Schemas, str, Any, Any, str], None]] = {
    "properties": Schemas._properties,
    "additionalProperties": Schemas._additional,
    "items": Schemas._items,
}


def inside(place: str, key: str) -> str:
    """The place of a field of an object."""
    return f"{place}.{key}" if place else key


def _type(wanted: Any, value: Any, place: str) -> None:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not any(_TYPES[name](value) for name in names):
        raise SchemaViolation(place, f"must be {' or '.join(names)}")


def _required(wanted: Any, value: Any, place: str) -> None:
    if isinstance(value, dict):
        for key in wanted:
            if key not in value:
                raise SchemaViolation(inside(place, key), "is missing")


def _pattern(wanted: Any, value: Any, place: str) -> None:
    # For JSON Schema `$` is the very end; for Python it is before a last line feed as well.
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", wanted), value):
        raise SchemaViolation(place, f"does not have the form {wanted}")


def _same(left: Any, right: Any) -> bool:
    """Equality of JSON values: true is not 1."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _const(wanted: Any, value: Any, place: str) -> None:
    if not _same(wanted, value):
        raise SchemaViolation(place, f"must be {wanted!r}")


def _enum(wanted: Any, value: Any, place: str) -> None:
    if not any(_same(one, value) for one in wanted):
        raise SchemaViolation(place, f"must be one of {', '.join(map(str, wanted))}")


def _minimum(wanted: Any, value: Any, place: str) -> None:
    if _TYPES["integer"](value) and value < wanted:
        raise SchemaViolation(place, f"must be at least {wanted}")


def _maximum(wanted: Any, value: Any, place: str) -> None:
    if _TYPES["integer"](value) and value > wanted:
        raise SchemaViolation(place, f"must be at most {wanted}")


def _min_items(wanted: Any, value: Any, place: str) -> None:
    if isinstance(value, list) and len(value) < wanted:
        raise SchemaViolation(place, f"must have at least {wanted} entries")


_ASSERTIONS: Mapping[str, Callable[[Any, Any, str], None]] = {
    "type": _type,
    "required": _required,
    "pattern": _pattern,
    "const": _const,
    "enum": _enum,
    "minimum": _minimum,
    "maximum": _maximum,
    "minItems": _min_items,
}
