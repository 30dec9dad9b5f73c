"""What somebody asks for, by the names of kinds: `triples=5, input_masks={0: 3}, matrix_triples={(2, 3, 4): 1}`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from spdz.errors import UsageError
from spdz.params import require_integer
from spdz.sharing.material.kinds import Declaration, Kind, Parameter, declared_kinds


def demand_of(wanted: Mapping[str, Any], parties: int) -> dict[Kind, int]:
    """Kinds and counts, in the order of declaration whatever the order of the names; counts of zero are left out.

    Raises UsageError for a kind that does not exist, and for parameters or counts that do not fit it.
    """
    declared = {declaration.name.replace(" ", "_"): declaration for declaration in declared_kinds().values()}
    for name in wanted:
        if name not in declared:
            near = difflib.get_close_matches(name, declared, 1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise UsageError(f"there is no material called {name!r}{hint} There are {', '.join(declared)}")
    demand: dict[Kind, int] = {}
    for name, declaration in declared.items():
        for kind, count in _counts(name, declaration, wanted.get(name), parties):
            demand[kind] = require_integer(count, f"the number of {kind}", 0)
    return {kind: count for kind, count in demand.items() if count}


def _counts(name: str, declaration: Declaration, value: Any, parties: int) -> Iterator[tuple[Kind, Any]]:
    if value is None:
        return
    if declaration.parameter is Parameter.NONE:
        yield Kind(declaration.name), value
        return
    if not isinstance(value, Mapping):
        owned = declaration.parameter is Parameter.OWNER
        example, key = ("{0: 100}", "owner") if owned else _dims_words(declaration)
        raise UsageError(f"{name} takes a dictionary from {key} to count, as {name}={example}, got {value!r}")
    for key, count in value.items():
        yield _kind(name, declaration, key, parties), count


def _kind(name: str, declaration: Declaration, key: Any, parties: int) -> Kind:
    if declaration.parameter is Parameter.OWNER:
        return Kind(declaration.name, owner=require_integer(key, f"the owner of {declaration.name}", 0, parties - 1))
    count = len(declaration.dims)
    lengths = key if isinstance(key, tuple) else (key,)
    if len(lengths) != count:
        words = {1: "one length", 2: "two lengths", 3: "three lengths"}[count]
        raise UsageError(f"{name} are counted by {_dims_words(declaration)[1]}, {words}, got {key!r}")
    return Kind(declaration.name, dims=tuple(require_integer(length, f"a length of {name}", 1) for length in lengths))


def _dims_words(declaration: Declaration) -> tuple[str, str]:
    """An example of a count by dimensions, and what the key is called."""
    names = ", ".join(declaration.dims)
    if len(declaration.dims) == 1:
        return "{37: 100}", names
    return f"{{{tuple(range(2, 2 + len(declaration.dims)))}: 1}}", f"dimensions ({names})"
