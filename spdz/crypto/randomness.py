"""Where every secret random byte comes from.

Protocol code takes a `Randomness` as an argument and never asks the system itself. There are two kinds: the operating
system's generator, and, for tests alone, a stream from a seed. The second one is *tainted*; a session that is given a
tainted source says so wherever it states its security.
"""

from __future__ import annotations

import builtins
import secrets
from typing import TYPE_CHECKING, Final, Protocol

from spdz.crypto.buffers import writable_bytes
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.prg import SEED_BYTES, Prg
from spdz.errors import UsageError

if TYPE_CHECKING:
    from spdz.crypto.buffers import AnyBuffer

# Above this a new AES key costs less than the system's generator, which makes about 0.4 GB/s.
_DIRECT_BYTES: Final = 1024


class Randomness(Protocol):
    """A source of uniform bytes."""

    @property
    def tainted(self) -> bool:
        """Whether the bytes can be predicted by whoever knows a seed: true in tests only."""

    def fill(self, buffer: AnyBuffer) -> None:
        """Overwrite the whole of a writable contiguous buffer with fresh random bytes."""

    def bytes(self, count: int) -> builtins.bytes:
        """`count` fresh random bytes."""


class SystemRandomness:
    """The operating system's generator; long requests are expanded from a seed that is drawn for this request alone.

    The object holds no state, so it can be shared between threads, and after a fork parent and child draw different
    bytes.
    """

    __slots__ = ()

    @property
    def tainted(self) -> bool:
        return False

    def fill(self, buffer: AnyBuffer) -> None:
        view = writable_bytes(buffer)
        if len(view) <= _DIRECT_BYTES:
            view[:] = secrets.token_bytes(len(view))
        else:
            Prg(secrets.token_bytes(SEED_BYTES)).fill(view)

    def bytes(self, count: int) -> builtins.bytes:
        if count < 0:
            raise UsageError("a count of bytes must not be negative")
        if count <= _DIRECT_BYTES:
            return secrets.token_bytes(count)
        return Prg(secrets.token_bytes(SEED_BYTES)).bytes(count)


class _DeterministicRandomness:
    """A stream known to whoever knows the seed. Reached through `deterministic_randomness_for_tests` only."""

    __slots__ = ("_prg",)

    def __init__(self, prg: Prg) -> None:
        self._prg = prg

    @property
    def tainted(self) -> bool:
        return True

    def fill(self, buffer: AnyBuffer) -> None:
        self._prg.fill(buffer)

    def bytes(self, count: int) -> builtins.bytes:
        return self._prg.bytes(count)

    def __repr__(self) -> str:
        return "<deterministic randomness for tests>"


def deterministic_randomness_for_tests(seed: bytes, label: str | int) -> Randomness:
    """A reproducible, *insecure* source for tests and test vectors; its use taints the session.

    `seed` has 32 bytes and may serve several parties or purposes, told apart by `label`.
    """
    if len(seed) != 32:
        raise UsageError("a test seed has 32 bytes")
    return _DeterministicRandomness(Prg(derive(Domain.TEST_RANDOMNESS, seed, SEED_BYTES, label)))
