"""What the tests of the lattice share: toy parameters, and randomness from the test's name."""

from __future__ import annotations

import dataclasses
import hashlib

from spdz.crypto.randomness import Randomness, deterministic_randomness_for_tests
from spdz.field import M7, M13, M61, M127, Field, FieldArray
from spdz.lattice import integers
from spdz.lattice.encryption import Secret, embed, encrypt
from spdz.lattice.integers import Integers
from spdz.lattice.parameters import PARAMETERS, LatticeParameters, Statement
from spdz.lattice.ring import Words
from spdz.lattice.scheme import COMPONENTS, Scheme, scheme_of

SESSION = b"a session of the tests of lattices"


def toy(field: Field, degree: int = 32) -> LatticeParameters:
    """Everything as in force but the degree, and for small fields p: insecure."""
    return dataclasses.replace(PARAMETERS["M127" if field == M127 else "M61"], field=field, degree=degree)


TOYS = [toy(M61), toy(M127), toy(M13, 64), toy(M7, 16)]
FULL = list(PARAMETERS.values())


def name(parameters: LatticeParameters) -> str:
    return f"{parameters.field.name}-{parameters.degree}"


def source(label: str) -> Randomness:
    return deterministic_randomness_for_tests(hashlib.sha256(label.encode()).digest(), "lattice")


def messages(scheme: Scheme, randomness: Randomness) -> tuple[FieldArray, FieldArray, FieldArray]:
    """b, a, a^."""
    field, count = scheme.parameters.field, scheme.parameters.slots
    b, a, a_hat = (field.sample(randomness.fill, count) for _ in range(3))
    return b, a, a_hat


def made(
    parameters: LatticeParameters, statement: Statement, count: int, randomness: Randomness
) -> tuple[list[Secret], list[Words]]:
    """Honest ciphertexts or responses."""
    scheme = scheme_of(parameters)
    public, make = scheme.public_elements(SESSION), encrypt if statement is Statement.ENCRYPTION else embed
    secrets = [Secret.empty(scheme, statement) for _ in range(count)]
    elements = [scheme.ring.empty(COMPONENTS[statement]) for _ in range(count)]
    for secret, element in zip(secrets, elements, strict=True):
        make(scheme, public, *messages(scheme, randomness), randomness, secret, element)
    return secrets, elements


def ternary(randomness: Randomness, degree: int) -> list[int]:
    out = integers.zeros(1, degree)
    integers.sample_ternary(randomness.fill, out)
    return out.to_list()


def box(randomness: Randomness, bits: int, words: int, degree: int) -> Integers:
    out = integers.zeros(words, degree)
    integers.sample_box(randomness.fill, bits, out)
    return out
