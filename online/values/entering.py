"""How values enter a session: an owner's array, and arrays that everybody knows."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from spdz.errors import UsageError
from spdz.field import FieldArray
from spdz.field.algebra import place_of
from spdz.online.operations.bit_inputs import BIT_INPUT
from spdz.online.operations.inputs import INPUT
from spdz.online.operations.range_inputs import RANGE_INPUT
from spdz.online.values.array import SecretArray
from spdz.online.values.boolean import SecretBool, constant_bits
from spdz.online.values.encoding import encode, truth_values, whole_numbers
from spdz.online.values.fixed import SecretFixed, constant_reals
from spdz.online.values.integer import Numbers, SecretInt, constant_integers
from spdz.online.values.ranges import require_field, require_fixed_point
from spdz.online.values.reals import shown as shown_reals
from spdz.online.values.reals import units_of
from spdz.online.values.scaled import Scale
from spdz.online.values.secret import Public, Secret
from spdz.online.values.shapes import Shape, input_shape
from spdz.online.values.types import Bool, Declared, Fixed, Int
from spdz.online.values.whole import as_a_whole
from spdz.params import require_integer, shown
from spdz.sharing.bit_share import Bits
from spdz.sharing.material import proof_masks

if TYPE_CHECKING:
    from spdz.online.session import Mpc


class Asked(NamedTuple):
    """What `Mpc.input` is asked for."""

    values: Any
    owner: int
    shape: Shape | None
    check_range: bool


@as_a_whole
def entered(mpc: Mpc, asked: Asked, declared: Declared[Any] | None) -> Secret:
    """The owner's array, shared; see `Mpc.input`."""
    asked = asked._replace(owner=require_integer(asked.owner, "owner", 0, mpc.parties - 1))
    if not isinstance(asked.check_range, bool):
        raise UsageError(f"check_range is True or False, not {shown(asked.check_range)}")
    if isinstance(declared, Int):
        return _integers(mpc, asked, declared)
    if isinstance(declared, Fixed):
        return _reals(mpc, asked, declared)
    if not asked.check_range:
        raise UsageError("check_range=False is for numbers of a declared type, as in type=spdz.Int(32)")
    if declared is None:
        return _elements(mpc, asked)
    if isinstance(declared, Bool):
        return _truth_values(mpc, asked)
    raise _no_type(declared)


def _elements(mpc: Mpc, asked: Asked) -> SecretArray:
    encoded, shape = _encoded(mpc, asked)
    return mpc.apply(INPUT, private=encoded, owner=asked.owner, shape=shape)


def _integers(mpc: Mpc, asked: Asked, declared: Int) -> SecretInt:
    require_field(declared, mpc.field)
    if mpc.party == asked.owner and asked.values is not None:
        asked = asked._replace(values=whole_numbers(asked.values))
        _require_in_range(asked.values, declared)
    return _in_range(mpc, asked, declared)


def _reals(mpc: Mpc, asked: Asked, declared: Fixed) -> SecretFixed:
    """The owner rounds to multiples of 2^-f, which are shared as integers."""
    require_fixed_point(declared, mpc.field)
    if mpc.party == asked.owner and asked.values is not None:
        asked = asked._replace(values=units_of(asked.values, declared.f).values)
        _require_in_range(asked.values, declared)
    units = _in_range(mpc, asked, Int(declared.k))
    return SecretFixed(mpc, declared, units.raw, Scale(units.interval, Fraction(1, 2), 0))


def _truth_values(mpc: Mpc, asked: Asked) -> SecretBool:
    """In range whatever the owner does: what it shares are bits."""
    mine = mpc.party == asked.owner
    bits = truth_values(asked.values) if mine and asked.values is not None else None
    shape = _agreed_shape(asked, bits, mine)
    return mpc.apply_as(SecretBool, BIT_INPUT, private=bits, owner=asked.owner, shape=shape)


def _in_range(mpc: Mpc, asked: Asked, declared: Int) -> SecretInt:
    """Integers that their owner, which has looked at them, proves to be of their type.

    Without the proof nobody but the owner knows that they are; it stands in the plan, and in `Mpc.assumes_ranges`.
    """
    if not asked.check_range:
        return _elements(mpc, asked).as_int(declared.width)
    if not mpc.supports(proof_masks(asked.owner)):
        raise UsageError(
            f"the {mpc.preprocessing} preprocessing has no {proof_masks(asked.owner)}, with which an owner proves the "
            "range of its input; check_range=False does without the proof, at every party"
        )
    encoded, shape = _encoded(mpc, asked)
    into = partial(SecretInt, declared=declared, interval=declared.interval)
    return mpc.apply_as(
        into,
        RANGE_INPUT,
        private=encoded,
        owner=asked.owner,
        shape=shape,
        width=declared.width,
        parties=mpc.parties,
    )


def _encoded(mpc: Mpc, asked: Asked) -> tuple[FieldArray | None, tuple[int, ...]]:
    """What the owner shares, None elsewhere; and the shape."""
    mine = mpc.party == asked.owner
    encoded = encode(mpc.field, asked.values) if mine and asked.values is not None else None
    return encoded, _agreed_shape(asked, encoded, mine)


def _require_in_range(values: Numbers, declared: Int | Fixed) -> None:
    """UsageError naming the first index, and no value, if a number does not fit into a declared type."""
    bounds = declared.interval
    outside = np.asarray((values < bounds.lo) | (values > bounds.hi), dtype=bool)
    if outside.any():
        held = (
            f"numbers in {shown_reals(bounds, declared.f)}" if isinstance(declared, Fixed) else f"integers in {bounds}"
        )
        raise UsageError(f"{declared!r} holds {held}, but one is outside: {place_of(outside)}")


def _no_type(declared: object) -> Exception:
    if isinstance(declared, Declared):
        return UsageError(f"there are no secrets of the type {declared!r}; declare spdz.Int, spdz.Fixed or spdz.Bool")
    return TypeError(f"type takes a declared type such as spdz.Int(32), not {shown(declared)}")


@as_a_whole
def constant(mpc: Mpc, values: Public, declared: Declared[Any] | None) -> Secret:
    """A public array as a secret one; see `Mpc.constant`."""
    if declared is None:
        public = encode(mpc.field, values)
        return mpc.local("constant", public.shape, lambda: mpc.context.public(public))
    if isinstance(declared, Int):
        return constant_integers(mpc, values, declared)
    if isinstance(declared, Fixed):
        return constant_reals(mpc, values, declared)
    if isinstance(declared, Bool):
        return constant_bits(mpc, truth_values(values))
    raise _no_type(declared)


def _agreed_shape(asked: Asked, encoded: FieldArray | Bits | None, mine: bool) -> tuple[int, ...]:
    """The shape of an input, which its owner's values have."""
    if encoded is None and mine:
        raise UsageError("the owner of an input must pass its values")
    actual = input_shape(asked.values, asked.shape, encoded)
    if encoded is not None and encoded.shape != actual:
        raise UsageError(f"the input has shape {encoded.shape}, but shape={actual} was asked for")
    return actual
