"""Matrix triples: multiply, combine, authenticate, sacrifice, with whole matrices.

Realises:  the triple command of F_Prep for A (m x l), B (l x n), C = A B.
Source:    [KOS16], figures 6 and 7, for matrices; the argument is docs/security/matrix-triples.md.
Symbols:   X, Y, Z are A, B, C, or B^T, A^T, C^T if n > m: the bigger one of m and n is `rows`, the other one `columns`,
           because rows beyond those of the triple cost `columns` elements per OT.
           X has rows + 1 + e rows in the OTs. The last e are spare: column j of the others is combined with them,
           X'[:, j] = X[:, j] + R_j X_spare[:, j],  Z' = Z + sum_j R_j (X_spare[:, j] outer Y[j]),
           with a fresh (rows + 1) x e matrix R_j for each column. What a cheater has learned of bits of X by a
           selective failure then tells next to nothing about X' (e from `spare_rows`).
           Row number `rows` of X' and Z' is (x^, z^), which is sacrificed: rho = r X' - x^ is opened for a random row
           r, and sigma = r Z' - z^ - rho Y must be zero.
Deviation: [KOS16] combines tau copies of every triple; here a few spare rows serve a whole matrix, by the leftover hash
           lemma for the columns together.
Order:     products, Y entered -> R -> X', Z' entered -> authenticate check -> r -> openings -> MAC check, each by data
           flow (docs/security/order.md). Y is fixed before R, so that what a selective failure tells is fixed before R.
Checked:   everything, before this returns.
"""

from __future__ import annotations

from typing import NamedTuple

from spdz.errors import BroadcastMismatch, SacrificeFailed
from spdz.field import Field, FieldArray
from spdz.preprocessing.mascot.authenticate import Entered, check_all_entered, enter
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.matrix_multiply import multiply_matrices
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.protocols.mac_check import checked, declare_check
from spdz.protocols.opening import claim_zero, partial_open
from spdz.runtime.context import Context
from spdz.sharing.material import Batch, Kind
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Payload, declare

_SOURCE = "docs/security/matrix-triples.md"
MATRIX_COMBINE_COINS = declare_toss("matrix_combine", source=f"[KOS16] figure 6, combine step 1; {_SOURCE}")
MATRIX_SACRIFICE_COINS = declare_toss("matrix_sacrifice", source=f"[KOS16] figure 7, sacrifice step 1; {_SOURCE}")
MATRIX_SACRIFICE_CHECK = declare_check(
    "matrix_sacrifice.check",
    failure=SacrificeFailed,
    meaning="a matrix triple does not multiply, or an opening of its sacrifice does not fit its MAC",
    source=f"[KOS16] figure 7, sacrifice step 4; {_SOURCE}",
)
MATRIX_RHO = declare(
    "matrix_sacrifice.rho",
    payload=Payload.ELEMENTS,
    source=f"[KOS16] figure 7, sacrifice step 2; {_SOURCE}",
    delivery=Delivery.BROADCAST,
    tampering=(SacrificeFailed, BroadcastMismatch),
)

BATCH_BYTES = 8 << 20
"""Size of one party's matrices and shares of products in a batch; a single matrix may be bigger."""
GUESSES = 3
"""The logarithm of eight: whoever guesses that a digit is not one of sixteen values gets through 16 batches on average,
and each of them counts half of the bound."""
AUTHENTICATED_AT_ONCE = 1 << 14
"""Values in one message of the authentication."""


class Candidates(NamedTuple):
    """A batch before the sacrifice: X' and Z' with rows + 1 rows, and Y; the leading axis counts matrices."""

    x: FieldArray
    y: FieldArray
    z: FieldArray


class Dims(NamedTuple):
    """The shape of X Y, and whether X is B^T."""

    rows: int
    inner: int
    columns: int
    turned: bool


def dims_of(kind: Kind) -> Dims:
    """X has the bigger one of m and n as its rows."""
    m, inner, n = kind.dims
    return Dims(n, inner, m, True) if n > m else Dims(m, inner, n, False)


def pays(kind: Kind) -> bool:
    """Whether the OTs of a matrix triple carry at most half of what those of m l n plain triples carry at M61.

    In units of 8 bytes for each of the k bits: (rows + 4) inner OTs of 2 + columns against 4 copies of 2 + 1. A rule
    about shapes alone: the same at all parties, in all fields, and however cheap OTs or authentication become. Digits
    of several bits, where they are used, only make it better.
    """
    if len(kind.dims) != 3 or min(kind.dims) < 1:
        return False
    rows, _, columns, _ = dims_of(kind)
    return 2 * (rows + 4) * (columns + 2) <= 12 * rows * columns


def spare_rows(field: Field, statistical_bits: int, columns: int, parties: int) -> int:
    """e, the smallest number with p^e >= 4^(s + 3) * columns * (parties - 1)^2, for the columns of all X in a batch.

    Then X' is at a statistical distance of at most 2^-s from uniform for whoever has guessed digits of X in any number
    of batches of a session, but for terms of order 1/p (docs/security/matrix-triples.md).
    """
    bound, count = (columns * (parties - 1) ** 2) << (2 * (statistical_bits + GUESSES)), 1
    while field.modulus**count < bound:
        count += 1
    return count


