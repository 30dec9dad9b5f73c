"""Sessions of the tests, and what integers modulo p are expected to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.field import Field
from spdz.online.session import Mpc
from spdz.sharing.material import TRIPLES
from tests.support.left_behind import left_behind

Program = Callable[[Mpc], Any]


def local(program: Program | Sequence[Program], parties: int = 2, field: Any = "M61", **options: Any) -> list[Any]:
    """`run_local` with the dealer, which is quick, unless said otherwise."""
    return spdz.run_local(program, parties, field, **{"preprocessing": "dealer", "timeout": 60.0, **options})


def agreed(program: Program, parties: int = 2, field: Any = "M61", **options: Any) -> Any:
    """The result of a program that reveals to all; it must be the same everywhere, down to the type."""
    first, *others = local(program, parties, field, **options)
    for other in others:
        assert_same(first, other)
    return first


def assert_same(left: Any, right: Any) -> None:
    """Equal arrays, or tuples, lists and dictionaries of them, with equal shapes and types."""
    assert type(left) is type(right)
    if isinstance(left, tuple | list):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            assert_same(one, other)
    elif isinstance(left, dict):
        assert_same(sorted(left), sorted(right))
        assert_same([left[key] for key in sorted(left)], [right[key] for key in sorted(left)])
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype
        assert left.shape == right.shape
        assert (left == right).all()
    else:
        assert left == right


def exact(values: Any) -> np.ndarray[Any, Any]:
    """An array of Python ints, which never wrap around."""
    array = np.asarray(values, object)
    out = np.empty(array.shape, object)
    out[...] = np.array([int(value) for value in array.ravel()] + [None], object)[:-1].reshape(array.shape)
    return out


def signed(field: Field, values: Any) -> np.ndarray[Any, Any]:
    """Integers reduced to [-(p-1)/2, (p-1)/2], as Python ints."""
    half = (field.modulus - 1) // 2
    return exact((exact(values) + half) % field.modulus - half)


def assert_equals(result: Any, expected: Any, what: object = "") -> None:
    """A revealed array against integers of any kind, shape included."""
    wanted = np.asarray(expected)
    assert isinstance(result, np.ndarray), what
    assert result.shape == wanted.shape, what
    assert np.array_equal(result.astype(object), wanted.astype(object)), what


class Watched:
    """A program for every party, and the sessions it was run in, to be looked at when they have ended."""

    def __init__(self, *programs: Program) -> None:
        self._programs = programs
        self.sessions: dict[int, Mpc] = {}
        self.errors: dict[int, BaseException] = {}
        self.results: dict[int, Any] = {}

    def __call__(self, mpc: Mpc) -> Any:
        self.sessions[mpc.party] = mpc
        program = self._programs[min(mpc.party, len(self._programs) - 1)]
        try:
            self.results[mpc.party] = program(mpc)
        except BaseException as error:
            self.errors[mpc.party] = error
            raise
        return self.results[mpc.party]

    def assert_dead(self, parties: int) -> None:
        """No key share and no material is left at any party, and nothing can be started again."""
        assert sorted(self.sessions) == list(range(parties))
        for mpc in self.sessions.values():
            assert not mpc._party.session.key.alive
            store = mpc._source.store
            assert not store._batches
            for attempt in (
                lambda mpc=mpc: mpc.random(),
                lambda mpc=mpc: mpc.prepare(triples=1),
                lambda mpc=mpc: mpc._party.run(mpc._source.set_up, "again"),
                lambda store=store: store.take(TRIPLES, 1),
            ):
                assert_refused(attempt, spdz.UsageError, "session has ended")


def assert_refused(attempt: Callable[[], Any], error: type[BaseException], *words: str) -> None:
    """A refusal is of the right type and one line that holds `words`, and leaves nothing in the plan."""
    with pytest.raises(error) as caught:
        attempt()
    assert left_behind(caught.value) == [], str(caught.value)
    text = str(caught.value)
    assert type(caught.value) is error, repr(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text, text
