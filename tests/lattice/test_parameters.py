"""What the parameters promise, recomputed: a change of any constant in force shows here, and margins are kept."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from math import log2, pi, sin, sqrt

import pytest

from benchmarks.rlwe_cost import STANDARD_128, Instance, cost, instance_of, primal
from spdz.errors import UsageError
from spdz.field import M5, M7, M13, M61, M127
from spdz.lattice import noise
from spdz.lattice.parameters import PARAMETERS, LatticeParameters, Statement, parameters_for

from . import reference
from .support import FULL, name, toy

TRIPLES = 1 << 30
"""Of the session that distances are stated for."""


def derived(parameters: LatticeParameters) -> dict[str, object]:
    """Everything that is promised, to a tenth of a bit."""
    worst, session = noise.inverse_norm(parameters.degree), noise.session_factor(parameters)
    p2 = 2 * log2(parameters.field.modulus)
    found: dict[str, object] = {
        "log q": round(log2(parameters.modulus), 1),
        "boxes": [[row.box_bits for row in parameters.rows_of(each)] for each in Statement],
        "answer bytes": sum(row.coefficient_bytes for each in Statement for row in parameters.rows_of(each)),
        "drowned, decoded": [
            round(noise.drowned(parameters, worst) - p2, 1), round(noise.decoded(parameters, worst) - p2, 1)
        ],
        "soundness": round(noise.soundness(parameters), 1),
        "acceptance": [round(noise.acceptance(parameters, each, parameters.statements), 4) for each in Statement],
        "session factor": round(session, 2),
        "budget": round(noise.decoding_budget(parameters), 4),
        "units": [parameters.drowning_unit, parameters.dither_unit],
        "attack": round(cost(instance_of(parameters)), 1),
    }  # fmt: skip
    for label, distances in (
        ("responder", noise.responder_distances(parameters, worst)),
        ("encryptor", noise.encryptor_distances(parameters, worst)),
    ):
        found[label] = [round(value, 1) for value in (distances.noise, distances.truncation, distances.grid)]
    found["session"] = round(noise.session_distance(parameters, TRIPLES), 1)
    return found


EXPECTED: dict[str, dict[str, object]] = {
    "M61": {
        "log q": 310.0,
        "boxes": [[26, 92, 92], [88, 86, 31]],
        "answer bytes": 55,
        "drowned, decoded": [60.3, 60.1],
        "soundness": -71.0,
        "acceptance": [0.9553, 0.9541],
        "session factor": 1.0,
        "budget": 0.4375,
        "units": [66, 65],
        "attack": 188.3,
        "responder": [-125.7, -128.2, -125.7],
        "encryptor": [-124.9, -127.2, -126.4],
        "session": -94.4,
    },
    "M127": {
        "log q": 413.0,
        "boxes": [[28, 160, 160], [156, 154, 33]],
        "answer bytes": 91,
        "drowned, decoded": [62.3, 62.1],
        "soundness": -71.0,
        "acceptance": [0.9886, 0.9883],
        "session factor": 1.0,
        "budget": 0.4375,
        "units": [63, 62],
        "attack": 136.6,
        "responder": [-93.7, -125.7, -127.0],
        "encryptor": [-92.9, -124.7, -127.0],
        "session": -75.3,
    },
}


@pytest.mark.parametrize("parameters", FULL, ids=name)
def test_what_is_in_force(parameters: LatticeParameters) -> None:
    assert derived(parameters) == EXPECTED[parameters.field.name]


CHANGES: dict[str, object] = {
    "degree": 1 << 13, "modulus_bits": 58, "limbs": 4, "slack_bits": 23, "answer_bits": 192, "fraction_words": 6,
    "drowning_shift": 4, "dither_shift": 5, "eta": 20, "rows": 4, "statements": 15,
}  # fmt: skip


@pytest.mark.parametrize(
    "constant", [field.name for field in dataclasses.fields(LatticeParameters) if field.name != "field"]
)
@pytest.mark.parametrize("parameters", FULL, ids=name)
def test_a_change_of_a_constant_shows(parameters: LatticeParameters, constant: str) -> None:
    changed = dataclasses.replace(parameters, **{constant: CHANGES[constant]})  # type: ignore[arg-type]
    assert derived(changed) != EXPECTED[parameters.field.name]


@pytest.mark.parametrize("parameters", FULL, ids=name)
def test_margins(parameters: LatticeParameters) -> None:
    """Of the attack estimate and of the table's modulus; 60 bits for a session, even at the worst statement."""
    assert log2(parameters.modulus) <= STANDARD_128[parameters.degree] - 20
    assert cost(instance_of(parameters)) >= 128 + 8
    assert noise.session_distance(parameters, TRIPLES, peers=15) <= -60
    worst = noise.inverse_norm(parameters.degree)
    once = max(each(parameters, worst).total for each in (noise.responder_distances, noise.encryptor_distances))
    assert once + log2(parameters.degree) <= -75
    assert noise.soundness(parameters) <= -70
    assert noise.decoding_budget(parameters) < 0.5
    assert sqrt(parameters.eta / 2) >= 3.19


