"""Kinds of material: what each is called, which arrays belong together, and their shapes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Kind:
    """A sort of material. `owner` is set for input masks, `dims` = (m, l, n) for matrix triples."""

    name: str
    owner: int = -1
    dims: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.owner >= 0:
            return f"{self.name} of party {self.owner}"
        return f"{self.name} {'x'.join(map(str, self.dims))}" if self.dims else self.name

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of one element, for each of the arrays that belong together."""
        if self.name == "matrix triples":
            m, inner, n = self.dims
            return (m, inner), (inner, n), (m, n)
        return ((),) * {"triples": 3, "squares": 2}.get(self.name, 1)


TRIPLES = Kind("triples")
"""a, b uniform and c = a b."""
SQUARES = Kind("squares")
"""a uniform and b = a^2."""
RANDOM_BITS = Kind("random bits")
"""Uniform in {0, 1}."""
RANDOM_SHARES = Kind("random shares")
"""Uniform in the field, known to nobody."""


def input_masks(owner: int) -> Kind:
    """Uniform in the field, known to `owner`."""
    return Kind("input masks", owner=owner)


def matrix_triples(m: int, inner: int, n: int) -> Kind:
    """A (m x inner) and B (inner x n) uniform, and C = A B."""
    return Kind("matrix triples", dims=(m, inner, n))
