"""Refuse descriptions of cheats that make no sense, each with one sentence that says what would."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Sequence
from typing import Any

from spdz.adversary.cheats import Cheat
from spdz.errors import UsageError
from spdz.field import Field
from spdz.params import require_seconds
from spdz.sessions.programs import require_program
from spdz.wire.steps import all_steps

PLACES = ("first", "middle", "last")


def check_run(program: Any, timeout: object, deadline: object) -> None:
    """Refuse what is no program, and waiting times that are not."""
    for one in program if isinstance(program, list | tuple) else [program]:
        require_program(one)
    require_seconds(timeout, "timeout")
    require_seconds(deadline, "deadline")


def corrupted_parties(corrupted: Any) -> frozenset[int]:
    """The parties that are named besides those with a cheat."""
    if isinstance(corrupted, str | int) or not all(_is_integer(party) for party in corrupted):
        raise UsageError(f"corrupted must be a list of party indices, got {corrupted!r}")
    return frozenset(corrupted)


def check_cheats(cheats: Any, parties: int, endpoints: int, corrupted: frozenset[int], field: Field) -> None:
    """Refuse what cannot happen, naming the nearest thing that can: unknown steps and parties, nobody honest."""
    if isinstance(cheats, Cheat | str) or not isinstance(cheats, Sequence):
        raise UsageError(f"cheats must be a list, got {type(cheats).__name__}: write cheats=[...]")
    for cheat in cheats:
        if not isinstance(cheat, Cheat):
            raise UsageError(f"a cheat is an object such as AddTo(...), got {cheat!r}")
        _check_step(cheat.step)
        _check_party("by", cheat.by, endpoints)
        if cheat.to is not None:
            _check_party("to", cheat.to, endpoints)
        if cheat.to == cheat.by:
            raise UsageError(f"party {cheat.by} cannot cheat itself: choose another receiver")
        _check_values(cheat, field)
    for party in corrupted:
        _check_party("corrupted", party, endpoints)
    bad = {party for party in corrupted | {cheat.by for cheat in cheats} if party < parties}
    if len(bad) >= parties:
        raise UsageError(f"all {parties} parties are corrupted; at least one must be honest")
    _check_combination(cheats)


def _check_step(step: object) -> None:
    names = all_steps()
    if step in names:
        return
    near = difflib.get_close_matches(step, names, 1) if isinstance(step, str) else []
    hint = f"did you mean {near[0]!r}?" if near else "docs/attacks.md lists all of them"
    raise UsageError(f"there is no step {step!r}; {hint}")


def _check_party(name: str, party: object, endpoints: int) -> None:
    if not _is_integer(party):
        raise UsageError(f"{name} must be the index of a party, 0 to {endpoints - 1}, got {party!r}")
    index: int = party  # type: ignore[assignment]
    if not 0 <= index < endpoints:
        near = min(max(index, 0), endpoints - 1)
        raise UsageError(f"{name}={index}: there is no such party; the nearest is {near} (0 to {endpoints - 1})")


def _check_values(cheat: Cheat, field: Field) -> None:
    for item in dataclasses.fields(cheat):
        rule = _RULES.get(item.name)
        value = getattr(cheat, item.name)
        wanted = rule(value, field) if rule is not None else None
        if wanted is not None:
            raise UsageError(f"{type(cheat).__name__}: {item.name} must be {wanted}, got {value!r}")


def _check_combination(cheats: Sequence[Cheat]) -> None:
    replaced: dict[int, Cheat] = {}
    for cheat in cheats:
        if not cheat.replaces_context:
            continue
        if cheat.by in replaced:
            first, second = type(replaced[cheat.by]).__name__, type(cheat).__name__
            raise UsageError(
                f"{first} and {second} cannot both be done by party {cheat.by}, because each replaces the context of "
                "its protocols: give them to different parties"
            )
        replaced[cheat.by] = cheat


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


Rule = Callable[[Any, Field], str | None]


def _at_least(lowest: int) -> Rule:
    return lambda value, field: None if _is_integer(value) and value >= lowest else f"an integer of at least {lowest}"


def _place(value: Any, field: Field) -> str | None:
    right = value in PLACES if isinstance(value, str) else _is_integer(value) and value >= 0
    return None if right else f"one of {', '.join(PLACES)}, or an index from 0 on"


def _delta(value: Any, field: Field) -> str | None:
    if value == "random" or (_is_integer(value) and value % field.modulus):
        return None
    return "an integer that is not zero in the field"


def _mask(value: Any, field: Field) -> str | None:
    return None if _is_integer(value) and 0 < value < 256 else "an integer from 1 to 255"


def _guess(value: Any, field: Field) -> str | None:
    return None if _is_integer(value) else "an integer"


def _session(value: Any, field: Field) -> str | None:
    return None if value in ("other", "this") else '"other" or "this"'


def _flag(value: Any, field: Field) -> str | None:
    return None if isinstance(value, bool) else "True or False"


def _function(value: Any, field: Field) -> str | None:
    return None if callable(value) else "a function (own, honest, view) -> bytes"


_RULES: dict[str, Rule] = {
    "skip": _at_least(0),
    "every": _flag,
    "count": _at_least(1),
    "columns": _at_least(1),
    "bits": _at_least(1),
    "mask": _mask,
    "at": _place,
    "element": _place,
    "delta": _delta,
    "error": _delta,
    "guess": _guess,
    "session": _session,
    "pretend": _flag,
    "abort": _flag,
    "after": _flag,
    "choose": _function,
}
"""What the fields of cheats may be, by name: (value, field) -> what it should be instead, or None."""
