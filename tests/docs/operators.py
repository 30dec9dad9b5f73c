"""The tables of docs/operators.md: what every operation on secret values costs, and how exact it is.

`python -m tests.docs.operators` rewrites the page; with `--check` it only says whether it would.

A row is an expression, which is planned here on operands of two sizes, and what numpy has for it; the tests run both.
Rounds, bytes and material are those of the plan, the bounds of errors those that the values carry.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

import spdz
from spdz.online.operations.truncate import honest_error
from spdz.online.session import Mpc
from spdz.online.values import scaled
from spdz.online.values.fixed import SecretFixed
from spdz.online.values.secret import Secret
from spdz.sessions.planning import PlanningMpc
from tests.docs.wire_tables import ROOT, table

PAGE = ROOT / "docs" / "operators.md"

COUNT, ROW = 1024, 16
"""Operands have COUNT entries, or rows, and twice as many: the difference is what an entry, or a row, costs."""

Operands = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """An expression in secrets, and the same in plain arrays; empty if numpy has nothing that gives the same."""

    secret: str
    plain: str

    @property
    def unit(self) -> str:
        """Of what the costs are."""
        return "row" if re.search(r"\bX\b", self.secret) else "entry"


@dataclass(frozen=True)
class Section:
    """Expressions on operands of one class; `operands` says what they are."""

    title: str
    operands: str
    plain: Callable[[int], Operands]
    """Plain operands by name, for so many entries and rows."""
    make: Callable[[Mpc, Operands], Operands]
    """(session, plain operands) -> the same with secrets among them."""
    rows: Sequence[Row]


# -- operands ---------------------------------------------------------------------------------------------------------


def _numbers(count: int, largest: int, step: int) -> Any:
    return np.arange(count) * step % (2 * largest + 1) - largest


def _integers(count: int) -> Operands:
    x, y = _numbers(count, 50, 7), _numbers(count, 40, 11)
    rows = _numbers(count * ROW, 50, 13).reshape(count, ROW)
    return {"x": x, "y": y, "X": rows, "v": _numbers(ROW, 9, 5), "w": _numbers(ROW, 7, 3), "b": x % 3 == 0}


def _reals(count: int) -> Operands:
    found = _integers(count)
    return {**found, **{name: found[name] / 8 for name in ("x", "y", "X", "v", "w")}, "i": found["y"]}


def _bits(count: int) -> Operands:
    found = _integers(count)
    return {name: found[name] % 3 == 0 for name in ("x", "y", "X")} | {"p": found["x"] > 7}


def _secret(names: str, declared: Any = None, wider: Any = None, **others: Any) -> Callable[[Mpc, Operands], Operands]:
    """Makes secrets of a type of operands with these names, and of other types of others; the rest stays plain."""

    def entered(mpc: Mpc, values: Any, each: Any) -> Any:
        return mpc.input(values, owner=0) if each is None else mpc.input(values, owner=0, type=each)

    def make(mpc: Mpc, plain: Operands) -> Operands:
        made = {name: entered(mpc, plain[name], declared) for name in names.split(" ")}
        wide = made if wider is None else {name: value.astype(wider) for name, value in made.items()}
        return plain | wide | {name: entered(mpc, plain[name], each) for name, each in others.items()}

    return make


# -- expressions ------------------------------------------------------------------------------------------------------


def _rows(*texts: str | tuple[str, str]) -> list[Row]:
    return [Row(text, text) if isinstance(text, str) else Row(*text) for text in texts]


def _function(text: str) -> tuple[str, str]:
    """A method that numpy has as a function of the same name."""
    operand, name, rest = re.fullmatch(r"(\w+)\.(\w+)\((.*\))", text).groups()  # type: ignore[union-attr]
    return text, f"np.{name}({operand}{'' if rest == ')' else ', '}{rest}"


def _functions(*texts: str) -> list[tuple[str, str]]:
    return [_function(text) for text in texts]


_RING = ("x + y", "x - y", "-x", "+x", "x * y", "x * x", "x ** 3", "x + v[0]", "x - v[0]", "w[0] - x", "x * w[0]")
_PRODUCTS = ("X @ v", "X @ w", "w @ X.T", _function("X.dot(v)"))
_SUMS = _functions("X.sum(axis=1)", "X.cumsum(axis=1)")
_JOINED = (
    ("mpc.concatenate([x, y])", "np.concatenate([x, y])"),
    ("mpc.stack([x, y])", "np.stack([x, y])"),
    ("mpc.where(b, x, y)", "np.where(b, x, y)"),
    "np.where(b, x, y)",
)
_MOVED = (
    *("x[::2]", "x.reshape(-1, 2)", "X.ravel()", "X.flatten()", "X.transpose()", "X.swapaxes(0, 1)", "X.T"),
    _function("x.broadcast_to((2, *x.shape))"),
)
_COMPARED = ("x < y", "x <= y", "x > y", "x >= y", "x == y", "x != y", "x < v[0]", "x == v[0]")
_ORDERED = (
    *(("x.maximum(y)", "np.maximum(x, y)"), ("x.minimum(y)", "np.minimum(x, y)"), "np.maximum(x, w[0])"),
    *(*_functions("x.clip(-2, 3)"), "abs(x)", *_functions("x.sign()"), ("x.relu()", "np.maximum(x, 0)")),
    *(("spdz.relu(x)", "np.maximum(x, 0)"), "np.where(x < y, x, y)"),
    *_functions("X.max(axis=1)", "X.min(axis=1)", "X.argmax(axis=1)", "X.argmin(axis=1)", "X.sort(axis=1)"),
    ("X.argsort(axis=1)", "np.argsort(X, axis=1, kind='stable')"),
    ("X.top_k(3, axis=1)[0]", "np.sort(X, axis=1)[:, :-4:-1]"),
)

_WINDOWS = "X.reshape(-1, 4, 4)"
_TABLES = (
    ("spdz.rows_equal(X, X[::-1])", "(X == X[::-1]).all(-1)"),
    (f"spdz.max_pool({_WINDOWS}, 2)", "X.reshape(-1, 2, 2, 2, 2).max(axis=(2, 4))"),
    "np.einsum('ij,j->i', X, v)",
)
_OF_INTEGERS = (
    *("x // 10", "x // 8", "x % 10", "x % 8", ("divmod(x, 10)[1]", "np.divmod(x, 10)[1]"), "x >> 3", "x << 3"),
    ("x.bits()", "x[..., None] >> np.arange(32) & 1"),
    ("x.popcount()", "np.bitwise_count(x)"),
    ("spdz.from_bits(x.bits(), signed=True)", "x"),
    ("spdz.lookup(w, x % 16)", "w[x % 16]"),
    ("spdz.lookup(v, x % 16)", "v[x % 16]"),
    *_TABLES,
)

SECTIONS = [
    Section(
        "Entering and leaving",
        "x: plain integers of party 0, b: plain truth values, s: secret integers of 32 bits, e: elements of the field",
        lambda count: _integers(count) | {"s": _numbers(count, 50, 3), "e": _numbers(count, 50, 3)},
        _secret("s", spdz.Int(32), e=None),
        _rows(
            ("mpc.input(x, owner=0)", "x"),
            ("mpc.input(x, owner=0, type=spdz.Int(32))", "x"),
            ("mpc.input(x, owner=0, type=spdz.Int(32), check_range=False)", "x"),
            ("mpc.input(x / 8, owner=0, type=spdz.Fixed(16, 48))", "x / 8"),
            ("mpc.input(b, owner=0, type=spdz.Bool())", "b"),
            ("mpc.constant(x)", "x"),
            ("mpc.random(x.shape)", ""),
            ("mpc.random_bits(x.shape)", ""),
            ("mpc.reveal(s)", "s"),
            ("mpc.reveal_to(s, party=1)", "s"),
        ),
    ),
    Section(
        "SecretArray",
        "x, y, X, v: elements of the field, b: SecretBool, w: public integers",
        _integers,
        _secret("x y X v", b=spdz.Bool()),
        _rows(
            *_RING,
            *_PRODUCTS,
            ("X.prod(axis=1)", "np.prod(X.astype(object), axis=1)"),
            *_SUMS,
            *_JOINED,
            *_MOVED,
            ("x.as_int(8)", "x"),
            ("x.assume_range(-50, 50)", "x"),
        ),
    ),
    Section(
        "SecretInt",
        "x, y, X, v: SecretInt of 32 bits whose entries were entered with 8 bits, b: SecretBool, w: public integers",
        _integers,
        _secret("x y X v", spdz.Int(8), spdz.Int(32), b=spdz.Bool()),
        _rows(
            *_RING,
            *_PRODUCTS,
            *_SUMS,
            *_JOINED,
            *_MOVED,
            *_COMPARED,
            *_ORDERED,
            *_OF_INTEGERS,
            ("X.clip(-1, 1).prod(axis=1)", "np.clip(X, -1, 1).prod(axis=1)"),
            ("x.raw", "x"),
            ("x.astype(spdz.Int(40))", "x"),
            ("x.as_fixed(spdz.Fixed(16, 48))", "x"),
            ("x.assume_range(-50, 50)", "x"),
        ),
    ),
    Section(
        "SecretFixed",
        "x, y, X, v: SecretFixed of type Fixed(16, 48) whose entries were entered as Fixed(16, 20), i: SecretInt of 8 "
        "bits, b: SecretBool, w: public multiples of 1/8",
        _reals,
        _secret("x y X v", spdz.Fixed(16, 20), spdz.Fixed(16, 48), i=spdz.Int(8), b=spdz.Bool()),
        _rows(
            *_RING,
            *("x + i", "x * i", "x / 3", "x / 4"),
            *_PRODUCTS,
            *_SUMS,
            *_functions("X.mean(axis=1)"),
            *_JOINED,
            *_MOVED,
            *_COMPARED,
            *_ORDERED,
            *_TABLES,
            ("X.clip(-1, 1).prod(axis=1)", "np.clip(X, -1, 1).prod(axis=1)"),
            ("x.raw", "x * 2**16"),
            ("x.units", "x * 2**16"),
            ("x.astype(spdz.Fixed(20, 52))", "x"),
            ("x.astype(spdz.Fixed(8, 48))", "x"),
            ("x.assume_range(-7, 7)", "x"),
        ),
    ),
    Section(
        "SecretBool",
        "x, y, X: SecretBool, p: public truth values",
        _bits,
        _secret("x y X", spdz.Bool()),
        _rows(
            *("x & y", "x | y", "x ^ y", "~x", "x == y", "x != y", "x & p", "x | p", "x ^ p"),
            *_functions("X.all(axis=1)", "X.any(axis=1)", "X.sum(axis=1)"),
            ("x.as_int()", "x.astype(int)"),
            *(("mpc.where(x, y, p)", "np.where(x, y, p)"), "np.where(x, 3, -4)"),
            *_JOINED[:2],
            *_MOVED,
        ),
    ),
]


def evaluated(text: str, operands: Operands, mpc: Mpc | None = None) -> Any:
    """The value of an expression."""
    return eval(text, {"np": np, "spdz": spdz, "mpc": mpc}, operands)


# -- what a row says --------------------------------------------------------------------------------------------------


class Cost(NamedTuple):
    """Of one expression, for operands of one size."""

    rounds: int
    bytes_sent: int
    material: Counter[str]
    error: Fraction | None
    """In units of the result; None for what is exact."""


def cost(section: Section, row: Row, count: int) -> Cost:
    """What a plan says of an expression alone: its operands have been computed before."""
    found: list[Cost] = []

    def program(mpc: PlanningMpc) -> None:
        operands = {name: _exact(value) for name, value in section.make(mpc, section.plain(count)).items()}
        secrets = [value for value in operands.values() if isinstance(value, Secret)]
        if secrets:
            mpc.reveal(*secrets)
        before = mpc.plan()
        result = evaluated(row.secret, operands, mpc)
        error = result.scale.error if isinstance(result, SecretFixed) else None
        pending = mpc._graph.pending([result._node] if isinstance(result, Secret) else [])
        running, _ = mpc._prices.operations(pending)
        after = mpc.plan()
        material = Counter(after.material)
        material.subtract(before.material)
        for node in pending:
            material.update({str(kind): count for kind, count in node.need.items()})
        rounds = after.rounds - before.rounds + running.rounds
        found.append(Cost(rounds, after.bytes_sent - before.bytes_sent + running.bytes_sent, +material, error))

    spdz.plan(program)  # type: ignore[arg-type]
    return found[0]


def _exact(value: Any) -> Any:
    """Reals that were entered without being rounded: the errors of a row are then those of its operation."""
    if isinstance(value, SecretFixed):
        return SecretFixed(value._mpc, value.type, value.raw, value.scale._replace(error=Fraction(0)))
    return value


def cells(section: Section, row: Row) -> list[str]:
    """One line of a table."""
    once, twice = (cost(section, row, count) for count in (COUNT, 2 * COUNT))
    with mock.patch.object(scaled, "worst_error", honest_error):
        honest = cost(section, row, COUNT)
    each = (twice.bytes_sent - once.bytes_sent) / COUNT
    return [
        _code(row.secret),
        _code(row.plain) if row.plain else "",
        _bound(honest.error),
        _bound(once.error),
        str(once.rounds),
        f"{each:g} per {row.unit}" if each else "0",
        ", ".join(_amounts(once.material, twice.material)) or "none",
    ]


def _amounts(once: Counter[str], twice: Counter[str]) -> Iterable[str]:
    """Material of an entry or row; a matrix triple is one for all of them, of their number."""
    for kind, amount in sorted(once.items()):
        grown = twice[kind] - amount
        yield f"{grown / COUNT:g} {kind}" if grown > 0 else f"{amount} {kind} for all"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _bound(error: Fraction | None) -> str:
    return f"{float(error):.4g} units" if error else "exact"


FREE = ["exact", "exact", "0", "0", "none"]
HEAD = ("operation", "numpy", "error, honest", "error at worst", "rounds", "bytes sent", "material")
INTRODUCTION = f"""# Operations on secret values