@pytest.mark.parametrize(("degree", "bits"), STANDARD_128.items())
def test_the_estimate_meets_the_table_of_the_standard(degree: int, bits: int) -> None:
    assert cost(Instance(degree, bits)) == pytest.approx(128, abs=1.5)
    assert cost(Instance(degree, bits * 0.9)) > 136
    assert cost(Instance(degree, bits * 1.1)) < 121
    block, dimension = primal(Instance(degree, bits))
    assert 300 < block < 360
    assert degree < dimension < 3 * degree


@pytest.mark.parametrize("parameters", FULL, ids=name)
def test_the_moduli_are_of_the_stated_size(parameters: LatticeParameters) -> None:
    assert parameters.modulus_bits * parameters.limbs - log2(parameters.modulus) < 0.001
    product = 1
    for prime in parameters.moduli:
        assert reference.is_prime(prime)
        product *= prime
    assert product == parameters.modulus
    assert parameters.modulus % parameters.field.modulus


@pytest.mark.parametrize("degree", [16, 64, 1024])
def test_norms_of_challenge_differences(degree: int) -> None:
    """2 / (x^d - 1) for every d: at most 1 / sin(pi 2^v / 2 N) for d = 2^v odd; and its product with x^d - 1 is 2."""
    for d in range(1, 2 * degree):
        power = d & -d
        angles = [pi * j * d / (2 * degree) for j in range(1, 2 * degree, 2)]
        greatest = max(1 / abs(sin(angle)) for angle in angles)
        assert greatest <= noise.inverse_norm(degree, power) * (1 + 1e-9)
    assert noise.inverse_norm(degree) == pytest.approx(2 * degree / pi, rel=0.01)


def test_the_inverse_of_a_difference_has_small_coefficients() -> None:
    """-1, 0 and 1 for two monomials, exactly; 2 for a monomial and 0."""
    degree = 16
    for d in range(1, 2 * degree):
        power = d & -d
        # (x^d - 1) (1 + x^d + ... ) telescopes to x^(d m) - 1 = -2 for m = N / 2^v.
        inverse = [0] * degree
        for step in range(degree // power):
            inverse = reference.add(inverse, reference.monomial(step * d % (2 * degree), degree))
        difference = reference.add(reference.monomial(d, degree), reference.monomial(0, degree))
        difference[0] -= 2
        assert reference.multiply(inverse, difference) == [-2] + [0] * (degree - 1)
        assert set(map(abs, inverse)) <= {0, 1}


def test_session_factor_is_a_supremum_of_all_levels() -> None:
    """A statement with long proven norms is accepted so rarely that only 1 remains at full size."""
    assert noise.session_factor(PARAMETERS["M61"]) == pytest.approx(1.0)
    few = dataclasses.replace(PARAMETERS["M61"], rows=1)
    assert noise.session_factor(few) > 2


@pytest.mark.parametrize("statement", list(Statement), ids=lambda s: s.value)
def test_acceptance_is_the_product_over_coefficients(statement: Statement) -> None:
    parameters = toy(M7, 16)
    product = Fraction(1)
    for row in parameters.rows_of(statement):
        lowest, highest = row.limits(16)
        product *= Fraction(highest + 1 - lowest, 2 ** (row.box_bits + 1)) ** (16 * parameters.rows)
    assert noise.acceptance(parameters, statement, 16) == pytest.approx(float(product), rel=1e-9)


def test_honest_noise_is_below_what_is_allowed_for() -> None:
    for parameters in FULL:
        rows = parameters.rows_of(Statement.ENCRYPTION) + parameters.rows_of(Statement.RESPONSE)
        for row in rows:
            assert 2**row.box_bits >= parameters.statements * row.bound << parameters.slack_bits
            assert row.box_bits + 2 < 64 * row.words


def test_fields_and_sizes_that_there_are_not() -> None:
    assert parameters_for(M61) is PARAMETERS["M61"]
    assert parameters_for(M127) is PARAMETERS["M127"]
    with pytest.raises(UsageError, match="M61, M127"):
        parameters_for(M13)
    for change in (
        {"field": M5}, {"modulus_bits": 63}, {"statements": 17}, {"statements": 0}, {"answer_bits": 60},
        {"fraction_words": 2}, {"degree": 1000}, {"field": M127},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            dataclasses.replace(PARAMETERS["M61"], **change)  # type: ignore[arg-type]
