"""Kernels compute with words alone: numba would turn a word beside a signed integer into something else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from .kernel_types import watched

ROOT = Path(__file__).parents[2]
WORD = np.uint64(2**63 + 5)


def test_no_kernel_mixes_words_with_signed_integers(tmp_path: Path) -> None:
    """In a process whose cache is empty, so that everything is compiled before its eyes."""
    # Without optimisation compiling is fast, and types are the same.
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_OPT": "0"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.field.kernel_types"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    assert found["missed"] == [], "kernels that no use in kernel_types.py reaches"
    assert found["mistakes"] == []


def plus_one(x: Any) -> Any:
    return x + 1


def is_large(x: Any) -> Any:
    return x > 2**53 + 1


def whole_array(x: Any) -> Any:
    return np.full(3, x) * 3


def element_and_index(x: Any) -> Any:
    last = np.int64(0)
    for i in range(3):
        last = x * i
    return last


def now_word_now_integer(x: Any) -> Any:
    chosen = 0
    if x > np.uint64(7):
        chosen = x
    return chosen


@pytest.mark.parametrize("planted", [plus_one, is_large, whole_array, element_and_index, now_word_now_integer])
def test_a_planted_mistake_is_found(planted: Callable[[Any], Any]) -> None:
    with watched() as found:
        numba.njit(planted)(WORD)
    assert any(planted.__name__ in mistake for mistake in found.mistakes), found


def test_a_planted_mistake_in_a_helper_is_found() -> None:
    helper = numba.njit(plus_one)

    def caller(x: Any) -> Any:
        return helper(x)

    with watched() as found:
        numba.njit(caller)(WORD)
    assert [mistake.split(":")[0] for mistake in found.mistakes] == [f"{__name__}.plus_one"]


def test_words_alone_are_no_mistake() -> None:
    one = np.uint64(1)

    def rotated(x: Any, count: int) -> Any:
        for step in range(count):
            x = (x << one) ^ np.uint64(step)
        return x > one

    with watched() as found:
        numba.njit(rotated)(WORD, 3)
    assert found.functions
    assert not found.mistakes


def test_what_numba_makes_of_a_word_beside_an_integer() -> None:
    """Why this matters; if a later numba computes with words here, the rule may go."""
    assert numba.njit(plus_one)(WORD) != int(WORD) + 1
    assert numba.njit(whole_array)(WORD).dtype != np.uint64
    assert numba.njit(lambda x, y: x == y)(np.uint64(2**53 + 1), 2**53)
