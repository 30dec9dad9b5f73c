"""What all secret values have in common: shapes, their place in a plan, and what is refused.

A secret behaves like a numpy array as far as that is possible without revealing anything. What would reveal something,
or silently copy shares, is refused with a sentence that says what to do instead.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

import numpy as np
import numpy.typing as npt

from spdz.field.algebra import broadcast_shape
from spdz.online.values.numpy_functions import dispatch_function, dispatch_ufunc
from spdz.online.values.shapes import normal_axes, normal_axis, placeholder, shape_by_numpy
from spdz.online.values.whole import make_whole
from spdz.sharing.field_domain import FIELD

if TYPE_CHECKING:
    from spdz.online.plan.graph import Node
    from spdz.online.session import Mpc

Public = int | npt.ArrayLike
"""Integers known to every party."""


def refuse(what: str, advice: str) -> NoReturn:
    """Say no to what would reveal a secret, and what to do instead."""
    raise TypeError(f"{what} of a secret would reveal it; {advice}")


def refuse_mixing(one: Secret, other: Secret) -> NoReturn:
    """Say no to an operation on secrets of different classes, and how one becomes the other."""
    names = " and ".join(f"a {type(each).__name__}" for each in (one, other))
    raise TypeError(f"{names} do not mix; {'; '.join({one._instead: None, other._instead: None})}")


Operator = TypeVar("Operator", bound=Callable[..., Any])


def deferring(method: Operator) -> Operator:
    """A binary operator that leaves the work to an operand of a higher class."""

    @functools.wraps(method)
    def operator(self: Secret, other: Any) -> Any:
        return NotImplemented if getattr(type(other), "_rank", 0) > self._rank else method(self, other)

    return operator  # type: ignore[return-value]


class Secret:
    """An array that is shared among the parties of one session: a node of the session's graph.

    A class of values says how its arrays are joined, how public values become arrays of it, and what is computed with
    them. What an array of it is besides its node, `_into` keeps when the entries only move.
    """

    __slots__ = ("_mpc", "_node")
    domain = FIELD
    """The sharing domain of the entries."""
    _instead = ""
    """How values of this class become others."""
    _rank = 0
    """Operators of two classes are those of the higher one, if it takes the other: as numpy promotes."""
    _binary_operators_of_secrets = True
    __pandas_priority__ = 5000  # above those of pandas, whose operators then leave the work to ours

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        make_whole(cls)

    def __init__(self, mpc: Mpc, node: Node) -> None:
        self._mpc = mpc
        self._node = node

    # -- what a class of values says of itself --------------------------------------------------------------------

    @property
    def _into(self) -> Callable[[Mpc, Node], Self]:
        """Makes a value of another node, of which everything else that is known is as of this one."""
        return type(self)

    def _coerced(self, value: Any) -> Self:
        """`value` as a value of this class: itself, or a public array as a constant. TypeError for other secrets."""
        raise NotImplementedError

    def _joined(self, parts: Sequence[Self], shape: tuple[int, ...], axis: int) -> Self:
        """Arrays of this class, joined along an axis."""
        raise NotImplementedError

    def _selected(self, condition: Any, other: Self) -> Self:
        """This where the condition holds, else the other one; a `SecretBool`, or public bits."""
        raise NotImplementedError

    def decode(self, opened: Any) -> npt.NDArray[Any]:
        """What a user is given of this array when its entries, flat, have been opened."""
        raise NotImplementedError

    # -- shape ----------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """As of a numpy array."""
        return self._node.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a secret without axes has no length")
        return self.shape[0]

    def __getitem__(self, index: Any) -> Self:
        shape = _indexed_shape(self.shape, index)
        # The index is used later: an array in it must not change until then.
        index = copy.deepcopy(index)
        return self._moved(f"index to {shape}", shape, lambda x: x[index])

    def __iter__(self) -> Iterator[Self]:
        """The parts along the first axis; each is as secret as the whole."""
        return (self[index] for index in range(len(self)))

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TypeError(
            "a secret array does not change in place; make a new one, as in "
            "np.concatenate([x[:1], new, x[2:]]) or x + change"
        )

    def reshape(self, *shape: int | Iterable[int]) -> Self:
        """The same entries with another shape; one length may be -1."""
        wanted = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Iterable) else shape
        target = shape_by_numpy(lambda: placeholder(self.shape).reshape(wanted))  # type: ignore[arg-type]
        return self._moved(f"reshape to {target}", target, lambda x: x.reshape(*target))

    def ravel(self) -> Self:
        """The entries in one axis."""
        return self.reshape(-1)

    flatten = ravel

    def transpose(self, *axes: int | Iterable[int] | None) -> Self:
        """The axes in another order; reversed if none is given."""
        order = normal_axes(axes, self.ndim)
        if order == tuple(reversed(range(self.ndim))):
            return self._moved("transpose", self.shape[::-1], lambda x: x.transpose())
        target = tuple(self.shape[axis] for axis in order)
        return self._moved(f"transpose to {target}", target, lambda x: x.transpose(*order))

    def swapaxes(self, first: int, second: int) -> Self:
        """Two axes exchanged."""
        order = list(range(self.ndim))
        one, other = (normal_axis(axis, self.ndim) for axis in (first, second))
        order[one], order[other] = order[other], order[one]
        return self.transpose(order)

    @property
    def T(self) -> Self:  # noqa: N802 - numpy's name
        """The transpose."""
        return self.transpose()

    def broadcast_to(self, shape: tuple[int, ...]) -> Self:
        """Repeat along axes of length one."""
        target = shape_by_numpy(lambda: np.broadcast_to(placeholder(self.shape), shape))
        return self._moved(f"broadcast to {target}", target, lambda x: x.broadcast_to(target))

    # -- numpy's functions ----------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **more: Any) -> Any:
        return dispatch_ufunc(ufunc, method, inputs, more)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return dispatch_function(function, args, kwargs)

    # -- refused --------------------------------------------------------------------------------------------------

    def __bool__(self) -> bool:  # noqa: PLE0304 - it never returns
        refuse("the truth value", "branch on mpc.reveal(x), or compute both branches")

    def __hash__(self) -> int:  # noqa: PLE0309 - it never returns
        refuse("a hash", "a secret cannot be in a set or a key of a dictionary; reveal it with mpc.reveal(x)")

    def __contains__(self, other: object) -> bool:
        refuse("whether it is in an array", "compare with mpc.reveal(x), or reveal what (x == y).any() says")

    def __int__(self) -> int:
        refuse("the number", "call mpc.reveal(x)")

    def __float__(self) -> float:
        refuse("the number", "call mpc.reveal(x)")

    def __index__(self) -> int:  # noqa: PLE0305 - it never returns
        refuse("the number", "call mpc.reveal(x); a secret cannot be an index, but spdz.lookup(table, index) takes one")

    def __array__(self, *args: Any, **kwargs: Any) -> None:
        # Not NoReturn, with which type checkers would take a secret for an array of numpy.
        refuse(
            "a numpy array",
            "call mpc.reveal(x), which gives one; np.stack joins secrets; masked arrays do not stand beside secrets; "
            "spdz.lookup(table, index) takes a secret index",
        )

    def __reduce__(self) -> str:
        raise TypeError("a secret array belongs to its session and is not pickled; reveal it, or keep the session open")

    def __copy__(self) -> Self:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, field={self._mpc.field.name})"

    # -- inside ---------------------------------------------------------------------------------------------------

    def _moved(self, name: str, shape: tuple[int, ...], function: Any, *others: Secret) -> Self:
        """A value like this one, computed from the shares without a message."""
        return self._mpc.local_as(self._into, name, shape, function, self, *others)

    def _paired(self, other: Self) -> tuple[Self, Self]:
        """Both operands with the shape that numpy's broadcasting gives them."""
        shape = broadcast_shape(self.shape, other.shape)
        return self._spread(shape), other._spread(shape)

    def _spread(self, shape: tuple[int, ...]) -> Self:
        return self if self.shape == shape else self.broadcast_to(shape)


def _indexed_shape(shape: tuple[int, ...], index: Any) -> tuple[int, ...]:
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, Secret):
            refuse("indexing by the value", "a secret cannot be an index, but spdz.lookup(table, index) takes one")
    return np.asarray(placeholder(shape)[index]).shape
