"""A service takes over the round of those who ask it, and they must agree: nobody moves it alone."""

from __future__ import annotations

import pytest

from spdz.errors import Desync
from spdz.field import M61
from spdz.preprocessing.dealer.dealer import REQUEST
from spdz.wire.codec import Blob
from tests.support.endpoint import Endpoint, ask, data_frame, first_path


@pytest.mark.parametrize("said", [6, 8, 1 << 31])
def test_peers_that_say_different_rounds(said: int, seed: bytes) -> None:
    service = Endpoint(3, M61, seed)
    task = service.start(ask(REQUEST, Blob(1), (1, 2)))
    label = service.label(first_path(REQUEST))
    service.feed(data_frame(REQUEST, label, 7, b"x"), peer=1)
    with pytest.raises(Desync, match=f"the parties say rounds 7 and {said}") as caught:
        service.feed(data_frame(REQUEST, label, said, b"x"), peer=2)
    assert caught.value.step == REQUEST.name
    assert not task.done


def test_peers_that_agree_on_a_round(seed: bytes) -> None:
    service = Endpoint(3, M61, seed)
    task = service.start(ask(REQUEST, Blob(1), (1, 2)))
    label = service.label(first_path(REQUEST))
    for peer in (1, 2):
        service.feed(data_frame(REQUEST, label, 7, b"x"), peer=peer)
    assert task.done
    assert task.depth == 7
