"""Runs the rows of the soundness table and judges each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from time import perf_counter

from .statistics import clopper_pearson
from .trials import Cheat, trial_seed

CONFIDENCE = 0.999


@dataclass(frozen=True)
class Measured:
    """One row with its result."""

    cheat: Cheat
    runs: int
    successes: int
    seconds: float
    first: tuple[int, int] | None = None
    """Successes and runs of an earlier measurement that was not as predicted; this one confirms or refutes it."""

    @property
    def rate(self) -> float:
        return self.successes / self.runs

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper-Pearson at 99.9 %."""
        return clopper_pearson(self.successes, self.runs, CONFIDENCE)

    @property
    def consistent(self) -> bool:
        """The predicted rate is in the interval."""
        low, high = self.interval
        return low <= self.cheat.predicted <= high

    @property
    def as_predicted(self) -> bool:
        """Consistent, and within the bound."""
        return self.consistent and self.within_bound

    @property
    def within_bound(self) -> bool:
        """The measurement does not refute the bound: the interval is not wholly above it."""
        return self.interval[0] <= self.cheat.bound


def measure(cheat: Cheat, seed: bytes, runs: int) -> Measured:
    """Attempt a cheat so many times, each with a seed of its own."""
    started = perf_counter()
    label = f"{cheat.name} {cheat.field} {cheat.parties}"
    successes = sum(cheat.attempt(trial_seed(seed, label, number)) for number in range(runs))
    return Measured(cheat, runs, successes, perf_counter() - started)


def measure_and_confirm(cheat: Cheat, seed: bytes, runs: int) -> Measured:
    """As `measure`; what is not as predicted is measured once more, with other seeds and three times as often.

    Of some fifty rows at 99.9 % one is outside its interval by chance now and then; a fault is outside both times.
    """
    measured = measure(cheat, seed, runs)
    if measured.as_predicted:
        return measured
    again = measure(cheat, hashlib.sha256(seed + b"again").digest(), 3 * runs)
    return replace(again, first=(measured.successes, measured.runs))
