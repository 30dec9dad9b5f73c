"""The rows of the table of bits: which cheats are measured where, what is predicted, and what is promised."""

from __future__ import annotations

from spdz.field import M5, M7, M13, Field

from .cheats_bits import (
    false_proof,
    guessed_choices,
    known_factors,
    other_bit,
    pairs_out_of_range,
    wrong_element,
    wrong_masks,
)
from .trials import Cheat

KEPT, UNSEEN = 4, 4 / 6
"""N of the lists of masks and pairs, and how often a place of them is not among the samples."""
ELEMENTS = ("key share", "w", "MAC of w")


def bit_cheats() -> list[Cheat]:
    """Every row, in the order of the report."""
    return [*_and_triples(), *_buckets(), *_masks(), *_proofs(), *_items(M5), *_owners(M5), *_owners(M7), *_pairs()]


def _and_triples() -> list[Cheat]:
    return [
        Cheat(
            f"and-{guesses}-{parties}", f"wrong payloads of AND triples, choices guessed: {guesses}", "GF(2)", parties,
            guessed_choices(parties, guesses), 2.0**-guesses, f"2^-{guesses}", 2.0**-guesses, f"2^-{guesses}", 400,
        )
        for guesses, parties in ((1, 2), (2, 2), (3, 2), (1, 3))
    ]  # fmt: skip


def _buckets() -> list[Cheat]:
    rows = []
    for size, layers, guesses in ((4, 2, 1), (8, 2, 1), (4, 3, 1), (4, 2, 2)):
        # Two guesses in a layer: shifts 0, 1 and -1 of four bring some of them together.
        meet, formula = (1 / size ** (layers - 1), f"{size}^-{layers - 1}") if guesses == 1 else (3 / 4, "3/4")
        passed = 2.0 ** -(guesses * layers)
        rows.append(
            Cheat(
                f"bucket-{size}-{layers}-{guesses}",
                f"a factor is known: {guesses} guessed in each of {layers} layers of {size}",
                "GF(2)",
                2,
                known_factors(size, layers, guesses),
                passed * meet,
                f"2^-{guesses * layers} {formula}",
                2.0**-layers / size ** (layers - 1),
                f"2^-{layers} {size}^-{layers - 1}",
                1000,
            )
        )
    return rows


def _masks() -> list[Cheat]:
    p = M5.modulus
    no_wrap = (p + 1) / (2 * p)
    bound = (1 / KEPT, "1/N"), (1 / KEPT**2, "1/N^2")
    cases = (
        ("1", "one target off by 1, which is tolerated", {(0, 0): 1}, 2, UNSEEN * no_wrap, "s u", (1.0, "none")),
        ("4", "a target off by 4, a sacrifice by -4", {(0, 0): 4, (1, 3): -4}, 2, UNSEEN**2 / KEPT, "s^2/N", bound[0]),
        (
            "4-3", "a target off by 4, a sacrifice by -3", {(0, 0): 4, (1, 3): -3}, 2,
            UNSEEN**2 / KEPT * no_wrap, "s^2 u/N", bound[0],
        ),
        (
            "4-4-4", "a target off by 4, a sacrifice in both lists by -4", {(0, 0): 4, (1, 3): -4, (2, 1): -4}, 4,
            UNSEEN**3 / KEPT**2, "s^3/N^2", bound[1],
        ),
    )  # fmt: skip
    return [
        Cheat(f"masks-{name}", f"masks: {title}", M5.name, 2, wrong_masks(levels, bits), rate, formula, *limit, 600)
        for name, title, levels, bits, rate, formula, limit in cases
    ]


def _proofs() -> list[Cheat]:
    return [
        Cheat(
            f"proof-{bits}", f"false proof, {bits} bits of the key unknown", "GF(2^64)", 2, false_proof(bits),
            2 / 2**bits, f"2/2^{bits}", 3 / 2**bits, f"3/2^{bits}", 6000,
        )
        for bits in (4, 6, 8)
    ]  # fmt: skip


def _items(field: Field) -> list[Cheat]:
    p = field.modulus
    return [
        Cheat(
            f"item-{use}", f"wrong {name} in the payload of a bit times an element", field.name, 2,
            wrong_element(field, use), 1 / 2 + 1 / (2 * p), "1/2 + 1/(2 p)", 1 / 2 + 1 / p, "1/2 + 1/p", 400,
        )
        for use, name in enumerate(ELEMENTS)
    ]  # fmt: skip


def _owners(field: Field) -> list[Cheat]:
    p = field.modulus
    return [
        Cheat(
            "owner", "another bit shared than chosen, key guessed", field.name, 2, other_bit(field, 11),
            2 / p - 1 / p**2, "2/p - 1/p^2", 3 / p, "3/p", 800,
        )
    ]  # fmt: skip


def _pairs() -> list[Cheat]:
    return [
        Cheat(
            f"pairs-{lists}", f"truncation pair out of range, lists with partners: {lists - 1}", M13.name, 2,
            pairs_out_of_range(2 * lists - 2), UNSEEN**lists / KEPT ** (lists - 1), formula,
            1 / KEPT ** (lists - 1), bound, 600,
        )
        for lists, formula, bound in ((2, "s^2/N", "1/N"), (3, "s^3/N^2", "1/N^2"))
    ]  # fmt: skip
