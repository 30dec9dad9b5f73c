"""How values enter a session: an owner's array, and arrays that everybody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spdz.errors import UsageError
from spdz.field import FieldArray
from spdz.online.operations.inputs import INPUT
from spdz.online.values.array import SecretArray
from spdz.online.values.encoding import encode
from spdz.online.values.secret import Public
from spdz.online.values.shapes import Shape, input_shape
from spdz.params import require_integer

if TYPE_CHECKING:
    from spdz.online.session import Mpc


def entered(mpc: Mpc, values: Any, owner: int, shape: Shape | None) -> SecretArray:
    """The owner's array, shared; see `Mpc.input`."""
    owner = require_integer(owner, "owner", 0, mpc.parties - 1)
    mine = mpc.party == owner
    encoded = encode(mpc.field, values) if mine and values is not None else None
    actual = _agreed_shape(values, shape, encoded, mine)
    return mpc.apply(INPUT, private=encoded, owner=owner, shape=actual)


def constant(mpc: Mpc, values: Public) -> SecretArray:
    """A public array as a secret one; see `Mpc.constant`."""
    public = encode(mpc.field, values)
    return mpc.local("constant", public.shape, lambda: mpc.context.public(public))


def _agreed_shape(values: Any, shape: Shape | None, encoded: FieldArray | None, mine: bool) -> tuple[int, ...]:
    """The shape of an input, which its owner's values have."""
    if encoded is None and mine:
        raise UsageError("the owner of an input must pass its values")
    actual = input_shape(values, shape, encoded)
    if encoded is not None and encoded.shape != actual:
        raise UsageError(f"the input has shape {encoded.shape}, but shape={actual} was asked for")
    return actual
