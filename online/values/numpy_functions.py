"""numpy's functions on secret arrays: one table for ufuncs, one for the others.

What is not in a table would reveal something, or is not there yet: it is refused, with the nearest name that is. An
entry names the method that it needs of a class of values: not every class has all of them.
"""

from __future__ import annotations

import difflib
import inspect
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from spdz.errors import UsageError
from spdz.online.values.encoding import plain


class _Entry(NamedTuple):
    """A function, and the method of a secret that it calls, if any."""

    call: Callable[..., Any]
    method: str = ""


def _own(x: Any) -> bool:
    return getattr(type(x), "_binary_operators_of_secrets", False)


def _above(x: Any, other: Any) -> bool:
    """Whether an operation of both is one of the class of x: the other one is public, or of a lower class."""
    return _own(x) and (not _own(other) or x._rank > other._rank)


def _either_side(name: str, from_the_right: str | None = None) -> _Entry:
    """A binary operator whose first operand need not be the secret one: ours is asked, never numpy's."""
    forward, reflected = f"__{name}__", f"__{from_the_right or f'r{name}'}__"
    return _Entry(lambda x, y: getattr(y, reflected)(x) if _above(y, x) else getattr(x, forward)(y), forward)


def _symmetric(method: str) -> _Entry:
    """A function of two operands in any order."""
    return _Entry(lambda x, y: getattr(y, method)(x) if _above(y, x) else getattr(x, method)(y), method)


def _operator(call: Callable[[Any], Any], name: str) -> _Entry:
    return _Entry(call, f"__{name}__")


UFUNCS: dict[Any, _Entry] = {
    np.add: _either_side("add"),
    np.subtract: _either_side("sub"),
    np.multiply: _either_side("mul"),
    np.divide: _either_side("truediv"),
    np.floor_divide: _either_side("floordiv"),
    np.remainder: _either_side("mod"),
    np.divmod: _either_side("divmod"),
    np.left_shift: _either_side("lshift"),
    np.right_shift: _either_side("rshift"),
    np.matmul: _either_side("matmul"),
    np.negative: _operator(operator.neg, "neg"),
    np.positive: _operator(operator.pos, "pos"),
    np.absolute: _operator(operator.abs, "abs"),
    np.square: _Entry(lambda x: x * x, "__mul__"),
    np.power: _Entry(lambda x, exponent: x**exponent, "__pow__"),
    np.sign: _Entry(lambda x: x.sign(), "sign"),
    np.maximum: _symmetric("maximum"),
    np.minimum: _symmetric("minimum"),
    np.equal: _either_side("eq", "eq"),
    np.not_equal: _either_side("ne", "ne"),
    np.less: _either_side("lt", "gt"),
    np.less_equal: _either_side("le", "ge"),
    np.greater: _either_side("gt", "lt"),
    np.greater_equal: _either_side("ge", "le"),
    **dict.fromkeys((np.logical_and, np.bitwise_and), _either_side("and")),
    **dict.fromkeys((np.logical_or, np.bitwise_or), _either_side("or")),
    **dict.fromkeys((np.logical_xor, np.bitwise_xor), _either_side("xor")),
    **dict.fromkeys((np.logical_not, np.invert), _operator(operator.invert, "invert")),
}


if hasattr(np, "bitwise_count"):  # from numpy 2.0 on
    UFUNCS[np.bitwise_count] = _Entry(lambda x: x.popcount(), "popcount")


