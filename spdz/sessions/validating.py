"""Validation: all parties of one process put their shares together, and look at what has been computed.

For development, with data that are no secrets. When the operations of a plan have run, and before anything of it is
revealed, every party hands in its summands of what its program has made. The last one to come adds them up, and checks,
in the order in which the program asked:

    an operation   against what it gives in the clear, of its operands as they are (`Operation.plain`)
    a value        against its public interval

So the first that is wrong is named, and not what was made of it. What is local is covered by the intervals: they are
exact, given that those of the operands hold.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from threading import Lock, get_ident
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spdz.errors import InternalError, ValidationFailed
from spdz.field import Field, FieldArray
from spdz.field.algebra import place_of
from spdz.online.operations.registry import Call, Operation
from spdz.online.plan.graph import Node
from spdz.online.session import Into, Mpc, T
from spdz.online.values.caller import user_line
from spdz.online.values.fixed import SecretFixed
from spdz.online.values.integer import SecretInt
from spdz.online.values.intervals import Interval
from spdz.online.values.opened import Opened
from spdz.online.values.reals import shown as shown_reals
from spdz.online.values.secret import Secret
from spdz.sharing.bit_share import BitShare
from spdz.sharing.shares import AuthShare

Plain = npt.NDArray[Any]
"""Python ints, or fractions."""


class _Use(NamedTuple):
    """An operation that was asked for."""

    operation: Operation
    call: Call
    operands: tuple[Node, ...]
    result: Node
    line: str

    @property
    def nodes(self) -> list[Node]:
        """All that is looked at."""
        return [*self.operands, self.result]


class _Value(NamedTuple):
    """A value of a declared range that was made."""

    value: Any
    line: str

    @property
    def nodes(self) -> list[Node]:
        """All that is looked at."""
        return [node for node, _ in self.value.known]


_Step = _Use | _Value


class _Summand(NamedTuple):
    """Field elements or bits."""

    values: Any
    public: bool = False
    """Whether it is the whole."""


@dataclass(frozen=True)
class _Part:
    """One party's summands of everything that its steps look at, in the order in which they come up."""

    field: Field
    steps: Sequence[_Step]
    summands: dict[int, _Summand] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for step in self.steps:
            for node in step.nodes:
                self.summands.setdefault(node.number, _summand(node))


def _summand(node: Node) -> _Summand:
    """A party's own part of a result: a copy, since an abort overwrites results."""
    if isinstance(node.result, AuthShare | BitShare):
        return _Summand(node.result.value.copy())
    return _Summand(node.result.copy(), public=True)


class Twin:
    """What all parties of one session have in common."""

    def __init__(self, parties: int) -> None:
        self._parties = parties
        self._lock = Lock()
        self._waiting: defaultdict[int, dict[int, _Part]] = defaultdict(dict)

    def arrive(self, party: int, number: int, part: _Part) -> None:
        """Hand in what a party has computed in its plan of that number; the last party checks all of it."""
        with self._lock:
            here = self._waiting[number]
            here[party] = part
            if len(here) < self._parties:
                return
            del self._waiting[number]
        _check([here[party] for party in range(self._parties)])


