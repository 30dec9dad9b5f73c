"""Commitments: the honest opening is taken; any change of payload, nonce, party, label or session is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.crypto import Domain, SystemRandomness, commit, deterministic_randomness_for_tests, labelled_hash
from spdz.crypto import verify_opening as verify

SESSION = b"session-0123456789abcdef01234567"
RANDOMNESS = SystemRandomness()


@given(st.binary(max_size=200), st.integers(0, 50), st.binary(max_size=10))
def test_an_honest_opening_is_taken(payload: bytes, party: int, label: bytes) -> None:
    commitment, nonce = commit(SESSION, party, label, payload, RANDOMNESS)
    assert len(commitment) == len(nonce) == 32
    assert verify(SESSION, party, label, memoryview(payload), nonce, commitment)


def test_every_input_is_bound() -> None:
    commitment, nonce = commit(SESSION, 1, b"label", b"payload", RANDOMNESS)
    assert verify(SESSION, 1, b"label", b"payload", nonce, commitment)
    assert not verify(SESSION[1:], 1, b"label", b"payload", nonce, commitment)
    assert not verify(SESSION, 2, b"label", b"payload", nonce, commitment)
    assert not verify(SESSION, 1, b"labe", b"lpayload", nonce, commitment)
    assert not verify(SESSION, 1, b"label", b"payloae", nonce, commitment)
    assert not verify(SESSION, 1, b"label", b"payload\0", nonce, commitment)


def test_one_flipped_bit_anywhere_is_refused() -> None:
    commitment, nonce = commit(SESSION, 1, b"label", b"payload", RANDOMNESS)
    for position in range(256):
        flip = (1 << position).to_bytes(32, "little")
        assert not verify(SESSION, 1, b"label", b"payload", _xor(nonce, flip), commitment)
        assert not verify(SESSION, 1, b"label", b"payload", nonce, _xor(commitment, flip))


def test_pitfall_7_an_echoed_commitment_is_refused() -> None:
    # Party 1 waits for the commitment and the opening of party 0 and sends both as its own.
    commitment, nonce = commit(SESSION, 0, b"coin", b"share", RANDOMNESS)
    assert verify(SESSION, 0, b"coin", b"share", nonce, commitment)
    assert not verify(SESSION, 1, b"coin", b"share", nonce, commitment)


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_wrong_lengths_are_refused_without_an_exception(length: int) -> None:
    commitment, nonce = commit(SESSION, 0, b"", b"", RANDOMNESS)
    assert not verify(SESSION, 0, b"", b"", (nonce * 2)[:length], commitment)
    assert not verify(SESSION, 0, b"", b"", nonce, (commitment * 2)[:length])


def test_bytes_do_not_move_between_nonce_and_payload() -> None:
    commitment, nonce = commit(SESSION, 0, b"", b"payload", RANDOMNESS)
    shifted = nonce[1:] + b"p"
    assert not verify(SESSION, 0, nonce[:1], b"ayload", shifted, commitment)


def test_equal_payloads_have_different_commitments() -> None:
    assert commit(SESSION, 0, b"", b"x", RANDOMNESS)[0] != commit(SESSION, 0, b"", b"x", RANDOMNESS)[0]


def test_known_answer() -> None:
    commitment, nonce = commit(SESSION, 3, b"l", b"p", deterministic_randomness_for_tests(bytes(32), "commit"))
    assert nonce == deterministic_randomness_for_tests(bytes(32), "commit").bytes(32)
    assert commitment == labelled_hash(Domain.COMMITMENT, b"l", nonce, b"p", session_id=SESSION, party=3)


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
