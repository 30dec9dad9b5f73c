"""The proof of bounded plaintexts: complete, sound, zero knowledge, bound to its place; every cheat is refused."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M7, M61, M127
from spdz.lattice import noise, proof
from spdz.lattice.integers import Integers
from spdz.lattice.parameters import LatticeParameters, Row, Statement
from spdz.lattice.proof import Answer, Place, Prover
from spdz.lattice.ring import Words, word_array
from spdz.lattice.scheme import COMPONENTS, Scheme, scheme_of
from tests.support.statistics import assert_probability, assert_uniform

from . import reference
from .support import FULL, SESSION, TOYS, box, made, name, source, toy

STATEMENTS = list(Statement)
Witness = tuple[Integers, ...]


def place(statement: Statement, attempt: int = 0) -> Place:
    return Place(SESSION, 3, 0, 1, statement, 2, attempt)


def honest(
    parameters: LatticeParameters, statement: Statement, count: int, label: str
) -> tuple[Scheme, Place, list[Words], Words, Answer, bytes]:
    """The arguments of `check` but for the public elements, of an honest prover that need not say "again" too often."""
    scheme, randomness = scheme_of(parameters), source(label)
    secrets, elements = made(parameters, statement, count, randomness)
    for attempt in range(noise.ATTEMPTS):
        where = place(statement, attempt)
        prover = proof.commit(scheme, scheme.public_elements(SESSION), where, elements, randomness)
        coins = proof.challenge(parameters, where, randomness.bytes(32), count)
        answer = prover.respond([secret.witness for secret in secrets], coins)
        if answer is not None:
            return scheme, where, elements, coins, answer, prover.digest
    raise AssertionError("an honest prover was refused sixteen times")


def accepts(scheme: Scheme, where: Place, elements: list[Words], coins: Words, answer: Answer, digest: bytes) -> bool:
    return proof.check(scheme, scheme.public_elements(SESSION), where, elements, coins, answer, digest)


def values_of(scheme: Scheme, witness: Witness) -> Words:
    out = scheme.ring.empty(len(witness))
    scheme.values(witness, out)
    return out


def copied(answer: Answer) -> Answer:
    return [tuple(Integers(part.rows.copy()) for part in masked) for masked in answer]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.value)
@pytest.mark.parametrize("count", [1, 3, 16])
@pytest.mark.parametrize("parameters", TOYS, ids=name)
def test_honest_proofs_are_accepted(parameters: LatticeParameters, count: int, statement: Statement) -> None:
    scheme, where, elements, coins, answer, digest = honest(parameters, statement, count, "honest")
    encoded = proof.encode_answer(parameters, statement, answer)
    assert len(encoded) == proof.answer_bytes(parameters, statement)
    decoded = proof.decode_answer(parameters, statement, encoded)
    assert accepts(scheme, where, elements, coins, decoded, digest)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.value)
@pytest.mark.parametrize("parameters", FULL, ids=name)
def test_honest_proofs_at_full_size(parameters: LatticeParameters, statement: Statement) -> None:
    given = honest(parameters, statement, 2, "full size")
    assert accepts(*given)
    given[4][4][2].rows[0, -1] ^= np.uint64(1)
    assert not accepts(*given)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.value)
@pytest.mark.parametrize("parameters", TOYS[:3], ids=name)
def test_the_first_message_is_that_of_the_school(parameters: LatticeParameters, statement: Statement) -> None:
    """Gamma z - sum of W X on integers, through the same hash."""
    scheme, where, elements, coins, answer, digest = honest(parameters, statement, 2, "school")
    ring, degree, p = scheme.ring, parameters.degree, parameters.field.modulus
    public = scheme.public_elements(SESSION)
    a1, a2 = (ring.to_integers(element.residues) for element in (public.first, public.second))
    hasher = proof._hasher(where, elements)
    for masked, exponents in zip(answer, coins.tolist(), strict=True):
        x, y, z = (part.to_list() for part in masked)
        if statement is Statement.ENCRYPTION:
            minus = [-v for v in x]
            images = [reference.add(y, reference.multiply(a1, minus)), reference.add(z, reference.multiply(a2, minus))]
        else:
            images = [
                reference.add(reference.multiply(a1, x), reference.multiply(a2, y), [p * v for v in z]),
            ]
        for component, image in enumerate(images):
            for element, exponent in zip(elements, exponents, strict=True):
                turned = reference.multiply(reference.monomial(exponent, degree), ring.to_integers(element[component]))
                image = reference.add(image, [-v for v in turned])
            images[component] = image
        hasher.add(memoryview(np.array([ring.from_integers(image) for image in images]).tobytes()))
    assert hasher.digest() == digest


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.value)
def test_every_change_is_refused(statement: Statement) -> None:
    parameters = toy(M61)
    scheme, where, elements, coins, answer, digest = honest(parameters, statement, 2, "changes")
    assert accepts(scheme, where, elements, coins, answer, digest)
    for row in (0, 2, 4):
        for part in range(3):
            for at in (0, 17, 31):
                changed = copied(answer)
                changed[row][part].rows[0, at] ^= np.uint64(1)
                assert not accepts(scheme, where, elements, coins, changed, digest)
    for component in range(COMPONENTS[statement]):
        for limb, at in ((0, 0), (2, 15), (4, 31)):
            other = [element.copy() for element in elements]
            other[1][component, limb, at] ^= np.uint64(1)
            assert not accepts(scheme, where, other, coins, answer, digest)
    assert not accepts(scheme, where, elements[::-1], coins, answer, digest)
    assert not accepts(scheme, where, elements, coins, answer[::-1], digest)
    assert not accepts(scheme, where, elements, coins, answer, bytes(32))
    for row in (0, 4):
        tossed = coins.copy()
        tossed[row, 1] = (tossed[row, 1] + np.uint64(1)) % np.uint64(65)
        assert not accepts(scheme, where, elements, tossed, answer, digest)


OTHER_PLACES: list[dict[str, object]] = [
    {"session_id": b"another session"}, {"batch": 4}, {"prover": 2}, {"verifier": 2}, {"index": 1}, {"attempt": 15},
]  # fmt: skip


@pytest.mark.parametrize("change", OTHER_PLACES, ids=lambda c: next(iter(c)))
def test_a_proof_serves_at_its_place_only(change: dict[str, object]) -> None:
    """A copy of another party's proof, or of another place, fails by the hash; and the toss gives another challenge."""
    parameters = toy(M61)
    scheme, where, elements, coins, answer, digest = honest(parameters, Statement.RESPONSE, 2, "places")
    elsewhere = dataclasses.replace(where, **change)  # type: ignore[arg-type]
    assert not accepts(scheme, elsewhere, elements, coins, answer, digest)
    toss = bytes(range(32))
    one, other = (proof.challenge(parameters, each, toss, 2) for each in (where, elsewhere))
    assert (one != other).any()
    assert (one == proof.challenge(parameters, where, toss, 2)).all()


