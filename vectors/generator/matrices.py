"""Matrix triples of MASCOT: docs/wire, section 14. Source: [KOS16], figures 6 and 7, with rows; see docs/design.md.

Arrays are flat in C order; X, Y, Z are as in the specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vectors.generator.aes import encrypt_block
from vectors.generator.checking import Coins, Scope, Shares, check, open_partially, toss
from vectors.generator.digits import Digits, Leaves, Seeds, digits_of, seeds_of
from vectors.generator.hashing import derive
from vectors.generator.links import finish
from vectors.generator.online import matrix_product
from vectors.generator.world import Clock, Place, Session

if TYPE_CHECKING:
    from vectors.generator.mascot import Mascot

STATISTICAL_BITS = 60
SLAB_BYTES = PIECE_BYTES = 8388608
PIECE_COLUMNS = 64
AUTHENTICATED_AT_ONCE = 16384

Dims = tuple[int, ...]
Rows = list[list[int]]
"""An array of each party."""


def pays(dims: Dims) -> bool:
    """Whether matrix triples of these dims are made."""
    big, small = max(dims[0], dims[2]), min(dims[0], dims[2])
    return 2 * (big + 4) * (small + 2) <= 12 * big * small


@dataclass(frozen=True)
class Shape:
    """`count` products of R x L and L x C matrices, and the e spare rows of X."""

    count: int
    rows: int
    inner: int
    columns: int
    spare: int

    def x(self, matrix: int, row: int, j: int) -> int:
        """The place of an element in X with all R + 1 + e rows."""
        return (matrix * (self.rows + 1 + self.spare) + row) * self.inner + j

    def entry(self, number: int) -> tuple[int, int, int]:
        """(matrix, column, row) of an entry of X in the order of the OTs."""
        upper, row = divmod(number, self.rows + 1 + self.spare)
        return *divmod(upper, self.inner), row

    def z(self, matrix: int, row: int, j: int) -> int:
        """Where the products of an entry go: Z of R + 1 rows, and behind it U[j, i]; the place of column 0."""
        upper = self.rows + 1
        if row < upper:
            return (matrix * upper + row) * self.columns
        behind = self.count * upper
        return (behind + (matrix * self.inner + j) * self.spare + row - upper) * self.columns


def _shape(session: Session, dims: Dims, count: int) -> Shape:
    m, inner, n = dims
    p, e = session.field.p, 1
    while p**e < 4 ** (STATISTICAL_BITS + 3) * count * inner * (len(session.parties) - 1) ** 2:
        e += 1
    return Shape(count, max(m, n), inner, min(m, n), e)


def make(mascot: Mascot, clock: Clock, place: Place, dims: Dims, count: int) -> list[Shares]:
    """A, B, C for one batch. Every party draws X, then Y, then what `multiply` draws."""
    session, shape = mascot.session, _shape(mascot.session, dims, count)
    rows, inner, columns = shape.rows, shape.inner, shape.columns
    x, y = Rows(), Rows()
    for party in session.parties:
        x.append(session.draw_elements(party, count * (rows + 1 + shape.spare) * inner))
        y.append(session.draw_elements(party, count * inner * columns))
    products = _multiply(mascot, clock, place.child("multiply"), shape, x, y)
    entered = _enter(mascot, clock, place, y)
    coins = toss(session, clock, place, "matrix_combine")
    combined = _combine(session, coins, shape, x, products)
    entered += _enter(mascot, clock, place, [[*upper, *z] for upper, z in combined])
    values, macs = _checked(mascot, clock, place, entered)
    ends = (count * inner * columns, count * (inner * columns + (rows + 1) * inner))
    cuts = ((ends[0], ends[1]), (0, ends[0]), (ends[1], None))
    arrays = [Shares([row[a:b] for row in values], [row[a:b] for row in macs]) for a, b in cuts]
    _sacrifice(session, clock, place.child("sacrifice"), shape, arrays)
    shapes = ((count, rows + 1, inner), (count, inner, columns), (count, rows + 1, columns))
    a, b, c = (Shares(part.values, part.macs, dims) for part, dims in zip(arrays, shapes, strict=True))
    a, c = _without_last_row(a), _without_last_row(c)
    return [_transposed(b), _transposed(a), _transposed(c)] if dims[2] > dims[0] else [a, b, c]


def _enter(mascot: Mascot, clock: Clock, place: Place, values: Rows) -> list[Shares]:
    """Parts of bounded size, each with what is appended."""
    parts = []
    for start in range(0, len(values[0]), AUTHENTICATED_AT_ONCE):
        part: list[list[int] | None] = [row[start : start + AUTHENTICATED_AT_ONCE] for row in values]
        size = len(values[0][start : start + AUTHENTICATED_AT_ONCE])
        parts.append(mascot.enter(clock, place.child("authenticate"), part, size))
    return parts


def _checked(mascot: Mascot, clock: Clock, place: Place, parts: list[Shares]) -> tuple[Rows, Rows]:
    """One check of all parts; values and MAC shares by party, without what was appended."""
    checked = mascot.check_parts(clock, place.child("authenticate"), parts)

    def joined(rows: list[Rows]) -> Rows:
        return [[x for row in of_party for x in row] for of_party in zip(*rows, strict=True)]

    return joined([part.values for part in checked]), joined([part.macs for part in checked])


def _multiply(mascot: Mascot, clock: Clock, place: Place, shape: Shape, x: Rows, y: Rows) -> Rows:
    """Z = X Y for the upper rows, and U behind it."""
    session, inner, columns = mascot.session, shape.inner, shape.columns
    count = shape.count * inner * (shape.rows + 1 + shape.spare)
    places = [shape.entry(number) for number in range(count)]
    totals = [[0] * columns * (shape.count * (shape.rows + 1) + shape.count * inner * shape.spare) for _ in x]
    for party in session.parties:
        for matrix, j, row in places:
            left, at = x[party][shape.x(matrix, row, j)], shape.z(matrix, row, j)
            for c in range(columns):
                totals[party][at + c] += left * y[party][(matrix * inner + j) * columns + c]
    peers, digits = len(session.parties) - 1, digits_of(session.field, columns)
    slab = 128 * max(1, SLAB_BYTES // (128 * digits.ots * 16 * peers))
    for start in range(0, count, slab):
        slab_of = _Slab(mascot, place.child("slab"), shape, digits, places[start : start + slab], x, y, totals)
        slab_of.run(clock)
    return [[value % session.field.p for value in row] for row in totals]


@dataclass
class _Slab:
    """The entries of one OT extension; products are added to `totals`."""

    mascot: Mascot
    place: Place
    shape: Shape
    digits: Digits
    places: list[tuple[int, int, int]]
    x: Rows
    y: Rows
    totals: Rows

    def run(self, clock: Clock) -> None:
        """The extension, then group by group the trees and the pieces, one after the other."""
        session, links, columns = self.mascot.session, self.mascot.links, self.shape.columns
        field, width, digits = session.field, min(columns, PIECE_COLUMNS), self.digits
        entries = [[row[self.shape.x(matrix, r, j)] for matrix, j, r in self.places] for row in self.x]
        padded = self.mascot.extend(clock, self.place, entries, digits.ots)
        of_entry = 16 * digits.count * (3 * digits.bits + 2**digits.bits) + digits.count * width * field.width
        group = 64 * max(1, PIECE_BYTES // (64 * of_entry * (len(session.parties) - 1)))
        for first in range(0, len(self.places), group):
            numbers = range(first, min(first + group, len(self.places)))
            whole = range(first, first + -(-len(numbers) // 64) * 64)
            seeds = seeds_of(session, links, clock, self.place, digits, padded, whole)
            for column in range(0, columns, width):
                self._piece(clock, padded, seeds, numbers, range(column, min(column + width, columns)))
        finish(links, list(links.ot_senders))

    def _key(self, receiver: int, sender: int, first: int, column: int) -> bytes:
        where = (self.place.path, receiver, sender, first, column)
        return derive("seed expansion", b"", 16, *where, session_id=self.mascot.session.session_id)

    def _piece(self, clock: Clock, entries: Rows, seeds: Seeds, numbers: range, columns: range) -> None:
        session, sends = self.mascot.session, {}
        p, digits = session.field.p, self.digits
        for (receiver, sender), (own, _) in sorted(seeds.items()):
            key, corrections = self._key(receiver, sender, numbers.start, columns.start), []
            for e in numbers:
                matrix, j, row = self.places[e]
                at, y_at = self.shape.z(matrix, row, j), (matrix * self.shape.inner + j) * self.shape.columns
                for number in range(digits.count):
                    for c in columns:
                        total, weighted = sums(key, own[e, number], c)
                        corrections.append((self.y[sender][y_at + c] - total) % p)
                        self.totals[sender][at + c] += weighted << digits.bits * number
            sends[sender, receiver] = session.field.encode(corrections)
        received = session.exchange(clock, self.place, "matrix_multiply.corrections", sends)
        for (sender, receiver), payload in sorted(received.items()):
            d = iter(session.decode(sender, receiver, "matrix_multiply.corrections", payload))
            key, held = self._key(receiver, sender, numbers.start, columns.start), seeds[receiver, sender][1]
            for e in numbers:
                at = self.shape.z(*(self.places[e][i] for i in (0, 2, 1)))
                for number, digit in enumerate(digits.of(entries[receiver][e])):
                    for c in columns:
                        total, weighted = sums(key, held[e, number], c)
                        self.totals[receiver][at + c] += digit * (total + next(d)) - weighted << digits.bits * number


def sums(key: bytes, seeds: Leaves, c: int) -> tuple[int, int]:
    """U and T of column c; a seed that is missing counts nothing, as anything that it counts cancels."""
    elements = [0 if seed is None else expanded(key, seed, c) for seed in seeds]
    return sum(elements), sum((len(seeds) - 1 - x) * g for x, g in enumerate(elements))


def expanded(key: bytes, seed: int, c: int) -> int:
    """Block c of a seed, as a little-endian number."""
    return int.from_bytes(encrypt_block(key, (seed ^ c).to_bytes(16, "little")), "little") ^ seed


def _combine(
    session: Session, coins: Coins, shape: Shape, x: Rows, products: Rows
) -> list[tuple[list[int], list[int]]]:
    """(X', Z') by party."""
    p, upper, e, inner, columns = session.field.p, shape.rows + 1, shape.spare, shape.inner, shape.columns
    weights = coins.elements("R", shape.count * upper * inner * e)
    result = []
    for party in session.parties:
        k, own = iter(weights[party]), x[party]
        left, right = [], []
        for matrix in range(shape.count):
            for row in range(upper):
                first = shape.z(matrix, row, 0)
                z = products[party][first : first + columns]
                for j in range(inner):
                    total = own[shape.x(matrix, row, j)]
                    for i in range(e):
                        weight, at = next(k), shape.z(matrix, upper + i, j)
                        total += weight * own[shape.x(matrix, upper + i, j)]
                        z = [value + weight * products[party][at + c] for c, value in enumerate(z)]
                    left.append(total % p)
                right += [value % p for value in z]
        result.append((left, right))
    return result


def _sacrifice(session: Session, clock: Clock, place: Place, shape: Shape, arrays: list[Shares]) -> None:
    """rho = r X' - x^ is opened, and sigma = r Z' - z^ - rho Y must be zero."""
    scope, p, inner, columns = Scope.of(session), session.field.p, shape.inner, shape.columns
    r = toss(session, clock, place, "matrix_sacrifice").elements("r", shape.count * shape.rows)
    x, y, z = arrays

    def folded(rows: Rows, width: int) -> Rows:
        """r times the first R rows, less the last one."""
        result = []
        for weights, flat in zip(r, rows, strict=True):
            out, size = [], (shape.rows + 1) * width
            for matrix in range(shape.count):
                part, factors = flat[matrix * size :][:size], weights[matrix * shape.rows :][: shape.rows]
                for j in range(width):
                    total = sum(factor * part[i * width + j] for i, factor in enumerate(factors))
                    out.append((total - part[shape.rows * width + j]) % p)
            result.append(out)
        return result

    rho = Shares(folded(x.values, inner), folded(x.macs, inner))
    opened = open_partially(session, clock, place, scope, "matrix_sacrifice.rho", rho)
    path = f"{place.path}/{place.count:06d}.matrix_sacrifice.rho.sigma"
    for party, macs in enumerate(folded(z.macs, columns)):
        products = []
        for matrix in range(shape.count):
            left = opened[party][matrix * inner :][:inner]
            right = y.macs[party][matrix * inner * columns :][: inner * columns]
            products += matrix_product(p, left, right, (1, inner, columns))
        scope.openings[party].append((path, [0] * len(macs), session.field.subtract(macs, products)))
    check(session, clock, place, scope, "matrix_sacrifice.check", "SacrificeFailed")


def _without_last_row(shares: Shares) -> Shares:
    count, rows, width = shares.shape

    def cut(flat: list[int]) -> list[int]:
        return [x for m in range(count) for x in flat[m * rows * width : ((m + 1) * rows - 1) * width]]

    return Shares([cut(row) for row in shares.values], [cut(row) for row in shares.macs], (count, rows - 1, width))


def _transposed(shares: Shares) -> Shares:
    count, rows, width = shares.shape

    def turn(flat: list[int]) -> list[int]:
        return [flat[(m * rows + i) * width + j] for m in range(count) for j in range(width) for i in range(rows)]

    return Shares([turn(row) for row in shares.values], [turn(row) for row in shares.macs], (count, width, rows))
