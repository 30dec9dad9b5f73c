"""One of two values by a condition that nobody sees, or that everybody knows: y + c (x - y)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from spdz.errors import UsageError
from spdz.field.algebra import broadcast_shape
from spdz.online.operations.select import SELECT
from spdz.online.values.encoding import truth_values, whole_numbers
from spdz.online.values.intervals import Interval
from spdz.online.values.secret import Secret
from spdz.online.values.types import standard_int
from spdz.online.values.whole import as_a_whole
from spdz.sharing.bit_domain import BITS

if TYPE_CHECKING:
    from spdz.online.session import Mpc
    from spdz.online.values.array import SecretArray
    from spdz.online.values.boolean import SecretBool

S = TypeVar("S", bound=Secret)


@as_a_whole
def where(mpc: Mpc, condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y; at least one of the three is secret. As `np.where`, both are computed."""
    if isinstance(condition, Secret):
        if condition.domain != BITS:
            raise TypeError(
                f"where takes a condition that is true or false, such as x < y or x != 0, not a {_name(condition)}"
            )
    else:
        condition = truth_values(condition)
    branches = [branch for branch in (x, y) if isinstance(branch, Secret)]
    if branches:
        highest = max(branches, key=lambda branch: branch._rank)
        return highest._coerced(x)._selected(condition, highest._coerced(y))
    if not isinstance(condition, Secret):
        raise UsageError("where takes a secret condition or secret values; np.where serves for public ones")
    return _of_public(mpc, condition, x, y)


def _of_public(mpc: Mpc, condition: Any, x: Any, y: Any) -> Any:
    """Truth values if both are; else integers, whose difference is multiplied by the condition."""
    if all(np.asarray(branch).dtype == np.bool_ for branch in (x, y)):
        kept, other = truth_values(x), truth_values(y)
        return condition & (kept ^ other) ^ other
    kept, other = (whole_numbers(branch).astype(object) for branch in (x, y))
    step = kept - other
    bounds = Interval.of(other) + Interval.of(np.asarray(step)) * Interval(0, 1)
    return condition.as_int(max(bounds.width, standard_int(mpc.field).width)) * step + other


def chosen(condition: Any, values: SecretArray) -> SecretArray:
    """The values where the condition holds, zero elsewhere."""
    if not isinstance(condition, Secret):
        return values.__mul__(condition)
    shape = broadcast_shape(condition.shape, values.shape)
    return values._mpc.apply(SELECT, condition._spread(shape), values._spread(shape), width=None)


def rows_chosen(condition: SecretBool, words: SecretArray) -> SecretArray:
    """As `chosen`, of several words for each entry of the condition, which stand along the first axis."""
    order = (*range(1, words.ndim), 0)
    rows = words._mpc.apply(SELECT, condition, words.transpose(order), width=words.shape[0])
    return rows.transpose((words.ndim - 1, *range(words.ndim - 1)))


def _name(value: object) -> str:
    return type(value).__name__
