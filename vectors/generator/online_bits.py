"""Operations on bits, comparisons, truncations, inputs in range: docs/wire, sections 17, 19 and 20."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import xor
from typing import NamedTuple

from vectors.generator import bits
from vectors.generator.aes import Prg
from vectors.generator.checking import (
    BitShares,
    Scope,
    Shares,
    combine,
    log_broadcast,
    open_partially,
    public_share,
    toss,
)
from vectors.generator.world import Clock, Place, Session

Rows = list[list[int]]
"""Something of every party: words, or opened values."""


@dataclass
class At:
    """Where a protocol runs."""

    session: Session
    clock: Clock
    place: Place
    scope: Scope

    def beside(self, name: str) -> At:
        """A child that has a clock of its own."""
        return At(self.session, Clock(self.clock.depth), self.place.child(name), self.scope)


# -- openings


def _received_bits(at: At, step: str, own: dict[int, list[int]], count: int) -> list[dict[int, list[int]]]:
    """Broadcast packed bits; what every party has of each sender."""
    session = at.session
    payloads = {party: bits.pack(values) for party, values in own.items()}
    received = session.exchange(at.clock, at.place, step, session.to_all(payloads))
    seen = [{party: own[party]} if party in own else {} for party in session.parties]
    for (sender, receiver), payload in sorted(received.items()):
        values = bits.unpack(payload, count)
        if values is None:
            session.fail(receiver, "MalformedMessage", step, sender)
        seen[receiver][sender] = values or [0] * count
    log_broadcast(session, at.scope, f"{at.place.path}/{at.place.count:06d}.{step}", received, payloads)
    return seen


def open_bits(at: At, step: str, words: Rows) -> Rows:
    """Everybody sends its lowest bits; unchecked until the check of the scope."""
    own = {party: [word & 1 for word in words[party]] for party in at.session.parties}
    seen = _received_bits(at, step, own, len(words[0]))
    opened = [[reduce(xor, column) for column in zip(*view.values(), strict=True)] for view in seen]
    path = f"{at.place.path}/{at.place.count:06d}.{step}"
    for party in at.session.parties:
        at.scope.bits[party].append((path, opened[party], words[party]))
    return opened


def xored(*arrays: Rows) -> Rows:
    """The XOR of arrays of words, party by party."""
    return [[reduce(xor, entry) for entry in zip(*rows, strict=True)] for rows in zip(*arrays, strict=True)]


def masked(factor: Rows, public: Rows) -> Rows:
    """Words where a public bit is one, as each party knows it."""
    return [[w if b else 0 for w, b in zip(*row, strict=True)] for row in zip(factor, public, strict=True)]


def constant(at: At, public: Rows) -> Rows:
    """A public array of bits in shared form."""
    return [[at.session.bit_key[i] if bit else 0 for bit in row] for i, row in enumerate(public)]


def _negated(public: Rows) -> Rows:
    return [[1 ^ bit for bit in row] for row in public]


# -- bits


def share_bits(at: At, owner: int, values: list[int], mask: BitShares, clear: list[int]) -> BitShares:
    """<x> = <r> ^ (x ^ r)."""
    hidden = [x ^ r for x, r in zip(values, clear, strict=True)]
    seen = _received_bits(at, "input.masked_bits", {owner: hidden}, len(values))
    return BitShares(xored(mask.words, constant(at, [view[owner] for view in seen])), mask.shape)


Triple = tuple[Rows, ...]
"""x, y, z = x y, and for two products v, w = x v."""
Job = tuple[Rows, ...]
Draw = Callable[[int], Triple]
"""The next triples: for a job of two, or of three."""


def products(at: At, step: str, jobs: list[Job], draw: Draw) -> list[tuple[Rows, ...]]:
    """The products of each job's first factor with its others."""
    triples = [draw(len(job)) for job in jobs]
    pieces = [
        xored(factor, mask)
        for job, triple in zip(jobs, triples, strict=True)
        for factor, mask in zip(job, (*triple[:2], *triple[3:4]), strict=True)
    ]
    joined = [[word for piece in pieces for word in piece[party]] for party in at.session.parties]
    opened, size = open_bits(at, step, joined), len(pieces[0][0])
    parts = iter([[row[start : start + size] for row in opened] for start in range(0, len(joined[0]), size)])
    results = []
    for job, (x, *rest) in zip(jobs, triples, strict=True):
        d, found = next(parts), []
        for y, z in ((rest[0], rest[1]), tuple(rest[2:]))[: len(job) - 1]:
            e = next(parts)
            both = [[a & b for a, b in zip(*row, strict=True)] for row in zip(d, e, strict=True)]
            found.append(xored(z, masked(y, d), masked(x, e), constant(at, both)))
        results.append(tuple(found))
    return results


def conjunction(at: At, u: BitShares, v: BitShares, draw: Draw) -> BitShares:
    """u v."""
    [(words,)] = products(at, "and.masked", [(u.words, v.words)], draw)
    return BitShares(words, u.shape)


# -- bits and elements


