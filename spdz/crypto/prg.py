"""Pseudorandom generator: the AES-128-CTR key stream under a seed, counter block starting at zero.

Source: NIST SP 800-38A, section 6.5; AES is FIPS 197. The seed is the AES key, so each seed must have one use only:
derive one seed per use with `spdz.crypto.hashing.derive`.

The stream is written straight into the caller's buffer by encrypting a shared block of zeros. In counter mode
`update_into` of `cryptography` asks for an output no longer than its input (its documented extra `block size - 1` is
zero, for a stream mode has block size one; a test watches this), but its buffers must be plain bytes, hence the flat
views. It releases the GIL for long inputs.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CTR

from spdz.crypto.buffers import writable_bytes
from spdz.errors import UsageError

if TYPE_CHECKING:
    from spdz.crypto.buffers import AnyBuffer

SEED_BYTES: Final = 16

# The zeros are read along with every write: 64 KiB stay in the second-level cache, and longer blocks gain 3 % at most.
_CHUNK_BYTES: Final = 1 << 16
_ZEROS: Final = memoryview(bytes(_CHUNK_BYTES))
BLOCK_BYTES: Final = 16


class Prg:
    """The stream of one seed. Not thread-safe; after a fork parent and child would continue the same stream."""

    __slots__ = ("_stream",)

    def __init__(self, seed: builtins.bytes, first_block: int = 0) -> None:
        """The stream of `seed`, or what remains of it from byte 16 `first_block` on."""
        if len(seed) != SEED_BYTES:
            raise UsageError(f"a PRG seed has {SEED_BYTES} bytes")
        counter = CTR(first_block.to_bytes(BLOCK_BYTES, "big"))
        self._stream: CipherContext | None = Cipher(AES128(seed), counter).encryptor()

    def fill(self, buffer: AnyBuffer) -> None:
        """Write the next bytes of the stream over the whole of `buffer`, a writable contiguous buffer of any length.

        The stream does not depend on how it is cut: fill(3 bytes) and fill(5 bytes) give what fill(8 bytes) gives.
        """
        stream = self._stream
        if stream is None:
            raise UsageError("this PRG has been wiped")
        view = writable_bytes(buffer)
        length = len(view)
        if length <= _CHUNK_BYTES:
            stream.update_into(_ZEROS[:length], view)
            return
        for start in range(0, length, _CHUNK_BYTES):
            chunk = view[start : start + _CHUNK_BYTES]
            stream.update_into(_ZEROS[: len(chunk)], chunk)

    def bytes(self, count: int) -> builtins.bytes:
        """The next `count` bytes of the stream."""
        if count < 0:
            raise UsageError("a count of bytes must not be negative")
        buffer = bytearray(count)
        self.fill(buffer)
        return bytes(buffer)

    def wipe(self) -> None:
        """Forget the key: OpenSSL erases the key schedule when its context is freed. The object is of no more use."""
        self._stream = None

    close = wipe

    def __repr__(self) -> str:
        return "<Prg>"
