"""Single protocols on bits, comparisons, truncations, inputs in range; each, then a check."""

from __future__ import annotations

from functools import reduce
from operator import xor

from vectors.generator import bits, online_bits
from vectors.generator.checking import BitShares, Shares, check, open_partially
from vectors.generator.online_bits import At, Draw, Mask, ProofMasks, Rows
from vectors.generator.recording import Results, Stage

WIDTH, COUNT = 8, 2
"""Of comparisons: leaves of a pair of bits and of one bit, and jobs of both kinds."""


def _at(stage: Stage) -> At:
    return At(stage.session, stage.clock, stage.place, stage.scope)


def _checked(stage: Stage, found: Shares | BitShares, meant: list[int] | None = None) -> Results:
    """What is shared, once all that was opened is checked. With nobody corrupted it must be what is `meant`."""
    check(stage.session, stage.clock, stage.place, stage.scope)
    if meant is not None and not stage.session.corrupted:
        p = stage.session.field.p
        if isinstance(found, BitShares):
            shared = [reduce(xor, column) for column in zip(*found.words, strict=True)]
            right = shared == [stage.delta if bit else 0 for bit in meant]
        else:
            right = [sum(column) % p for column in zip(*found.values, strict=True)] == [x % p for x in meant]
            macs = [sum(column) % p for column in zip(*found.macs, strict=True)]
            right = right and macs == [x * stage.alpha % p for x in meant]
        if not right:
            raise AssertionError("the protocol computes something else")
    if isinstance(found, BitShares):
        return [{"words": bits.encode(row)} for row in found.words]
    encode = stage.session.field.encode
    return [{"value": encode(found.values[i]), "mac": encode(found.macs[i])} for i in stage.session.parties]


def _triples(stage: Stage, singles: int, pairs: int) -> Draw:
    """Deals triples of bits; those of one job are taken from the front."""
    left: dict[int, list[Rows]] = {}
    for factors, prefix, count in ((2, "t", singles), (3, "p", pairs)):
        x, y, v = (stage.random_bits(count) for _ in range(3))
        names = {"x": x, "y": y, "z": [a & b for a, b in zip(x, y, strict=True)]}
        if factors == 3:
            names |= {"v": v, "w": [a & b for a, b in zip(x, v, strict=True)]}
        if count:
            dealt = [stage.deal_bits(f"{prefix}.{name}", values, (count,)) for name, values in names.items()]
            left[factors] = [shares.words for shares in dealt]

    def draw(factors: int) -> tuple[Rows, ...]:
        taken = tuple([row[:COUNT] for row in words] for words in left[factors])
        left[factors] = [[row[COUNT:] for row in words] for words in left[factors]]
        return taken

    return draw


def open_and_check(stage: Stage) -> Results:
    """An opening of bits, one of elements, and one check of both."""
    session, at = stage.session, _at(stage)
    x, y = stage.deal_bits("x", stage.random_bits(11), (11,)), stage.deal("y", stage.random(2), (2,))
    opened = online_bits.open_bits(at, "output.open_bits", x.words)
    also = open_partially(session, stage.clock, stage.place, stage.scope, "output.open", y)
    check(session, stage.clock, stage.place, stage.scope)
    return [{"x": bits.pack(opened[i]), "y": session.field.encode(also[i])} for i in session.parties]


def input_of_bits(stage: Stage) -> Results:
    """Party 1 puts in bits."""
    owner, values, clear = 1, stage.random_bits(9), stage.random_bits(9)
    mask = stage.deal_bits("r", clear, (9,))
    stage.given |= {"owner": owner, "values": bits.pack(values).hex(), "clear": bits.pack(clear).hex()}
    return _checked(stage, online_bits.share_bits(_at(stage), owner, values, mask, clear), values)


def conjunction(stage: Stage) -> Results:
    """A product of bits."""
    values = stage.random_bits(COUNT), stage.random_bits(COUNT)
    x, y = (stage.deal_bits(name, part, (1, COUNT)) for name, part in zip("xy", values, strict=True))
    meant = [a & b for a, b in zip(*values, strict=True)]
    return _checked(stage, online_bits.conjunction(_at(stage), x, y, _triples(stage, COUNT, 0)), meant)


def _dabit(stage: Stage, count: int) -> tuple[list[int], BitShares, Shares]:
    values = stage.random_bits(count)
    return values, stage.deal_bits("b", values, (count,)), stage.deal("b", values, (count,))