def refusing(method: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    """Marks a method that only says what to do instead: a function of numpy says it too, and is not said to work."""
    method.refuses = True  # type: ignore[attr-defined]
    return method


def dot(x: Any, y: Any) -> Any:
    """`np.dot` as far as it is what `@` and `*` are: with three axes and more it pairs other axes than `@` does."""
    axes = [len(operand.shape) if _own(operand) else np.ndim(plain(operand)) for operand in (x, y)]
    if max(axes) > 2:
        raise UsageError(f"dot takes arrays of at most two axes, got {axes[0]} and {axes[1]}; x @ y multiplies stacks")
    return UFUNCS[np.matmul if min(axes) else np.multiply].call(x, y)


def _joined(arrays: Sequence[Any], axis: int = 0) -> Any:
    return _session_of(arrays).concatenate(list(arrays), axis)


def _einsum(subscripts: Any, *operands: Any, optimize: Any = None) -> Any:
    from spdz.online.values.contracting import einsum  # which is made of secrets

    return einsum(subscripts, *operands)


def _stacked(arrays: Sequence[Any], axis: int = 0) -> Any:
    return _session_of(arrays).stack(list(arrays), axis)


def _where(condition: Any, x: Any, y: Any) -> Any:
    return _session_of((condition, x, y)).where(condition, x, y)


def _session_of(arrays: Sequence[Any]) -> Any:
    return next(array._mpc for array in arrays if _own(array))


def _reduction(method: str) -> _Entry:
    return _Entry(lambda x, axis=None, *, keepdims=False: getattr(x, method)(axis, keepdims=keepdims), method)


FUNCTIONS: dict[Any, _Entry] = {
    np.concatenate: _Entry(_joined),
    np.stack: _Entry(_stacked),
    np.where: _Entry(_where),
    np.einsum: _Entry(_einsum),
    **{
        getattr(np, name): _reduction(name)
        for name in ("sum", "prod", "mean", "max", "min", "any", "all", "argmax", "argmin")
    },
    **{np.amax: _reduction("max"), np.amin: _reduction("min")},
    np.cumsum: _Entry(lambda x, axis=None: x.cumsum(axis), "cumsum"),
    np.sort: _Entry(lambda x, axis=-1, *, kind=None: x.sort(axis), "sort"),
    np.argsort: _Entry(lambda x, axis=-1, *, kind=None: x.argsort(axis), "argsort"),
    np.clip: _Entry(lambda x, a_min=None, a_max=None: x.clip(a_min, a_max), "clip"),
    np.dot: _Entry(dot, "dot"),
    np.reshape: _Entry(lambda x, shape: x.reshape(shape)),
    np.ravel: _Entry(lambda x: x.ravel()),
    np.transpose: _Entry(lambda x, axes=None: x.transpose(axes)),
    np.swapaxes: _Entry(lambda x, first, second: x.swapaxes(first, second)),
    np.broadcast_to: _Entry(lambda x, shape: x.broadcast_to(shape)),
    np.shape: _Entry(lambda x: x.shape),
    np.ndim: _Entry(lambda x: x.ndim),
    np.size: _Entry(lambda x: x.size),
}


def dispatch_ufunc(ufunc: np.ufunc, method: str, inputs: Sequence[Any], more: Mapping[str, Any]) -> Any:
    """A ufunc one of whose operands is secret. Raises TypeError for what cannot be computed."""
    kind = next(_kinds(inputs), object)
    if method != "__call__":
        _refuse(f"{ufunc.__name__}.{method}", FUNCTIONS, kind)
    if more:
        raise TypeError(f"numpy.{ufunc.__name__} takes no {', '.join(more)} on secrets, which do not change in place")
    return _entry(ufunc, UFUNCS, kind).call(*inputs)


def dispatch_function(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Another function of numpy. Raises TypeError for what cannot be computed."""
    ours = _entry(function, FUNCTIONS, next(_kinds([*args, *kwargs.values()]), object)).call
    try:
        inspect.signature(ours).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"numpy.{function.__name__} on secrets: {error}") from None
    return ours(*args, **kwargs)


def _entry(function: Any, table: Mapping[Any, _Entry], kind: type) -> _Entry:
    """What is done for a function of numpy on secrets of a class."""
    entry = table.get(function)
    if entry is None or not (_serves(entry, kind) or _says_what_to_do(entry, kind)):
        _refuse(function.__name__, table, kind)
    return entry


def _serves(entry: _Entry, kind: type) -> bool:
    # Every object has comparisons, which do nothing.
    method = getattr(kind, entry.method, None) if entry.method else None
    return not entry.method or not (method is getattr(object, entry.method, None) or _says_what_to_do(entry, kind))


def _says_what_to_do(entry: _Entry, kind: type) -> bool:
    return bool(entry.method) and getattr(getattr(kind, entry.method, None), "refuses", False)


def _kinds(values: Sequence[Any]) -> Iterator[type]:
    """The classes of the secrets among these, and in lists and tuples among them."""
    secrets = (each for value in values for each in (value if isinstance(value, list | tuple) else (value,)))
    return iter([type(each) for each in secrets if _own(each)])


def _refuse(name: str, table: Mapping[Any, _Entry], kind: type) -> NoReturn:
    known = sorted({function.__name__ for function, entry in table.items() if _serves(entry, kind)})
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean numpy.{near[0]}? " if near else ""
    raise TypeError(
        f"numpy.{name} does not work on secrets of the class {kind.__name__}; {hint}use the operators and methods of "
        f"the {kind.__name__}, numpy's {', '.join(known)}, or mpc.reveal(x)"
    )
