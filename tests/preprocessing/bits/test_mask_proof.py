"""The sum check of two private masks: exactly what it accepts, and what its proof tells."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from spdz.bits import gf64
from spdz.crypto.randomness import Randomness, deterministic_randomness_for_tests
from spdz.field import M61
from spdz.preprocessing.bits.mask_proof import MASK_BITS, Matched, Prover, Verifier, coefficients
from spdz.protocols.coin_toss import Coins
from spdz.runtime.context import Context
from spdz.sharing.bit_share import Bits, Words, spread
from tests.preprocessing.bits.mask_support import MaskWorld, planes_of
from tests.support.parties import make_sessions

ONE = np.uint64(1)


@pytest.fixture
def randomness(seed: bytes) -> Randomness:
    return deterministic_randomness_for_tests(seed, "proofs")


def words(randomness: Randomness, *shape: int) -> Words:
    """Uniform words."""
    return np.frombuffer(randomness.bytes(8 * int(np.prod(shape))), np.uint64).reshape(shape).copy()


def failing(u: Bits, r: Bits, s: Bits, randomness: Randomness) -> NDArray[np.bool_]:
    """Of every pair of masks in planes (bits, pairs), whether one of its relations is wrong.

    B ^ A0 ^ A1 delta is the sum of chi_h (a_h b_h ^ g_h) delta^2. Delta is 1 here, and each of 64 pairs has a
    coefficient that is a bit of its own, so this shows every relation of every pair.
    """
    bits, pairs = u.shape
    m_r, m_s = words(randomness, bits, pairs), words(randomness, bits, pairs)
    k_r, k_s = m_r ^ r, m_s ^ s
    wrong = np.zeros(pairs, bool)
    for start in range(0, pairs, 64):
        part = slice(start, min(start + 64, pairs))
        taken = [np.ascontiguousarray(array[:, part]) for array in (u, r, s, m_r, m_s, k_r, k_s)]
        own_u, own_r, own_s, *rows = taken
        places = ONE << np.arange(own_u.shape[1], dtype=np.uint64)
        for j in range(bits - 1):
            chi = np.zeros((bits - 1, len(places)), np.uint64)
            chi[j] = places
            prover, verifier = Prover(), Verifier(ONE)
            prover.add(Matched(own_u, rows[0], rows[1]), own_r, own_s, chi)
            verifier.add(Matched(own_u, rows[2], rows[3]), chi)
            first, second = prover._sums
            wrong[part] |= ((verifier._sum ^ first ^ second) & places) != 0
    return wrong


@pytest.mark.parametrize(("k", "bits"), [(5, 3), (5, 5), (7, 3)])
def test_it_accepts_exactly_what_a_wrap_explains(k: int, bits: int, randomness: Randomness) -> None:
    """Claims 1 and 2, for all R, S and all bits: it passes iff d_R + d_S is w - w*, w in {0, 1}, w* the true wrap.

    The largest case takes every fifth R.
    """
    p, size = (1 << k) - 1, 1 << bits
    shape = (len(range(0, p, 5 if bits == 5 else 1)), p, size, size)
    big_r, big_s, d_r, d_s = (
        np.broadcast_to(axis, shape).ravel()
        for axis in np.ix_(range(0, p, 5 if bits == 5 else 1), range(p), range(size), range(size))
    )
    total, wrap = (big_r + big_s) % p, big_r + big_s >= p
    explained = np.isin((d_r + d_s + wrap) % size, (0, 1))
    found = failing(planes_of(total, bits), planes_of(big_r - d_r, bits), planes_of(big_s - d_s, bits), randomness)
    assert (found == ~explained).all()


def test_what_is_opened_is_uniform_whatever_the_target_is() -> None:
    """Claim 3, the part about U."""
    p = 31
    for target in range(p):
        assert sorted((target + sacrifice) % p for sacrifice in range(p)) == list(range(p))


# -- proofs as they are sent -------------------------------------------------------------------------------------------


class Statement:
    """A true statement about random masks, and rows towards some verifiers."""

    def __init__(self, randomness: Randomness, bits: int, pairs: int, verifiers: int) -> None:
        self.r, self.s = words(randomness, pairs) >> ONE, words(randomness, pairs) >> ONE
        self.u = planes_of(self.r + self.s, bits)
        self.r_bits, self.s_bits = planes_of(self.r, bits), planes_of(self.s, bits)
        self.deltas = words(randomness, verifiers)
        self.macs = [(words(randomness, bits, pairs), words(randomness, bits, pairs)) for _ in range(verifiers)]
        self.chi = words(randomness, bits - 1, pairs)
        self.masks = [(self.mask_bits(randomness), words(randomness, MASK_BITS)) for _ in range(verifiers)]

    @staticmethod
    def mask_bits(randomness: Randomness) -> Bits:
        """As many as a proof needs."""
        return np.unpackbits(np.frombuffer(randomness.bytes(MASK_BITS // 8), np.uint8))

    def message(self, verifier: int, mask: tuple[Bits, Words] | None = None) -> bytes:
        """The proof towards a verifier, under a mask of its own unless another one is given."""
        prover = Prover()
        prover.add(Matched(self.u, *self.macs[verifier]), self.r_bits, self.s_bits, self.chi)
        return prover.message(*(mask or self.masks[verifier]))

    def keys(self, verifier: int, macs: Words, bits: Bits) -> Words:
        """What the verifier has for these rows and bits."""
        return macs ^ spread(bits) & self.deltas[verifier]

    def accepts(self, verifier: int, message: bytes) -> bool:
        """Whether the verifier takes a message for the bits as they are now."""
        checking = Verifier(self.deltas[verifier])
        r, s = self.macs[verifier]
        rows = self.keys(verifier, r, self.r_bits), self.keys(verifier, s, self.s_bits)
        checking.add(Matched(self.u, *rows), self.chi)
        bits, macs = self.masks[verifier]
        return checking.accepts(memoryview(message), self.keys(verifier, macs, bits))


def test_a_true_proof_is_accepted_and_no_other(randomness: Randomness) -> None:
    made = Statement(randomness, bits=9, pairs=70, verifiers=1)
    honest = made.message(0)
    assert made.accepts(0, honest)
    for place in range(16):
        changed = bytearray(honest)
        changed[place] ^= 1 << place % 8
        assert not made.accepts(0, bytes(changed))


@pytest.mark.parametrize("which", ["u", "r_bits", "s_bits"])
@pytest.mark.parametrize("pair", [0, 33, 69])
def test_any_wrong_bit_but_that_of_the_wrap_makes_it_false(which: str, pair: int, randomness: Randomness) -> None:
    """In the lowest place, a wrong bit of r or s may stand for another wrap, if the carry above agrees."""
    made = Statement(randomness, bits=9, pairs=70, verifiers=1)
    for j in range(1, 9):
        getattr(made, which)[j, pair] ^= 1
        assert not made.accepts(0, made.message(0))
        getattr(made, which)[j, pair] ^= 1
    assert made.accepts(0, made.message(0))


def test_errors_do_not_cancel_each_other(randomness: Randomness) -> None:
    """The same wrong bit in two pairs: equal coefficients would take it; independent ones do not."""
    made = Statement(randomness, bits=5, pairs=2, verifiers=1)
    for array in (made.u, made.r_bits, made.s_bits):
        array[:, 1] = array[:, 0]
    made.r_bits[4] ^= 1
    assert not made.accepts(0, made.message(0))
    made.chi[:, 1] = made.chi[:, 0]
    assert made.accepts(0, made.message(0))


def test_coefficients_are_independent_words_of_the_toss(seed: bytes) -> None:
    """PITFALLS: powers of one coefficient would lose as many bits as the number of relations has."""
    coins = Coins(Context(make_sessions(2, M61, seed)[0]), seed)
    chi = coefficients(coins, "party 0 list 1", (36, 50))
    assert len(set(chi.ravel().tolist())) == chi.size
    assert not (chi == coefficients(coins, "party 0 list 2", (36, 50))).any()
    assert not (chi == coefficients(coins, "party 1 list 1", (36, 50))).any()
    flat, ratios = chi.ravel(), set[int]()
    for first, second in itertools.pairwise(flat[:20]):
        ratios.add(int(gf64.multiply(np.array([first]), np.array([second]))[0]))
    assert len(ratios) == 19


def test_a_mask_hides_the_sums(randomness: Randomness) -> None:
    """With its bits and its rows uniform, both halves are: other masks for the same statement give other messages."""
    made = Statement(randomness, bits=4, pairs=3, verifiers=1)
    seen = {made.message(0, (made.mask_bits(randomness), words(randomness, MASK_BITS))) for _ in range(200)}
    assert len({sent[:8] for sent in seen}) == len({sent[8:] for sent in seen}) == 200


@pytest.mark.parametrize("shared", [True, False])
def test_two_verifiers_subtract_what_they_were_sent(shared: bool, randomness: Randomness) -> None:
    """PITFALLS 25. Two verifiers put together all they hold; how many assignments of the masks' bits are left?

    For each, a proof is explained by one mask (v*, M*), which always fits the verifier's K*. If it is the same for both
    verifiers, that leaves what the proof does not speak of, which of the highest bits of r and s is 1. Under a mask for
    each, all assignments of which the statement is true are left.
    """
    made = Statement(randomness, bits=2, pairs=3, verifiers=2)
    if shared:
        made.masks[1] = made.masks[0]
    seen = [View(made, verifier) for verifier in range(2)]
    left = assignments = 0
    for guess in itertools.product(itertools.product((0, 1), repeat=4), repeat=3):
        r, s = (np.ascontiguousarray(part) for part in np.array(guess, np.uint8).T.reshape(2, 2, 3))
        k = made.u ^ r ^ s
        if ((k[0] ^ (r[0] ^ k[0]) & (s[0] ^ k[0])) == k[1]).all():
            assignments += 1
            first, second = (view.implied(r, s) for view in seen)
            left += first == second if shared else 1
    assert assignments == 8**3
    assert left == (2**3 if shared else assignments)


class View:
    """What one verifier holds and is sent."""

    def __init__(self, made: Statement, verifier: int) -> None:
        self.made, self.delta = made, made.deltas[verifier : verifier + 1]
        self.sent = np.frombuffer(made.message(verifier), np.uint64)
        r, s = made.macs[verifier]
        self.keys = made.keys(verifier, r, made.r_bits), made.keys(verifier, s, made.s_bits)
        bits, macs = made.masks[verifier]
        self.of_mask = gf64.compose(made.keys(verifier, macs, bits))

    def implied(self, r: Bits, s: Bits) -> int:
        """v*, if the masks have these bits."""
        prover = Prover()
        rows = [key ^ spread(bits) & self.delta for key, bits in zip(self.keys, (r, s), strict=True)]
        prover.add(Matched(self.made.u, *rows), r, s, self.made.chi)
        macs, bits = prover._sums ^ self.sent
        assert macs ^ gf64.multiply(np.array([bits]), self.delta)[0] == self.of_mask
        return int(bits)


def test_every_prover_has_another_mask_for_every_verifier(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, honest = list[bytes](), Prover.message

    def message(self: Prover, bits: Bits, macs: Words) -> bytes:
        seen.append(bits.tobytes())
        return honest(self, bits, macs)

    monkeypatch.setattr(Prover, "message", message)
    world = MaskWorld(3, seed)
    assert world.make(9, 2).results
    assert len(seen) == len(set(seen)) == 3 * 2
    assert {len(bits) for bits in seen} == {MASK_BITS}
