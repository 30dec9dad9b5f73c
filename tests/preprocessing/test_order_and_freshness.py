"""Five tosses, each later than all it challenges, and nothing that is used twice (PITFALLS 1, 2, 10, 13)."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict

import pytest

from spdz.crypto.prg import Prg
from spdz.field import M13, M61, M127, Field
from spdz.params import MascotParams
from spdz.preprocessing.mascot.authenticate import authenticate
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.mascot.masks import make_random_shares
from spdz.preprocessing.mascot.multiply import multiply
from spdz.preprocessing.mascot.triples import make_triples
from spdz.preprocessing.ot.extension import OtReceiver, OtSender, ReceiverRows, SenderRows
from spdz.protocols.coin_toss import Coins
from spdz.runtime.context import Context
from spdz.runtime.trace import Trace
from spdz.sharing.material import TRIPLES
from spdz.sharing.shares import AuthShare
from tests.support.dealer import ideal_links
from tests.support.links import set_up_links
from tests.support.ot import DEPTHS
from tests.support.parties import make_sessions, rounds_of, run, steps_in_order
from tests.support.statistics import assert_probability
from tests.support.vole import with_vole

TOSSES = {
    "ot_extension.check.coins": ("ot_extension.columns",),
    "combine.coins": ("multiply.corrections",),
    "authenticate.coins": ("copee.corrections",),
    "authenticate.check.coins": ("authenticate.combination", "authenticate.coins.open"),
    "sacrifice.coins": ("authenticate.check.sigma.open",),
    "sacrifice.check.coins": ("sacrifice.rho", "sacrifice.coins.open"),
}
"""Each toss and what it challenges, in the order of docs/security/order.md; MAC-check coins belong to two checks."""


def trace_of_triples(parties: int, seed: bytes) -> Trace:
    sessions = make_sessions(parties, M61, seed)
    links = ideal_links(sessions, seed)
    ended = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 2))
    assert len(ended.results) == parties
    return ended.trace


@pytest.mark.parametrize("parties", [2, 3])
def test_the_tosses_come_in_the_order_of_the_design(parties: int, seed: bytes) -> None:
    order = [step for step in steps_in_order(trace_of_triples(parties, seed)) if step.endswith("coins.commit")]
    assert order == [f"{name}.commit" for name in TOSSES]


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("name", TOSSES)
def test_a_toss_begins_after_all_that_it_challenges(name: str, parties: int, seed: bytes) -> None:
    trace = trace_of_triples(parties, seed)
    (commit,) = rounds_of(trace, f"{name}.commit")
    (opened,) = rounds_of(trace, f"{name}.open")
    assert commit < opened
    for challenged in TOSSES[name]:
        last = max(rounds_of(trace, challenged))
        assert last < commit, f"the coins of {name} are known before {challenged}"


@pytest.mark.parametrize("parties", [2, 3])
def test_b_enters_before_the_coins_of_the_combination_and_the_others_after(parties: int, seed: bytes) -> None:
    """A cheater that knew r could choose by it how much its b is off (docs/security/triples.md)."""
    trace = trace_of_triples(parties, seed)
    (coins,) = rounds_of(trace, "combine.coins.commit")
    of_b, others = sorted(set(rounds_of(trace, "copee.corrections")))
    assert of_b < coins < others


def test_hash_keys_differ_between_extensions_directions_pairs_and_sessions(seed: bytes) -> None:
    """PITFALLS 26: under one key for the world all instances are attacked with one table."""
    keys: list[bytes] = []
    for session_id in (bytes(32), bytes([1]) * 32):
        sessions = make_sessions(3, M61, seed, session_id)
        links = run(sessions, set_up_links).results
        for own, peer in itertools.permutations(range(3), 2):
            for _ in range(2):
                _, key = links[own][peer].ot_receiver._new_index(256)
                assert links[peer][own].ot_sender._new_index(256)[1] == key
                keys.append(key)
    assert len(set(keys)) == len(keys) == 2 * 6 * 2


VOLE_TOSSES = {
    "vole.base.coins": ("copee.corrections",),
    "ot_extension.check.coins": ("ot_extension.columns",),
    "vole.check.coins": ("vole.sums", "vole.totals"),
}
"""The tosses of silent VOLE; those of the OT extension and of the trees come once for each of two stages."""


def trace_of_voles(parties: int, seed: bytes) -> Trace:
    sessions = make_sessions(parties, M61, seed)
    links = with_vole(ideal_links(sessions, seed))
    everyone = tuple(range(parties))
    ended = run(sessions, lambda ctx: authenticate(ctx, links[ctx.party], 2, everyone, ctx.random(2)))
    assert len(ended.results) == parties
    return ended.trace


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("name", VOLE_TOSSES)
def test_tosses_of_voles_begin_after_all_that_they_challenge(name: str, parties: int, seed: bytes) -> None:
    trace = trace_of_voles(parties, seed)
    commits, opened = rounds_of(trace, f"{name}.commit"), rounds_of(trace, f"{name}.open")
    assert len(commits) == len(opened) == (1 if name == "vole.base.coins" else 2)
    for challenged in VOLE_TOSSES[name]:
        for round_, commit, open_ in zip(rounds_of(trace, challenged), commits, opened, strict=True):
            assert round_ < commit < open_, f"the coins of {name} are known before {challenged}"


@pytest.mark.parametrize("parties", [2, 3])
def test_voles_are_checked_and_corrections_sent_in_this_order(parties: int, seed: bytes) -> None:
    """What is compared comes after the coins, the commitment before the response, the opening after it; and so on."""
    trace = trace_of_voles(parties, seed)
    stage = ("vole.check.coins.open", "vole.difference", "vole.commit", "vole.response", "vole.open")
    for earlier, later in itertools.pairwise(("vole.base.coins.open", "vole.base.combination")):
        assert rounds_of(trace, earlier)[0] < rounds_of(trace, later)[0]
    for number in (0, 1):
        rounds = [rounds_of(trace, step)[number] for step in stage]
        assert rounds == sorted(set(rounds))
    assert rounds_of(trace, "vole.base.combination")[0] < rounds_of(trace, "vole.sums")[0]
    assert rounds_of(trace, "ot_extension.digests")[0] < rounds_of(trace, "vole.sums")[0]
    assert rounds_of(trace, "vole.open")[0] < rounds_of(trace, "ot_extension.columns")[1]
    (corrections,), (coins,) = rounds_of(trace, "vole.corrections"), rounds_of(trace, "authenticate.coins.commit")
    assert rounds_of(trace, "vole.open")[1] < corrections < coins


def test_the_digests_and_the_corrections_wait_for_the_check_key(seed: bytes) -> None:
    """Products leave only after the peer's choice bits have been checked."""
    trace = trace_of_triples(2, seed)
    (opened,), (digests,), (corrections,) = (
        rounds_of(trace, step)
        for step in ("ot_extension.check.coins.open", "ot_extension.digests", "multiply.corrections")
    )
    assert opened < digests < corrections


