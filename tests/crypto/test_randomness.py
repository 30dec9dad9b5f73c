"""Secret randomness: fresh in every request and in every process; determinism only through the tainted test entry."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from spdz.crypto import Randomness, SystemRandomness, deterministic_randomness_for_tests
from spdz.errors import UsageError

SEED = bytes(range(32))

FORK_SCRIPT = """
import os
from spdz.crypto import SystemRandomness
randomness = SystemRandomness()
randomness.bytes(5000)
for count in (16, 5000):
    reader, writer = os.pipe()
    child = os.fork()
    mine = randomness.bytes(count)
    if child == 0:
        os.write(writer, mine[:16])
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 16) != mine[:16]
print("differ")
"""


@pytest.mark.parametrize("count", [0, 1, 32, 1024, 1025, 70_001])
def test_system_randomness(count: int) -> None:
    randomness = SystemRandomness()
    first, second = randomness.bytes(count), randomness.bytes(count)
    assert len(first) == len(second) == count
    buffer = np.zeros(count, np.uint8)
    randomness.fill(buffer)
    if count >= 32:
        assert len({first, second, buffer.tobytes(), bytes(count)}) == 4
    assert not randomness.tainted


def test_system_randomness_fills_all_of_any_buffer() -> None:
    randomness = SystemRandomness()
    for words in (4, 1000):
        array = np.zeros((words, 2), np.uint64)
        randomness.fill(array)
        assert array.all()
    with pytest.raises(UsageError):
        randomness.fill(bytes(4))
    with pytest.raises(UsageError):
        randomness.bytes(-1)


@pytest.mark.parametrize("count", [16, 2048])
def test_bits_are_balanced_at_every_position(count: int) -> None:
    # PITFALLS 13, for short and for expanded requests. 2^13 samples, 128 positions, seven standard deviations.
    randomness = SystemRandomness()
    samples = [randomness.bytes(count)[-16:] for _ in range(1 << 13)]
    bits = np.unpackbits(np.frombuffer(b"".join(samples), np.uint8).reshape(-1, 16), axis=1)
    assert np.abs(bits.sum(axis=0, dtype=np.int64) - (1 << 12)).max() < 7 * 45.3
    assert len(set(samples)) == len(samples)


def test_parent_and_child_of_a_fork_draw_different_bytes() -> None:
    result = subprocess.run([sys.executable, "-c", FORK_SCRIPT], capture_output=True, text=True, check=False)
    assert result.stdout == "differ\n", result.stderr


def test_deterministic_randomness_is_reproducible_and_tainted() -> None:
    def source(label: str | int) -> Randomness:
        return deterministic_randomness_for_tests(SEED, label)

    assert source("alice").tainted
    assert source("alice").bytes(100) == source("alice").bytes(100)
    distinct = [source("alice"), source("bob"), source(0), source("0"), source(1)]
    distinct.append(deterministic_randomness_for_tests(SEED[::-1], "alice"))
    assert len({randomness.bytes(16) for randomness in distinct}) == len(distinct)
    one, two = source("alice"), source("alice")
    buffer = bytearray(40)
    one.fill(buffer)
    assert bytes(buffer) == two.bytes(30) + two.bytes(10)
    assert one.bytes(8) != bytes(buffer[:8])


@pytest.mark.parametrize("seed", [b"", bytes(16), bytes(33)])
def test_test_seeds_have_32_bytes(seed: bytes) -> None:
    with pytest.raises(UsageError):
        deterministic_randomness_for_tests(seed, 0)


def test_the_seed_does_not_show() -> None:
    randomness = deterministic_randomness_for_tests(SEED, 0)
    assert repr(randomness) == "<deterministic randomness for tests>"
    with pytest.raises(TypeError):
        pickle.dumps(randomness)
