"""PITFALLS 17 for every protocol: views do not depend on honest inputs, and the same tests flag what leaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.soundness.cases import BIT_HONEST, BIT_LEAKY, HONEST, LEAKY, RANGE_HONEST, RANGE_LEAKY
from benchmarks.soundness.homogeneity import Case, compare

TESTS = 20_000
"""More tests than a full measurement makes: the threshold is 0.001 / 20,000."""
ARRAY, SINGLE = 400, 60
"""Repetitions where one run makes an array, and where it makes one number."""


def small(case: Case) -> Case:
    """Two sessions per honest input and coalition; two parties where every number costs a run."""
    array = case.repetitions >= 1000
    return replace(
        case,
        repetitions=min(case.repetitions, ARRAY) if array else SINGLE,
        sessions=2,
        parties=case.parties if array else case.parties[:1],
    )


@pytest.mark.parametrize("case", HONEST + BIT_HONEST + RANGE_HONEST, ids=lambda case: case.name)
def test_no_view_depends_on_honest_inputs(case: Case, seed: bytes) -> None:
    tested = compare(small(case), seed)
    assert tested.p_values
    assert not tested.flagged(TESTS), min(tested.p_values.items(), key=lambda item: item[1])


@pytest.mark.parametrize("case", LEAKY + BIT_LEAKY + RANGE_LEAKY, ids=lambda case: case.name)
def test_leaky_variants_are_flagged(case: Case, seed: bytes) -> None:
    assert compare(small(case), seed).flagged(TESTS)
