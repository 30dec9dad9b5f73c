"""A client of the dealer that is destroyed between two conversations keeps neither material nor its stream."""

from __future__ import annotations

import pytest

from spdz.crypto.prg import Prg
from spdz.errors import UsageError
from spdz.preprocessing.dealer.dealer import DealerPreprocessing
from spdz.sharing.material import TRIPLES


def test_the_stream_is_wiped_and_forgotten(seed: bytes) -> None:
    client = DealerPreprocessing()
    stream = Prg(seed[:16])
    client._stream = stream
    client.destroy()
    client.destroy()
    assert client._stream is None
    with pytest.raises(UsageError, match="wiped"):
        stream.bytes(1)
    with pytest.raises(UsageError, match="destroyed"):
        client.store.take(TRIPLES, 1)
