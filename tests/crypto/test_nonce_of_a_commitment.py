"""A commitment that was made with a nonce of another length opens nothing, even to the right payload."""

from __future__ import annotations

import pytest

from spdz.crypto.commitment import NONCE_BYTES, _commitment, verify_opening

SESSION, LABEL, PAYLOAD = b"session", b"label", b"payload"


@pytest.mark.parametrize(("length", "taken"), [(0, False), (31, False), (NONCE_BYTES, True), (33, False)])
def test_a_nonce_has_one_length(length: int, taken: bool) -> None:
    nonce = bytes(range(length))
    commitment = _commitment(SESSION, 1, LABEL, PAYLOAD, nonce)
    assert verify_opening(SESSION, 1, LABEL, PAYLOAD, nonce, commitment) is taken
