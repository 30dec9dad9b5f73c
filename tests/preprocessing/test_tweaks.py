"""PITFALLS 10, as the hash itself sees it: under one correlation no index serves two OTs, in chunks and batches."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from spdz.crypto.tweakable_hash import TweakableHash
from spdz.field import M13
from spdz.preprocessing.mascot.multiply import multiply
from spdz.preprocessing.ot.extension import ReceiverRows, SenderRows
from spdz.runtime.context import Context
from tests.support.dealer import ideal_links
from tests.support.parties import make_sessions, run


def test_the_hash_is_never_asked_twice_for_one_index(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spdz.preprocessing.mascot.multiply.CHUNK_ROWS", 1)
    asked: dict[int, list[int]] = defaultdict(list)
    asking: list[int] = []
    permute = TweakableHash.permute

    def spy(self: TweakableHash, rows: Any, first_index: int, scratch: Any) -> None:
        asked[asking[-1]] += range(first_index, first_index + len(rows))
        permute(self, rows, first_index, scratch)

    monkeypatch.setattr(TweakableHash, "permute", spy)
    for side in (ReceiverRows, SenderRows):

        def note_who(self, *arguments, original=side.hash_halves):  # type: ignore[no-untyped-def]
            asking.append(id(self._closed.__self__))  # the end that the rows belong to
            return original(self, *arguments)

        monkeypatch.setattr(side, "hash_halves", note_who)
    sessions = make_sessions(2, M13, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> None:
        for count in (130, 1, 129):
            await multiply(ctx.child("multiply"), links[ctx.party], ctx.random((count, 1)), ctx.random(count))

    assert run(sessions, main).results == [None, None]
    for own in links:
        for link in own.values():
            received, sent = asked.pop(id(link.ot_receiver)), asked.pop(id(link.ot_sender))
            assert len(received) == len(set(received)) >= (130 + 1 + 129) * 13
            # The sender hashes each row twice: with and without Delta.
            assert sorted(sent) == sorted(2 * received)
    assert not asked
