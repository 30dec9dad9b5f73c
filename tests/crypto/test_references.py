"""The slow versions are right: they pass the vectors of the standards."""

from __future__ import annotations

import hashlib

import pytest

from . import references as ref


@pytest.mark.parametrize(
    ("key", "plain", "cipher"),
    [
        # FIPS 197, appendix B and appendix C.1.
        ("2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734", "3925841d02dc09fbdc118597196a0b32"),
        ("000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a"),
    ],
)
def test_aes_fips_197(key: str, plain: str, cipher: str) -> None:
    assert ref.Aes128(bytes.fromhex(key)).encrypt_block(bytes.fromhex(plain)).hex() == cipher


def test_aes_ctr_sp_800_38a() -> None:
    # NIST SP 800-38A, F.5.1 CTR-AES128.Encrypt.
    plain = bytes.fromhex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
    )
    cipher = bytes.fromhex(
        "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
        "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"
    )
    aes = ref.Aes128(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"))
    assert ref.xor(plain, aes.ctr_stream(0xF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF, 4)) == cipher


@pytest.mark.parametrize(
    ("h", "aad", "cipher", "digest"),
    [
        # McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test cases 2, 3 and 4.
        (
            "66e94bd4ef8a2c3b884cfa59ca342b2e",
            "",
            "0388dace60b6a392f328c2b971b2fe78",
            "f38cbb1ad69223dcc3457ae5b6b0f885",
        ),
        (
            "b83b533708bf535d0aa6e52980d53b78",
            "",
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
            "7f1b32b81b820d02614f8895ac1d4eac",
        ),
        (
            "b83b533708bf535d0aa6e52980d53b78",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
            "698e57f70e6ecc7fd9463b7260a9ae5f",
        ),
    ],
)
def test_ghash_of_the_gcm_specification(h: str, aad: str, cipher: str, digest: str) -> None:
    a, c = bytes.fromhex(aad), bytes.fromhex(cipher)
    padded = a + bytes(-len(a) % 16) + c + bytes(-len(c) % 16)
    lengths = (8 * len(a)).to_bytes(8, "big") + (8 * len(c)).to_bytes(8, "big")
    assert ref.ghash(bytes.fromhex(h), padded + lengths).hex() == digest


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        # FIPS 180, the examples for SHA-256.
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (b"a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ],
)
def test_sha_256_fips_180(message: bytes, digest: str) -> None:
    assert hashlib.sha256(message).hexdigest() == digest


def test_edwards25519_base_point() -> None:
    # RFC 8032, 5.1: the coordinates of the base point, and its order.
    assert ref.BASE == (
        15112221349535400772501151409588531511454012693041857206046113283949847762202,
        46316835694926478169428394003475163141307993866256225615783033603165251855960,
    )
    assert ref.multiply(ref.L, ref.BASE) == ref.NEUTRAL
    assert len(set(ref.small_order_points())) == 8
