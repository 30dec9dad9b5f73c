"""The rows of the soundness table: which cheats are measured where, what is predicted, and what is promised."""

from __future__ import annotations

from math import comb

from spdz.field import M5, M7, M13, Field

from .cheats import forged_opening, forged_output, guessed_bits_of_a, wrong_triples, wrong_triples_of_the_generator
from .cheats_copee import inconsistent_input, two_key_shares, wrong_columns
from .trials import Cheat

COST = {M5.name: 4000, M7.name: 6000, M13.name: 12000}
"""Runs of a full measurement: more where successes are rarer."""


def all_cheats() -> list[Cheat]:
    """Every row, in the order of the report."""
    rows: list[Cheat] = []
    for field in (M5, M7, M13):
        rows += _mac_check(field)
    for field in (M5, M7):
        rows += _sacrifice(field)
    rows += _bits_of_a(M5)
    for field in (M5, M7):
        rows += _authenticate(field)
    for field in (M5, M7):
        rows += _key_shares(field)
    return rows + _ot_check()


def _mac_check(field: Field) -> list[Cheat]:
    p, runs = field.modulus, COST[field.name]
    one, several = (1 / p, "1/p", 1 / p, "1/p"), (2 / p - 1 / p**2, "2/p - 1/p^2", 2 / p, "2/p")
    rows = [
        Cheat("mac-one", "wrong opening, alone", field.name, 2, forged_opening(field, 2, 1, 0), *one, runs),
        Cheat(
            "mac-several", "wrong opening among several", field.name, 2, forged_opening(field, 2, 3, 1), *several, runs
        ),
    ]
    if field is M13:
        return rows
    output = forged_output(field, 2, 11)
    return [
        *rows,
        Cheat("mac-guess", "wrong output, key guessed", field.name, 2, output, *one, runs),
        Cheat(
            "mac-guess-several",
            "wrong opening among several, key guessed",
            field.name,
            2,
            forged_opening(field, 2, 3, 2, guess=11),
            *several,
            runs,
        ),
        Cheat(
            "mac-several-3",
            "wrong opening among several",
            field.name,
            3,
            forged_opening(field, 3, 2, 1),
            *several,
            runs // 2,
        ),
    ]


def _sacrifice(field: Field) -> list[Cheat]:
    p, runs = field.modulus, COST[field.name]
    law = (1 - (1 - 1 / p) ** 3, "1 - (1 - 1/p)^3", 3 / p, "3/p")
    inside = wrong_triples_of_the_generator(field, 5)
    whole = Cheat("generator", "wrong triple inside the generator", field.name, 2, inside, *law, 1000)
    return [
        Cheat(f"sacrifice-{name}", title, field.name, parties, attempt, *law, count)
        for name, title, parties, attempt, count in (
            ("one", "wrong triple, coin t guessed", 2, wrong_triples(field, 2, 1, 5), runs),
            ("key", "wrong triple, coin t and key guessed", 2, wrong_triples(field, 2, 1, 5, 11), runs),
            ("batch", "one wrong triple of four", 2, wrong_triples(field, 2, 4, 5), runs // 2),
            ("three", "wrong triple, coin t guessed", 3, wrong_triples(field, 3, 1, 5), runs // 2),
        )
    ] + ([whole] if field is M5 else [])


def _bits_of_a(field: Field) -> list[Cheat]:
    """A wrong guess is a wrong triple, whose chances are those of `_sacrifice`."""
    p, k = field.modulus, field.bits
    wrong = 1 - (1 - 1 / p) ** 3
    rows = []
    for guessed in (1, 3):
        right = 2 ** (k - guessed) / p
        formula = f"q + (1 - q) (1 - (1 - 1/p)^3), q = 2^{k - guessed}/p"
        rows.append(
            Cheat(
                f"bits-of-a-{guessed}",
                f"{guessed} bits of a guessed in multiply",
                field.name,
                2,
                guessed_bits_of_a(field, guessed),
                right + (1 - right) * wrong,
                formula,
                right + 3 / p,
                f"2^{k - guessed}/p + 3/p",
                1000,
            )
        )
    return rows


def _authenticate(field: Field) -> list[Cheat]:
    p, k, runs = field.modulus, field.bits, COST[field.name] // 2
    rows = []
    for guessed in range(1, k + 1):
        share = 2 ** (k - guessed) / p
        rows.append(
            Cheat(
                f"authenticate-{guessed}",
                f"inconsistent COPEe input, {guessed} bits of the key share guessed",
                field.name,
                2,
                inconsistent_input(field, {bit: 2**bit for bit in range(guessed)}, 0),
                1 / p + (1 - 1 / p) * share,
                f"1/p + (1 - 1/p) 2^{k - guessed}/p",
                1 / p + share,
                f"1/p + 2^{k - guessed}/p",
                runs,
            )
        )
    return [*rows, *_authenticate_further(field, runs)]


def _authenticate_further(field: Field, runs: int) -> list[Cheat]:
    p, k = field.modulus, field.bits
    half, weight = 2 ** (k - 1) / p, comb(k, k // 2) / p
    passing = 1 / p + (1 - 1 / p) * half
    some = dict.fromkeys(range(k), 1)
    middle = sum(1 << bit for bit in range(k // 2))
    one = {0: 1}
    return [
        Cheat(
            "authenticate-mask", "inconsistent mask, 1 bit guessed", field.name, 2,
            inconsistent_input(field, one, 0, index=1), half, f"2^{k - 1}/p", half, f"2^{k - 1}/p", runs,
        ),
        Cheat(
            "authenticate-weight", "inconsistent input, Hamming weight of the key share guessed", field.name, 2,
            inconsistent_input(field, some, middle), 1 / p + (1 - 1 / p) * weight,
            f"1/p + (1 - 1/p) C({k}, {k // 2})/p", 1 / p + weight, f"1/p + C({k}, {k // 2})/p", runs,
        ),
        Cheat(
            "authenticate-forge", "passes with 1 bit guessed, then forges the first opening", field.name, 2,
            inconsistent_input(field, one, 6, forged=0), 1 / p, "1/p", 3 / p, "3/p", runs,
        ),
        Cheat(
            "authenticate-forge-several", "passes with 1 bit guessed, then forges a later opening", field.name, 2,
            inconsistent_input(field, one, 6, forged=1), (passing + 1 - 1 / p) / p,
            "(q + 1 - 1/p)/p, q that of 1 bit", 3 / p, "3/p", runs,
        ),
    ]  # fmt: skip


def _key_shares(field: Field) -> list[Cheat]:
    p, runs = field.modulus, COST[field.name] // 4
    title = "different key shares towards two peers, corrected by a guess"
    control = "the same without the sharing of zero"
    return [
        Cheat("keys", title, field.name, 3, two_key_shares(field), 1 / p, "1/p", 3 / p, "3/p", runs),
        Cheat(
            "keys-control", control, field.name, 3, two_key_shares(field, protected=False), 1, "1", 1, "none", 50, True
        ),
    ]


def _ot_check() -> list[Cheat]:
    return [
        Cheat(
            f"ot-{bits}", f"wrong OT columns, {bits} bits of Delta guessed", "GF(2)", 2, wrong_columns(bits),
            2.0**-bits, f"2^-{bits}", 2.0**-bits, f"2^-{bits}", 2000,
        )
        for bits in range(1, 9)
    ]  # fmt: skip