class ValidatingMpc(Mpc):
    """One party's view of a session whose parties validate."""

    def __init__(self, *party: Any, twin: Twin) -> None:
        super().__init__(*party)
        self._twin = twin
        self._steps: defaultdict[int, list[_Step]] = defaultdict(list)
        """By thread: only what one thread asks for is in one order at all parties."""
        self._plans = 0

    @property
    def tainted(self) -> bool:
        """Validation shows everything to everybody."""
        return True

    def made(self, value: Secret) -> None:
        self._steps[get_ident()].append(_Value(value, user_line()))

    def apply_as(
        self, into: Into[T], operation: Operation, *operands: Secret | Opened, private: Any = None, **parameters: Any
    ) -> T:
        made: T = super().apply_as(
            lambda mpc, node: self._noted(into, operation, parameters, operands, node),
            operation,
            *operands,
            private=private,
            **parameters,
        )
        return made

    def _noted(self, into: Into[T], operation: Operation, parameters: Any, operands: Any, node: Node) -> T:
        """The operation comes before the value that is made of it."""
        nodes = tuple(operand._node for operand in operands)
        if operation.plain is not None:
            use = _Use(operation, Call.on(nodes, parameters), nodes, node, user_line())
            self._steps[get_ident()].append(use)
        return into(self, node)

    def _ran(self) -> None:
        steps = self._steps[get_ident()]
        ready = [step for step in steps if all(node.has_run for node in step.nodes)]
        self._steps[get_ident()] = [step for step in steps if not all(node.has_run for node in step.nodes)]
        self._plans += 1
        self._twin.arrive(self.party, self._plans, _Part(self.field, ready))


# -- the check --------------------------------------------------------------------------------------------------------


def _check(parts: Sequence[_Part]) -> None:
    """All steps, in order. Raises ValidationFailed for the first that is wrong."""
    first, *others = parts
    if any(len(part.summands) != len(first.summands) for part in others):
        raise InternalError("the parties have validated different programs, which have passed for the same")
    totals = [_total(summands) for summands in zip(*(part.summands.values() for part in parts), strict=True)]
    plain = dict(zip(first.summands, totals, strict=True))
    for step in first.steps:
        if isinstance(step, _Use):
            _check_use(first.field, step, plain)
        else:
            _check_value(step, plain)


def _total(summands: Sequence[_Summand]) -> Plain:
    """What the parties share: signed integers, or bits."""
    values = [summand.values for summand in summands[: 1 if summands[0].public else None]]
    if isinstance(values[0], FieldArray):
        return np.asarray(reduce(add, values).to_signed()).astype(object)
    return np.asarray(np.bitwise_xor.reduce(np.stack(values))).astype(object)


def _check_use(field: Field, step: _Use, plain: dict[int, Plain]) -> None:
    assert step.operation.plain is not None
    result = plain[step.result.number]
    wanted = np.asarray(step.operation.plain(step.call, *(plain[node.number] for node in step.operands)), object)
    off = step.operation.off(step.call)
    wrong = abs(result - wanted) >= off if off else (result - wanted) % field.modulus != 0
    if not np.any(wrong):
        return
    index = tuple(np.argwhere(wrong)[0])
    bound = f", by {float(off):g} or more" if off else ""
    raise ValidationFailed(
        f"{step.result.description} at {step.line}: {place_of(np.asarray(wrong, bool))} is "
        f"{_number(result[index])}, and in the clear {_number(wanted[index])}{bound}"
    )


def _check_value(step: _Value, plain: dict[int, Plain]) -> None:
    for node, interval in step.value.known:
        if node.number in plain:
            _check_interval(step, node, interval, plain[node.number])


def _check_interval(step: _Value, node: Node, interval: Interval, values: Plain) -> None:
    outside = np.asarray((values < interval.lo) | (values > interval.hi), bool)
    if not outside.any():
        return
    value, found = step.value, int(values[tuple(np.argwhere(outside)[0])])
    held, is_ = f"{interval}", f"{found}"
    if isinstance(value, SecretFixed):
        bits = value.type.f + (value._scale.extra if node is value._raw._node else 0)
        held, is_ = shown_reals(interval, bits), f"{found / (1 << bits):.10g}"
    elif not isinstance(value, SecretInt):
        raise InternalError(f"a {type(value).__name__} has no interval")
    raise ValidationFailed(
        f"{node.description} at {step.line}: {place_of(outside)} is {is_}, and should lie in {held}, as is said of "
        f"this {type(value).__name__} of type {value.type!r}"
    )


def _number(value: Any) -> str:
    return str(int(value)) if value == int(value) else f"{float(value):.10g}"
