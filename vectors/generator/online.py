"""Input and products: docs/wire, section 9. Sources: [DPSZ12] online phase, [DKLPSS13] squares, [MZ17] matrices."""

from __future__ import annotations

from math import prod

from vectors.generator.checking import Scope, Shares, combine, log_broadcast, open_partially, public_share
from vectors.generator.world import Clock, Place, Session


def share_input(
    session: Session,
    clock: Clock,
    place: Place,
    scope: Scope,
    owner: int,
    values: list[int],
    mask: Shares,
    clear: list[int],
) -> Shares:
    """[x] = [r] + (x - r)."""
    difference = session.field.subtract(values, clear)
    payload = session.field.encode(difference)
    received = session.exchange(clock, place, "input.masked", session.to_all({owner: payload}))
    seen = [difference] * len(session.parties)
    for (_, receiver), content in sorted(received.items()):
        seen[receiver] = session.decode(owner, receiver, "input.masked", content)
    log_broadcast(session, scope, f"{place.path}/{place.count:06d}.input.masked", received, {owner: payload})
    total = combine(session, (1, mask), (1, public_share(session, seen)))
    return Shares(total.values, total.macs, mask.shape)


def _masked(
    session: Session, clock: Clock, place: Place, scope: Scope, step: str, pairs: list[tuple[Shares, Shares]]
) -> list[list[int]]:
    """Open x - a, y - b, ... in one array."""
    differences = [combine(session, (1, x), (-1, a)) for x, a in pairs]
    joined = Shares(
        [[value for part in differences for value in part.values[party]] for party in session.parties],
        [[mac for part in differences for mac in part.macs[party]] for party in session.parties],
    )
    return open_partially(session, clock, place, scope, step, joined)


def multiply(
    session: Session,
    clock: Clock,
    place: Place,
    scope: Scope,
    x: Shares,
    y: Shares,
    triple: tuple[Shares, Shares, Shares],
) -> Shares:
    """[x y] = [c] + epsilon [b] + delta [a] + epsilon delta."""
    a, b, c = triple
    opened = _masked(session, clock, place, scope, "multiply.masked", [(x, a), (y, b)])
    size = prod(x.shape)
    epsilon, delta = [row[:size] for row in opened], [row[size:] for row in opened]
    public = public_share(session, _products(session, epsilon, delta))

    def shares(
        a_: list[list[int]], b_: list[list[int]], c_: list[list[int]], extra: list[list[int]]
    ) -> list[list[int]]:
        rows = zip(a_, b_, c_, extra, epsilon, delta, strict=True)
        return [
            [(ci + e * bi + d * ai + pi) % session.field.p for ai, bi, ci, pi, e, d in zip(*row, strict=True)]
            for row in rows
        ]

    return Shares(
        shares(a.values, b.values, c.values, public.values), shares(a.macs, b.macs, c.macs, public.macs), x.shape
    )


def _products(session: Session, left: list[list[int]], right: list[list[int]]) -> list[list[int]]:
    return [[x * y % session.field.p for x, y in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)]


def square(
    session: Session, clock: Clock, place: Place, scope: Scope, x: Shares, pair: tuple[Shares, Shares]
) -> Shares:
    """[x^2] = [b] + 2 epsilon [a] + epsilon^2."""
    a, b = pair
    epsilon = _masked(session, clock, place, scope, "square.masked", [(x, a)])
    public = public_share(session, _products(session, epsilon, epsilon))
    twice = [session.field.scale(2, row) for row in epsilon]
    cross = Shares(_products(session, twice, a.values), _products(session, twice, a.macs))
    total = combine(session, (1, b), (1, cross), (1, public))
    return Shares(total.values, total.macs, x.shape)


def matmul(
    session: Session,
    clock: Clock,
    place: Place,
    scope: Scope,
    x: Shares,
    y: Shares,
    triple: tuple[Shares, Shares, Shares],
) -> Shares:
    """[X Y] = [C] + epsilon [B] + [A] delta + epsilon delta."""
    a, b, c = triple
    dims = (x.shape[0], x.shape[1], y.shape[1])
    opened = _masked(session, clock, place, scope, "matmul.masked", [(x, a), (y, b)])
    size = prod(x.shape)
    epsilon, delta = [row[:size] for row in opened], [row[size:] for row in opened]

    def products(left: list[list[int]], right: list[list[int]]) -> list[list[int]]:
        return [matrix_product(session.field.p, x_, y_, dims) for x_, y_ in zip(left, right, strict=True)]

    first = Shares(products(epsilon, b.values), products(epsilon, b.macs))
    second = Shares(products(a.values, delta), products(a.macs, delta))
    public = public_share(session, products(epsilon, delta))
    total = combine(session, (1, c), (1, first), (1, second), (1, public))
    return Shares(total.values, total.macs, (dims[0], dims[2]))


def matrix_product(p: int, left: list[int], right: list[int], dims: tuple[int, int, int]) -> list[int]:
    """The product of an m x l and an l x n matrix, flat."""
    m, inner, n = dims
    return [sum(left[i * inner + k] * right[k * n + j] for k in range(inner)) % p for i in range(m) for j in range(n)]


def matmul_by_triples(
    session: Session,
    clock: Clock,
    place: Place,
    scope: Scope,
    x: Shares,
    y: Shares,
    triple: tuple[Shares, Shares, Shares],
) -> Shares:
    """A multiplication of shape (m, l, n), x repeated along the last axis and y along the first, then summed."""
    m, inner, n = x.shape[0], x.shape[1], y.shape[1]
    cells = [(i, k, j) for i in range(m) for k in range(inner) for j in range(n)]

    def spread(shares: Shares, places: list[int]) -> Shares:
        rows = [[[row[place] for place in places] for row in part] for part in (shares.values, shares.macs)]
        return Shares(rows[0], rows[1], (m, inner, n))

    left = spread(x, [i * inner + k for i, k, _ in cells])
    right = spread(y, [k * n + j for _, k, j in cells])
    product = multiply(session, clock, place, scope, left, right, triple)

    def summed(rows: list[list[int]]) -> list[list[int]]:
        return [
            [
                sum(row[(i * inner + k) * n + j] for k in range(inner)) % session.field.p
                for i in range(m)
                for j in range(n)
            ]
            for row in rows
        ]

    return Shares(summed(product.values), summed(product.macs), (m, n))
