"""The meter of the profile: self time, what it replaces, and that it does not go stale in silence."""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType

import pytest

from spdz.crypto import bit_matrix
from spdz.errors import InternalError
from spdz.field.mersenne import arrays as kernels
from spdz.field.mersenne import element as mersenne
from spdz.measuring import meter as meters
from spdz.measuring.meter import Meter, Probe
from spdz.measuring.stages import BOUNDS, PROBES

SOURCE = """
clock = None

def outer(steps):
    clock.advance(steps)
    inner(2 * steps)
    return steps

def inner(steps):
    clock.advance(steps)

class Thing:
    def method(self, data):
        clock.advance(5)
        return len(data)

    @staticmethod
    def static():
        clock.advance(7)

async def coroutine():
    pass

def generator():
    yield 1
"""


class Clock:
    """Time that passes only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def advance(self, steps: float) -> None:
        self.now += steps

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of the package for the time of a test, and a clock that the meter goes by."""
    made = ModuleType("spdz.measured_for_a_test")
    exec(SOURCE, made.__dict__)
    made.__dict__["clock"] = clock = Clock()
    for value in (made.outer, made.inner, made.Thing, made.coroutine, made.generator):
        value.__module__ = made.__name__
    for name in ("method", "static"):
        getattr(made.Thing, name).__module__ = made.__name__
    monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setattr(meters, "perf_counter", clock)
    return made


def probe(attribute: str, stage: str = "a stage") -> Probe:
    return Probe(stage, "spdz.measured_for_a_test", attribute, lambda arguments, result: len(arguments))


def test_time_belongs_to_the_innermost_function(module: ModuleType) -> None:
    meter = Meter([probe("outer", "outer"), probe("inner", "inner")])
    with meter.installed():
        assert module.outer(3) == 3
        module.inner(1)
    assert (meter.tallies["outer"].seconds, meter.tallies["outer"].calls) == (3, 1)
    assert (meter.tallies["inner"].seconds, meter.tallies["inner"].calls) == (7, 2)
    assert meter.tallies["inner"].work_bytes == 2
    alone = meter.functions["inner", "measured_for_a_test.inner"]
    assert (alone.seconds, alone.calls) == (7, 2)


def test_methods_are_measured_and_put_back(module: ModuleType) -> None:
    before = dict(vars(module.Thing))
    meter = Meter([probe("Thing.method"), probe("Thing.static")])
    with meter.installed():
        assert module.Thing().method(b"abc") == 3
        module.Thing.static()
        module.Thing().static()
    assert meter.tallies["a stage"].seconds == 19
    assert dict(vars(module.Thing)) == before


def test_all_functions_of_a_module_but_what_cannot_be_timed(module: ModuleType) -> None:
    meter = Meter([probe("inner", "inner"), probe("functions", "rest")])
    coroutine, generator = module.coroutine, module.generator
    with meter.installed():
        module.outer(1)
        module.Thing().method(b"")
        assert (module.coroutine, module.generator) == (coroutine, generator)
    assert (meter.tallies["inner"].seconds, meter.tallies["rest"].seconds) == (2, 6)


def test_an_error_passes_through_and_is_measured(module: ModuleType) -> None:
    meter = Meter([probe("outer", "outer"), probe("inner", "inner")])
    with meter.installed(), pytest.raises(TypeError):
        module.outer("text")
    assert meter.tallies["outer"].calls == 1
    assert meter._ledger().inner == []


def test_other_threads_are_counted_beside(module: ModuleType) -> None:
    meter = Meter([probe("outer", "outer"), probe("inner", "inner")])
    with meter.installed():
        thread = threading.Thread(target=module.outer, args=(4,))
        thread.start()
        thread.join()
        module.inner(1)
    outer, inner = meter.tallies["outer"], meter.tallies["inner"]
    assert (outer.seconds, outer.helper_seconds, outer.calls) == (0, 4, 1)
    assert (inner.seconds, inner.helper_seconds, inner.calls) == (1, 8, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        probe("gone"),
        probe("Thing.gone"),
        probe("Gone.method"),
        probe("coroutine"),
        probe("generator"),
        probe("kernels"),
        Probe("a stage", "spdz.gone", "f"),
        Probe("a stage", "spdz.gone.*", "kernels"),
    ],
    ids=lambda wrong: f"{wrong.module}.{wrong.attribute}",
)
def test_a_name_that_is_gone_is_an_error(wrong: Probe, module: ModuleType) -> None:
    before = dict(vars(module))
    meter = Meter([probe("inner", "first"), wrong])
    with pytest.raises(InternalError, match=r"a stage.*bring the list in .*stages\.py up to date"), meter.installed():
        pass
    assert dict(vars(module)) == before


def test_every_name_of_the_list_is_there_and_comes_back() -> None:
    """This fails when a function of the profile's list is renamed: rename it in `spdz/measuring/stages.py` too."""
    transpose, add = bit_matrix.transpose_columns, kernels.add_arrays
    meter = Meter(PROBES)
    with meter.installed():
        assert bit_matrix.transpose_columns is not transpose
        assert kernels.add_arrays is not add
    assert bit_matrix.transpose_columns is transpose
    assert kernels.add_arrays is add


def test_what_is_compiled_into_kernels_stays_as_it_is() -> None:
    """Numba looks it up when a kernel is compiled, which may happen while a profile is taken."""
    inlined = mersenne.widest_multiple
    with Meter(PROBES).installed():
        assert mersenne.widest_multiple is inlined
        assert kernels.__dict__["widest_multiple"] is inlined


def test_names_that_other_modules_have_imported_are_measured_too() -> None:
    importlib.import_module("spdz.preprocessing.mascot.generator")  # and with it everything that the generator uses
    original = bit_matrix.transpose_columns
    importers = [
        module
        for name, module in sys.modules.items()
        if name.startswith("spdz.") and vars(module).get("transpose_columns") is original
    ]
    assert len(importers) > 1, "nobody imports it by name any more: choose another function for this test"
    with Meter(PROBES).installed():
        assert all(module.transpose_columns is bit_matrix.transpose_columns for module in importers)
        assert bit_matrix.transpose_columns is not original
    assert all(module.transpose_columns is original for module in importers)


def test_bounds_are_of_stages_that_there_are() -> None:
    assert set(BOUNDS) <= {probe.stage for probe in PROBES}


def test_what_measuring_costs_is_known() -> None:
    assert Meter.seconds_per_call() > 0
