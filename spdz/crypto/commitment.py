"""Hash commitments: SHA-256 of a fresh 32-byte nonce and the payload, bound to session, party and label.

Source: docs/wire, section 7. In the random-oracle model the commitment hides, since the nonce has 256 bits that nobody
knows, and it binds and can be extracted, since finding two openings is finding a collision.

Session, party and label are inside the hash: a party that sends back the commitment of another one cannot open it as
its own, and a commitment of one session or step opens nothing in another (PITFALLS 7).
"""

from __future__ import annotations

import hmac
from typing import Final

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import HASH_BYTES, labelled_hash
from spdz.crypto.randomness import Randomness

COMMITMENT_BYTES: Final = HASH_BYTES
NONCE_BYTES: Final = 32


def _commitment(
    session_id: bytes, party: int, label: bytes, payload: bytes | bytearray | memoryview, nonce: bytes
) -> bytes:
    return labelled_hash(Domain.COMMITMENT, label, nonce, payload, session_id=session_id, party=party)


def commit(
    session_id: bytes,
    party: int,
    label: bytes,
    payload: bytes | bytearray | memoryview,
    randomness: Randomness,
) -> tuple[bytes, bytes]:
    """Commit `party` to `payload`; returns the commitment to send now and the nonce to send with the payload later."""
    nonce = randomness.bytes(NONCE_BYTES)
    return _commitment(session_id, party, label, payload, nonce), nonce


def verify_opening(
    session_id: bytes,
    party: int,
    label: bytes,
    payload: bytes | bytearray | memoryview,
    nonce: bytes,
    commitment: bytes,
) -> bool:
    """Whether `payload` and `nonce` open the `commitment` that `party` gave under `label` in this session.

    `party` is the number of the sender as the transport knows it, never what a message says. What a peer sent may have
    any length; the comparison takes the same time wherever the hashes differ.
    """
    if len(nonce) != NONCE_BYTES:
        return False
    return hmac.compare_digest(_commitment(session_id, party, label, payload, nonce), commitment)
