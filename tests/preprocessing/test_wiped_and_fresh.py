"""After the end nothing of the generator can be used or read: material, key bits, streams (PITFALLS 4, 5, 13)."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.crypto.prg import Prg
from spdz.errors import UsageError
from spdz.field import M61
from spdz.params import SecurityParams
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.mascot.links import Link, Links
from spdz.sharing.material import RANDOM_SHARES, TRIPLES
from tests.support.dealer import ideal_links
from tests.support.interference import Recorder
from tests.support.links import set_up_links
from tests.support.parties import make_sessions, run


def streams_of(link: Link) -> list[Prg]:
    """Every stream that a link holds."""
    leaves = [prg for end in (link.ot_receiver, link.ot_sender) for tree in end.streams.prgs for prg in tree]
    pairs = [*link.inputter._prgs]
    single = [*leaves, *link.key_holder._prgs]
    shares = [link.shares_to, link.shares_from, link.zeros_to, link.zeros_from]
    return [*(prg for pair in pairs for prg in pair), *single, *shares]


def test_destroying_the_generator_leaves_nothing(seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    makers = [MascotPreprocessing() for _ in sessions]
    for maker, links in zip(makers, ideal_links(sessions, seed), strict=True):
        maker._links = Links(links)
    demand = {TRIPLES: 2, RANDOM_SHARES: 2}
    assert run(sessions, lambda ctx: makers[ctx.party].produce(ctx, demand)).results == [None] * 3

    maker = makers[0]
    links = list(maker._links.values())
    assert len(links) == 2
    batches = [batch for kind in demand for batch in maker.store._batches[kind]]
    secrets = [array for link in links for array in (link.ot_sender.delta_row, link.ot_sender.masks)]
    secrets += [link.key_holder._bits for link in links]
    arrays = [array for batch in batches for share in batch.shares for array in (share.value, share.mac)]
    assert all(array.any() for array in secrets)
    assert not any(array.is_zero().all() for array in arrays)
    streams = [prg for link in links for prg in streams_of(link)]
    trees, leaves = 128 // maker.params.ot_tree_bits, 2**maker.params.ot_tree_bits
    assert len(streams) == 2 * (trees * (leaves + leaves - 1) + 2 * 61 + 61 + 4)

    maker.destroy()

    assert not any(array.any() for array in secrets)
    assert all(np.all(array.is_zero()) for array in arrays)
    for prg in streams:
        with pytest.raises(UsageError, match="wiped"):
            prg.bytes(1)
    with pytest.raises(UsageError, match="destroyed"):
        maker.store.take(TRIPLES, 1)
    assert not maker._links


def test_the_points_of_base_ots_never_repeat(seed: bytes) -> None:
    """A sender's point, or a receiver's free point, that were the same twice would be no secret's image."""
    sessions = make_sessions(2, M61, seed)
    for step, per_ot in (("base_ot.sender_points", 1), ("base_ot.receiver_points", 2)):
        view = Recorder(step, 0)
        sessions = make_sessions(2, M61, seed)
        run(sessions, set_up_links, view)
        (payload,) = view.payloads.values()
        points = {payload[start : start + 32] for start in range(0, len(payload), 32)}
        assert len(points) == per_ot * (128 + 61)


@pytest.mark.parametrize(
    ("field_bits", "parties", "copies"),
    [
        (61, 2, 4),
        (61, 3, 4),
        (61, 4, 5),
        (61, 16, 5),
        (127, 2, 3),
        (127, 12, 3),
        (127, 13, 4),
        (127, 16, 4),
        (31, 2, 6),
        (5, 2, 26),
    ],
)
def test_enough_copies_are_combined_that_guessed_bits_of_a_say_nothing(
    field_bits: int, parties: int, copies: int
) -> None:
    """What selective failures of all triples of a session tell about any `a` is about 2^-s."""
    assert SecurityParams().combined_copies(field_bits, parties) == copies
    told = (parties - 1) * 2.0 ** (-field_bits * (copies - 2) / 2)
    assert told <= 2.0 ** -SecurityParams().statistical_bits
    one_less = (parties - 1) * 2.0 ** (-field_bits * (copies - 3) / 2)
    assert one_less > 2.0 ** -SecurityParams().statistical_bits, "not more than are needed"
