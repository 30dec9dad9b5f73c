"""A linear universal hash over GF(2^128): GHASH, computed by AES-GMAC with its constant parts stripped.

Source: NIST SP 800-38D, algorithms 2 (GHASH) and 4 (GCM-AE); McGrew and Viega, INDOCRYPT 2004, for the bound.

Symbols: K the key, H = AES_K(0) the hash point, m the number of 16-byte blocks, A = (A_1 ... A_m) the data.

The GMAC tag of A under a nonce is `A_1 H^(m+1) + ... + A_m H^2 + L H + AES_K(nonce counter)`, where L encodes the
length. The length is fixed for one object and the nonce is constant, so the last two terms are the tag of the zero
string. What remains after adding that tag,

    digest(A) = A_1 H^(m+1) + ... + A_m H^2,

is linear over XOR, and for A != B the digests agree for at most m + 1 of the 2^128 values of H. H is uniform when K is
(AES as an ideal cipher). **K must be tossed after A and B are fixed**: it is public, and whoever knows it first makes
collisions at will. It is neither a MAC nor collision-resistant.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB

from spdz.crypto.buffers import readable_bytes
from spdz.errors import UsageError

if TYPE_CHECKING:
    from spdz.crypto.buffers import AnyBuffer

KEY_BYTES: Final = 16
DIGEST_BYTES: Final = 16
_BLOCK_BYTES: Final = 16
_MAXIMUM_BYTES: Final = 1 << 30
_NONCE: Final = bytes(12)


def _hash_point(key: bytes) -> bytes:
    encryptor = Cipher(AES128(key), ECB()).encryptor()  # noqa: S305 - one block: this is GCM's own derivation of H
    return encryptor.update(bytes(_BLOCK_BYTES))


class UniversalHash:
    """The hash of one public key for data of one length. Safe to share between threads."""

    __slots__ = ("_cipher", "_length_bytes", "_tag_of_zero")

    def __init__(self, key: bytes, length_bytes: int) -> None:
        if len(key) != KEY_BYTES:
            raise UsageError(f"a universal-hash key has {KEY_BYTES} bytes")
        if not 0 < length_bytes <= _MAXIMUM_BYTES or length_bytes % _BLOCK_BYTES:
            raise UsageError(f"the hashed length must be a positive multiple of {_BLOCK_BYTES} bytes, at most 2^30")
        # With H = 0 every digest is zero and a check on digests checks nothing. One key in 2^128 does that.
        if hmac.compare_digest(_hash_point(key), bytes(_BLOCK_BYTES)):
            raise UsageError("this universal-hash key has the hash point zero")
        self._cipher = AESGCM(key)
        self._length_bytes = length_bytes
        self._tag_of_zero = int.from_bytes(self._cipher.encrypt(_NONCE, b"", bytes(length_bytes)), "little")

    @property
    def length_bytes(self) -> int:
        """The only length that this object hashes."""
        return self._length_bytes

    def digest(self, data: AnyBuffer) -> bytes:
        """The 16-byte hash of `data`, with digest(a XOR b) = digest(a) XOR digest(b) and digest(0) = 0."""
        view = readable_bytes(data)
        if len(view) != self._length_bytes:
            raise UsageError(f"expected {self._length_bytes} bytes to hash, got {len(view)}")
        # The tag of the empty message is the whole output: nothing is ever encrypted, so the fixed nonce is harmless.
        tag = self._cipher.encrypt(_NONCE, b"", view)
        return (int.from_bytes(tag, "little") ^ self._tag_of_zero).to_bytes(DIGEST_BYTES, "little")
