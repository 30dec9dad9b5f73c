"""How values enter a session: an owner's array, and arrays that everybody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spdz.errors import UsageError
from spdz.field import FieldArray
from spdz.field.algebra import place_of
from spdz.online.operations.bit_inputs import BIT_INPUT
from spdz.online.operations.inputs import INPUT
from spdz.online.values.array import SecretArray
from spdz.online.values.boolean import SecretBool, constant_bits
from spdz.online.values.encoding import encode, truth_values, whole_numbers
from spdz.online.values.integer import Numbers, SecretInt, constant_integers
from spdz.online.values.ranges import require_field
from spdz.online.values.secret import Public, Secret
from spdz.online.values.shapes import Shape, input_shape
from spdz.online.values.types import Bool, Declared, Int
from spdz.params import require_integer, shown
from spdz.sharing.bit_share import Bits

if TYPE_CHECKING:
    from spdz.online.session import Mpc


def entered(mpc: Mpc, values: Any, owner: int, shape: Shape | None, declared: Declared[Any] | None) -> Secret:
    """The owner's array, shared; see `Mpc.input`."""
    owner = require_integer(owner, "owner", 0, mpc.parties - 1)
    if declared is None:
        return _elements(mpc, values, owner, shape)
    if isinstance(declared, Int):
        return _integers(mpc, values, owner, shape, declared)
    if isinstance(declared, Bool):
        return _truth_values(mpc, values, owner, shape)
    raise _no_type(declared)


def _elements(mpc: Mpc, values: Any, owner: int, shape: Shape | None) -> SecretArray:
    mine = mpc.party == owner
    encoded = encode(mpc.field, values) if mine and values is not None else None
    actual = _agreed_shape(values, shape, encoded, mine)
    return mpc.apply(INPUT, private=encoded, owner=owner, shape=actual)


def _integers(mpc: Mpc, values: Any, owner: int, shape: Shape | None, declared: Int) -> SecretInt:
    require_field(declared, mpc.field)
    if mpc.party == owner and values is not None:
        values = whole_numbers(values)
        _require_in_range(values, declared)
    return _in_range(_elements(mpc, values, owner, shape), declared)


def _truth_values(mpc: Mpc, values: Any, owner: int, shape: Shape | None) -> SecretBool:
    """In range whatever the owner does: what it shares are bits."""
    mine = mpc.party == owner
    bits = truth_values(values) if mine and values is not None else None
    actual = _agreed_shape(values, shape, bits, mine)
    return mpc.apply_as(SecretBool, BIT_INPUT, private=bits, owner=owner, shape=actual)


def _in_range(raw: SecretArray, declared: Int) -> SecretInt:
    """An input as integers of its type.

    The owner has looked at its own values, and the parties compare what type they took the input for. A cheating owner
    can input what lies outside: this is the place for a proof that it does not.
    """
    return raw.as_int(declared.width)


def _require_in_range(values: Numbers, declared: Int) -> None:
    """UsageError naming the first index, and no value, if an integer does not fit into a declared type."""
    bounds = declared.interval
    outside = np.asarray((values < bounds.lo) | (values > bounds.hi), dtype=bool)
    if outside.any():
        raise UsageError(f"{declared!r} holds integers in {bounds}, but one is outside: {place_of(outside)}")


def _no_type(declared: object) -> Exception:
    if isinstance(declared, Declared):
        return UsageError(f"there are no secrets of the type {declared!r} yet; declare spdz.Int(width) or spdz.Bool()")
    return TypeError(f"type takes a declared type such as spdz.Int(32), not {shown(declared)}")


def constant(mpc: Mpc, values: Public, declared: Declared[Any] | None) -> Secret:
    """A public array as a secret one; see `Mpc.constant`."""
    if declared is None:
        public = encode(mpc.field, values)
        return mpc.local("constant", public.shape, lambda: mpc.context.public(public))
    if isinstance(declared, Int):
        return constant_integers(mpc, values, declared)
    if isinstance(declared, Bool):
        return constant_bits(mpc, truth_values(values))
    raise _no_type(declared)


def _agreed_shape(values: Any, shape: Shape | None, encoded: FieldArray | Bits | None, mine: bool) -> tuple[int, ...]:
    """The shape of an input, which its owner's values have."""
    if encoded is None and mine:
        raise UsageError("the owner of an input must pass its values")
    actual = input_shape(values, shape, encoded)
    if encoded is not None and encoded.shape != actual:
        raise UsageError(f"the input has shape {encoded.shape}, but shape={actual} was asked for")
    return actual
