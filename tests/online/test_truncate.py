"""Truncation: errors, extremes, what it refuses, and the gate before it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.errors import MacCheckFailed, UsageError
from spdz.field import M13, M61, M127, Field
from spdz.online.operations import products
from spdz.online.operations import truncate as module
from spdz.online.operations.products import MULTIPLY
from spdz.online.operations.registry import Call, Operation
from spdz.online.operations.truncate import (
    TRUNCATE,
    distance,
    honest_error,
    offset,
    require_truncation,
    truncate,
    worst_error,
)
from spdz.online.plan.graph import Graph, Node
from spdz.online.plan.hiding import STATISTICAL_BITS, bits_of
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sharing.material import TRIPLES, Batch, MaskSlack, MaterialStore, truncation_bits, truncation_pairs
from spdz.sharing.shares import AuthShare
from tests.support.cheaters import WrongShare
from tests.support.dealer import IdealDealer, reconstruct
from tests.support.parties import assert_caught, make_sessions, run

PARTIES = pytest.mark.parametrize("parties", [2, 3, 4])
WIDTH, F = 64, 16

Pair = tuple[int, int]
"""R and lo of one party, as integers that may be out of range."""


class Numbers:
    """Reproducible integers."""

    def __init__(self, seed: bytes) -> None:
        self._randomness = deterministic_randomness_for_tests(seed, "numbers of a test")

    def below(self, bound: int) -> int:
        return int.from_bytes(self._randomness.bytes(24), "little") % bound

    def value(self, width: int) -> int:
        return self.below(1 << width) - (1 << width - 1)

    def exact_pair(self, rho: int, f: int) -> Pair:
        mask = self.below(1 << rho)
        return mask, mask % (1 << f)


def truncated(
    xs: Sequence[int], masks: Sequence[Sequence[Pair]], field: Field, seed: bytes, width: int = WIDTH, f: int = F
) -> list[int]:
    """y for every x; masks by party."""
    sessions = make_sessions(len(masks), field, seed)
    dealer = IdealDealer(sessions, seed)
    total, low = ([sum(pair[i] for pair in column) for column in zip(*masks, strict=True)] for i in (0, 1))
    x, mask, lo = (dealer.share([value % field.modulus for value in values]) for values in (xs, total, low))

    async def main(ctx: Context) -> AuthShare:
        part = (share[ctx.party] for share in (x, mask, lo))
        y = await truncate(ctx, *part, len(masks), width, f)
        await check_openings(ctx)
        return y

    ended = run(sessions, main)
    values = reconstruct(dealer.alpha, ended.results).to_signed()
    return [int(value) for value in values]


def errors(xs: Sequence[int], ys: Sequence[int], f: int = F) -> list[Fraction]:
    return [Fraction(y * (1 << f) - x, 1 << f) for x, y in zip(xs, ys, strict=True)]


EDGES = [0, 1, -1, 2**63 - 1, -(2**63), 2**15, -(2**15), 2**16 - 1, -(2**16)]


@PARTIES
def test_errors_of_honest_parties_stay_below_the_bound_and_come_near_it(parties: int, seed: bytes) -> None:
    numbers, rho = Numbers(seed), truncation_bits(M127, parties)
    xs = [*EDGES, *(numbers.value(WIDTH) for _ in range(3000))]
    masks = [[numbers.exact_pair(rho, F) for _ in xs] for _ in range(parties)]
    found = errors(xs, truncated(xs, masks, M127, seed))
    assert max(map(abs, found)) < honest_error(parties) == Fraction(parties + 1, 2)
    assert max(map(abs, found)) > honest_error(parties) - 1
    assert abs(sum(found) / len(found)) < Fraction(1, 10)


@PARTIES
def test_errors_stay_below_the_worst_bound_whatever_accepted_pairs_cheaters_have(parties: int, seed: bytes) -> None:
    numbers, rho = Numbers(seed), truncation_bits(M127, parties)
    cheats = list(itertools.product((-3, 3), (-3, -2, -1, 0, 1, 2, 3)))

    def cheating_pair(i: int) -> Pair:
        top, shift = cheats[i % len(cheats)]
        mask, low = numbers.exact_pair(rho, F)
        return mask + (top << rho), low + (shift << F)

    xs = [*EDGES, *(numbers.value(WIDTH) for _ in range(3000))]
    honest = [numbers.exact_pair(rho, F) for _ in xs]
    masks = [honest, *([cheating_pair(i) for i in range(len(xs))] for _ in range(parties - 1))]
    found = errors(xs, truncated(xs, masks, M127, seed))
    assert max(map(abs, found)) < worst_error(parties) == Fraction(parties + 1, 2) + 3 * (parties - 1)
    assert max(map(abs, found)) > honest_error(parties) + 3 * (parties - 1) - 1


def test_in_a_toy_field_every_value_every_mask_and_every_accepted_shift(seed: bytes) -> None:
    """M13, two parties, l = 4, f = 2, exhaustive: what the cheater enters in (-3, 4) 2^rho, its lo off by -3 to 3."""
    width, f, rho = 4, 2, truncation_bits(M13, 2)
    assert rho == 8
    honest = range(0, 1 << rho, 5)
    cheating = [-(3 << rho) + 1, -(1 << rho), -1, 0, 7, (1 << rho) - 1, 1 << rho, (4 << rho) - 1]
    cases = list(itertools.product(range(-8, 8), honest, cheating, (-3, -1, 0, 2, 3)))
    xs = [x for x, *_ in cases]
    masks = [[(mask, mask % 4) for _, mask, *_ in cases], [(mask, mask % 4 + 4 * shift) for _, _, mask, shift in cases]]
    ys = truncated(xs, masks, M13, seed, width, f)
    for (x, mine, theirs, shift), y in zip(cases, ys, strict=True):
        assert y == (x - 2 + mine % 4 + theirs % 4 + 4 * shift) // 4


def extremes(parties: int) -> list[list[Pair]]:
    """Masks by party: all at the low end of what is accepted, then all at the high end."""
    rho = truncation_bits(M127, parties)
    ends = [(0, -(3 << rho) + 1), ((1 << rho) - 1, (4 << rho) - 1)]
    return [[(end[party > 0], end[party > 0] % 2**F) for end in ends] for party in range(parties)]


@pytest.mark.parametrize("parties", [2, 3, 4, 5])
def test_nothing_wraps_at_the_extremes(parties: int, seed: bytes) -> None:
    for x in (-(2**63), 2**63 - 1):
        found = errors([x, x], truncated([x, x], extremes(parties), M127, seed))
        assert max(map(abs, found)) < worst_error(parties)


@pytest.mark.parametrize("parties", [3, 4, 5])
def test_with_too_small_an_offset_the_low_extreme_is_wrong(
    parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "offset", lambda *public: 2**124)
    assert offset(M127, parties, WIDTH, F) > 2**124
    low, high = errors([5, 5], truncated([5, 5], extremes(parties), M127, seed))
    assert abs(low) > 1000
    assert abs(high) < worst_error(parties)


@pytest.mark.parametrize("terms", [1, 2, 3, 4, 8, 16])
@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_the_offset_is_a_multiple_that_is_large_enough_and_leaves_room(terms: int, field: Field) -> None:
    rho = truncation_bits(field, terms)
    for width, f in ((5, 3), (rho - 43, 2), (rho - 43, rho - 43)):
        off = offset(field, terms, width, f)
        assert off % (1 << f) == 0
        assert off >= (3 * (terms - 1) << rho) + (1 << width - 1) + (terms << f)
        assert off + ((4 * (terms - 1) + 1) << rho) + (1 << width - 1) < field.modulus
        require_truncation(field, terms, width, f, 1)


def test_the_distance_is_that_of_the_run() -> None:
    """PITFALLS 28: l + log2(B) + log2(count) - rho."""
    assert truncation_bits(M127, 2) == 122
    assert bits_of(distance(M127, 2, 64, 1)) == 122 - 64 - 3
    assert bits_of(distance(M127, 2, 64, 1 << 20)) == 122 - 64 - 3 - 20
    assert bits_of(distance(M127, 2, 64, (1 << 20) + 1)) == 122 - 64 - 3 - 21
    assert bits_of(distance(M61, 1, 64, 1)) < 0


@pytest.mark.parametrize(
    ("field", "width", "f", "count", "words"),
    [
        (M127, 80, 16, 1, "with 39 bits .* 40 are asked for; at most 79 bits do"),
        (M127, 64, 16, 1 << 16, "65536 values of 64 bits .* with 39 bits .*; at most 63 bits do"),
        (M61, 48, 16, 1, "in M61: .* no width does in this field"),
        (M127, 64, 0, 1, "truncated by 1 to 64 bits, not by 0"),
        (M127, 64, 65, 1, "truncated by 1 to 64 bits, not by 65"),
        (M61, 57, 57, 1, "M61 is too small"),
    ],
)
def test_what_would_hide_too_little_or_wrap_is_refused_in_one_line(
    field: Field, width: int, f: int, count: int, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        require_truncation(field, 2, width, f, count)
    assert "\n" not in str(caught.value)


def test_the_last_that_is_allowed() -> None:
    require_truncation(M127, 2, 79, 16, 1)
    require_truncation(M127, 2, 64, 16, 1 << 15)
    require_truncation(M127, 2, 80, 16, 1, statistical_bits=39)


def test_the_operation_refuses_before_it_sends_anything(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    dealer = IdealDealer(sessions, seed)
    x, batches = dealer.share([1, 2]), dealer.deal(truncation_pairs(8), 2)
    call = replace(TRUNCATE.example, shapes=((2,),), parameters={**TRUNCATE.example.parameters, "width": 40, "f": 8})
    ended = run(sessions, lambda ctx: TRUNCATE.run(ctx, call, (x[ctx.party],), (batches[ctx.party],)))
    for outcome in ended.outcomes:
        assert isinstance(outcome.error, UsageError)
        assert "truncate.masked" not in outcome.trace.steps


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("index", ["first", "middle", "last"])
@pytest.mark.parametrize("wrong", [{"value": 1}, {"mac": 1}], ids=["value", "MAC"])
def test_a_wrong_share_of_c_is_found(
    wrong: dict[str, int], index: str, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = make_sessions(parties, M127, seed)
    dealer = IdealDealer(sessions, seed)
    x, batches = dealer.share(range(5)), dealer.deal(truncation_pairs(F), 5)
    cheat = WrongShare(monkeypatch, "truncate.masked", 0, index=index, **wrong)

    async def main(ctx: Context) -> AuthShare:
        y = await truncate(ctx, x[ctx.party], *batches[ctx.party].shares, 1, WIDTH, F)
        await check_openings(ctx)
        return y

    ended = run(sessions, main)
    cheat.assert_fired()
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=0)


# -- the gate ---------------------------------------------------------------------------------------------------------

PRODUCTS, SECRET_BITS, HONEST, CHEATER = 10, 48, 0, 1


class Attack:
    """Ten products a_k b with one secret b in one plan, all truncated. The cheater adds 2^j to what it opens in each.

    Products become a_k b + 2^j b, so that the five bits of c that no mask covers are five bits of b.
    """

    def __init__(self, seed: bytes, monkeypatch: pytest.MonkeyPatch, truncation: Operation) -> None:
        self.numbers, self.rho, self.seed = Numbers(seed), truncation_bits(M127, 2), seed
        self.deltas = [pow(2, (self.rho - 5 * k) % 127, M127.modulus) for k in range(PRODUCTS)]
        self.secret = self.numbers.value(SECRET_BITS)
        self.sent: dict[int, list[int]] = {}
        self.truncation = truncation
        self._cheat(monkeypatch)
        self.sessions = make_sessions(2, M127, seed)
        self.own_masks = [self.numbers.below(1 << self.rho) for _ in range(PRODUCTS)]
        self.graphs = self._graphs()

    def _cheat(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def cheating(ctx: Context, step: Any, *pairs: tuple[AuthShare, AuthShare]) -> Any:
            if ctx.party == CHEATER:
                (x, a), *others = pairs
                pairs = ((AuthShare(x.value + M127.array(self.deltas), x.mac), a), *others)
            return await open_masked(ctx, step, *pairs)

        monkeypatch.setattr(products, "open_masked", cheating)

    def _graphs(self) -> list[tuple[Graph, list[Node]]]:
        dealer, numbers = IdealDealer(self.sessions, self.seed), self.numbers
        a = dealer.share([numbers.below(1 << 15) for _ in range(PRODUCTS)])
        b = dealer.share([self.secret % M127.modulus] * PRODUCTS)
        honest = [numbers.below(1 << self.rho) for _ in range(PRODUCTS)]
        both = [(honest[k], self.own_masks[k]) for k in range(PRODUCTS)]
        pairs = dealer.share([sum(pair) for pair in both]), dealer.share([sum(m % 2**F for m in pair) for pair in both])
        triples, made = dealer.deal(TRIPLES, PRODUCTS), []
        for party in range(2):
            store = MaterialStore()
            store.add(triples[party])
            store.add(Batch(truncation_pairs(F), tuple(shares[party] for shares in pairs)))
            source: Any = SimpleNamespace(store=store)
            graph = Graph(source)
            x, y = (graph.add(Node("given", (PRODUCTS,), local=lambda s=s: s)) for s in (a[party], b[party]))
            product = graph.add(MULTIPLY.node(Call.on((x, y), {}), (x, y)))
            public = {"width": WIDTH, "f": F, "slack": MaskSlack(2, 3), "statistical_bits": STATISTICAL_BITS}
            made.append((graph, [graph.add(self.truncation.node(Call.on((product,), public), (product,)))]))
        return made

    def run(self) -> Any:
        def look(messages: list[Any]) -> list[Any]:
            for message in messages:
                if message.step == "truncate.masked":
                    array = M127.from_bytes(bytearray(message.payload), (PRODUCTS,))
                    self.sent[message.sender] = array.to_ints()
            return messages

        async def main(ctx: Context) -> None:
            graph, nodes = self.graphs[ctx.party]
            await graph.run(ctx, graph.pending(nodes))
            await check_openings(ctx)

        return run(self.sessions, main, look)

    def read(self) -> int:
        """b, from what both have sent and what the cheater knows of its own mask."""
        known, off = 0, offset(M127, 2, WIDTH, F) - (1 << F - 1)
        for k, delta in enumerate(self.deltas):
            c = self.sent[HONEST][k] + self.sent[CHEATER][k]
            rest = c - off - self.own_masks[k] + delta * (1 << SECRET_BITS - 1) - delta * known + 2**64
            known |= (rest % M127.modulus >> self.rho & 31) << 5 * k
        return (known & (1 << SECRET_BITS) - 1) - (1 << SECRET_BITS - 1)


def test_without_the_gate_ten_products_give_a_secret_away(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """PITFALLS 23: the check that fails at the end comes too late."""
    attack = Attack(seed, monkeypatch, replace(TRUNCATE, gated=False))
    ended = attack.run()
    assert attack.read() == attack.secret
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER)


def test_with_the_gate_no_masked_value_is_sent_before_the_check_that_fails(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack = Attack(seed, monkeypatch, TRUNCATE)
    ended = attack.run()
    assert attack.sent == {}
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER)
    assert "truncate.masked" not in ended.outcomes[HONEST].trace.steps
    assert "multiply.masked" in ended.outcomes[HONEST].trace.steps
