"""The ring: against schoolbook products and evaluation, at toy degrees and at the real one; encodings are canonical."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field.jit import kernel
from spdz.lattice import ring_kernels
from spdz.lattice.modular import multiply_constant, multiply_montgomery, reduce_once
from spdz.lattice.parameters import LatticeParameters
from spdz.lattice.primes import bit_reversed, ntt_primes, root_of_unity
from spdz.lattice.ring import Ring, Words, ring_of, word_array

from . import reference
from .support import FULL, name, source

EDGES = [0, 1, 2, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**62, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]


@kernel
def _constant(x: Words, w: np.uint64, companion: np.uint64, q: np.uint64, out: Words) -> None:
    for j in range(x.shape[0]):
        out[j] = multiply_constant(x[j], w, companion, q)


@kernel
def _montgomery(x: Words, y: np.uint64, q: np.uint64, inverse: np.uint64, out: Words) -> None:
    for j in range(x.shape[0]):
        out[j] = multiply_montgomery(x[j], y, q, inverse)


@kernel
def _once(x: Words, m: np.uint64, out: Words) -> None:
    for j in range(x.shape[0]):
        out[j] = reduce_once(x[j], m)


@pytest.mark.parametrize("bits", [20, 59, 62])
def test_products_modulo_a_prime_at_the_edges(bits: int) -> None:
    q = ntt_primes(1, bits, 16)[0]
    words = word_array(EDGES + list(range(q - 2, q + 3)) + [2 * q - 1, 2 * q, 4 * q - 1])
    out = np.empty_like(words)
    for w in (0, 1, 2, q // 2, q - 2, q - 1):
        _constant(words, np.uint64(w), np.uint64((w << 64) // q), np.uint64(q), out)
        for x, got in zip(words.tolist(), out.tolist(), strict=True):
            assert got < 2 * q
            assert got % q == x * w % q
        below = words[words < np.uint64(q)]
        result = np.empty_like(below)
        _montgomery(below, np.uint64(w), np.uint64(q), np.uint64(pow(q, -1, 2**64)), result)
        for x, got in zip(below.tolist(), result.tolist(), strict=True):
            assert 0 < got < 2 * q
            assert (got << 64) % q == x * w % q
    small = word_array([0, 1, q - 1, q, q + 1, 2 * q - 1])
    result = np.empty_like(small)
    _once(small, np.uint64(q), result)
    assert result.tolist() == [x % q for x in small.tolist()]


@pytest.mark.parametrize("parameters", FULL, ids=name)
def test_moduli_are_the_largest_primes_there_are(parameters: LatticeParameters) -> None:
    step, bits = 2 * parameters.degree, parameters.modulus_bits
    numbers = range((1 << bits) + 1 - step, parameters.moduli[-1] - 1, -step)
    assert [n for n in numbers if reference.is_prime(n)] == list(parameters.moduli)
    assert len(parameters.moduli) == parameters.limbs
    assert all(root_of_unity(q, step) == reference.root(q, step) for q in parameters.moduli)


@pytest.mark.parametrize("degree", [16, 32, 64, 128])
def test_products_are_those_of_the_school(degree: int) -> None:
    ring = ring_of(degree, ntt_primes(3, 62, degree))
    randomness, q = source("products"), ring.modulus
    x, y = ([int.from_bytes(randomness.bytes(30), "little", signed=True) for _ in range(degree)] for _ in range(2))
    got = ring.to_integers(ring.multiply(ring.from_integers(x), ring.from_integers(y)))
    assert got == reference.centred(reference.multiply(x, y), q)


@pytest.mark.parametrize("degree", [16, 32, 2048, 1 << 14, 1 << 15])
def test_transforms_evaluate_and_come_back(degree: int) -> None:
    """Places at both ends and in the middle; extreme coefficients."""
    ring = ring_of(degree, ntt_primes(2, 62, degree))
    x = ring.uniform(source("values").fill)
    x[:, : degree // 4] = (ring.words - np.uint64(1))[:, None]
    x[:, -degree // 8 :] = 0
    values = x.copy()
    ring.to_values(values)
    bits = degree.bit_length() - 1
    for row, result, q in zip(x.tolist(), values.tolist(), ring.moduli, strict=True):
        assert max(result) < q
        psi = reference.root(q, 2 * degree)
        for place in (0, 1, degree // 2 + 3, degree - 1):
            point = pow(psi, 2 * reference.reverse_bits(place, bits) + 1, q)
            assert result[place] == reference.evaluate(row, point, q)
    ring.to_coefficients(values)
    assert (values == x).all()


def test_many_elements_are_transformed_at_once() -> None:
    ring = ring_of(32, ntt_primes(2, 62, 32))
    together = np.array([ring.uniform(source(f"element {i}").fill) for i in range(3)])
    alone = together.copy()
    ring.to_values(together)
    for element in alone:
        ring.to_values(element)
    assert (together == alone).all()


def test_conversions_are_exact() -> None:
    ring = ring_of(16, ntt_primes(5, 62, 16))
    half = ring.modulus // 2
    numbers = [0, 1, -1, half, -half, half - 1, 2**200, -(2**200), *range(-4, 4)]
    assert ring.to_integers(ring.from_integers(numbers)) == numbers
    element = ring.from_integers([n + 7 * ring.modulus for n in numbers])
    assert ring.to_integers(element) == numbers
    coefficients = element.copy()
    ring.to_coefficients(coefficients)
    assert reference.from_residues(coefficients.tolist(), ring.moduli) == [n % ring.modulus for n in numbers]


def _ring() -> Ring:
    return ring_of(32, ntt_primes(3, 59, 32))


def test_sums_of_monomials_times_elements() -> None:
    ring, randomness, degree = _ring(), source("monomials"), 32
    elements = np.array([ring.uniform(randomness.fill) for _ in range(16)])
    elements[0] = (ring.words - np.uint64(1))[:, None]
    elements[1, :, ::2] = 0
    exponents = [0, 1, degree - 1, degree, degree + 1, 2 * degree - 1, 2 * degree, *range(9, 18)]
    rows, out = [exponents, exponents[::-1], [2 * degree] * 16], ring.empty(3)
    ring_kernels.monomial_sums(elements, word_array(rows), out, ring.words)
    coefficients = [reference.from_residues(element.tolist(), ring.moduli) for element in elements]
    for row, got in zip(rows, out, strict=True):
        expected = [0] * degree
        for element, exponent in zip(coefficients, row, strict=True):
            expected = reference.add(expected, reference.multiply(reference.monomial(exponent, degree), element))
        assert got.tolist() == [[value % q for value in expected] for q in ring.moduli]
    difference = elements[2].copy()
    ring_kernels.subtract(difference, elements[0], ring.words)
    assert difference.tolist() == [
        [(x + 1) % q for x in row] for row, q in zip(elements[2].tolist(), ring.moduli, strict=True)
    ]


def test_an_encoding_is_read_back_without_a_copy() -> None:
    ring = _ring()
    elements = np.array([ring.uniform(source("encoding").fill) for _ in range(2)])
    memory = bytearray(ring.to_bytes(elements))
    assert len(memory) == 2 * ring.element_bytes == 2 * 8 * 3 * 32
    assert memory[:8] == int(elements[0, 0, 0]).to_bytes(8, "little")
    decoded = ring.from_bytes(memory, 2)
    assert (decoded == elements).all()
    memory[0] ^= 1
    assert decoded[0, 0, 0] == elements[0, 0, 0] ^ np.uint64(1)
    assert (ring.from_bytes(bytes(ring.to_bytes(elements)), 2) == elements).all()


@pytest.mark.parametrize("place", [(0, 0, 0), (0, 2, 31), (1, 1, 17), (1, 2, 31)])
def test_a_residue_that_is_not_canonical_is_refused(place: tuple[int, int, int]) -> None:
    ring = _ring()
    elements = np.zeros((2, 3, 32), dtype=np.uint64)
    elements[place] = ring.words[place[1]] - np.uint64(1)
    assert (ring.from_bytes(bytearray(elements.tobytes()), 2) == elements).all()
    for wrong in (ring.words[place[1]], np.uint64(2**64 - 1)):
        elements[place] = wrong
        with pytest.raises(ValueError, match="not canonical"):
            ring.from_bytes(bytearray(elements.tobytes()), 2)


@pytest.mark.parametrize("length", [0, 1, 8 * 3 * 32 - 8, 8 * 3 * 32 + 1, 8 * 3 * 32 + 8, 2 * 8 * 3 * 32])
def test_a_wrong_size_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="needed"):
        _ring().from_bytes(bytearray(length), 1)


def test_public_elements_are_uniform_below_their_primes() -> None:
    """Rejection: a prime just above a power of two accepts every second word, and what follows is used in order."""
    prime = next(n for n in range(2**41 + 1, 2**42, 32) if reference.is_prime(n))
    ring = ring_of(16, (prime,))
    stream = iter(source("uniform").bytes(8 * 16 * 40))
    words: list[int] = []

    def fill(memory: memoryview) -> None:
        drawn = bytes(next(stream) for _ in range(len(memory)))
        words.extend(int.from_bytes(drawn[i : i + 8], "little") & (2**42 - 1) for i in range(0, len(drawn), 8))
        memory[:] = drawn

    assert ring.uniform(fill).tolist() == [[word for word in words if word < prime][:16]]


@pytest.mark.parametrize(
    ("degree", "moduli"),
    [(24, (97,)), (8, (17,)), (1 << 17, (97,)), (16, ()), (16, (97, 97)), (16, (101,)), (16, (2**62 + 2**5 + 1,))],
)
def test_rings_that_there_are_not(degree: int, moduli: tuple[int, ...]) -> None:
    with pytest.raises(UsageError):
        ring_of(degree, moduli)


def test_what_is_no_element_is_refused() -> None:
    ring = _ring()
    for wrong in (
        np.zeros((3, 32), dtype=np.int64),
        np.zeros((2, 32), dtype=np.uint64),
        np.zeros((32, 3), np.uint64).T,
    ):
        with pytest.raises(UsageError, match="element"):
            ring.to_values(wrong)
    with pytest.raises(UsageError, match="coefficients"):
        ring.from_integers([1] * 31)
    with pytest.raises(UsageError, match="primes"):
        ntt_primes(3, 8, 32)
    with pytest.raises(UsageError, match="bits"):
        ntt_primes(1, 63, 32)


def test_bits_are_reversed() -> None:
    assert bit_reversed(64) == [reference.reverse_bits(j, 6) for j in range(64)]