def convert(stage: Stage) -> Results:
    """Bits as elements."""
    values = stage.random_bits(3)
    s, (_, bit, beta) = stage.deal_bits("x", values, (3,)), _dabit(stage, 3)
    return _checked(stage, online_bits.convert(_at(stage), s, bit, beta), values)


def select(stage: Stage) -> Results:
    """Bits times rows of elements."""
    p, width = stage.session.field.p, 2
    chosen, entries = [1, 0, 1], stage.random(3 * width)
    s, x = stage.deal_bits("s", chosen, (3,)), stage.deal("x", entries, (3, width))
    values, bit, beta = _dabit(stage, 3)
    v = stage.random(3 * width)
    product = [values[i // width] * entry % p for i, entry in enumerate(v)]
    meant = [chosen[i // width] * entry for i, entry in enumerate(entries)]
    masks = stage.deal("v", v, (3, width)), stage.deal("c", product, (3, width))
    return _checked(stage, online_bits.select(_at(stage), s, x, bit, beta, *masks), meant)


def sign(stage: Stage) -> Results:
    """Whether numbers are negative."""
    p, m = stage.session.field.p, online_bits.parameters(1, 0, WIDTH).m
    stage.given["width"] = WIDTH
    x = stage.deal("x", [-(2 ** (WIDTH - 1)) % p, 2 ** (WIDTH - 1) - 1], (COUNT,))
    masks = stage.random(COUNT)
    r = [[mask >> place & 1 for place in range(m + 1)] for mask in masks]
    q = [[row[2 * j + 1] & row[2 * j] for j in range(m // 2)] for row in r]
    R = stage.deal("R", masks, (COUNT,))
    planes = [
        [[row[j::columns] for row in shares.words] for j in range(columns)]
        for name, rows, columns in (("r", r, m + 1), ("q", q, m // 2))
        for shares in [stage.deal_bits(name, [bit for row in rows for bit in row], (COUNT, columns))]
    ]
    # Five leaves, then three nodes, then two.
    draw = _triples(stage, 3 * COUNT, COUNT)
    return _checked(stage, online_bits.sign(_at(stage), x, WIDTH, Mask(R, *planes), draw), [1, 0])


def truncate(stage: Stage) -> Results:
    """Numbers divided by 8."""
    field, f = stage.session.field, 3
    stage.given |= {"width": WIDTH, "truncated": f}
    x = stage.deal("x", [-(2 ** (WIDTH - 1)) % field.p, 77, 2 ** (WIDTH - 1) - 1], (3,))
    masks = [value % 2 ** (field.bits - 2) for value in stage.random(3)]
    R, lo = stage.deal("R", masks, (3,)), stage.deal("lo", [mask % 2**f for mask in masks], (3,))
    return _checked(stage, online_bits.truncate(_at(stage), x, WIDTH, f, R, lo))


def input_in_range(stage: Stage) -> Results:
    """Party 1 puts in numbers of 5 bits: two digits below 4, one below 2."""
    session, field, owner, width = stage.session, stage.session.field, 1, 5
    values = [-16, 15]
    count = 3 * len(values) + 3 * len(session.peers(owner))
    clear, alpha = stage.random(count), stage.alpha
    shares = stage.deal("r", clear, (count,))
    if not alpha:
        raise AssertionError("a MAC key of zero")
    tags = {
        j: [(mac - r * session.mac_key[j]) % field.p for mac, r in zip(shares.macs[j], clear, strict=True)]
        for j in session.peers(owner)
    }
    rows = [entry for i in range(count) for entry in (clear[i], *(tags[j][i] for j in session.peers(owner)))]
    stage.given |= {"owner": owner, "width": width, "clear": field.encode(rows).hex()}
    stage.given["values"] = field.encode([value % field.p for value in values]).hex()
    at = _at(stage)
    x, rest = online_bits.share_in_range(at, owner, values, width, ProofMasks(shares, clear, tags), (2,))
    rest(At(session, stage.clock, stage.place.child("rest"), stage.scope))
    return _checked(stage, x, values)


PROTOCOLS = {
    "open bits and check": ("docs/wire, section 17", open_and_check),
    "input of bits": ("docs/wire, section 17", input_of_bits),
    "and": ("[Bea91] over GF(2); docs/wire, section 17", conjunction),
    "convert": ("docs/wire, section 17", convert),
    "select": ("docs/wire, section 17", select),
    "sign": ("docs/wire, section 17", sign),
    "truncate": ("docs/wire, section 17", truncate),
    "input in range": ("docs/wire, section 20", input_in_range),
}
"""(source, what all parties do), by the name that vectors/README.md explains."""
