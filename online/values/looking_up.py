"""Rows of a table at secret places: nobody learns which.

Symbols:  n rows that the index can reach, of c entries each; the index is taken apart into its k bits.
Public:   products of bits make the n bits of which the one at the index is set. Sums of public entries with these
          weights are local. Either the n - 1 first ones become field elements; or, where entries of w bits have
          w c < n - 1, the bits of the result are made first, by exclusive or, and become field elements.
Secret:   a tree: the lowest bit of the index chooses among neighbours, the next one among what is left, and so on. One
          bit chooses all that belongs to it with one mux triple: n - 1 chosen rows in k rounds.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.errors import RangeError, UsageError
from spdz.online.operations.convert import CONVERT
from spdz.online.operations.select import SELECT
from spdz.online.values.array import SecretArray
from spdz.online.values.bits_of_integers import lowest_bits, powers_of_two, require_room_for_bits
from spdz.online.values.boolean import SecretBool
from spdz.online.values.caller import user_line
from spdz.online.values.encoding import plain, truth_values, whole_numbers
from spdz.online.values.fixed import SecretFixed
from spdz.online.values.folding import halved
from spdz.online.values.integer import SecretInt
from spdz.online.values.intervals import Interval
from spdz.online.values.ranges import require_field, require_fixed_point, require_within
from spdz.online.values.reals import units_of
from spdz.online.values.scaled import Scale, require_fits
from spdz.online.values.secret import Secret
from spdz.online.values.types import Fixed, Int, standard_int
from spdz.online.values.whole import as_a_whole

Numbers = npt.NDArray[Any]


@as_a_whole
def lookup(table: Any, index: SecretInt, type: Any = None) -> Any:
    """`table[index]` for a secret index: rows along the first axis of a public or secret table, with all columns.

    Of a public table the result is of the `type`: integers of 32 bits or as many as it takes unless said otherwise,
    truth values of a table of truth values; real numbers need a `spdz.Fixed`. Of a secret table it is as the table.
    Rounds:   9 rounds in a public table of 16 rows, 8 rounds in a secret table of 16 rows.
    Material: bits of the index, and by the module's text bit triples and daBits, or mux triples.
    Raises RangeError, before anything is sent, unless all that the index can be is the number of a row.
    """
    if not isinstance(index, SecretInt):
        raise TypeError(f"lookup takes an index of secret integers, a SecretInt, not a {index.__class__.__name__}")
    if not isinstance(table, Secret):
        return _public(_numbers(table, type), index, type)
    if type is not None:
        raise UsageError("the result of a lookup in a secret table is as the table; x.astype(type) makes another one")
    first = _require_rows(table.shape, index)
    if isinstance(table, SecretBool):
        return _tree(table[first], index)
    raw = table if isinstance(table, SecretArray) else table.raw  # type: ignore[attr-defined]
    found = _tree(raw[first], index)
    return table._into(index._mpc, found._node)


def _require_rows(shape: tuple[int, ...], index: SecretInt) -> slice:
    """The rows that the index can reach.  Raises: RangeError if that is not all that the index can be."""
    if not shape:
        raise UsageError("lookup takes a table with rows along its first axis, and a number has none")
    reached = index.interval
    if reached.lo < 0 or reached.hi >= shape[0]:
        raise RangeError(
            f"lookup at {user_line()}: the index may lie anywhere in {reached}, and the table has {shape[0]} rows, "
            "from 0 on; bound the index with x.clip(0, rows - 1), or with x.assume_range(0, rows - 1) if it is no other"
        )
    require_room_for_bits("lookup", index._mpc, reached)
    return slice(reached.lo, reached.hi + 1)


def _bits(index: SecretInt) -> SecretBool:
    """The bits of the place among the rows that can be reached, along a new last axis."""
    reached = index.interval
    return lowest_bits(index.raw - reached.lo, (reached.hi - reached.lo).bit_length())


# -- secret tables ----------------------------------------------------------------------------------------------------


def _tree(table: Any, index: SecretInt) -> Any:
    """One of the rows that can be reached, which are all of this table."""
    rows, *columns = table.shape
    count, mpc = int(np.prod(columns, dtype=np.int64)), index._mpc
    left = table.reshape(rows, count).broadcast_to((*index.shape, rows, count))
    bits = _bits(index)
    for place in range(bits.shape[-1]):
        even = left.shape[-2] // 2 * 2
        low, high, over = left[..., 0:even:2, :], left[..., 1:even:2, :], left[..., even:, :]
        if isinstance(table, SecretBool):
            moved = low ^ (high ^ low) & bits[..., place, None, None].broadcast_to(low.shape)
        else:
            moved = low + _all_chosen(bits[..., place], high - low)
        left = mpc.concatenate([moved, over], -2) if over.shape[-2] else moved
    return left.reshape(*index.shape, *columns)


def _all_chosen(bit: SecretBool, values: SecretArray) -> SecretArray:
    """Each bit times all that stands along the two last axes."""
    width = values.shape[-1] * values.shape[-2]
    flat = values.reshape(*bit.shape, width)
    return bit._mpc.apply(SELECT, bit, flat, width=width).reshape(*values.shape)


# -- public tables ----------------------------------------------------------------------------------------------------


def _numbers(table: Any, type: Any) -> Any:
    """A public table as numpy has it."""
    array = np.asarray(plain(table, kinds="iubOf"))
    if type is None and array.dtype.kind == "f" and array.size:
        raise UsageError("a table of real numbers takes a type: lookup(table, index, type=spdz.Fixed(16, 48))")
    if not (type is None or isinstance(type, Int | Fixed)):
        raise TypeError(f"lookup makes integers or fixed-point numbers, as with spdz.Int(32), not {type!r}")
    return array


def _public(table: Any, index: SecretInt, type: Any) -> Any:
    first, mpc = _require_rows(table.shape, index), index._mpc
    if table.dtype == np.bool_ and type is None:
        return _exclusive(_at(_bits(index), first.stop - first.start), truth_values(table)[first])
    if isinstance(type, Fixed):
        require_fixed_point(type, mpc.field)
        units, exact = units_of(table, type.f)
        known = Scale(Interval.of(units[first]), Fraction(0 if exact else 1, 2), 0)
        require_fits(mpc, "lookup", type, known, index.size)
        return SecretFixed(mpc, type, _weighted(units[first], index), known)
    numbers = whole_numbers(table)[first].astype(object)
    bounds = Interval.of(np.asarray(numbers))
    declared = type or Int(max(bounds.width, standard_int(mpc.field).width))
    require_field(declared, mpc.field)
    require_within("lookup", bounds, declared, mpc.field)
    return SecretInt(mpc, _weighted(numbers, index)._node, declared, bounds)


def _weighted(numbers: Numbers, index: SecretInt) -> SecretArray:
    """Rows of Python ints, all of which can be reached, as field elements."""
    rows, *columns = numbers.shape
    flat, shape, mpc = numbers.reshape(rows, -1), (*index.shape, *columns), index._mpc
    lowest = np.asarray(flat.min(axis=0) if flat.size else flat[0], object)
    width = max((int(number).bit_length() for number in (flat - lowest).ravel().tolist()), default=0)
    if not width:
        return mpc.constant(np.broadcast_to(lowest.reshape(columns), shape))
    place = _at(_bits(index), rows)
    if width * flat.shape[1] < rows - 1:
        bits = np.asarray((flat - lowest)[..., None] >> np.arange(width).astype(object) & 1, np.uint8)
        found = mpc.apply(CONVERT, _exclusive(place, bits)) @ powers_of_two(width) + lowest
    else:
        # They add up to one, so the last of them is what the others leave.
        found = mpc.apply(CONVERT, place[..., :-1]) @ (flat[:-1] - flat[-1]) + flat[-1]
    return found.reshape(*shape)


def _at(bits: SecretBool, rows: int) -> SecretBool:
    """For each row whether its number is the one that the bits make, along the last axis."""
    found = bits._coerced(np.ones((*bits.shape[:-1], 1), bool))
    for place in range(bits.shape[-1]):
        # Rows from the one of this place on: as many as there are.
        more = min(rows - (1 << place), 1 << place)
        upper = found[..., :more] & bits[..., place, None].broadcast_to((*bits.shape[:-1], more))
        parts = [found[..., :more] ^ upper, found[..., more:], upper]
        found = bits._mpc.concatenate([part for part in parts if part.shape[-1]], -1)
    return found


def _exclusive(place: SecretBool, bits: npt.NDArray[np.uint8]) -> SecretBool:
    """The rows of public bits at a place."""
    rows, *columns = bits.shape
    count = int(np.prod(columns, dtype=np.int64))
    lead = place.shape[:-1]
    picked = place.reshape(*lead, 1, rows).broadcast_to((*lead, count, rows)) & bits.reshape(rows, count).T
    return halved(picked, -1, False, operator.xor, _nothing).reshape(*lead, *columns)


def _nothing(shape: Any) -> SecretBool:
    raise UsageError("a table without rows has nothing to look up")
