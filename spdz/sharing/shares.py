"""Authenticated shares: [x] = (x_i, m_i) with sum x_i = x and sum m_i = alpha * x.

Source: [DPSZ12], section 2, in the form of [DKLPSS13] without per-value offsets. Linear operations are local. Adding a
public constant needs the party's index and key share, so it goes through `Context.public`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from spdz.field import Field, FieldArray


@dataclass(frozen=True, eq=False, repr=False)
class AuthShare:
    """One party's share of an array: `value` and `mac` of the same field and shape."""

    value: FieldArray
    mac: FieldArray

    @property
    def field(self) -> Field:
        return self.value.field

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def size(self) -> int:
        return self.value.size

    def __add__(self, other: AuthShare) -> AuthShare:
        return AuthShare(self.value + other.value, self.mac + other.mac)

    def __sub__(self, other: AuthShare) -> AuthShare:
        return AuthShare(self.value - other.value, self.mac - other.mac)

    def __neg__(self) -> AuthShare:
        return AuthShare(-self.value, -self.mac)

    def __mul__(self, public: FieldArray | int) -> AuthShare:
        """Elementwise product with a public array, with broadcasting."""
        return AuthShare(self.value * public, self.mac * public)

    __rmul__ = __mul__

    def __matmul__(self, public: FieldArray) -> AuthShare:
        return AuthShare(self.value @ public, self.mac @ public)

    def __rmatmul__(self, public: FieldArray) -> AuthShare:
        return AuthShare(public @ self.value, public @ self.mac)

    def __getitem__(self, index: Any) -> AuthShare:
        return AuthShare(self.value[index], self.mac[index])

    def sum(self, axis: int | None = None) -> AuthShare:
        """Sum over one axis, or over everything."""
        return AuthShare(self.value.sum(axis), self.mac.sum(axis))

    def reshape(self, *shape: int) -> AuthShare:
        """The same share with another shape."""
        return AuthShare(self.value.reshape(*shape), self.mac.reshape(*shape))

    def transpose(self, *axes: int) -> AuthShare:
        """The axes in this order; reversed if none is given."""
        return AuthShare(self.value.transpose(*axes), self.mac.transpose(*axes))

    def broadcast_to(self, shape: tuple[int, ...]) -> AuthShare:
        """Repeat along axes of length one, as numpy does."""
        return AuthShare(self.value.broadcast_to(shape), self.mac.broadcast_to(shape))

    @staticmethod
    def concatenate(shares: Sequence[AuthShare], axis: int = 0) -> AuthShare:
        """Join shares along an existing axis."""
        return AuthShare(
            FieldArray.concatenate([share.value for share in shares], axis),
            FieldArray.concatenate([share.mac for share in shares], axis),
        )

    def empty_like(self, count: int) -> AuthShare:
        """Memory for `count` entries along the first axis, to be overwritten."""
        shape = (count, *self.shape[1:])
        return AuthShare(self.field.empty(shape), self.field.empty(shape))

    def assign(self, other: AuthShare) -> None:
        """Overwrite by a share of the same shape."""
        self.value[...], self.mac[...] = other.value, other.mac

    def wipe(self) -> None:
        """Overwrite both arrays."""
        self.value.wipe()
        self.mac.wipe()

    def __repr__(self) -> str:
        return f"AuthShare(field={self.field.name}, shape={self.shape})"

    def __reduce__(self) -> str:
        raise TypeError("shares are never pickled; stored material goes through spdz.sharing.material")


class Joinable(Protocol):
    """What shares of every sharing domain can do with one another."""

    @staticmethod
    def concatenate(shares: Sequence[Any], axis: int = 0) -> Any: ...

    def reshape(self, *shape: int) -> Self: ...


S = TypeVar("S", bound=Joinable)


def concatenate_shares(shares: Sequence[S], axis: int = 0) -> S:
    """Join shares of one sharing domain along an existing axis; a single one is not copied."""
    if len(shares) == 1:
        return shares[0]
    joined: S = shares[0].concatenate(shares, axis)
    return joined
