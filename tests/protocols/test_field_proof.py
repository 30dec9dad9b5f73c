"""Proofs that entered values are small: complete, sound as computed, and blind."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from spdz.errors import RangeProofFailed
from spdz.field import M5, M61, M127, Field, FieldArray
from spdz.protocols import field_proof
from spdz.protocols.coin_toss import declare_toss
from spdz.protocols.field_proof import Claim, Covers, ProofSteps, at_alpha, coefficients, degree, prove
from spdz.runtime.context import Context, SessionState
from spdz.wire.steps import Delivery, Payload
from tests.support.costs import bytes_per_peer, stated_rounds, toss_bytes
from tests.support.dealer import IdealDealer
from tests.support.interference import POSITIONS, add_to_element
from tests.support.parties import Run, assert_caught, make_sessions, rounds_of, run
from tests.support.statistics import assert_uniform

PARTIES = pytest.mark.parametrize("parties", [2, 3])


@pytest.fixture
def steps(declare_step) -> ProofSteps:  # type: ignore[no-untyped-def]
    answer = declare_step("test.answer", Delivery.DIRECT, payload=Payload.ELEMENTS, tampering=(RangeProofFailed,))
    return ProofSteps(declare_toss("test", source="a test"), answer, RangeProofFailed, "its values are small")


@dataclass
class Provers:
    """Values of several provers, ideally entered: by number of the claim, then by prover."""

    parties: int
    field: Field
    seed: bytes
    values: Sequence[tuple[int, Mapping[int, Sequence[int]]]]
    towards: dict[tuple[int, int], int] = field(default_factory=dict)
    """What is added to the first value of the first claim of a prover, towards one verifier."""
    shared_covers: bool = False

    def __post_init__(self) -> None:
        self.sessions: list[SessionState] = make_sessions(self.parties, self.field, self.seed)
        self.dealer = IdealDealer(self.sessions, self.seed)
        self.degree = max(below for below, _ in self.values)
        self.claims: list[list[Claim]] = [[] for _ in range(self.parties)]
        for number, (below, of) in enumerate(self.values):
            for party in range(self.parties):
                mine = self.field.array(list(of[party])) if party in of else None
                self.claims[party].append(Claim(below, mine, {}, {}))
            for prover, values in of.items():
                for verifier in self._others(prover):
                    shifted = list(values)
                    shifted[0] += self.towards.get((prover, verifier), 0) if number == 0 else 0
                    u = self.field.array([value % self.field.modulus for value in shifted])
                    v, w = self._vole(u, verifier)
                    self.claims[prover][number].tags[verifier] = v  # type: ignore[index]
                    self.claims[verifier][number].keys[prover] = w  # type: ignore[index]
        self.covers = [Covers({}, {}) for _ in range(self.parties)]
        for prover in self.values[0][1]:
            common = self.dealer.random(self.degree - 1)
            for verifier in self._others(prover):
                u = common if self.shared_covers else self.dealer.random(self.degree - 1)
                v, w = self._vole(u, verifier)
                self.covers[prover].towards[verifier] = (u, v)  # type: ignore[index]
                self.covers[verifier].of[prover] = w  # type: ignore[index]

    def _others(self, party: int) -> list[int]:
        return [other for other in range(self.parties) if other != party]

    def _vole(self, u: FieldArray, verifier: int) -> tuple[FieldArray, FieldArray]:
        v = self.dealer.random(u.size)
        return v, v + u * self.sessions[verifier].key.share

    def run(self, steps: ProofSteps, interference: object = None) -> Run:
        async def main(ctx: Context) -> str:
            await prove(ctx, steps, self.claims[ctx.party], self.covers[ctx.party], after=None)
            return "believed"

        return run(self.sessions, main, interference)  # type: ignore[arg-type]


@PARTIES
@pytest.mark.parametrize("field", [M61, M127], ids=str)
@pytest.mark.parametrize("chunk", [3, 1 << 13])
def test_true_claims_of_several_degrees_are_believed(
    chunk: int, field: Field, parties: int, steps: ProofSteps, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(field_proof, "CHUNK", chunk)
    everyone = range(parties)
    values = [
        (4, {party: [0, 1, 2, 3, 3, party, 0] for party in everyone}),
        (2, {party: [0, 1, 1] for party in everyone}),
        (3, {party: [2] for party in everyone}),
    ]
    ended = Provers(parties, field, seed, values).run(steps)
    assert ended.results == ["believed"] * parties
    assert ended.rounds == stated_rounds(prove) == 3
    sent = {"test.answer": 4 * field.element_bytes, **toss_bytes("test", parties)}
    assert bytes_per_peer(ended) == sent
    [coins], [answer] = (rounds_of(ended.trace, step) for step in ("test.coins.open", "test.answer"))
    assert coins < answer


@PARTIES
@pytest.mark.parametrize(
    ("claim", "place", "value"),
    [(0, 0, 4), (0, 2, -1), (0, 1, 5), (0, 2, 2**60), (1, 0, 2), (1, 1, -1), (1, 0, 3)],
)
def test_one_value_out_of_range_is_found_by_everyone(
    claim: int, place: int, value: int, parties: int, steps: ProofSteps, seed: bytes
) -> None:
    values = [(4, {party: [0, 3, 1] for party in range(parties)}), (2, {party: [1, 0] for party in range(parties)})]
    values[claim][1][1][place] = value % M61.modulus
    ended = Provers(parties, M61, seed, values).run(steps)
    assert_caught(ended, RangeProofFailed, "test.answer", cheater=1, blamed=1)


def test_only_provers_send(steps: ProofSteps, seed: bytes) -> None:
    ended = Provers(3, M61, seed, [(4, {2: [1, 2, 3]})]).run(steps)
    assert ended.results == ["believed"] * 3
    assert bytes_per_peer(ended, 2)["test.answer"] == 4 * 8
    assert bytes_per_peer(ended, 0)["test.answer"] == 0


def test_towards_one_verifier_only(steps: ProofSteps, seed: bytes) -> None:
    """A prover that has entered 4 towards party 2, and 3 towards party 0: who is told later that the session ends."""
    ended = Provers(3, M61, seed, [(4, {1: [3, 0]})], towards={(1, 2): 1}).run(steps)
    error = ended.outcomes[2].error
    assert isinstance(error, RangeProofFailed)
    assert (error.step, error.blamed) == ("test.answer", 1)
    assert ended.outcomes[0].result == "believed"


@pytest.mark.parametrize("index", POSITIONS)
def test_a_changed_answer(index: str, steps: ProofSteps, seed: bytes) -> None:
    cheat = add_to_element("test.answer", 0, M61, index=index)
    ended = Provers(3, M61, seed, [(4, {party: [3, 0] for party in range(3)})]).run(steps, cheat)
    cheat.assert_fired()
    assert_caught(ended, RangeProofFailed, "test.answer", cheater=0, blamed=0)


@pytest.mark.parametrize("below", [1, 2, 3, 4, 5])
def test_in_a_toy_field_the_coefficients_are_right_for_every_value_tag_and_key(below: int) -> None:
    """They add up to B exactly where the highest one, which is not sent, vanishes."""
    p = M5.modulus
    every = M5.array(list(range(p)))
    for v in range(0, p, 3):
        tags = M5.full(p, v)
        found = coefficients(every, tags, below)
        assert len(found) == below
        for alpha in range(1, p):
            key = M5.array(alpha)
            expected = M5.ones(p)
            for m in range(below):
                expected = expected * (tags + (every - m) * key)
            answer = M5.zeros(p)
            for terms in reversed(found):
                answer = answer * key + terms
            assert [u for u, same in enumerate(answer == expected) if same] == list(range(below))


def test_a_false_claim_has_no_more_roots_than_its_degree() -> None:
    """M5, exhaustive: whatever is answered for u = 9, at most 4 of 31 keys accept, and 4 can be made to."""
    u, v, p = M5.array([9]), M5.array([17]), M5.modulus
    lists = []
    for alpha in range(p):
        key = M5.array(alpha)
        expected = M5.ones(1)
        for m in range(4):
            expected = expected * (v + (u - m) * key)
        lists.append(int(expected.to_ints()[0]))
    best = 0
    for roots in ((3, 8, 20, 30), (1, 2, 4, 5)):
        top = 1
        for m in range(4):
            top = top * (9 - m) % p
        # The answer that makes the difference top (X - r1) .. (X - r4).
        product = [top]
        for root in roots:
            product = [(left - root * right) % p for left, right in zip([0, *product], [*product, 0], strict=True)]
        honest = [int(terms.to_ints()[0]) for terms in coefficients(u, v, 4)]
        forged = M5.array([(a - b) % p for a, b in zip(honest, product[:4], strict=True)])
        passing = [alpha for alpha in range(p) if int(at_alpha(forged, M5.array(alpha)).to_ints()) == lists[alpha]]
        assert passing == sorted(roots)
        best = max(best, len(passing))
    assert best == 4


def test_every_answer_is_uniform_whatever_is_proved(steps: ProofSteps, seed: bytes) -> None:
    """What is sent is masked by the cover: in M5 all coefficients but the one that the verifier computes itself."""
    samples: list[list[int]] = [[], [], [], []]

    def look(messages):  # type: ignore[no-untyped-def]
        for message in messages:
            if message.step == "test.answer" and message.sender == 0:
                for k, value in enumerate(M5.from_bytes(message.payload, (4,)).to_ints()):
                    samples[k].append(value)
        return messages

    for turn in range(700):
        Provers(2, M5, turn.to_bytes(2, "little") + seed[2:], [(4, {0: [3, 0, 1]})]).run(steps, look)
    for values in samples:
        assert_uniform(values, 31)


@pytest.mark.parametrize("shared", [True, False])
def test_two_verifiers_with_one_cover_learn_the_values(
    shared: bool, steps: ProofSteps, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PITFALLS 25. With one cover for both the highest coefficients differ by what depends on u alone, and on v that
    the verifiers know up to u: one assignment of the digits is left. With covers of their own all are."""
    digits = [2, 0, 3]
    provers = Provers(3, M61, seed, [(4, {0: digits})], shared_covers=shared)
    answers: dict[int, FieldArray] = {}
    chi: list[FieldArray] = []

    def look(messages):  # type: ignore[no-untyped-def]
        for message in messages:
            if message.step == "test.answer" and message.sender == 0:
                answers[message.receiver] = M61.from_bytes(bytearray(message.payload), (4,))
        return messages

    honest = field_proof._chunks

    def spy(*arguments):  # type: ignore[no-untyped-def]
        for part, coins in honest(*arguments):
            chi.append(coins)
            yield part, coins

    monkeypatch.setattr(field_proof, "_chunks", spy)
    provers.run(steps, look)
    left = 0
    for guess in itertools.product(range(4), repeat=3):
        u, highest = M61.array(list(guess)), []
        for verifier in (1, 2):
            keys = provers.claims[verifier][0].keys[0]
            v = keys - u * provers.sessions[verifier].key.share
            terms = coefficients(u, v, 4)[3]
            highest.append(answers[verifier][3] - chi[0].dot(terms))
        # The cover that each guess implies: u* of the highest place, the same for both if it is shared.
        left += highest[0].equals(highest[1]) or not shared
    assert left == (1 if shared else 64)


def test_the_degree_is_that_of_the_highest_claim() -> None:
    claims = [Claim(below, None, {}, {}) for below in (2, 4, 3)]
    assert degree(claims) == 4
