"""The same products in MPyC and here: what each process runs here, and the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spdz.errors import UsageError
from spdz.measuring.tasks import timed
from spdz.online.session import Mpc
from spdz.online.values.array import SecretArray

from .store import Section, origin, rows, with_range

TASKS = ("multiply", "matmul", "inner")
PHASES = ("seconds", "preprocessing", "online")
"""Both in one call, and each by itself."""
TITLES = {
    "multiply": "{0:,} products in one array",
    "matmul": "matrix product {0} x {1} x {2}",
    "inner": "inner product of {0:,}",
}
SECURITY = {
    "mpyc": "passive, honest majority",
    "dealer": "malicious, dishonest majority; trusted dealer",
    "mascot": "malicious, dishonest majority",
}


def shapes_of(task: str, sizes: list[int]) -> list[list[int]]:
    """The shapes of the factors."""
    if task == "matmul":
        rows_of_left, inner, columns = sizes
        return [[rows_of_left, inner], [inner, columns]]
    return [sizes, sizes]


def product(mpc: Mpc, options: dict[str, Any], say: Callable[..., None]) -> dict[str, Any]:
    """One party here: the operation and the opening of one number, with material made in the same call; then once
    more, with material made before."""
    task, sizes = options["task"], options["sizes"]
    _reveal(mpc, task, *_factors(mpc, shapes_of(task, [2, 2, 2] if task == "matmul" else [8])))  # compiles the kernels
    left, right = _factors(mpc, shapes_of(task, sizes))
    figures = timed(mpc, lambda: _reveal(mpc, task, left, right))
    material = timed(mpc, lambda: _prepare(mpc, task, sizes))
    mpc.reveal(left.reshape(-1)[:1])  # Everybody has the material before anybody's clock starts.
    online = timed(mpc, lambda: _reveal(mpc, task, left, right))
    return figures | {"preprocessing": material["seconds"], "online": online["seconds"]}


def _prepare(mpc: Mpc, task: str, sizes: list[int]) -> None:
    """Make what the task takes."""
    if task == "multiply":
        mpc.prepare(triples=sizes[0])
        return
    rows_of_left, inner, columns = sizes if task == "matmul" else (1, sizes[0], 1)
    # `prepare` refuses before anything has happened where matrix triples of this shape are not made.
    try:
        mpc.prepare(matrix_triples={(rows_of_left, inner, columns): 1})
    except UsageError:
        mpc.prepare(triples=rows_of_left * inner * columns)


def _factors(mpc: Mpc, shapes: list[list[int]]) -> list[SecretArray]:
    """Random secret arrays that are there, not merely asked for."""
    arrays = [mpc.random(tuple(shape)) for shape in shapes]
    mpc.reveal(*(array.reshape(-1)[:1] for array in arrays))
    return arrays


def _reveal(mpc: Mpc, task: str, left: SecretArray, right: SecretArray) -> None:
    result = left * right if task == "multiply" else left @ right
    mpc.reveal(result if task == "inner" else result.sum())


def text_of(section: Section) -> str:
    """The table, and what must be known to read it."""
    head = ("work", "system", "parties", "security", "seconds", "preprocessing by itself", "online by itself")
    body = [
        (
            TITLES[row["task"]].format(*row["sizes"]),
            row["system"],
            str(row["parties"]),
            SECURITY[row["material"]],
            *(with_range(row, phase) if phase in row else "none needed" for phase in PHASES),
        )
        for row in section["rows"]
    ]
    return "\n\n".join(
        [
            origin(section) + f" MPyC {section['mpyc']}; field {section['field']}; medians of {section['runs']} runs.",
            rows(head, body),
        ]
    )
