"""numpy's functions on secret arrays: one table for ufuncs, one for the others.

What is not in a table would reveal something, or is not there yet: it is refused, with the nearest name that is.
"""

from __future__ import annotations

import difflib
import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from spdz.errors import UsageError
from spdz.online.values.encoding import plain


def _either_side(name: str, from_the_right: str | None = None) -> Callable[[Any, Any], Any]:
    """A binary operator whose first operand need not be the secret one: ours is asked, never numpy's."""
    reflected = from_the_right or f"r{name}"

    def apply(x: Any, y: Any) -> Any:
        own = getattr(type(x), "_binary_operators_of_secrets", False)
        return getattr(x, f"__{name}__")(y) if own else getattr(y, f"__{reflected}__")(x)

    return apply


UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: _either_side("add"),
    np.subtract: _either_side("sub"),
    np.multiply: _either_side("mul"),
    np.matmul: _either_side("matmul"),
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.square: lambda x: x * x,
    np.power: lambda x, exponent: x**exponent,
    **dict.fromkeys(
        (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
        _either_side("eq", "eq"),
    ),
}
"""Comparisons are here for their own refusal."""


def dot(x: Any, y: Any) -> Any:
    """`np.dot` as far as it is what `@` and `*` are: with three axes and more it pairs other axes than `@` does."""
    axes = [len(operand.shape) if hasattr(operand, "_mpc") else np.ndim(plain(operand)) for operand in (x, y)]
    if max(axes) > 2:
        raise UsageError(f"dot takes arrays of at most two axes, got {axes[0]} and {axes[1]}; x @ y multiplies stacks")
    return UFUNCS[np.matmul if min(axes) else np.multiply](x, y)


def _joined(arrays: Sequence[Any], axis: int = 0) -> Any:
    return _session_of(arrays).concatenate(list(arrays), axis)


def _stacked(arrays: Sequence[Any], axis: int = 0) -> Any:
    return _session_of(arrays).stack(list(arrays), axis)


def _session_of(arrays: Sequence[Any]) -> Any:
    return next(array._mpc for array in arrays if hasattr(array, "_mpc"))


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.concatenate: _joined,
    np.stack: _stacked,
    np.sum: lambda x, axis=None, *, keepdims=False: x.sum(axis, keepdims=keepdims),
    np.prod: lambda x, axis=None, *, keepdims=False: x.prod(axis, keepdims=keepdims),
    np.cumsum: lambda x, axis=None: x.cumsum(axis),
    np.dot: dot,
    np.reshape: lambda x, shape: x.reshape(shape),
    np.ravel: lambda x: x.ravel(),
    np.transpose: lambda x, axes=None: x.transpose(axes),
    np.swapaxes: lambda x, first, second: x.swapaxes(first, second),
    np.broadcast_to: lambda x, shape: x.broadcast_to(shape),
    np.shape: lambda x: x.shape,
    np.ndim: lambda x: x.ndim,
    np.size: lambda x: x.size,
}


def dispatch_ufunc(ufunc: np.ufunc, method: str, inputs: Sequence[Any], more: Mapping[str, Any]) -> Any:
    """A ufunc one of whose operands is secret. Raises TypeError for what cannot be computed."""
    if method != "__call__":
        _refuse(f"{ufunc.__name__}.{method}", FUNCTIONS)
    if more:
        raise TypeError(f"numpy.{ufunc.__name__} takes no {', '.join(more)} on secrets, which do not change in place")
    if ufunc not in UFUNCS:
        _refuse(ufunc.__name__, UFUNCS)
    return UFUNCS[ufunc](*inputs)


def dispatch_function(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Another function of numpy. Raises TypeError for what cannot be computed."""
    if function not in FUNCTIONS:
        _refuse(function.__name__, FUNCTIONS)
    ours = FUNCTIONS[function]
    try:
        inspect.signature(ours).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"numpy.{function.__name__} on secrets: {error}") from None
    return ours(*args, **kwargs)


def _refuse(name: str, table: Mapping[Any, Any]) -> NoReturn:
    known = [known.__name__ for known in table]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean numpy.{near[0]}? " if near else ""
    raise TypeError(
        f"numpy.{name} does not work on secrets; {hint}use the operators and methods of the SecretArray, "
        f"numpy's {', '.join(sorted(known))}, or mpc.reveal(x)"
    )
