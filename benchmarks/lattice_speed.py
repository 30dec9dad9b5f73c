"""What the lattice costs: `python -m benchmarks.lattice_speed [--field M61] [--statements 16]`.

One thread does the work of both parties of a batch, with every sample and proof, and no network. Microseconds are
medians; a party's share of a triple is half of the batch over its triples. MAC shares and the sacrifice are not in it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

from spdz.crypto.randomness import SystemRandomness
from spdz.field import field_by_name
from spdz.lattice import encryption, integers, proof
from spdz.lattice.encryption import Secret
from spdz.lattice.parameters import LatticeParameters, Statement, parameters_for
from spdz.lattice.proof import Place
from spdz.lattice.ring import Words
from spdz.lattice.scheme import COMPONENTS, PublicElements, Scheme, scheme_of

P = ParamSpec("P")
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
    _, noise, _ = parameters.rows_of(Statement.ENCRYPTION)
    polynomial, small = field.sample(fill, degree), integers.zeros(1, degree)
    wide, mask, lifted = (integers.zeros(noise.words, degree) for _ in range(3))
    fractions = scheme.fractions.start(0)
    random = np.zeros((degree, 2), dtype=np.uint64)
    return {
        "transform, forward, one prime": median_us(lambda: ring.to_values(element)) / ring.limbs,
        "transform, inverse, one prime": median_us(lambda: ring.to_coefficients(element)) / ring.limbs,
        "product, one prime": median_us(lambda: ring.multiply(element, other)) / ring.limbs,
        "to slots": median_us(lambda: scheme.slots.to_slots(polynomial)),
        "from slots": median_us(lambda: scheme.slots.from_slots(polynomial)),
        "sample, ternary": median_us(lambda: integers.sample_ternary(fill, small)),
        "sample, binomial": median_us(lambda: integers.sample_binomial(fill, parameters.eta, small)),
        "sample, mask": median_us(lambda: integers.sample_box(fill, noise.box_bits, mask)),
        "lift": median_us(lambda: integers.lift(field, polynomial, small, lifted)),
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

    def run(self, step: str, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Make a call and add its time to that of the step."""
        start = time.perf_counter()
        result = call(*args, **kwargs)
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - start
        return result


def _prove(
    scheme: Scheme, public: PublicElements, statement: Statement, made: list[tuple[Secret, Words]], clock: Clock
) -> None:
    parameters, elements = scheme.parameters, [element for _, element in made]
    witnesses: list[tuple[integers.Integers, ...]] = [secret.witness for secret, _ in made]
    answer, attempt = None, -1
    while answer is None:
        attempt += 1
        place = Place(SESSION, 0, 0, 1, statement, 0, attempt)
        prover = clock.run("commit", proof.commit, scheme, public, place, elements, RANDOMNESS)
        coins = proof.challenge(parameters, place, RANDOMNESS.bytes(32), len(made))
        answer = clock.run("respond", prover.respond, witnesses, coins)
    sent = clock.run("encode", proof.encode_answer, parameters, statement, answer)
    read = clock.run("decode", proof.decode_answer, parameters, statement, sent)
    if not clock.run("check", proof.check, scheme, public, place, elements, coins, read, prover.digest):
        raise SystemExit("an honest proof was refused")


class Buffers:
    """Memory of a batch, which serves one batch after another."""

    def __init__(self, scheme: Scheme, statements: int) -> None:
        self.keys, self.hidden = (
            [(Secret.empty(scheme, each), scheme.ring.empty(COMPONENTS[each])) for _ in range(statements)]
            for each in (Statement.ENCRYPTION, Statement.RESPONSE)
        )


def batch(scheme: Scheme, public: PublicElements, buffers: Buffers) -> dict[str, float]:
    """Microseconds a ciphertext, by step, of both parties."""
    clock, field, count = Clock(), scheme.parameters.field, scheme.parameters.slots
    results = []
    for key, hidden in zip(buffers.keys, buffers.hidden, strict=True):
        b, a, a_hat, b2, a2, a2_hat = (field.sample(RANDOMNESS.fill, count) for _ in range(6))
        clock.run("encrypt", encryption.encrypt, scheme, public, b, a, a_hat, RANDOMNESS, *key)
        clock.run("embed", encryption.embed, scheme, public, b2, a2, a2_hat, RANDOMNESS, *hidden)
        results.append(a2 * b + a * b2)
    _prove(scheme, public, Statement.ENCRYPTION, buffers.keys, clock)
    _prove(scheme, public, Statement.RESPONSE, buffers.hidden, clock)
    for (key, ciphertext), (secret, u), result in zip(buffers.keys, buffers.hidden, results, strict=True):
        sums = clock.run("combine", encryption.combine, scheme, secret, ciphertext)
        answer, mask = clock.run("drown", encryption.drown, scheme, sums, RANDOMNESS)
        opened = clock.run("decrypt", encryption.decrypt, scheme, key, u, answer, RANDOMNESS)
        if not ((opened - mask)[:count] == result).all():
            raise SystemExit("a product is wrong")
    return {step: seconds * 1e6 / len(results) for step, seconds in clock.seconds.items()}


def report(parameters: LatticeParameters, statements: int) -> None:
    """Print kernels and a batch."""
    scheme = scheme_of(parameters)
    public = scheme.public_elements(SESSION)
    print(f"{parameters.field.name}, N = {parameters.degree}, {parameters.limbs} x {parameters.modulus_bits} bits")
    for kernel, microseconds in kernels(scheme).items():
        print(f"  {kernel:36} {microseconds:8.1f} us")
    buffers = Buffers(scheme, statements)
    batch(scheme, public, buffers)
    runs = [batch(scheme, public, buffers) for _ in range(5)]
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
