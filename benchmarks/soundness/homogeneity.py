"""Compares the views of each coalition between different honest inputs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from time import perf_counter

from .statistics import homogeneity
from .views import Experiment, Scenario, coalitions, joined, statistics_of

SECRETS = (0, 1, 30)
"""The honest inputs that are compared: 30 is -1 in M5."""
LEAST_REPETITIONS = 70
"""Per session; fewer are too few for a chi-square test."""
FAMILY_ERROR = 0.001
"""The probability that any honest protocol at all is flagged by chance (Bonferroni)."""


@dataclass(frozen=True)
class Case:
    """A protocol under test, or a leaky variant of it."""

    name: str
    title: str
    experiment: Experiment
    repetitions: int
    """Per session, honest input and coalition, in a full run."""
    sessions: int = 3
    """Fresh sessions, each with other keys."""
    leaky: bool = False
    parties: tuple[int, ...] = (2, 3)


@dataclass(frozen=True)
class Comparison:
    """The p-values of one case, by (parties, coalition, statistic)."""

    case: Case
    p_values: dict[tuple[int, tuple[int, ...], str], float]
    samples: int
    """Per honest input."""
    seconds: float

    @property
    def smallest(self) -> float:
        return min(self.p_values.values())

    @property
    def parties(self) -> str:
        """The numbers of parties that were tried."""
        return ", ".join(map(str, sorted({place[0] for place in self.p_values})))

    def flagged(self, tests: int) -> bool:
        """Whether some p-value is too small among so many tests."""
        return self.smallest < FAMILY_ERROR / tests


def compare(case: Case, seed: bytes, *, share: float = 1.0, quick: bool = False) -> Comparison:
    """Run a case for every coalition and honest input, and test each statistic.

    `share` of the repetitions are made; quick leaves out three parties where two can be had.
    """
    started, repetitions = perf_counter(), max(LEAST_REPETITIONS, int(case.repetitions * share))
    p_values, samples = {}, 0
    for parties in case.parties[:1] if quick else case.parties:
        for coalition in coalitions(parties):
            views = []
            for secret in SECRETS:
                scenarios = [
                    Scenario(
                        parties, coalition, secret, repetitions, _seed(seed, case, parties, coalition, secret, part)
                    )
                    for part in range(case.sessions)
                ]
                views.append(statistics_of(joined([case.experiment(scenario) for scenario in scenarios])))
            for name in views[0]:
                samples = len(views[0][name])
                p_value = homogeneity([view[name] for view in views])
                if p_value is not None:
                    p_values[parties, coalition, name] = p_value
    return Comparison(case, p_values, samples, perf_counter() - started)


def _seed(seed: bytes, case: Case, *place: object) -> bytes:
    return hashlib.sha256(seed + repr((case.name, *place)).encode()).digest()
