"""What a program declares of a secret: `Int`, `Fixed`, `Bool`, as in `mpc.input(a, owner=0, type=spdz.Int(32))`.

A declared type is public and the same at all parties. It bounds what an array may hold: what could leave it is refused
before anything is sent (`spdz.online.values.ranges`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from spdz.field import Field
from spdz.online.values.intervals import Interval
from spdz.params import require_integer

if TYPE_CHECKING:
    from spdz.online.values.boolean import SecretBool  # noqa: F401 - in quotes below
    from spdz.online.values.fixed import SecretFixed  # noqa: F401 - in quotes below
    from spdz.online.values.integer import SecretInt  # noqa: F401 - in quotes below
    from spdz.online.values.secret import Secret

MAX_WIDTH = 126
"""Bits that the largest field holds, sign included."""

Value = TypeVar("Value", bound="Secret", covariant=True)


class Declared(Generic[Value]):
    """A declared type; type checkers learn from it which class of secrets an input is."""


@dataclass(frozen=True, repr=False)
class Int(Declared["SecretInt"]):
    """Integers of `width` bits, sign included: -2^(width-1) <= x < 2^(width-1)."""

    width: int = 32

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", require_integer(self.width, "the width of spdz.Int", 1, MAX_WIDTH))

    @property
    def interval(self) -> Interval:
        """What it holds."""
        return Interval.signed(self.width)

    def __repr__(self) -> str:
        return f"spdz.Int({self.width})"


@dataclass(frozen=True, repr=False)
class Fixed(Declared["SecretFixed"]):
    """Numbers with `f` bits after the binary point: x 2^f is an integer of `k` bits, sign included."""

    f: int = 16
    k: int = 48

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", require_integer(self.k, "k of spdz.Fixed", 2, MAX_WIDTH))
        object.__setattr__(self, "f", require_integer(self.f, "f of spdz.Fixed", 1, self.k - 1))

    @property
    def interval(self) -> Interval:
        """What x 2^f lies in."""
        return Interval.signed(self.k)

    def __repr__(self) -> str:
        return f"spdz.Fixed({self.f}, {self.k})"


@dataclass(frozen=True, repr=False)
class Bool(Declared["SecretBool"]):
    """Truth values."""

    def __repr__(self) -> str:
        return "spdz.Bool()"


def widest(field: Field) -> int:
    """How many bits, sign included, an integer in a field may have."""
    return ((field.modulus - 1) // 2).bit_length()


STANDARD_WIDTH = 32


def standard_int(field: Field) -> Int:
    """The type of integers for which nobody has declared one: of 32 bits, where the field has as many."""
    return Int(min(STANDARD_WIDTH, widest(field)))
