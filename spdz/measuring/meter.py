"""Where the time of a run goes: functions are wrapped while it is measured, and the package's own code stays as it is.

Time is *self time*: what a wrapped function spends in another wrapped one belongs to that one. The thread of the party,
which installs the meter, is measured by itself: its times add up to the wall clock. What helper threads spend meanwhile
is counted beside it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock, get_ident, local
from time import perf_counter
from typing import Any

from numba.core.dispatcher import Dispatcher

from spdz.errors import InternalError

Work = Callable[[tuple[Any, ...], Any], int]
"""(arguments, result) of a call: how many bytes it had to process."""


@dataclass(frozen=True)
class Probe:
    """What to measure as part of a stage.

    module     a module, or a package followed by ".*" for all modules of it
    attribute  "function", "Class.method", "kernels" for every compiled kernel, or "functions" for every plain function
               and method that is defined there; what another probe has taken before is left to that
    work       bytes processed by a call; None if they are not counted
    """

    stage: str
    module: str
    attribute: str
    work: Work | None = None


@dataclass
class Tally:
    """What was measured of one stage, or of one function."""

    seconds: float = 0.0
    helper_seconds: float = 0.0
    """In other threads than that of the party."""
    calls: int = 0
    work_bytes: int = 0


class _Ledger:
    """What one thread writes down, without sharing."""

    def __init__(self) -> None:
        self.thread = get_ident()
        self.inner: list[float] = []
        """For each wrapped function that runs: the seconds spent in wrapped functions that it called."""
        self.tallies: dict[tuple[str, str], Tally] = {}
        """By stage and name of the function."""


@dataclass(frozen=True)
class _Place:
    """Something that can be replaced: an attribute of a module or of a class."""

    owner: Any
    name: str
    value: Any


class Meter:
    """Wraps, measures, and puts everything back."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._probes = probes
        self._replaced: list[_Place] = []
        self._taken: set[int] = set()
        self._names: list[tuple[str, str]] = []
        self._own = local()
        self._ledgers: list[_Ledger] = []
        self._lock = Lock()
        self._thread = get_ident()

    @property
    def tallies(self) -> dict[str, Tally]:
        """What was measured of each stage."""
        return self._merged([(probe.stage, "") for probe in self._probes], lambda key: key[0])

    @property
    def functions(self) -> dict[tuple[str, str], Tally]:
        """What was measured of each function, by stage and name."""
        return self._merged(self._names, lambda key: key)

    def _merged(self, keys: Sequence[tuple[str, str]], part: Callable[[tuple[str, str]], Any]) -> dict[Any, Tally]:
        merged = {part(key): Tally() for key in keys}
        with self._lock:
            for ledger in self._ledgers:
                for key, tally in ledger.tallies.items():
                    total = merged[part(key)]
                    if ledger.thread == self._thread:
                        total.seconds += tally.seconds
                    else:
                        total.helper_seconds += tally.seconds
                    total.calls += tally.calls
                    total.work_bytes += tally.work_bytes
        return merged

    def _ledger(self) -> _Ledger:
        """The one of this thread."""
        ledger: _Ledger | None = getattr(self._own, "ledger", None)
        if ledger is None:
            self._own.ledger = ledger = _Ledger()
            with self._lock:
                self._ledgers.append(ledger)
        return ledger

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Measure what runs inside the block. InternalError if a probe names something that is not there."""
        self._thread = get_ident()
        try:
            # All modules first: one that is imported later would keep what it imports by name, wrapped, for good.
            for probe, modules in [(each, list(_modules(each))) for each in self._probes]:
                for module in modules:
                    self._install(probe, module)
            yield
        finally:
            while self._replaced:
                place = self._replaced.pop()
                setattr(place.owner, place.name, place.value)
            self._taken.clear()

    def _install(self, probe: Probe, module: Any) -> None:
        for place in _places(probe, module):
            function = place.value.__func__ if isinstance(place.value, staticmethod) else place.value
            if id(function) in self._taken:
                continue
            self._taken.add(id(function))
            self._names.append((probe.stage, _name_of(function)))
            wrapped = self._wrapped(function, self._names[-1], probe.work)
            self._replace(place, staticmethod(wrapped) if isinstance(place.value, staticmethod) else wrapped)
            if inspect.ismodule(place.owner):
                self._replace_imported(function, wrapped)

    def _replace(self, place: _Place, value: Any) -> None:
        self._replaced.append(place)
        setattr(place.owner, place.name, value)

    def _replace_imported(self, function: Any, wrapped: Any) -> None:
        """Modules that say `from module import function` hold it under a name of their own."""
        for name, module in list(sys.modules.items()):
            if name == "spdz" or name.startswith("spdz."):
                for attribute, value in list(vars(module).items()):
                    if value is function:
                        self._replace(_Place(module, attribute, value), wrapped)

    def _wrapped(self, function: Any, key: tuple[str, str], work: Work | None) -> Any:
        ledger_of_thread = self._ledger

        @functools.wraps(function)
        def measured(*arguments: Any, **named: Any) -> Any:
            ledger = ledger_of_thread()
            inner = ledger.inner
            inner.append(0.0)
            started = perf_counter()
            result = None
            try:
                result = function(*arguments, **named)
            finally:
                elapsed = perf_counter() - started
                tally = ledger.tallies.get(key)
                if tally is None:
                    tally = ledger.tallies[key] = Tally()
                tally.seconds += elapsed - inner.pop()
                tally.calls += 1
                if work is not None:
                    tally.work_bytes += work((*arguments, *named.values()), result)
                if inner:
                    inner[-1] += elapsed
            return result

        return measured

    @classmethod
    def seconds_per_call(cls) -> float:
        """What measuring one call costs, roughly."""
        meter, calls = cls([]), 20_000
        measured = meter._wrapped(lambda: None, ("", ""), None)
        started = perf_counter()
        for _ in range(calls):
            measured()
        return (perf_counter() - started) / calls


def _name_of(function: Any) -> str:
    """A kernel counts by the name of the function that it was compiled from."""
    plain = getattr(function, "py_func", function)
    return f"{plain.__module__.removeprefix('spdz.')}.{plain.__qualname__}"


def _modules(probe: Probe) -> Iterator[Any]:
    try:
        if not probe.module.endswith(".*"):
            yield importlib.import_module(probe.module)
            return
        package = importlib.import_module(probe.module.removesuffix(".*"))
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            yield importlib.import_module(found.name)
    except ModuleNotFoundError as error:
        raise _gone(probe, str(error)) from None


def _places(probe: Probe, module: Any) -> list[_Place]:
    if probe.attribute == "kernels":
        found = _kernels(module)
    elif probe.attribute == "functions":
        found = _functions(module)
    else:
        return [_named(probe, module)]
    if not found and not probe.module.endswith(".*"):
        raise _gone(probe, f"no {probe.attribute} in {module.__name__}")
    return found


def _named(probe: Probe, module: Any) -> _Place:
    owner, (*classes, name) = module, probe.attribute.split(".")
    try:
        for part in classes:
            owner = getattr(owner, part)
        value = inspect.getattr_static(owner, name)
    except AttributeError as error:
        raise _gone(probe, str(error)) from None
    if inspect.iscoroutinefunction(value) or inspect.isgeneratorfunction(value):
        raise _gone(probe, "it is a coroutine or a generator by now, whose time cannot be taken like this")
    return _Place(owner, name, value)


def _kernels(module: Any) -> list[_Place]:
    """Compiled kernels of a module, except those that are compiled into others: numba must find them as they are."""
    here = {name: value for name, value in vars(module).items() if isinstance(value, Dispatcher)}
    used = {name for value in here.values() for name in value.py_func.__code__.co_names}
    return [
        _Place(module, name, value)
        for name, value in here.items()
        if not (name in used or value.targetoptions.get("forceinline")) and value.py_func.__module__ == module.__name__
    ]


def _functions(module: Any) -> list[_Place]:
    """Plain functions and methods defined in a module, special methods excepted."""
    owners = [value for value in vars(module).values() if inspect.isclass(value)]
    owners = [module, *(owner for owner in owners if owner.__module__ == module.__name__)]
    return [
        _Place(owner, name, value)
        for owner in owners
        for name, value in list(vars(owner).items())
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and not (name.startswith("__") or inspect.iscoroutinefunction(value) or inspect.isgeneratorfunction(value))
    ]


def _gone(probe: Probe, why: str) -> InternalError:
    return InternalError(
        f"the profile's stage {probe.stage!r} names {probe.module}, {probe.attribute}; it cannot be measured ({why}): "
        "bring the list in spdz/measuring/stages.py up to date"
    )