def test_roles_have_challenges_of_their_own() -> None:
    one, other = (proof.challenge(toy(M61), place(statement), bytes(32), 2) for statement in STATEMENTS)
    assert (one != other).any()


# ---- limits


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.value)
@pytest.mark.parametrize("parameters", [toy(M61), toy(M127)], ids=name)
@pytest.mark.parametrize("count", [1, 16])
def test_answers_are_accepted_up_to_the_limit(parameters: LatticeParameters, statement: Statement, count: int) -> None:
    """By prover and verifier alike: they ask one function."""
    rows = parameters.rows_of(statement)
    for at, row in enumerate(rows):
        lowest, highest = row.limits(count)
        assert -lowest == highest + 1 == 2**row.box_bits - count * row.bound
        for value, fine in ((lowest, True), (lowest - 1, False), (highest, True), (highest + 1, False)):
            masked = [Integers(np.zeros((each.words, parameters.degree), dtype=np.uint64)) for each in rows]
            masked[at].rows[:, -1] = [value >> (64 * w) & (2**64 - 1) for w in range(row.words)]
            answer = [tuple(Integers(part.rows * 0) for part in masked) for _ in range(4)] + [tuple(masked)]
            assert proof._within_limits(parameters, statement, answer, count) is fine


def test_an_answer_tells_nothing_of_the_witness() -> None:
    """Exactly, for a small box and all sums of witnesses: its law is one. A greater limit by one makes two of it."""
    row, statements = Row(bound=2, box_bits=5, words=1), 3

    def law(shift: int, widened: int) -> Counter[int | None]:
        lowest, highest = row.limits(statements)
        inside = range(lowest - widened, highest + 1 + widened)
        values = (mask + shift for mask in range(-(2**row.box_bits), 2**row.box_bits))
        return Counter(value if value in inside else None for value in values)

    shifts = range(-row.bound * statements, row.bound * statements + 1)
    assert all(law(shift, 0) == law(0, 0) for shift in shifts)
    assert any(law(shift, 1) != law(0, 1) for shift in shifts)


