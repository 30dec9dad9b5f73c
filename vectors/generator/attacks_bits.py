"""Attacks on protocols on bits, comparisons, truncations, inputs in range: the groups of one family of faults each."""

from __future__ import annotations

from vectors.generator.cases_protocols import protocol_group, record_protocol
from vectors.generator.cheats import flip, plus, set_top
from vectors.generator.envelope import Group
from vectors.generator.field import FIELDS
from vectors.generator.world import Cheat

M61 = FIELDS["M61"]
OPENINGS = (
    ("open bits and check", "output.open_bits", flip(1)),
    ("and", "and.masked", flip(0)),
    ("convert", "convert.masked", flip(0)),
    ("select", "select.bit", flip(0)),
    ("select", "select.masked", plus(M61, -1)),
    ("sign", "compare.masked", plus(M61, 0)),
    ("sign", "compare.level", flip(0)),
    ("truncate", "truncate.masked", plus(M61, 1)),
)


def wrong_shares() -> list[Group]:
    """One share of what is opened is changed: each step by itself."""
    groups: dict[str, Group] = {}
    for protocol, step, change in OPENINGS:
        group = groups.setdefault(protocol, protocol_group(protocol, "M61", 2))
        record_protocol(group, f"a wrong share under {step}", "WrongShare", Cheat(1, step, change))
    return list(groups.values())


def not_canonical() -> list[Group]:
    """Bits behind the last one."""
    groups = []
    for protocol, step in (("and", "and.masked"), ("input of bits", "input.masked_bits")):
        group = protocol_group(protocol, "M61", 2)
        record_protocol(group, "a bit behind the last one", "NotBits", Cheat(1, step, set_top))
        groups.append(group)
    return groups


def equivocations() -> list[Group]:
    """Different inputs, or digits, for different parties."""
    groups = []
    for protocol, step, change in (
        ("input of bits", "input.masked_bits", flip(0)),
        ("open bits and check", "output.open_bits", flip(0)),
    ):
        group = protocol_group(protocol, "M61", 3)
        cheat = Cheat(1, step, change, receivers=(0,))
        record_protocol(group, f"different bits under {step}", "EquivocatedBroadcast", cheat)
        groups.append(group)
    return groups


def wrong_openings() -> list[Group]:
    """Coins of a proof that are not those of the commitment."""
    group = protocol_group("input in range", "M61", 2)
    record_protocol(group, "another commitment", "TamperedCommitment", Cheat(1, "range.coins.commit", flip(0)))
    record_protocol(group, "another contribution", "WrongOpening", Cheat(1, "range.coins.open", flip(40)))
    return [group]


def wrong_ranges() -> list[Group]:
    """Digits that are not those that are proved, and answers that do not fit."""
    groups = [protocol_group("input in range", "M61", parties) for parties in (2, 3)]
    for comment, step, index in (
        ("a digit that may be 3", "range.digits", 0),
        ("a digit that may be 1", "range.digits", -1),
        ("the lowest coefficient of the answer", "range.answer", 0),
        ("the highest coefficient of the answer", "range.answer", -1),
    ):
        record_protocol(groups[0], comment, "WrongRange", Cheat(1, step, plus(M61, index)))
    answer = Cheat(1, "range.answer", plus(M61, 1), receivers=(2,))
    record_protocol(groups[1], "the answer to one of two", "WrongRange", answer)
    return groups
