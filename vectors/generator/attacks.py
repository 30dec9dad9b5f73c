"""Files of attacks: one for each family of faults, which its name says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vectors.generator import attacks_bits, attacks_mascot, attacks_protocols, attacks_sessions
from vectors.generator.cheats import FLAGS
from vectors.generator.envelope import Group, document

SCHEMA = "transcript_v1.json"

FAMILIES: dict[str, tuple[str, tuple[Callable[[], list[Group]], ...]]] = {
    "wrong_opening": (
        "openings that do not fit their commitments",
        (attacks_protocols.wrong_openings, attacks_bits.wrong_openings),
    ),
    "equivocation": (
        "different messages to different parties",
        (attacks_protocols.equivocations, attacks_sessions.equivocations, attacks_bits.equivocations),
    ),
    "not_canonical": (
        "elements of p or above, bits behind the last",
        (attacks_protocols.not_canonical, attacks_bits.not_canonical),
    ),
    "wrong_share": (
        "values that do not fit their MACs",
        (attacks_protocols.wrong_shares, attacks_sessions.wrong_shares, attacks_bits.wrong_shares),
    ),
    "wrong_range": ("inputs and proofs of their range that do not fit", (attacks_bits.wrong_ranges,)),
    "wrong_dealer": ("material of the dealer that does not fit", (attacks_sessions.wrong_dealer,)),
    "different_parameters": ("endpoints that do not agree on what to run", (attacks_sessions.different_parameters,)),
    "invalid_point": ("points outside of the group, or chosen against its hash", (attacks_protocols.invalid_points,)),
    "wrong_triple": ("OT that does not fit, triples of MASCOT that do not multiply", (attacks_mascot.wrong_triples,)),
    "wrong_authentication": ("values that enter with a wrong MAC", (attacks_mascot.wrong_authentication,)),
}


def _file(family: str) -> str:
    title, makers = FAMILIES[family]
    return document(f"attacks: {title}", SCHEMA, FLAGS, [group for make in makers for group in make()])


FILES: dict[str, Callable[[], str]] = {f"attack_{family}.json": partial(_file, family) for family in FAMILIES}