@pytest.mark.parametrize("extreme", [False, True], ids=["zero", "largest"])
def test_again_is_as_often_as_derived_whatever_the_witness(extreme: bool) -> None:
    parameters = dataclasses.replace(toy(M61, 16), slack_bits=9)
    statement, randomness = Statement.ENCRYPTION, source(f"again {extreme}")
    scheme, tries, answered = scheme_of(parameters), 400, []
    rows = parameters.rows_of(statement)
    witness = tuple(Integers(np.zeros((row.words, 16), dtype=np.uint64)) for row in rows)
    for part, row in zip(witness, rows, strict=True):
        if extreme:
            part.rows[:] = word_array([row.bound >> (64 * w) & (2**64 - 1) for w in range(row.words)])[:, None]
    for _ in range(tries):
        masks: Answer = [tuple(box(randomness, row.box_bits, row.words, 16) for row in rows) for _ in range(5)]
        coins = proof.challenge(parameters, place(statement), randomness.bytes(32), 16)
        answer = Prover(scheme, place(statement), masks, b"", 16).respond([witness] * 16, coins)
        if answer is not None:
            answered.append(answer)
    assert_probability(len(answered), tries, noise.acceptance(parameters, statement, 16))
    for at, row in enumerate(rows):
        lowest, highest = row.limits(16)
        values = [value for answer in answered for masked in answer for value in masked[at].to_list()]
        assert_uniform([(value - lowest) * 16 // (highest + 1 - lowest) for value in values], 16)


# ---- cheats


def spoiled(statement: Statement, part: int, change: Callable[[list[int]], list[int]]) -> tuple[Witness, ...]:
    """The witness of an honest ciphertext and the same with one polynomial changed."""
    (secret,), _ = made(toy(M61), statement, 1, source("cheat"))
    values = change(secret.witness[part].to_list())
    words = secret.witness[part].words
    rows = word_array([[value >> (64 * w) & (2**64 - 1) for value in values] for w in range(words)])
    return secret.witness, tuple(Integers(rows) if at == part else x for at, x in enumerate(secret.witness))


@pytest.mark.parametrize(
    ("statement", "part", "size"),
    [
        (Statement.ENCRYPTION, 0, 2**30), (Statement.ENCRYPTION, 1, 2**121), (Statement.ENCRYPTION, 2, 2**121),
        (Statement.RESPONSE, 0, 2**101), (Statement.RESPONSE, 1, 2**101), (Statement.RESPONSE, 2, 2**40),
    ],
)  # fmt: skip
def test_long_polynomials_are_refused(
    statement: Statement, part: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an honest prover, who cannot answer, and by the verifier of one who answers all the same."""
    parameters, randomness = toy(M61), source("long")
    scheme = scheme_of(parameters)
    public = scheme.public_elements(SESSION)
    _, witness = spoiled(statement, part, lambda values: [values[0] + size, *values[1:]])
    element = scheme.ring.empty(COMPONENTS[statement])
    scheme.image(public, statement, values_of(scheme, witness), element)
    coins = np.full((5, 1), 3, dtype=np.uint64)
    prover = proof.commit(scheme, public, place(statement), [element], randomness)
    assert prover.respond([witness], coins) is None
    prover = proof.commit(scheme, public, place(statement), [element], randomness)
    with monkeypatch.context() as patch:
        patch.setattr(proof, "_within_limits", lambda *_: True)
        answer = prover.respond([witness], coins)
        assert answer is not None
        assert accepts(scheme, place(statement), [element], coins, answer, prover.digest)
    assert not accepts(scheme, place(statement), [element], coins, answer, prover.digest)


def forged(spoil: list[int], guess: int) -> tuple[Scheme, Words, Words, Answer, bytes]:
    """A statement f + spoil without a short witness, and a first message that fits the guessed challenge."""
    parameters = dataclasses.replace(toy(M7, 16), rows=1)
    scheme, randomness, statement = scheme_of(parameters), source("forged"), Statement.ENCRYPTION
    public, rows = scheme.public_elements(SESSION), parameters.rows_of(Statement.ENCRYPTION)
    _, (element,) = made(parameters, statement, 1, randomness)
    element[0] = scheme.ring.from_integers(reference.add(scheme.ring.to_integers(element[0]), spoil))
    answer: Answer = [tuple(box(randomness, row.box_bits - 1, row.words, 16) for row in rows)]
    image, coins = scheme.ring.empty(2), word_array([[guess]])
    scheme.image(public, statement, values_of(scheme, answer[0]), image)
    for component, total in zip(image, proof._monomial_sums(scheme, [element], coins)[0], strict=True):
        component[:] = (component + scheme.ring.words[:, None] - total) % scheme.ring.words[:, None]
    hasher = proof._hasher(place(statement), [element])
    hasher.add(memoryview(image.tobytes()))
    return scheme, element, coins, answer, hasher.digest()


def test_a_bad_statement_passes_for_one_challenge_of_33() -> None:
    """N = 16 and one row: whatever first message it prepares. With five rows, one of 33^5."""
    spoil = [int.from_bytes(source("spoil").bytes(30), "little") for _ in range(16)]
    where = place(Statement.ENCRYPTION)
    for guess in range(33):
        scheme, element, coins, answer, digest = forged(spoil, guess)
        assert accepts(scheme, where, [element], coins, answer, digest)
        others = [word_array([[other]]) for other in range(33) if other != guess]
        assert not any(accepts(scheme, where, [element], other, answer, digest) for other in others)


def test_half_the_modulus_passes_for_all_challenges_but_zero() -> None:
    """Why products are taken of 2 X: (q + 1) / 2 (1 + x + ...) times x^w differs from itself by a short polynomial."""
    parameters = dataclasses.replace(toy(M7, 16), rows=1)
    scheme, randomness, where = scheme_of(parameters), source("halves"), place(Statement.ENCRYPTION)
    public, rows = scheme.public_elements(SESSION), parameters.rows_of(Statement.ENCRYPTION)
    halves = scheme.ring.from_integers([(parameters.modulus + 1) // 2] * 16)
    (secret,), (element,) = made(parameters, Statement.ENCRYPTION, 1, randomness)
    masks = tuple(box(randomness, row.box_bits - 1, row.words, 16) for row in rows)
    image = scheme.ring.empty(2)
    scheme.image(public, Statement.ENCRYPTION, values_of(scheme, masks), image)
    moduli = scheme.ring.words[:, None]
    element[0] = (element[0] + halves) % moduli
    image[0] = (image[0] + (moduli - halves)) % moduli
    hasher = proof._hasher(where, [element])
    hasher.add(memoryview(image.tobytes()))
    digest, accepted = hasher.digest(), []
    for w in range(33):
        turned = reference.monomial(w, 16)
        sums = [
            reference.add(mask.to_list(), reference.multiply(turned, part.to_list()))
            for mask, part in zip(masks, secret.witness, strict=True)
        ]
        # x^w (1 + x + ...) has -1 where it wraps around; (q + 1) / 2 times -2 is -1 modulo q.
        signs = reference.multiply(turned, [1] * 16)
        sums[1] = [value - (sign < 0) for value, sign in zip(sums[1], signs, strict=True)]
        answer: Answer = [
            tuple(
                Integers(word_array([[value >> (64 * k) & (2**64 - 1) for value in values] for k in range(row.words)]))
                for values, row in zip(sums, rows, strict=True)
            )
        ]
        accepted.append(accepts(scheme, where, [element], word_array([[w]]), answer, digest))
    assert accepted == [True] * 32 + [False]


# ---- use


def test_masks_serve_once() -> None:
    parameters, statement = toy(M127), Statement.RESPONSE
    scheme, randomness = scheme_of(parameters), source("once")
    secrets, elements = made(parameters, statement, 1, randomness)
    prover = proof.commit(scheme, scheme.public_elements(SESSION), place(statement), elements, randomness)
    coins = proof.challenge(parameters, place(statement), bytes(32), 1)
    witnesses = [secret.witness for secret in secrets]
    prover.respond(witnesses, coins)
    with pytest.raises(UsageError, match="once"):
        prover.respond(witnesses, coins)
    other = proof.commit(scheme, scheme.public_elements(SESSION), place(statement), elements, randomness)
    assert other.digest != prover.digest
    masks = other._masks
    other.wipe()
    other.wipe()
    assert masks is not None
    assert not any(part.rows.any() for masked in masks for part in masked)
    with pytest.raises(UsageError, match="once"):
        other.respond(witnesses, coins)


def test_a_refused_answer_is_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters, statement = toy(M61), Statement.ENCRYPTION
    scheme, randomness = scheme_of(parameters), source("refused")
    secrets, elements = made(parameters, statement, 1, randomness)
    prover = proof.commit(scheme, scheme.public_elements(SESSION), place(statement), elements, randomness)
    masks = prover._masks
    monkeypatch.setattr(proof, "_within_limits", lambda *_: False)
    coins = proof.challenge(parameters, place(statement), bytes(32), 1)
    assert prover.respond([secret.witness for secret in secrets], coins) is None
    assert masks is not None
    assert not any(part.rows.any() for masked in masks for part in masked)


def test_challenges_are_uniform_with_zero_among_them() -> None:
    parameters = toy(M61, 16)
    coins = [
        int(value)
        for toss in range(60)
        for value in proof.challenge(parameters, place(Statement.RESPONSE), toss.to_bytes(32, "little"), 16).ravel()
    ]
    assert_uniform(coins, 33)


def test_wrong_counts_and_sizes() -> None:
    parameters, statement = toy(M61), Statement.RESPONSE
    scheme, where, elements, coins, answer, digest = honest(parameters, statement, 2, "sizes")
    public = scheme.public_elements(SESSION)
    for count in (0, 17):
        with pytest.raises(UsageError, match="1 to 16"):
            proof.challenge(parameters, where, bytes(32), count)
        with pytest.raises(UsageError, match="1 to 16"):
            proof.commit(scheme, public, where, elements[:1] * count, source("count"))
    with pytest.raises(UsageError, match="rows"):
        accepts(scheme, where, elements, coins[:, :1], answer, digest)
    with pytest.raises(UsageError, match="rows"):
        accepts(scheme, where, elements, coins, answer[:4], digest)
    prover = proof.commit(scheme, public, where, elements, source("count"))
    with pytest.raises(UsageError, match="2 statements"):
        prover.respond([], coins)
    encoded = proof.encode_answer(parameters, statement, answer)
    for wrong in (b"", encoded[:-1], encoded + b"\0"):
        with pytest.raises(ValueError, match="bytes"):
            proof.decode_answer(parameters, statement, wrong)
