"""Arrays joined to one, secret and public ones in any mixture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from spdz.errors import UsageError
from spdz.online.values.array import Public, SecretArray
from spdz.online.values.shapes import normal_axis, placeholder, shape_by_numpy
from spdz.sharing.shares import concatenate_shares

if TYPE_CHECKING:
    from spdz.online.session import Mpc

Arrays = Iterable[SecretArray | Public]


def concatenated(mpc: Mpc, arrays: Arrays, axis: int | None) -> SecretArray:
    """Along an axis that they have, as `np.concatenate`."""
    parts = _secret(mpc, arrays, "concatenate")
    if axis is None:
        raise UsageError("concatenate takes an axis; ravel the arrays to join them flat")
    shape = shape_by_numpy(lambda: np.concatenate([placeholder(part.shape) for part in parts], axis))
    return mpc.local("concatenate", shape, lambda *shares: concatenate_shares(shares, axis), *parts)


def stacked(mpc: Mpc, arrays: Arrays, axis: int) -> SecretArray:
    """Along a new axis, as `np.stack`."""
    parts = _secret(mpc, arrays, "stack")
    shape = shape_by_numpy(lambda: np.stack([placeholder(part.shape) for part in parts], axis))
    at = normal_axis(axis, len(shape))
    return concatenated(mpc, [part.reshape(*part.shape[:at], 1, *part.shape[at:]) for part in parts], at)


def _secret(mpc: Mpc, arrays: Arrays, name: str) -> list[SecretArray]:
    """All arrays as secret ones; public ones become constants."""
    if not isinstance(arrays, Iterable):
        raise UsageError(f"{name} takes a list of arrays, got {type(arrays).__name__}")
    parts = [array if isinstance(array, SecretArray) else mpc.constant(array) for array in arrays]
    if not parts:
        raise UsageError(f"nothing to {name}")
    return parts
