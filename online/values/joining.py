"""Arrays joined to one, secret and public ones in any mixture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from spdz.errors import UsageError
from spdz.online.values.secret import Public, Secret
from spdz.online.values.shapes import normal_axis, placeholder, shape_by_numpy
from spdz.online.values.whole import as_a_whole

if TYPE_CHECKING:
    from spdz.online.session import Mpc

Arrays = Iterable[Secret | Public]


@as_a_whole
def concatenated(mpc: Mpc, arrays: Arrays, axis: int | None) -> Any:
    """Along an axis that they have, as `np.concatenate`; of the class of the secrets among them."""
    parts = _secret(mpc, arrays, "concatenate")
    if axis is None:
        raise UsageError("concatenate takes an axis; ravel the arrays to join them flat")
    shape = shape_by_numpy(lambda: np.concatenate([placeholder(part.shape) for part in parts], axis))
    return parts[0]._joined(parts, shape, axis)


@as_a_whole
def stacked(mpc: Mpc, arrays: Arrays, axis: int) -> Any:
    """Along a new axis, as `np.stack`."""
    parts = _secret(mpc, arrays, "stack")
    shape = shape_by_numpy(lambda: np.stack([placeholder(part.shape) for part in parts], axis))
    at = normal_axis(axis, len(shape))
    return concatenated(mpc, [part.reshape(*part.shape[:at], 1, *part.shape[at:]) for part in parts], at)


def _secret(mpc: Mpc, arrays: Arrays, name: str) -> list[Secret]:
    """All arrays as secret ones; public ones become constants."""
    if not isinstance(arrays, Iterable):
        raise UsageError(f"{name} takes a list of arrays, got {type(arrays).__name__}")
    given = list(arrays)
    if not given:
        raise UsageError(f"nothing to {name}")
    secrets = [array for array in given if isinstance(array, Secret)]
    highest = max(secrets, key=lambda secret: secret._rank, default=None)
    coerced: Callable[[Any], Secret] = mpc.constant if highest is None else highest._coerced
    return [coerced(array) for array in given]
