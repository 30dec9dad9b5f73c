"""One ciphertext from messages to shares of products: at toy sizes by the school, at full size in every slot."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M61, M127
from spdz.lattice.encryption import Secret, combine, decrypt, drown, embed, encrypt
from spdz.lattice.parameters import LatticeParameters, Statement
from spdz.lattice.scheme import scheme_of

from . import reference
from .support import FULL, SESSION, TOYS, made, messages, name, source, toy


def _ints(array: object) -> list[int]:
    return [int(value) for value in array.to_ints()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("parameters", TOYS + FULL, ids=name)
def test_shares_add_up_to_both_products(parameters: LatticeParameters) -> None:
    scheme, randomness, count = scheme_of(parameters), source("shares"), parameters.slots
    public = scheme.public_elements(SESSION)
    (b, a, a_hat), (b2, a2, a2_hat) = messages(scheme, randomness), messages(scheme, randomness)
    secret, hidden = (Secret.empty(scheme, statement) for statement in Statement)
    ciphertext, u = scheme.ring.empty(2), scheme.ring.empty(1)
    encrypt(scheme, public, b, a, a_hat, randomness, secret, ciphertext)
    embed(scheme, public, b2, a2, a2_hat, randomness, hidden, u)
    answer, mask = drown(scheme, combine(scheme, hidden, ciphertext), randomness)
    shared = decrypt(scheme, secret, u, answer, randomness) - mask
    assert (shared[:count] == a2 * b + a * b2).all()
    assert (shared[count:] == a2_hat * b + a_hat * b2).all()


@pytest.mark.parametrize("parameters", TOYS, ids=name)
def test_elements_are_what_the_formulas_say(parameters: LatticeParameters) -> None:
    """Gamma of the witness by the school; the witness: messages around zero, multiples of p of the right size."""
    scheme, p, q = scheme_of(parameters), parameters.field.modulus, parameters.modulus
    public = scheme.public_elements(SESSION)
    a1, a2 = (scheme.ring.to_integers(element.residues) for element in (public.first, public.second))
    (secret,), (ciphertext,) = made(parameters, Statement.ENCRYPTION, 1, source("encryption"))
    s, noise_b, noise_a = (part.to_list() for part in secret.witness)
    assert set(s) <= {-1, 0, 1}
    for a, noise, element in ((a1, noise_b, ciphertext[0]), (a2, noise_a, ciphertext[1])):
        expected = reference.add(noise, [-v for v in reference.multiply(a, s)])
        assert scheme.ring.to_integers(element) == reference.centred(expected, q)
        assert max(map(abs, noise)) <= parameters.noise_bound
        assert max(map(abs, noise)) > 2 * p
    (hidden,), (response,) = made(parameters, Statement.RESPONSE, 1, source("response"))
    first, second, error = (part.to_list() for part in hidden.witness)
    sums = reference.add(reference.multiply(a1, first), reference.multiply(a2, second), [p * e for e in error])
    assert scheme.ring.to_integers(response[0]) == reference.centred(sums, q)
    assert p // 2 < max(map(abs, first)) <= p + p // 2
    assert max(map(abs, second)) <= p // 2
    assert 2 < max(map(abs, error)) <= parameters.eta


@pytest.mark.parametrize("parameters", TOYS + FULL, ids=name)
def test_answers_and_decoding_are_those_of_exact_rationals(parameters: LatticeParameters) -> None:
    """In every coefficient, from the randomness that was used; D / (p q) is part of what is rounded."""
    scheme, p, q, tau = scheme_of(parameters), parameters.field.modulus, parameters.modulus, parameters.answer_bits
    (secret,), (ciphertext,) = made(parameters, Statement.ENCRYPTION, 1, source("keys"))
    (hidden,), (u,) = made(parameters, Statement.RESPONSE, 1, source("messages"))
    ring, degree = scheme.ring, parameters.degree
    combination = combine(scheme, hidden, ciphertext)
    x = [2 * (v << 64) for v in reference.from_residues(combination.tolist(), ring.moduli)]
    answer, mask = drown(scheme, combination, source("drowning"))
    assert not combination.any()
    given = [int.from_bytes(row.tobytes(), "little") for row in answer]
    again = source("drowning")
    m = parameters.field.sample(again.fill, degree)
    noise = np.frombuffer(again.bytes(16 * degree), dtype=np.uint64).reshape(degree, 2).tolist()
    step = 1 << (parameters.field.bits + parameters.drowning_shift + 127)
    nu = [(low + (high << 64) - 2**127, step) for low, high in noise]
    values = zip(x, _ints(m), nu, strict=True)
    assert given == [reference.answer(each % q, k, n, p, q, tau) for each, k, n in values]
    scheme.slots.to_slots(m)
    assert (m == mask).all()

    decoded = decrypt(scheme, secret, u, answer, source("dither"))
    noise = np.frombuffer(source("dither").bytes(16 * degree), dtype=np.uint64).reshape(degree, 2).tolist()
    product = ring.multiply(secret.values[0], u[0])
    ring.to_coefficients(product)
    x = [2 * v % q for v in reference.from_residues(product.tolist(), ring.moduli)]
    step = 1 << (parameters.field.bits + parameters.dither_shift + 127)
    delta = [(low + (high << 64) - 2**127, step) for low, high in noise]
    expected = parameters.field.array(
        [reference.decode(each, v, n, p, q, tau) for each, v, n in zip(x, given, delta, strict=True)]
    )
    scheme.slots.to_slots(expected)
    assert (expected == decoded).all()


def test_half_the_modulus_in_the_noise_tells_no_parity() -> None:
    """(q + 1) / 2 (1 + x + ...) passes the proof nearly always. With 2 f it is 1 + x + ...; with f it would tell
    whether sums of the responder's secret are odd."""
    parameters = toy(M61, 16)
    scheme, q, half = scheme_of(parameters), parameters.modulus, (parameters.modulus + 1) // 2
    drawn = (made(parameters, Statement.RESPONSE, 1, source(f"parity {number}"))[0][0] for number in range(64))
    hidden = next(each for each in drawn if sum(each.witness[0].to_list()) % 2)
    _, (ciphertext,) = made(parameters, Statement.ENCRYPTION, 1, source("parity of"))
    cheat = ciphertext.copy()
    ring = scheme.ring
    cheat[0] = ring.from_integers([v + half for v in ring.to_integers(ciphertext[0])])
    honest, odd = (combine(scheme, hidden, each).tolist() for each in (ciphertext, cheat))
    differences = [
        (y - x << 64) % q
        for x, y in zip(*(reference.from_residues(rows, ring.moduli) for rows in (honest, odd)), strict=True)
    ]
    sums = reference.multiply(hidden.witness[0].to_list(), [1] * 16)
    assert reference.centred([2 * d for d in differences], q) == sums
    # The control: without the factor 2 every odd sum is at half the modulus.
    far = [abs(d) > q // 4 for d in reference.centred(differences, q)]
    assert far == [bool(value % 2) for value in sums]
    assert any(far)


def test_everything_is_fresh() -> None:
    randomness = source("fresh")
    secrets, elements = made(toy(M61), Statement.ENCRYPTION, 3, randomness)
    responses, more = made(toy(M61), Statement.RESPONSE, 3, randomness)
    for part in range(3):
        assert len({secret.witness[part].rows.tobytes() for secret in secrets}) == 3
        assert len({secret.witness[part].rows.tobytes() for secret in responses}) == 3
    assert len({element.tobytes() for element in (*elements, *more)}) == 6
    scheme = scheme_of(toy(M61))
    combination = combine(scheme, responses[0], elements[0])
    (first, mask), (second, other) = (drown(scheme, combination.copy(), randomness) for _ in range(2))
    assert (first != second).all()
    assert not (mask == other).any()


def test_public_elements_belong_to_a_session() -> None:
    scheme = scheme_of(toy(M61))
    one, same, other = (scheme.public_elements(session) for session in (b"one", b"one", b"other"))
    assert (one.first.residues == same.first.residues).all()
    values = {element.residues.tobytes() for each in (one, other) for element in (each.first, each.second)}
    assert len(values) == 4


def test_secrets_are_overwritten() -> None:
    (secret,), _ = made(toy(M127), Statement.RESPONSE, 1, source("wipe"))
    assert all(part.rows.any() for part in secret.witness)
    secret.wipe()
    assert not any(part.rows.any() for part in secret.witness)
    assert not secret.values.any()


def test_wrong_shapes_are_refused() -> None:
    parameters, randomness = toy(M61), source("shapes")
    scheme = scheme_of(parameters)
    public, (b, a, a_hat) = scheme.public_elements(SESSION), messages(scheme, randomness)
    (secret, hidden), (ciphertext, u) = (
        (Secret.empty(scheme, each) for each in Statement),
        map(scheme.ring.empty, (2, 1)),
    )
    for wrong in (b[1:], M127.zeros(16)):
        with pytest.raises(UsageError, match="16 elements of M61"):
            encrypt(scheme, public, wrong, a, a_hat, randomness, secret, ciphertext)
        with pytest.raises(UsageError, match="16 elements of M61"):
            embed(scheme, public, b, a, wrong, randomness, hidden, u)
    encrypt(scheme, public, b, a, a_hat, randomness, secret, ciphertext)
    embed(scheme, public, b, a, a_hat, randomness, hidden, u)
    with pytest.raises(UsageError, match="shape"):
        decrypt(scheme, secret, u, np.zeros((32, 2), dtype=np.uint64), randomness)
