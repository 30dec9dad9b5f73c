"""Secret arrays: what a user's program computes with.

A `SecretArray` behaves like a numpy array of integers mod p as far as that is possible without revealing anything.
What would reveal something, or silently copy shares, is refused with a sentence that says what to do instead.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from spdz.field import FieldArray
from spdz.field.algebra import broadcast_shape
from spdz.online.operations.products import MULTIPLY, SQUARE
from spdz.online.values.encoding import encode
from spdz.online.values.numpy_functions import dispatch_function, dispatch_ufunc, dot
from spdz.online.values.products import matrix_product
from spdz.online.values.shapes import (
    Axes,
    axis_argument,
    matmul_shape,
    normal_axes,
    normal_axis,
    placeholder,
    shape_by_numpy,
    summed_last,
)
from spdz.params import require_integer
from spdz.sharing.field_domain import FIELD

if TYPE_CHECKING:
    from spdz.online.plan.graph import Node
    from spdz.online.session import Mpc

Public = int | npt.ArrayLike
"""Integers known to every party."""


def _refuse(what: str, advice: str) -> NoReturn:
    raise TypeError(f"{what} of a secret would reveal it; {advice}")


class SecretArray:
    """An array of secret integers mod p, shared among the parties of one session.

    Made by `Mpc.input`, `Mpc.random` and by arithmetic; made public by `Mpc.reveal`. Supports + - * @ and ** 2 with
    other secret arrays and with public integers, with numpy's broadcasting, and indexing, reshape, sum, transpose.
    """

    __slots__ = ("_mpc", "_node")
    domain = FIELD
    """The sharing domain of the entries."""
    _binary_operators_of_secrets = True
    __pandas_priority__ = 5000  # above those of pandas, whose operators then leave the work to ours

    def __init__(self, mpc: Mpc, node: Node) -> None:
        self._mpc = mpc
        self._node = node

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

    def __getitem__(self, index: Any) -> SecretArray:
        shape = _indexed_shape(self.shape, index)
        # The index is used later: an array in it must not change until then.
        index = copy.deepcopy(index)
        return self._local(f"index to {shape}", shape, lambda x: x[index])

    def __iter__(self) -> Iterator[SecretArray]:
        """The parts along the first axis; each is as secret as the whole."""
        return (self[index] for index in range(len(self)))

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TypeError(
            "a secret array does not change in place; make a new one, as in "
            "np.concatenate([x[:1], new, x[2:]]) or x + change"
        )

    def reshape(self, *shape: int | Iterable[int]) -> SecretArray:
        """The same entries with another shape; one length may be -1."""
        wanted = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], Iterable) else shape
        target = shape_by_numpy(lambda: placeholder(self.shape).reshape(wanted))  # type: ignore[arg-type]
        return self._local(f"reshape to {target}", target, lambda x: x.reshape(*target))

    def ravel(self) -> SecretArray:
        """The entries in one axis."""
        return self.reshape(-1)

    flatten = ravel

    def transpose(self, *axes: int | Iterable[int] | None) -> SecretArray:
        """The axes in another order; reversed if none is given."""
        order = normal_axes(axes, self.ndim)
        if order == tuple(reversed(range(self.ndim))):
            return self._local("transpose", self.shape[::-1], lambda x: x.transpose())
        target = tuple(self.shape[axis] for axis in order)
        return self._local(f"transpose to {target}", target, lambda x: x.transpose(*order))

    def swapaxes(self, first: int, second: int) -> SecretArray:
        """Two axes exchanged."""
        order = list(range(self.ndim))
        one, other = (normal_axis(axis, self.ndim) for axis in (first, second))
        order[one], order[other] = order[other], order[one]
        return self.transpose(order)

    @property
    def T(self) -> SecretArray:  # noqa: N802 - numpy's name
        """The transpose."""
        return self.transpose()

    def broadcast_to(self, shape: tuple[int, ...]) -> SecretArray:
        """Repeat along axes of length one."""
        target = shape_by_numpy(lambda: np.broadcast_to(placeholder(self.shape), shape))
        return self._local(f"broadcast to {target}", target, lambda x: x.broadcast_to(target))

    # -- arithmetic -----------------------------------------------------------------------------------------------

    def sum(self, axis: Axes = None, *, keepdims: bool = False) -> SecretArray:
        """Sum over one axis, over several, or over all entries."""
        shape = shape_by_numpy(lambda: placeholder(self.shape).sum(axis_argument(axis), keepdims=keepdims))
        order, kept = summed_last(axis, self.ndim)
        if axis is None or len(order) - kept == 1:
            last = None if axis is None else order[-1]
            return self._local(f"sum to {shape}", shape, lambda x: x.sum(last).reshape(*shape))
        lengths = tuple(self.shape[axis] for axis in order[:kept])
        return self._local(
            f"sum to {shape}", shape, lambda x: x.transpose(*order).reshape(*lengths, -1).sum(kept).reshape(*shape)
        )

    def prod(self, axis: Axes = None, *, keepdims: bool = False) -> SecretArray:
        """Product over one axis, over several, or of all entries, in as many rounds as halving takes."""
        shape = shape_by_numpy(lambda: placeholder(self.shape).sum(axis_argument(axis), keepdims=keepdims))
        order, kept = summed_last(axis, self.ndim)
        lengths = tuple(self.shape[axis] for axis in order[:kept])
        count = math.prod(self.shape[axis] for axis in order[kept:])
        if count == 0:
            return self._mpc.constant(np.ones(shape, np.int64))
        factors = self.transpose(order).reshape(*lengths, count) if self.ndim else self.reshape(1)
        while (count := factors.shape[-1]) > 1:
            half = count // 2
            halved = factors[..., :half] * factors[..., half : 2 * half]
            factors = self._mpc.concatenate([halved, factors[..., 2 * half :]], -1) if count % 2 else halved
        return factors.reshape(shape)

    def dot(self, other: SecretArray | Public) -> SecretArray:
        """As `np.dot` of one or two axes: `@`, and `*` for a number. With more axes numpy's two differ: UsageError."""
        return dot(self, other)  # type: ignore[no-any-return]

    def __pos__(self) -> SecretArray:
        return self

    def __neg__(self) -> SecretArray:
        return self._local("negate", self.shape, lambda x: -x)

    def __add__(self, other: SecretArray | Public) -> SecretArray:
        if isinstance(other, SecretArray):
            left, right = self._paired(other)
            return left._local("add", left.shape, lambda x, y: x + y, right)
        return self._add_public(self._public(other))

    __radd__ = __add__

    def __sub__(self, other: SecretArray | Public) -> SecretArray:
        if isinstance(other, SecretArray):
            left, right = self._paired(other)
            return left._local("subtract", left.shape, lambda x, y: x - y, right)
        return self._add_public(-self._public(other))

    def __rsub__(self, other: Public) -> SecretArray:
        return -self + other

    def __mul__(self, other: SecretArray | Public) -> SecretArray:
        if isinstance(other, SecretArray):
            if other is self:
                return self._mpc.apply(SQUARE, self)
            return self._mpc.apply(MULTIPLY, *self._paired(other))
        public = self._public(other)
        shape = broadcast_shape(self.shape, public.shape)
        return self._local(f"multiply by public to {shape}", shape, lambda x: x * public)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> SecretArray:
        exponent = require_integer(exponent, "the exponent of a secret", 1, self._mpc.field.modulus - 1)
        if exponent == 1:
            return self
        half = self ** (exponent // 2)
        return half * half * self if exponent % 2 else half * half

    def __matmul__(self, other: SecretArray | Public) -> SecretArray:
        if isinstance(other, SecretArray):
            return matrix_product(self._mpc, self, other)
        public = self._public(other)
        shape = matmul_shape(self.shape, public.shape)
        return self._local(f"matmul by public to {shape}", shape, lambda x: x @ public)

    def __rmatmul__(self, other: Public) -> SecretArray:
        public = self._public(other)
        shape = matmul_shape(public.shape, self.shape)
        return self._local(f"public matmul to {shape}", shape, lambda x: x.__rmatmul__(public))

    # -- numpy's functions ----------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **more: Any) -> Any:
        return dispatch_ufunc(ufunc, method, inputs, more)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return dispatch_function(function, args, kwargs)

    # -- refused --------------------------------------------------------------------------------------------------

    def __bool__(self) -> bool:  # noqa: PLE0304 - it never returns
        _refuse("the truth value", "branch on mpc.reveal(x), or compute both branches")

    def __eq__(self, other: object) -> bool:
        _refuse("a comparison", "reveal the operands, or a difference, with mpc.reveal(x - y)")

    def __ne__(self, other: object) -> bool:
        return self == other

    def __lt__(self, other: object) -> bool:
        return self == other

    __le__ = __gt__ = __ge__ = __lt__

    def __hash__(self) -> int:  # noqa: PLE0309 - it never returns
        _refuse("a hash", "a secret cannot be in a set or a key of a dictionary; reveal it with mpc.reveal(x)")

    def __contains__(self, other: object) -> bool:
        return self == other

    def __int__(self) -> int:
        _refuse("the number", "call mpc.reveal(x)")

    def __float__(self) -> float:
        _refuse("the number", "call mpc.reveal(x)")

    def __index__(self) -> int:  # noqa: PLE0305 - it never returns
        _refuse("the number", "call mpc.reveal(x); a secret cannot be an index")

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(
            "a numpy array",
            "call mpc.reveal(x), which gives one; np.stack joins secrets; masked arrays do not stand beside secrets",
        )

    def __reduce__(self) -> str:
        raise TypeError("a secret array belongs to its session and is not pickled; reveal it, or keep the session open")

    def __copy__(self) -> SecretArray:
        return self

    def __repr__(self) -> str:
        return f"SecretArray(shape={self.shape}, field={self._mpc.field.name})"

    # -- opened ---------------------------------------------------------------------------------------------------

    def decode(self, opened: FieldArray) -> npt.NDArray[Any]:
        """What a user is given of this array when its entries, flat, have been opened: signed integers."""
        return opened.reshape(*self.shape).to_signed()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _local(self, name: str, shape: tuple[int, ...], function: Any, *others: SecretArray) -> SecretArray:
        return self._mpc.local(name, shape, function, self, *others)

    def _paired(self, other: SecretArray) -> tuple[SecretArray, SecretArray]:
        """Both operands with the shape that numpy's broadcasting gives them."""
        shape = broadcast_shape(self.shape, other.shape)
        left = self if self.shape == shape else self.broadcast_to(shape)
        right = other if other.shape == shape else other.broadcast_to(shape)
        return left, right

    def _add_public(self, public: FieldArray) -> SecretArray:
        shape = broadcast_shape(self.shape, public.shape)
        addend, root = public.broadcast_to(shape), self._mpc.context
        return self.broadcast_to(shape)._local("add public", shape, lambda x: x + root.public(addend))

    def _public(self, values: Public) -> FieldArray:
        return encode(self._mpc.field, values)


def _indexed_shape(shape: tuple[int, ...], index: Any) -> tuple[int, ...]:
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, SecretArray):
            _refuse("indexing by the value", "a secret cannot be an index")
    return np.asarray(placeholder(shape)[index]).shape
