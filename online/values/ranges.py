"""The guard before anything is sent: a result that could leave its declared type is refused."""

from __future__ import annotations

from spdz.errors import RangeError
from spdz.field import Field
from spdz.online.values.caller import user_line
from spdz.online.values.intervals import Interval
from spdz.online.values.types import Fixed, Int, widest

FIXED_POINT_BITS = 127
"""Of the smallest field for fixed point: truncations hide statistically, which takes forty bits and more."""


def require_within(operation: str, interval: Interval, declared: Int, field: Field) -> None:
    """RangeError unless a result in that interval stays inside the declared type."""
    if interval.within(declared.interval):
        return
    raise RangeError(
        f"{operation} at {user_line()}: the result may lie anywhere in {interval}, and {declared} holds "
        f"{declared.interval}; {_advice(interval.width, field)}"
    )


def require_field(declared: Int, field: Field) -> None:
    """RangeError unless the field holds all numbers of a declared type."""
    if declared.width > widest(field):
        raise RangeError(
            f"{declared} at {user_line()}: {field.name} holds integers of at most {widest(field)} bits; declare fewer, "
            "or compute in a larger field, as with field='M127'"
        )


def require_fixed_point(declared: Fixed, field: Field) -> None:
    """RangeError unless the field holds all numbers of a declared type, TypeError unless it has room for products."""
    if field.bits < FIXED_POINT_BITS:
        raise TypeError(
            f"{declared} at {user_line()}: the masks of truncations need a larger field than {field.name}; compute in "
            "field='M127', or scale by hand and use spdz.Int(width)"
        )
    require_field(Int(declared.k), field)


def _advice(width: int, field: Field) -> str:
    """What to change so that a result of that width fits."""
    if width <= widest(field):
        return f"widen an operand first, as in x.astype(spdz.Int({width})), or bound it with x.clip(lowest, highest)"
    return (
        f"that takes {width} bits, and {field.name} holds {widest(field)}: bound the operands with "
        "x.clip(lowest, highest), declare smaller inputs, or compute in a larger field"
    )