def matrices_in_batch(ctx: Context, kind: Kind) -> int:
    """How many matrix triples one batch has at most."""
    rows, inner, columns, _ = dims_of(kind)
    spare = spare_rows(ctx.field, ctx.session.security.statistical_bits, inner, ctx.parties)
    values = (rows + 1 + spare) * inner + inner * columns + (rows + 1) * columns + inner * spare * columns
    return max(1, BATCH_BYTES // (values * ctx.field.element_bytes))


async def make_matrix_triples(ctx: Context, links: dict[int, Link], kind: Kind, count: int) -> Batch:
    """`count` authenticated matrix triples, every check done.

    Rounds:    23, and 2 more for the echoes for three parties and more; with VOLEs also those of `replenish`. For wide
               matrices also 1 for the trees, for big ones 4 for every slab of the products beyond the first, 1 for
               every piece, and 1 for every AUTHENTICATED_AT_ONCE values of Y, or of X' and Z', beyond the first.
               Sends: per matrix the products of (rows + 1 + e) inner entries (`multiply_matrices`), inner elements, and
               (rows + 1) (inner + columns) + inner columns values as `authenticate` does; to each peer, and the checks.
    Raises:    OtConsistencyFailed, AuthenticationFailed, SacrificeFailed, CommitmentMismatch, BroadcastMismatch.
    """
    rows, inner, columns, turned = dims_of(kind)
    spare = spare_rows(ctx.field, ctx.session.security.statistical_bits, count * inner, ctx.parties)
    x, y = ctx.random((count, rows + 1 + spare, inner)), ctx.random((count, inner, columns))
    products = await multiply_matrices(ctx.child("multiply"), links, x, y, spare)
    entered_y = await _enter(ctx, links, y.ravel())
    coins = await toss(ctx, MATRIX_COMBINE_COINS, after=(products, entered_y))
    candidates = combine(coins, x, y, *products)
    for array in (x, *products):
        array.wipe()
    values = FieldArray.concatenate([candidates.x.ravel(), candidates.z.ravel()])
    entered = entered_y + await _enter(ctx, links, values)
    macs = FieldArray.concatenate(await check_all_entered(ctx.child("authenticate"), links, entered))
    shares = _with_macs(candidates, macs)
    await sacrifice(ctx, *shares)
    made = _triple(*shares, turned)
    values.wipe()
    for share in (*shares, *(part.share for part in entered)):
        share.wipe()
    return Batch(kind, made)


def combine(coins: Coins, x: FieldArray, y: FieldArray, products: FieldArray, outer: FieldArray) -> Candidates:
    """Each column of the upper rows of X with its own random combinations of the spare ones, and the products alike.

    Shapes:    x: (count, rows + 1 + e, inner), products: (count, rows + 1, columns), outer: (count, inner, e, columns).
    """
    count, upper, columns = products.shape
    inner, spare = outer.shape[1:3]
    r = coins.elements("R", (count, upper, inner, spare))
    of_column = x[:, upper:].transpose(0, 2, 1).copy().reshape(count, 1, inner, spare)
    masks = r * of_column
    combined = x[:, :upper] + masks.sum(3)
    for array in (of_column, masks):
        array.wipe()
    flat = r.reshape(count, upper, inner * spare)
    return Candidates(combined, y, products + flat @ outer.reshape(count, inner * spare, columns))


async def _enter(ctx: Context, links: dict[int, Link], values: FieldArray) -> list[Entered]:
    """The first part of the authentication of values that all parties hold, in parts of bounded size."""
    everyone, parts = tuple(range(ctx.parties)), []
    for start in range(0, values.size, AUTHENTICATED_AT_ONCE):
        part = values[start : start + AUTHENTICATED_AT_ONCE]
        parts.append(await enter(ctx.child("authenticate"), links, part.size, everyone, part))
    return parts


def _with_macs(candidates: Candidates, macs: FieldArray) -> tuple[AuthShare, AuthShare, AuthShare]:
    """X', Y and Z' with MAC shares, which come in the order in which they were entered: Y, X', Z'."""
    x, y, z = candidates
    after_y, after_x = y.size, y.size + x.size
    return (
        AuthShare(x, macs[after_y:after_x].reshape(*x.shape)),
        AuthShare(y, macs[:after_y].reshape(*y.shape)),
        AuthShare(z, macs[after_x:].reshape(*z.shape)),
    )


async def sacrifice(ctx: Context, x: AuthShare, y: AuthShare, z: AuthShare) -> None:
    """Check X Y = Z for all rows at the price of the last one.

    Shapes:    x: (count, rows + 1, inner), y: (count, inner, columns), z: (count, rows + 1, columns).
    Rounds:    7, and 1 more for the echo for three parties and more.  Sends: inner elements per matrix to each peer.
    Raises:    SacrificeFailed, BroadcastMismatch, CommitmentMismatch.
    """
    count, rows = z.shape[0], z.shape[1] - 1

    async def compare(scope: Context) -> None:
        coins = await toss(scope, MATRIX_SACRIFICE_COINS, after=(x, y, z))
        r = coins.elements("r", (count, 1, rows))
        rho = await partial_open(scope, MATRIX_RHO, x[:, :rows].__rmatmul__(r) - x[:, rows:])
        sigma = z[:, :rows].__rmatmul__(r) - z[:, rows:] - y.__rmatmul__(rho)
        claim_zero(scope, sigma)

    await checked(ctx, "sacrifice", compare, MATRIX_SACRIFICE_CHECK)


def _triple(x: AuthShare, y: AuthShare, z: AuthShare, turned: bool) -> tuple[AuthShare, AuthShare, AuthShare]:
    """A, B, C: copies, without the rows that were sacrificed."""
    upper = x.shape[1] - 1
    a, b, c = (_copied(share, turned) for share in (x[:, :upper], y, z[:, :upper]))
    return (b, a, c) if turned else (a, b, c)


def _copied(share: AuthShare, turned: bool) -> AuthShare:
    order = (0, 2, 1) if turned else (0, 1, 2)
    return AuthShare(share.value.transpose(*order).copy(), share.mac.transpose(*order).copy())
