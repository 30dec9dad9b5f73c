"""Operations as a whole: what is refused half-way leaves nothing behind.

Most operations are made of others, and some of them are refused by the last one: a product of many entries may leave
its type at the third halving. What was asked for until then must not stay in the plan, where it would be computed, and
at other parties perhaps not. So everything that a program calls is asked for as a whole, or not at all.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_NOT_OPERATIONS = {"__init__", "__repr__", "__init_subclass__"}


def as_a_whole(function: Function) -> Function:
    """A function that adds all its nodes or none. Among its arguments is a session, or a value of one."""

    @functools.wraps(function)
    def whole(*given: Any, **more: Any) -> Any:
        sessions = (getattr(each, "_mpc", each) for each in given)
        graph = next((session._graph for session in sessions if hasattr(session, "_graph")), None)
        # Without a secret the function has nothing to ask for, and says what it takes.
        with nullcontext() if graph is None else graph.whole():
            return function(*given, **more)

    return whole  # type: ignore[return-value]


def make_whole(kind: type) -> None:
    """All operations that a class of values defines: its operators and its public methods."""
    for name, method in list(vars(kind).items()):
        public = not name.startswith("_") or (name.endswith("__") and name not in _NOT_OPERATIONS)
        if public and inspect.isfunction(method):
            setattr(kind, name, as_a_whole(method))