Written by `python -m tests.docs.operators`; a test fails when it is stale, and others run every expression of this page
against numpy. What a program costs in all, `spdz plan` says.

- **Operands** have {COUNT:,} entries x, y, and as many rows X of {ROW} entries; v and w have {ROW}. What stands
  here is the operation alone, online, at M127 for two parties who make their material with MASCOT. `reveal`
  comes with the comparison of plans and the checks.
- **Bytes and material** are those that each entry, or row, adds at party 0. Headers and checks come once for a message.
- **Errors** are bounds, in units 2^-f of the result, of what the operation adds to exact operands: with honest parties,
  and whatever corrupted ones do. Truncations make them; `x.error` says the bound of a value, in which those of its
  operands are counted. Comparisons are exact on the units: `==` of two products compares them as truncated.
- **Ranges**: what could leave its declared type is refused, before anything is sent.

"""


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for section in SECTIONS:
        lines = [cells(section, row) for row in section.rows]
        free = [line for line in lines if line[2:] == FREE]
        costly = [line for line in lines if line[2:] != FREE]
        parts.append(f"## {section.title}\n\nOperands: {section.operands}.\n\n{table(HEAD, costly)}\n")
        if free:
            parts.append(f"Exact, without a message and without material:\n\n{table(HEAD[:2], _pairs(free))}\n")
    return "".join(parts).rstrip("\n") + "\n"


def _pairs(lines: list[list[str]]) -> list[list[str]]:
    """Those with one numpy expression that is the same text stand in one line."""
    same = [line[0] for line in lines if line[0] == line[1]]
    return [*([[", ".join(same), "the same"]] if same else []), *(line[:2] for line in lines if line[0] != line[1])]


def main(arguments: Iterable[str]) -> int:
    """Rewrite the page, or say with --check whether it is as it must be."""
    text = page()
    if "--check" in arguments:
        fresh = PAGE.exists() and PAGE.read_text() == text
        if not fresh:
            print(f"{PAGE} is stale: run python -m tests.docs.operators", file=sys.stderr)
        return int(not fresh)
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