def _switched(at: At, d: Rows, zero: Shares, one: Shares) -> Shares:
    """Entries of one array where a public bit is 0, of another where it is 1."""
    chosen = Shares([], [], zero.shape)
    for party in at.session.parties:
        for target, low, high in ((chosen.values, zero.values, one.values), (chosen.macs, zero.macs, one.macs)):
            target.append([b if bit else a for a, b, bit in zip(low[party], high[party], d[party], strict=True)])
    return chosen


def convert(at: At, s: BitShares, bit: BitShares, beta: Shares) -> Shares:
    """[s] = [b] + d - 2 d [b]."""
    d = open_bits(at, "convert.masked", xored(s.words, bit.words))
    flipped = combine(at.session, (-1, beta), (1, public_share(at.session, [[1] * len(row) for row in d])))
    return _switched(at, d, beta, flipped)


def select(at: At, s: BitShares, x: Shares, bit: BitShares, beta: Shares, v: Shares, beta_v: Shares) -> Shares:
    """[s X], with two openings side by side; an entry of s for each row of X."""
    session, width = at.session, prod(x.shape[1:])
    first, second = at.beside("bit"), at.beside("elements")
    d = open_bits(first, "select.bit", xored(s.words, bit.words))
    difference = combine(session, (1, x), (-1, v))
    e = open_partially(session, second.clock, second.place, at.scope, "select.masked", difference)
    at.clock.depth = second.clock.depth

    def scaled(rows: Rows) -> Rows:
        return [
            [row[i // width] * e[party][i] % session.field.p for i in range(len(e[party]))]
            for party, row in enumerate(rows)
        ]

    found = combine(session, (1, beta_v), (1, Shares(scaled(beta.values), scaled(beta.macs))))
    wide = [[bit for bit in row for _ in range(width)] for row in d]
    return _switched(at, wide, Shares(found.values, found.macs, x.shape), combine(session, (1, x), (-1, found)))


# -- comparisons


class Parameters(NamedTuple):
    """t, o and m of section 17."""

    t: int
    o: int
    m: int


def parameters(terms: int, faults: int, l: int) -> Parameters:  # noqa: E741
    """Of comparisons of numbers of l bits."""
    o, t = 1 + terms * faults, 0
    while not 2**t > o + terms + terms * faults:
        t += 1
    return Parameters(t, o, l - 1 + t)


class Mask(NamedTuple):
    """A compare mask: R, and planes of bits r_0 .. r_m and q."""

    R: Shares
    r: list[Rows]
    q: list[Rows]


class Node(NamedTuple):
    """Whether some bits of c are less than those of r, and whether they are equal."""

    less: Rows
    equal: Rows


def _bit(c: Rows, place: int) -> Rows:
    return [[value >> place & 1 for value in row] for row in c]


def _single(at: At, c: Rows, mask: Mask, i: int) -> Node:
    n, r = _negated(_bit(c, i)), mask.r[i]
    return Node(masked(r, n), xored(constant(at, n), r))


def _pair(at: At, c: Rows, mask: Mask, j: int) -> Node:
    n0, n1 = (_negated(_bit(c, 2 * j + place)) for place in (0, 1))
    r0, r1, q = mask.r[2 * j], mask.r[2 * j + 1], mask.q[j]
    less = xored(masked(r1, n1), masked(xored(masked(r0, n1), q), n0))
    ones = [[a & b for a, b in zip(*row, strict=True)] for row in zip(n0, n1, strict=True)]
    return Node(less, xored(constant(at, ones), masked(r0, n1), masked(r1, n0), q))


def leaves(at: At, c: Rows, mask: Mask, a: int, b: int) -> list[Node]:
    """Those of the bits from a to below b."""
    found, i = [], a
    while i < b:
        if i % 2 == 0 and i + 1 < b and i // 2 < len(mask.q):
            found.append(_pair(at, c, mask, i // 2))
            i += 2
        else:
            found.append(_single(at, c, mask, i))
            i += 1
    return found


def sign(at: At, x: Shares, l: int, mask: Mask, draw: Draw) -> BitShares:  # noqa: E741
    """[x < 0], with masks of a dealer."""
    session, (t, o, m) = at.session, parameters(1, 0, l)
    shifted = combine(session, (1 << t, x), (1, mask.R))
    opened = open_partially(session, at.clock, at.place, at.scope, "compare.masked", shifted)
    c = [[(value + o) % session.field.p for value in row] for row in opened]
    nodes = leaves(at, c, mask, 0, m)
    while len(nodes) > 1:
        pairs = list(zip(nodes[::2], nodes[1::2], strict=False))
        jobs: list[Job] = [
            (upper.equal, lower.less, lower.equal) if i else (upper.equal, lower.less)
            for i, (lower, upper) in enumerate(pairs)
        ]
        found = products(at, "compare.level", jobs, draw)
        joined = [
            Node(xored(upper.less, part[0]), part[1] if len(part) > 1 else part[0])
            for (_, upper), part in zip(pairs, found, strict=True)
        ]
        nodes = [*joined, *([nodes[-1]] if len(nodes) % 2 else [])]
    return BitShares(xored(constant(at, _bit(c, m)), mask.r[m], nodes[0].less), x.shape)


# -- truncation


def truncate(at: At, x: Shares, l: int, f: int, R: Shares, lo: Shares) -> Shares:  # noqa: E741
    """x / 2^f with a pair of a dealer."""
    session, p = at.session, at.session.field.p
    off = -(-((1 << l - 1) + (1 << f)) // (1 << f)) << f
    count = len(x.values[0])

    def public(value: int) -> Shares:
        return public_share(session, [[value % p] * count for _ in session.parties])

    positive = combine(session, (1, x), (1, public(off)))
    hidden = combine(session, (1, positive), (1, R))
    c = open_partially(session, at.clock, at.place, at.scope, "truncate.masked", hidden)
    low = public_share(session, [[value % (1 << f) for value in row] for row in c])
    left = combine(session, (1, positive), (1, lo), (-1, low))
    divided = combine(session, (pow(2, -f, p), left), (1, public(-(off >> f))))
    return Shares(divided.values, divided.macs, x.shape)


# -- inputs in range


@dataclass
class ProofMasks:
    """r, shared; in clear at the owner, with v for every other party."""

    shares: Shares
    clear: list[int]
    tags: dict[int, list[int]]


def share_in_range(
    at: At,
    owner: int,
    values: list[int],
    l: int,  # noqa: E741
    masks: ProofMasks,
    shape: tuple[int, ...],
) -> tuple[Shares, Callable[[At], None]]:
    """[x] of digits z; and the proof that they are digits, which runs in a child `rest`."""
    session, field = at.session, at.session.field
    h, size, parties = -(-l // 2), len(values), session.parties
    z = [(x + (1 << l - 1)) >> 2 * j & 3 for j in range(h) for x in values]
    hidden = field.subtract(z, masks.clear[: len(z)])
    payload = field.encode(hidden)
    received = session.exchange(at.clock, at.place, "range.digits", session.to_all({owner: payload}))
    seen = [hidden for _ in parties]
    for (_, receiver), content in sorted(received.items()):
        seen[receiver] = session.decode(owner, receiver, "range.digits", content)
    log_broadcast(session, at.scope, f"{at.place.path}/{at.place.count:06d}.range.digits", received, {owner: payload})
    first = Shares([row[: len(z)] for row in masks.shares.values], [row[: len(z)] for row in masks.shares.macs])
    digits = combine(session, (1, first), (1, public_share(session, seen)))

    def column(j: int) -> Shares:
        part = slice(j * size, (j + 1) * size)
        return Shares([row[part] for row in digits.values], [row[part] for row in digits.macs])

    columns = [(4**j, column(j)) for j in range(h)]
    middle = public_share(session, [[(1 << l - 1) % field.p] * size for _ in parties])
    x = combine(session, *columns, (-1, middle))
    return Shares(x.values, x.macs, shape), lambda rest: prove(rest, owner, z, l, masks, digits)


def prove(at: At, owner: int, z: list[int], l: int, masks: ProofMasks, digits: Shares) -> None:  # noqa: E741
    """That digits lie below 4, and the highest of an odd l below 2."""
    session, field, p = at.session, at.session.field, at.session.field.p
    t, verifiers = 4 if l > 1 else 2, session.peers(owner)
    split = len(z) // -(-l // 2) * (l // 2)
    claims = [(below, part) for below, part in ((4, range(split)), (2, range(split, len(z)))) if len(part)]
    coins = toss(session, at.clock, at.place, "range")

    def coefficients(party: int, number: int, count: int) -> list[int]:
        return field.sample(Prg(coins.key(party, f"prover {owner} claim {number}")), count)

    def cover(number: int) -> range:
        return range(len(z) + number * (t - 1), len(z) + (number + 1) * (t - 1))

    sends = {}
    for number, verifier in enumerate(verifiers):
        answer, v = [0] * t, masks.tags[verifier]
        for k, place in enumerate(cover(number)):
            answer[k] += v[place]
            answer[k + 1] += masks.clear[place]
        for c, (below, part) in enumerate(claims):
            for chi, i in zip(coefficients(owner, c, len(part)), part, strict=True):
                for k, a in enumerate(bits.range_coefficients(field, below, z[i], v[i])[:below]):
                    answer[t - below + k] += chi * a
        sends[owner, verifier] = field.encode([a % p for a in answer])
    received = session.exchange(at.clock, at.place, "range.answer", sends)
    for number, verifier in enumerate(verifiers):
        alpha = session.mac_key[verifier]
        answer = session.decode(owner, verifier, "range.answer", received[owner, verifier])
        keys = masks.shares.macs[verifier]
        expected = sum(keys[place] * alpha**k for k, place in enumerate(cover(number)))
        for c, (below, part) in enumerate(claims):
            for chi, i in zip(coefficients(verifier, c, len(part)), part, strict=True):
                product = bits.range_key_product(field, below, digits.macs[verifier][i], alpha)
                expected += chi * product * alpha ** (t - below)
        if (expected - sum(a * pow(alpha, k, p) for k, a in enumerate(answer))) % p:
            session.fail(verifier, "RangeProofFailed", "range.answer", owner)
