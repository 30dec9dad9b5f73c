"""What the lattice costs: `python -m benchmarks.lattice_speed [--field M61] [--statements 16]`.

One thread does the work of both parties of a batch, with every sample and proof, and no network. Microseconds are
medians; a party's share of a triple is half of the batch over its triples. MAC shares and the sacrifice are not in it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from spdz.crypto.randomness import SystemRandomness
from spdz.field import FieldArray, field_by_name
from spdz.lattice import encryption, integers, proof
from spdz.lattice.parameters import LatticeParameters, Statement, parameters_for
from spdz.lattice.proof import Place
from spdz.lattice.ring import Words
from spdz.lattice.scheme import PublicElements, Scheme, scheme_of

R = TypeVar("R")

RANDOMNESS = SystemRandomness()
SESSION = b"a session of measurements"


def median_us(call: Callable[[], object], repetitions: int = 25) -> float:
    """The median of the times of a call, which has been made once before."""
    call()
    taken = []
    for _ in range(repetitions):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


def kernels(scheme: Scheme) -> dict[str, float]:
    """Microseconds a call on one polynomial or element."""
    parameters, ring, fill = scheme.parameters, scheme.ring, RANDOMNESS.fill
    field, degree = parameters.field, parameters.degree
    element, other = ring.uniform(fill), ring.uniform(fill)
    polynomial, small = field.sample(fill, degree), integers.sample_binomial(fill, parameters.eta, degree)
    _, noise, _ = parameters.rows_of(Statement.ENCRYPTION)
    wide, mask = (integers.sample_box(fill, noise.box_bits, noise.words, degree) for _ in range(2))
    fractions = scheme.fractions.start(0)
    random = np.zeros((degree, 2), dtype=np.uint64)
    return {
        "transform, forward, one prime": median_us(lambda: ring.to_values(element)) / ring.limbs,
        "transform, inverse, one prime": median_us(lambda: ring.to_coefficients(element)) / ring.limbs,
        "product, one prime": median_us(lambda: ring.multiply(element, other)) / ring.limbs,
        "to slots": median_us(lambda: scheme.slots.to_slots(polynomial)),
        "from slots": median_us(lambda: scheme.slots.from_slots(polynomial)),
        "sample, ternary": median_us(lambda: integers.sample_ternary(fill, degree)),
        "sample, binomial": median_us(lambda: integers.sample_binomial(fill, parameters.eta, degree)),
        "sample, mask": median_us(lambda: integers.sample_box(fill, noise.box_bits, noise.words, degree)),
        "lift": median_us(lambda: integers.lift(field, polynomial, small)),
        "residues and transform, one prime": median_us(lambda: wide.residues(ring, element)) / ring.limbs,
        "add a monomial times a witness": median_us(lambda: mask.add_monomial(wide, 5000)),
        "limits": median_us(lambda: mask.is_within(*noise.limits(1))),
        "fraction, one prime": median_us(lambda: fractions.add_element(element)) / ring.limbs,
        "noise into a fraction": median_us(lambda: fractions.add_numbers(random, parameters.drowning_unit)),
        "rounding": median_us(fractions.round_times_p),
    }


class Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, step: str, call: Callable[[], R]) -> R:
        """Make a call and add its time to that of the step."""
        start = time.perf_counter()
        result = call()
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - start
        return result


def _prove(
    scheme: Scheme,
    public: PublicElements,
    statement: Statement,
    made: list[tuple[encryption.Secret, Words]],
    clock: Clock,
) -> None:
    parameters, elements = scheme.parameters, [element for _, element in made]
    for attempt in range(16):
        place = Place(SESSION, 0, 0, 1, statement, 0, attempt)
        prover = clock.run("commit", lambda at=place: proof.commit(scheme, public, at, elements, RANDOMNESS))
        coins = proof.challenge(parameters, place, RANDOMNESS.bytes(32), len(made))
        witnesses = [secret.witness for secret, _ in made]
        answer = clock.run("respond", lambda by=prover, to=coins: by.respond(witnesses, to))
        if answer is not None:
            break
    else:
        raise SystemExit("an honest prover was refused sixteen times")
    sent = clock.run("encode", lambda: proof.encode_answer(parameters, statement, answer))
    read = clock.run("decode", lambda: proof.decode_answer(parameters, statement, sent))
    if not clock.run("check", lambda: proof.check(scheme, public, place, elements, coins, read, prover.digest)):
        raise SystemExit("an honest proof was refused")


def batch(scheme: Scheme, public: PublicElements, statements: int) -> dict[str, float]:
    """Microseconds a ciphertext, by step, of both parties."""
    clock, fill, count = Clock(), RANDOMNESS.fill, scheme.parameters.slots

    def messages() -> tuple[FieldArray, FieldArray, FieldArray]:
        b, a, a_hat = (scheme.parameters.field.sample(fill, count) for _ in range(3))
        return b, a, a_hat

    given = [(messages(), messages()) for _ in range(statements)]
    keys, hidden = [], []
    for mine, yours in given:
        keys.append(clock.run("encrypt", lambda x=mine: encryption.encrypt(scheme, public, *x, RANDOMNESS)))
        hidden.append(clock.run("embed", lambda x=yours: encryption.embed(scheme, public, *x, RANDOMNESS)))
    _prove(scheme, public, Statement.ENCRYPTION, keys, clock)
    _prove(scheme, public, Statement.RESPONSE, hidden, clock)
    for (key, ciphertext), (secret, u), ((b, a, _), (b2, a2, _)) in zip(keys, hidden, given, strict=True):
        sums = clock.run("combine", lambda s=secret, c=ciphertext: encryption.combine(scheme, s, c))
        answer, mask = clock.run("drown", lambda x=sums: encryption.drown(scheme, x, RANDOMNESS))
        opened = clock.run("decrypt", lambda k=key, x=u, y=answer: encryption.decrypt(scheme, k, x, y, RANDOMNESS))
        if not ((opened - mask)[:count] == a2 * b + a * b2).all():
            raise SystemExit("a product is wrong")
    return {step: seconds * 1e6 / statements for step, seconds in clock.seconds.items()}


def report(parameters: LatticeParameters, statements: int) -> None:
    """Print kernels and a batch."""
    scheme = scheme_of(parameters)
    public = scheme.public_elements(SESSION)
    print(f"{parameters.field.name}, N = {parameters.degree}, {parameters.limbs} x {parameters.modulus_bits} bits")
    for kernel, microseconds in kernels(scheme).items():
        print(f"  {kernel:36} {microseconds:8.1f} us")
    batch(scheme, public, 1)
    runs = [batch(scheme, public, statements) for _ in range(5)]
    run = sorted(runs, key=lambda each: sum(each.values()))[2]
    for step, microseconds in run.items():
        print(f"  {step:36} {microseconds:8.0f} us a ciphertext")
    print(f"  {sum(run.values()) * 1e3 / 2 / parameters.slots:.0f} ns a triple and party, batches of {statements}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the lattice costs, in one thread")
    parser.add_argument("--field", default="M61")
    parser.add_argument("--statements", type=int, default=16)
    arguments = parser.parse_args()
    report(parameters_for(field_by_name(arguments.field)), arguments.statements)