def test_no_two_tosses_have_the_same_seed_and_none_is_expanded_from_another(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: dict[int, list[bytes]] = defaultdict(list)
    original = Coins.__init__

    def spy(self: Coins, ctx: Context, value: bytes) -> None:
        seeds[ctx.party].append(value)
        original(self, ctx, value)

    monkeypatch.setattr(Coins, "__init__", spy)
    trace_of_triples(3, seed)
    assert seeds[0] == seeds[1] == seeds[2]
    assert len(seeds[0]) == len(set(seeds[0])) == len(TOSSES)


def test_ot_indices_never_repeat_under_one_correlation(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """PITFALLS 10. Chunks of one batch and batches of one session take indices one after the other."""
    monkeypatch.setattr("spdz.preprocessing.mascot.multiply.CHUNK_ROWS", 1)
    used: dict[int, list[tuple[int, int]]] = defaultdict(list)
    ends: list[OtReceiver | OtSender] = []
    for side in (ReceiverRows, SenderRows):

        def spy(self, start, count, buffers, *, original=side.hash_halves):  # type: ignore[no-untyped-def]
            end = self._closed.__self__  # the end that the rows belong to
            ends.append(end)
            used[id(end)].append((self.first_index + start, self.first_index + start + count))
            return original(self, start, count, buffers)

        monkeypatch.setattr(side, "hash_halves", spy)
    sessions = make_sessions(2, M13, seed)
    links = ideal_links(sessions, seed)

    async def main(ctx: Context) -> None:
        for count in (130, 1, 64, 129):
            await multiply(ctx.child("multiply"), links[ctx.party], ctx.random((count, 1)), ctx.random(count))

    run(sessions, main)
    assert len(used) == 4
    for intervals in used.values():
        assert len(intervals) == 3 + 1 + 1 + 3
        for (_, stop), (start, _) in itertools.pairwise(intervals):
            assert stop <= start


@DEPTHS
def test_no_stream_is_opened_twice_under_one_seed(depth: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key of a base OT makes one stream at each end, however many batches follow; coins make one each."""
    opened: list[bytes] = []
    original = Prg.__init__

    def spy(self: Prg, value: bytes) -> None:
        opened.append(bytes(value))
        original(self, value)

    monkeypatch.setattr(Prg, "__init__", spy)
    sessions = make_sessions(2, M61, seed)
    makers = [MascotPreprocessing(params=MascotParams(ot_tree_bits=depth)) for _ in sessions]

    async def main(ctx: Context) -> None:
        await makers[ctx.party].set_up(ctx.child("set_up"))
        for count in (1, 2, 3):
            await makers[ctx.party].produce(ctx.child("produce"), {TRIPLES: count})

    assert run(sessions, main).results == [None, None]
    counts = list(Counter(opened).values())
    # One leaf of a tree, and one of two keys of a base OT, is known to one end only; all else to both, once at each.
    assert set(counts) <= {1, 2}
    assert counts.count(1) >= 2 * (128 // depth + 61)


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_every_bit_of_random_shares_is_balanced(field: Field, seed: bytes) -> None:
    """PITFALLS 13: no bit position is constant or biased, in values or in MACs."""
    sessions = make_sessions(2, field, seed)
    links = ideal_links(sessions, seed)
    for batch in run(sessions, lambda ctx: make_random_shares(ctx, links[ctx.party], 3000)).results:
        share: AuthShare = batch.shares[0]
        for array in (share.value, share.mac):
            ones = array.bits().sum(axis=0)
            assert len(ones) == field.bits
            for count in ones:
                assert_probability(int(count), 3000, 0.5)


def test_mac_keys_correlations_and_seeds_differ_between_parties_peers_and_runs(seed: bytes) -> None:
    keys: list[object] = []
    for turn in range(2):
        sessions = make_sessions(3, M61, bytes([turn]) + seed[1:])
        ended = run(sessions, set_up_links)
        for session, links in zip(sessions, ended.results, strict=True):
            keys.append(session.key.share.to_ints())
            for link in links.values():
                keys += [link.ot_sender.delta_row.tobytes(), link.shares_to.bytes(16)]
    assert len(set(keys)) == len(keys) == 2 * 3 * (1 + 2 * 2)


def test_both_ends_of_a_link_share_their_streams_and_alpha_is_one_towards_all(seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    links = run(sessions, set_up_links).results
    for own, peer in itertools.permutations(range(3), 2):
        here, there = links[own][peer], links[peer][own]
        streams = [here.shares_to.bytes(32), here.zeros_to.bytes(32)]
        assert streams == [there.shares_from.bytes(32), there.zeros_from.bytes(32)]
        assert streams[0] != streams[1]
    for session, own in zip(sessions, links, strict=True):
        alpha = session.key.share.to_ints()
        for link in own.values():
            assert sum(int(bit) << place for place, bit in enumerate(link.key_holder._bits)) == alpha
