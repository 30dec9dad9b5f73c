"""The prime-order subgroup of edwards25519, through libsodium: the group of the base oblivious transfers.

Source: RFC 8032 (curve, encoding); RFC 9380 section 3 and [BCIMRT, CRYPTO 2010; FFSTV, Math. Comp. 2013] for hashing
as the sum of two maps, which is indifferentiable from a random oracle where a single map is not; docs/wire, section 12.

A point is its canonical 32-byte encoding, a scalar a little-endian 32-byte integer below the group order L = 2^252 +
27742317777372353535851937790883648493. The curve has cofactor 8, so **every point that a peer sent must pass
`validate` before anything else is done with it** (PITFALLS 11): a point outside the subgroup gives away the scalar it
is multiplied with modulo 8. libsodium works in constant time; Python's handling of the bytes does not promise to.

libsodium before 2025-12-30 (PyNaCl before 1.6.2) takes the sum of a good point and the point of order two for valid
(CVE-2025-69277). This module refuses to be imported on such a library.
"""

from __future__ import annotations

from typing import Final

from nacl import bindings, exceptions

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import Part, labelled_xof
from spdz.crypto.randomness import Randomness
from spdz.errors import InternalError, UsageError

POINT_BYTES: Final = 32
SCALAR_BYTES: Final = 32
ORDER: Final = 2**252 + 27742317777372353535851937790883648493

IDENTITY: Final = bytes([1]) + bytes(31)
"""The encoding of the neutral element (0, 1). Not a valid point to receive, but a possible result of `add`."""

BASE_POINT: Final = bytes([0x58]) + bytes([0x66]) * 31
"""The encoding of the generator, y = 4/5 with even x."""

_ZERO_SCALAR: Final = bytes(SCALAR_BYTES)
_WIDE_SCALAR_BYTES: Final = 64

# The point (0, -1), which has order two.
_ORDER_TWO: Final = (2**255 - 20).to_bytes(POINT_BYTES, "little")


def random_scalar(randomness: Randomness) -> bytes:
    """A uniform nonzero scalar: 64 uniform bytes modulo the order, which is within 2^-259 of uniform."""
    while True:
        scalar = bindings.crypto_core_ed25519_scalar_reduce(randomness.bytes(_WIDE_SCALAR_BYTES))
        if scalar != _ZERO_SCALAR:
            return scalar


def base_multiply(scalar: bytes) -> bytes:
    """`scalar` times the generator.

    Raises: UsageError for a scalar that is not in [1, order).
    """
    _check_scalar(scalar)
    return bindings.crypto_scalarmult_ed25519_base_noclamp(scalar)


def multiply(scalar: bytes, point: bytes) -> bytes:
    """`scalar` times `point`, for a point of the prime-order subgroup other than the identity.

    Raises: UsageError for a scalar that is not in [1, order) and for a point that is not in the subgroup or is the
        identity. No other input leads to the identity, so a result is never it. A caller who multiplies a *sum* that a
        peer could have steered to the identity asks `is_identity` first and blames the peer.
    """
    _check_scalar(scalar)
    _check_length(point)
    try:
        return bindings.crypto_scalarmult_ed25519_noclamp(scalar, point)
    except exceptions.RuntimeError as error:
        raise UsageError("cannot multiply the identity, nor a point outside the prime-order subgroup") from error


def add(left: bytes, right: bytes) -> bytes:
    """The sum of two points; the identity is a possible result."""
    _check_length(left)
    _check_length(right)
    try:
        return bindings.crypto_core_ed25519_add(left, right)
    except exceptions.RuntimeError as error:
        raise UsageError("cannot add what is not a point of the curve") from error


def subtract(left: bytes, right: bytes) -> bytes:
    """The difference of two points; the identity is a possible result."""
    _check_length(left)
    _check_length(right)
    try:
        return bindings.crypto_core_ed25519_sub(left, right)
    except exceptions.RuntimeError as error:
        raise UsageError("cannot subtract what is not a point of the curve") from error


def is_identity(point: bytes) -> bool:
    """Whether the result of `add` or `subtract` is the neutral element."""
    return point == IDENTITY


def hash_to_point(*parts: Part, session_id: bytes = b"", party: int | None = None) -> bytes:
    """A point of the subgroup that behaves like a random oracle's answer to `parts`; nobody knows its logarithm.

    The sum of libsodium's Elligator 2 map on the two halves of a 64-byte labelled hash. The map reads 255 bits as a
    field element (p is within 2^-250 of 2^255) and one bit as a sign, and multiplies by the cofactor.
    """
    uniform = labelled_xof(Domain.HASH_TO_GROUP, 2 * POINT_BYTES, *parts, session_id=session_id, party=party)
    return bindings.crypto_core_ed25519_add(
        bindings.crypto_core_ed25519_from_uniform(uniform[:POINT_BYTES]),
        bindings.crypto_core_ed25519_from_uniform(uniform[POINT_BYTES:]),
    )


def validate(point: bytes) -> bool:
    """Whether bytes from a peer are the canonical encoding of a non-identity point of the prime-order subgroup.

    libsodium checks, in this order: canonical encoding, not of small order, on the curve, order times point is the
    identity. Any length is answered.
    """
    return len(point) == POINT_BYTES and bindings.crypto_core_ed25519_is_valid_point(point)


def _check_scalar(scalar: bytes) -> None:
    # libsodium would silently drop the top bit and, for the zero scalar, fail with a message of no use.
    if len(scalar) != SCALAR_BYTES or not 0 < int.from_bytes(scalar, "little") < ORDER:
        raise UsageError("a scalar has 32 bytes and lies between 1 and the group order")


def _check_length(point: bytes) -> None:
    if len(point) != POINT_BYTES:
        raise UsageError(f"a point has {POINT_BYTES} bytes, not {len(point)}")


def _refuse_unfit_library() -> None:
    """Raise unless libsodium has the functions used here and tells mixed-order points from good ones."""
    if not (bindings.has_crypto_core_ed25519 and bindings.has_crypto_scalarmult_ed25519):
        raise InternalError("this build of libsodium has no edwards25519 arithmetic; install PyNaCl from PyPI")
    if bindings.crypto_core_ed25519_is_valid_point(bindings.crypto_core_ed25519_add(BASE_POINT, _ORDER_TWO)):
        raise InternalError(
            "the installed libsodium accepts points outside the prime-order group (CVE-2025-69277); "
            "install PyNaCl 1.6.2 or newer"
        )


_refuse_unfit_library()
