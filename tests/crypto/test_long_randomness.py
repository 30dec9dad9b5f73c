"""Long random strings are as fresh as short ones (PITFALLS 13)."""

from __future__ import annotations

import pytest

from spdz.crypto.randomness import SystemRandomness


@pytest.mark.parametrize("count", [16, 1024, 1025, 100_000])
def test_no_two_requests_are_answered_alike(count: int) -> None:
    filled = [bytearray(count) for _ in range(3)]
    for buffer in filled:
        SystemRandomness().fill(buffer)
    drawn = [SystemRandomness().bytes(count) for _ in range(3)]
    assert len({*map(bytes, filled), *drawn}) == 6
