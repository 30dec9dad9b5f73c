"""What a check opens is masked, and what is shared stays shared: each seen on one party's own view (PITFALLS 17)."""

from __future__ import annotations

import pytest

from spdz.field import M5, M61
from spdz.preprocessing.mascot import authenticate as authenticate_module
from spdz.preprocessing.mascot.authenticate import authenticate
from spdz.preprocessing.mascot.masks import make_input_masks
from spdz.runtime.context import Context
from spdz.sharing.unverified import Unverified
from tests.support.dealer import ideal_links
from tests.support.interference import Recorder
from tests.support.parties import make_sessions, run
from tests.support.statistics import assert_uniform


def test_an_input_of_zeros_does_not_show_in_the_combination(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """All contributors input zero: without a mask the combination, whatever the coins, would be zero."""
    monkeypatch.setattr(authenticate_module, "_with_zero_share", lambda ctx, links, value: value)
    sessions = make_sessions(2, M61, seed)
    links = ideal_links(sessions, seed)
    view = Recorder("authenticate.combination", 0)

    async def main(ctx: Context) -> None:
        for _ in range(3):
            scope = ctx.child("authenticate", Unverified())
            await authenticate(scope, links[ctx.party], 3, (0, 1), M61.zeros((3,)))

    assert run(sessions, main, view).results == [None, None]
    opened = set(view.payloads.values())
    assert len(opened) == 3
    assert bytes(M61.element_bytes) not in opened


@pytest.mark.parametrize("party", [0, 1, 2])
def test_a_mask_is_shared_among_all_and_no_share_is_the_mask(party: int, seed: bytes) -> None:
    """Opening the sum of several owners' inputs opens shares: each must be uniform, the owner's own included."""
    sessions = make_sessions(3, M5, seed)
    links = ideal_links(sessions, seed)
    batches = run(sessions, lambda ctx: make_input_masks(ctx, links[ctx.party], 0, 2000)).results
    share, clear = batches[party].shares[0].value, batches[0].clear
    assert clear is not None
    assert_uniform(share.to_ints(), 31)
    assert_uniform((share - clear).to_ints(), 31)
