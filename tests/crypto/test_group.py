"""The group agrees with RFC 8032, RFC 9380 and a plain-integer curve; points from peers are judged exactly."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

from spdz.crypto import Domain, SystemRandomness, group, labelled_xof
from spdz.errors import InternalError, UsageError

from . import references as ref

SMALL_ORDER = ref.small_order_points()
RANDOMNESS = SystemRandomness()

scalars = st.integers(1, ref.L - 1)


def scalar_bytes(n: int) -> bytes:
    return n.to_bytes(32, "little")


def raw_encoding(y: int, sign: int) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


def expected_validity(encoding: bytes) -> bool:
    point = ref.decode(encoding)
    return point is not None and ref.in_prime_order_group(point)


# ------------------------------------------------------------ arithmetic


def test_constants() -> None:
    assert group.ORDER == ref.L
    assert ref.encode(ref.BASE) == group.BASE_POINT
    assert ref.encode(ref.NEUTRAL) == group.IDENTITY
    assert group.base_multiply(scalar_bytes(1)) == group.BASE_POINT


@pytest.mark.parametrize(
    ("secret", "public"),
    [
        # RFC 8032, section 7.1, tests 1, 2 and 3: the public key is the clamped hash times the base point.
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        ),
    ],
)
def test_base_multiply_rfc_8032(secret: str, public: str) -> None:
    wide = int.from_bytes(hashlib.sha512(bytes.fromhex(secret)).digest()[:32], "little")
    clamped = (wide & ~7 & ~(1 << 255)) | 1 << 254
    scalar = scalar_bytes(clamped % ref.L)
    assert group.base_multiply(scalar).hex() == public
    assert group.multiply(scalar, group.BASE_POINT).hex() == public


def test_small_multiples_equal_repeated_addition() -> None:
    point = ref.BASE
    total = group.BASE_POINT
    for n in range(1, 17):
        assert group.base_multiply(scalar_bytes(n)) == total == ref.encode(point)
        total, point = group.add(total, group.BASE_POINT), ref.add(point, ref.BASE)
    assert group.base_multiply(scalar_bytes(ref.L - 1)) == ref.encode(ref.negate(ref.BASE))


@given(scalars, scalars)
@settings(deadline=None, max_examples=15)
def test_equals_the_plain_curve(a: int, b: int) -> None:
    point = ref.multiply(a, ref.BASE)
    assert group.base_multiply(scalar_bytes(a)) == ref.encode(point)
    assert group.multiply(scalar_bytes(b), ref.encode(point)) == ref.encode(ref.multiply(b, point))
    other = ref.multiply(b, ref.BASE)
    assert group.add(ref.encode(point), ref.encode(other)) == ref.encode(ref.add(point, other))
    assert group.subtract(ref.encode(point), ref.encode(other)) == ref.encode(ref.add(point, ref.negate(other)))


@given(scalars, scalars)
@settings(deadline=None, max_examples=30)
def test_diffie_hellman_commutes(a: int, b: int) -> None:
    left = group.multiply(scalar_bytes(a), group.base_multiply(scalar_bytes(b)))
    assert left == group.multiply(scalar_bytes(b), group.base_multiply(scalar_bytes(a)))
    assert left == group.base_multiply(scalar_bytes(a * b % ref.L))


def test_the_identity() -> None:
    point = group.hash_to_point(b"some point")
    nothing = group.subtract(point, point)
    assert group.is_identity(nothing)
    assert not group.is_identity(point)
    assert group.add(point, nothing) == point
    with pytest.raises(UsageError, match="identity"):
        group.multiply(scalar_bytes(5), nothing)


def test_unfit_scalars_are_refused() -> None:
    for n in (0, ref.L, ref.L + 1, 2**255 - 1, 2**256 - 1):
        with pytest.raises(UsageError, match="scalar"):
            group.base_multiply(scalar_bytes(n))
        with pytest.raises(UsageError, match="scalar"):
            group.multiply(scalar_bytes(n), group.BASE_POINT)
    for scalar in (b"", bytes(31) + b"", b"\x01" + bytes(32)):
        with pytest.raises(UsageError, match="scalar"):
            group.base_multiply(scalar)


def test_unfit_points_are_refused() -> None:
    off_curve = next(raw_encoding(y, 0) for y in range(2, 50) if ref.recover_x(y, 0) is None)
    for encoding in (b"", group.BASE_POINT[:31], group.BASE_POINT + b"\0", off_curve):
        for operation in (group.add, group.subtract):
            with pytest.raises(UsageError):
                operation(encoding, group.BASE_POINT)
            with pytest.raises(UsageError):
                operation(group.BASE_POINT, encoding)
        with pytest.raises(UsageError):
            group.multiply(scalar_bytes(3), encoding)
    for torsion in SMALL_ORDER[1:]:
        with pytest.raises(UsageError):
            group.multiply(scalar_bytes(3), ref.encode(ref.add(ref.BASE, torsion)))


def test_random_scalars() -> None:
    scalars_drawn = [group.random_scalar(RANDOMNESS) for _ in range(2000)]
    numbers = [int.from_bytes(scalar, "little") for scalar in scalars_drawn]
    assert all(0 < number < ref.L for number in numbers)
    assert len(set(numbers)) == len(numbers)
    # Uniform modulo small numbers and over the range, to seven standard deviations (binomial, 2000 draws).
    for modulus in (2, 3, 8):
        for residue in range(modulus):
            hits = sum(number % modulus == residue for number in numbers)
            assert abs(hits - 2000 / modulus) < 7 * (2000 / modulus) ** 0.5
    assert abs(sum(number < ref.L // 2 for number in numbers) - 1000) < 7 * 500**0.5


def test_a_zero_scalar_is_drawn_again() -> None:
    class Script:
        tainted = True

        def __init__(self) -> None:
            self.answers = [bytes(64), ref.L.to_bytes(64, "little"), (7 * ref.L + 5).to_bytes(64, "little")]

        def fill(self, buffer: object) -> None:
            raise AssertionError

        def bytes(self, count: int) -> bytes:
            assert count == 64
            return self.answers.pop(0)

    assert group.random_scalar(Script()) == scalar_bytes(5)


# ------------------------------------------------------------ hash to point


@pytest.mark.parametrize(
    ("u", "x", "y"),
    [
        # RFC 9380, appendix J.5.2, edwards25519_XMD:SHA-512_ELL2_NU_: the field element u[0] and the point P.
        (
            "7f3e7fb9428103ad7f52db32f9df32505d7b427d894c5093f7a0f0374a30641d",
            "1ff2b70ecf862799e11b7ae744e3489aa058ce805dd323a936375a84695e76da",
            "222e314d04a4d5725e9f2aff9fb2a6b69ef375a1214eb19021ceab2d687f0f9b",
        ),
        (
            "09cfa30ad79bd59456594a0f5d3a76f6b71c6787b04de98be5cd201a556e253b",
            "5f13cc69c891d86927eb37bd4afc6672360007c63f68a33ab423a3aa040fd2a8",
            "67732d50f9a26f73111dd1ed5dba225614e538599db58ba30aaea1f5c827fa42",
        ),
        (
            "475ccff99225ef90d78cc9338e9f6a6bb7b17607c0c4428937de75d33edba941",
            "1dd2fefce934ecfd7aae6ec998de088d7dd03316aa1847198aecf699ba6613f1",
            "2f8a6c24dd1adde73909cada6a4a137577b0f179d336685c4a955a0a8e1a86fb",
        ),
        (
            "049a1c8bd51bcb2aec339f387d1ff51428b88d0763a91bcdf6929814ac95d03d",
            "35fbdc5143e8a97afd3096f2b843e07df72e15bfca2eaf6879bf97c5d3362f73",
            "2af6ff6ef5ebba128b0774f4296cb4c2279a074658b083b8dcca91f57a603450",
        ),
        (
            "3cb0178a8137cefa5b79a3a57c858d7eeeaa787b2781be4a362a2f0750d24fa0",
            "6e5e1f37e99345887fc12111575fc1c3e36df4b289b8759d23af14d774b66bff",
            "2c90c3d39eb18ff291d33441b35f3262cdd307162cc97c31bfcc7a4245891a37",
        ),
    ],
)
def test_the_single_map_of_libsodium_is_elligator_2(u: str, x: str, y: str) -> None:
    # libsodium takes the sign of x from the top bit of its input where the RFC computes it: equal up to that sign.
    uniform = int(u, 16)
    point = (int(x, 16), int(y, 16))
    for sign in (0, 1):
        image = bindings.crypto_core_ed25519_from_uniform((uniform | sign << 255).to_bytes(32, "little"))
        assert image in (ref.encode(point), ref.encode(ref.negate(point)))
    plus, minus = (
        bindings.crypto_core_ed25519_from_uniform((uniform | sign << 255).to_bytes(32, "little")) for sign in (0, 1)
    )
    assert plus != minus


def test_hash_to_point_is_the_sum_of_two_maps() -> None:
    uniform = labelled_xof(Domain.HASH_TO_GROUP, 64, b"a", 1, session_id=b"s", party=2)
    left, right = (ref.decode(bindings.crypto_core_ed25519_from_uniform(h)) for h in (uniform[:32], uniform[32:]))
    assert left is not None
    assert right is not None
    assert group.hash_to_point(b"a", 1, session_id=b"s", party=2) == ref.encode(ref.add(left, right))


def test_hashed_points_are_valid_and_distinct() -> None:
    points = [group.hash_to_point(i) for i in range(100)]
    points += [
        group.hash_to_point(b"x"),
        group.hash_to_point(b"x", party=0),
        group.hash_to_point(b"x", session_id=b"s"),
    ]
    assert len(set(points)) == len(points)
    assert all(group.validate(point) for point in points)
    assert all(expected_validity(point) for point in points[:5])


# ------------------------------------------------------------ points from peers


def test_good_points_are_valid() -> None:
    for _ in range(20):
        assert group.validate(group.base_multiply(group.random_scalar(RANDOMNESS)))
    assert group.validate(group.BASE_POINT)


def test_small_order_points_are_refused_in_every_encoding() -> None:
    assert len({ref.encode(point) for point in SMALL_ORDER}) == 8
    for _, y in SMALL_ORDER:
        for sign in (0, 1):
            assert not group.validate(raw_encoding(y, sign))
            if y + ref.P < 2**255:
                assert not group.validate(raw_encoding(y + ref.P, sign))


def test_the_identity_is_refused() -> None:
    assert not group.validate(group.IDENTITY)
    assert not group.validate(raw_encoding(1, 1))
    assert not group.validate(raw_encoding(ref.P + 1, 0))


def test_non_canonical_encodings_are_refused() -> None:
    # Each y from p to 2^255 - 1 also is y - p, and many of those are on the curve (though none is in the subgroup).
    on_curve = 0
    for y in range(19):
        for sign in (0, 1):
            canonical = raw_encoding(y, sign)
            assert group.validate(canonical) == expected_validity(canonical)
            on_curve += ref.decode(canonical) is not None
            assert not group.validate(raw_encoding(y + ref.P, sign))
    assert on_curve > 10


def test_mixed_order_points_are_refused() -> None:
    # CVE-2025-69277: libsodium before 2025-12-30 takes the sum with the point of order two.
    for n in (1, 2, 12345, ref.L - 1):
        good = ref.multiply(n, ref.BASE)
        assert group.validate(ref.encode(good))
        for torsion in SMALL_ORDER[1:]:
            assert not group.validate(ref.encode(ref.add(good, torsion)))


def test_points_off_the_curve_are_refused() -> None:
    off = [raw_encoding(y, sign) for y in range(2, 100) for sign in (0, 1) if ref.recover_x(y, sign) is None]
    assert len(off) > 50
    assert not any(group.validate(encoding) for encoding in off)


@pytest.mark.parametrize("encoding", [b"", bytes(31), bytes(32), bytes(33), b"\xff" * 32, group.BASE_POINT + b"\0"])
def test_other_bytes_are_refused(encoding: bytes) -> None:
    assert not group.validate(encoding)


@given(st.binary(min_size=32, max_size=32))
@settings(deadline=None, max_examples=60)
def test_validity_of_random_bytes(encoding: bytes) -> None:
    assert group.validate(encoding) == expected_validity(encoding)


def test_a_flawed_libsodium_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    group._refuse_unfit_library()
    monkeypatch.setattr(bindings, "crypto_core_ed25519_is_valid_point", lambda point: True)
    with pytest.raises(InternalError, match="CVE-2025-69277"):
        group._refuse_unfit_library()
    monkeypatch.setattr(bindings, "has_crypto_core_ed25519", False)
    with pytest.raises(InternalError, match="libsodium"):
        group._refuse_unfit_library()
