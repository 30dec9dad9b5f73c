"""The programs that the attack matrix runs, and what their outputs tell.

They are tiny and touch every step of both preprocessings and of the online phase. Their outputs hold the inputs beside
what was computed, so a wrong result and a result for another input of a cheater can be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spdz.online.session import Mpc

X = (3, 4, 5, 6)
Y = (7, 8, 9, 10)


def every_step(mpc: Mpc) -> Any:
    """Inputs of the first and the last party, products, squares, random bits and shares; matrix triples if dealt."""
    x = mpc.input(X, owner=0, shape=4)
    y = mpc.input(Y, owner=mpc.parties - 1, shape=4)
    bits, secret = mpc.random_bits(3), mpc.random(3)
    parts = [x, y, x * y, mpc.square(x), bits * (1 - bits), secret * 2 - secret - secret]
    if mpc.preprocessing == "dealer":
        parts.append((x.reshape(2, 2) @ y.reshape(2, 2)).reshape(4))
    return mpc.reveal(mpc.concatenate(parts))


def consistent(outputs: Mapping[int, Any], parties: int) -> bool:
    """Whether honest parties agree on an output of `every_step` that is right for some input of the cheaters."""
    arrays = list(outputs.values())
    if not all(np.array_equal(arrays[0], other) for other in arrays):
        return False
    values = [int(value) for value in arrays[0]]
    x, y = values[0:4], values[4:8]
    unchanged = (0 not in outputs or tuple(x) == X) and (parties - 1 not in outputs or tuple(y) == Y)
    right = values[8:12] == [a * b for a, b in zip(x, y, strict=True)] and values[12:16] == [a * a for a in x]
    matrix = (np.array(x).reshape(2, 2) @ np.array(y).reshape(2, 2)).ravel().tolist()
    return unchanged and right and not any(values[16:22]) and values[22:] in ([], matrix)


def agreeing(outputs: Mapping[int, Any], parties: int) -> bool:
    """All that can be said of another program's outputs: the honest parties have the same."""
    arrays = list(outputs.values())
    return all(np.array_equal(arrays[0], other) for other in arrays)
