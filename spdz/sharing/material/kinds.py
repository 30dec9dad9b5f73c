"""Kinds of material, each declared once: what it is called, its arrays, and how those hang together.

The dealer, the store, the file formats and the tests read the declarations; a generator adds a maker for the kinds that
it makes. A kind that takes a parameter is a family: input masks have an owner, matrix triples dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from spdz.crypto.randomness import Randomness
from spdz.errors import InternalError, UsageError
from spdz.field import Field, FieldArray
from spdz.field.sampling import Fill
from spdz.sharing.bit_domain import BITS
from spdz.sharing.bit_share import Bits
from spdz.sharing.field_domain import FIELD

Dims = tuple[int, ...]
Values = Any
"""An array of the domain in which it is shared: a FieldArray, or public bits."""
Relation = Callable[[Field, Dims, list[Values]], Values]
"""(field, dims of the kind, the arrays of the kind that are declared before) -> this one."""
Draw = Callable[[Field, int, Randomness], Values]
"""(field, count, source of randomness) -> this array, as a trusted dealer draws it."""


class Parameter(Enum):
    """What has to be said of a kind besides its name."""

    NONE = "none"
    OWNER = "owner"
    """The party that knows the values."""
    DIMS = "dims"
    """Lengths, as (m, l, n) of matrix products."""


@dataclass(frozen=True)
class Array:
    """One of the arrays that belong together. `shape` is that of one element, from the dims of the kind.

    Exactly one of these holds: it is *uniform*, the sum of what all parties draw; it is *known* to the owner, who draws
    it; it follows from the arrays before it (`relation`); it is drawn in a way of its own (`draw`).
    """

    name: str
    shape: Callable[[Dims], Dims] = lambda dims: ()
    uniform: bool = False
    known: bool = False
    relation: Relation | None = None
    draw: Draw | None = None
    domain: str = FIELD
    """The sharing domain of this array: a kind may join several, as a bit that is shared in two of them."""

    def __post_init__(self) -> None:
        if [self.uniform, self.known, self.relation is not None, self.draw is not None].count(True) != 1:
            raise InternalError(f"array {self.name} must be uniform, known, related or drawn, and one of them")


@dataclass(frozen=True)
class Declaration:
    """All that is to be known about a kind, or a family of kinds."""

    name: str
    code: int
    """Names the kind in requests to a dealer and in stored material: 1 to 255."""
    arrays: tuple[Array, ...]
    parameter: Parameter = Parameter.NONE
    dims: tuple[str, ...] = ()
    """What the lengths are called, where the parameter is dims: at most three."""
    tagged: bool = False
    """Besides x, the owner knows v_j = m_j - x alpha_j for every other party j, in the order of parties: the part of
    j's MAC share m_j that does not depend on j's key share alpha_j. Its `clear` has x and behind it the v_j."""

    def __post_init__(self) -> None:
        if not self.arrays:
            raise InternalError(f"{self.name} have no arrays")
        if (self.parameter is Parameter.DIMS) != (1 <= len(self.dims) <= MAX_DIMS):
            raise InternalError(f"{self.name} must name one to {MAX_DIMS} lengths, if dims are their parameter")
        # A batch has room for one array in the clear, and everything that reads it takes it for the first one.
        known = [index for index, array in enumerate(self.arrays) if array.known]
        if known != ([0] if self.parameter is Parameter.OWNER else []):
            raise InternalError(f"the first array of {self.name}, and no other, is known if they have an owner")
        if self.tagged and (known != [0] or len(self.arrays) > 1 or self.arrays[0].domain != FIELD):
            raise InternalError(f"{self.name} are tagged: that takes an owner, and one array, of the field")

    @property
    def domains(self) -> frozenset[str]:
        """The sharing domains of the arrays."""
        return frozenset(array.domain for array in self.arrays)


MAX_DIMS = 3
"""Lengths that a kind may have: there is room for so many in a request to a dealer."""

_by_name: dict[str, Declaration] = {}
_by_code: dict[int, Declaration] = {}


def declare_kind(declaration: Declaration) -> Declaration:
    """Register a kind. Names and codes are unique."""
    if not 1 <= declaration.code <= 0xFF:
        raise InternalError(f"the code of {declaration.name} must be from 1 to 255, got {declaration.code}")
    if declaration.name in _by_name or declaration.code in _by_code:
        raise InternalError(f"{declaration.name} is declared twice, or its code {declaration.code} is taken")
    _by_name[declaration.name] = _by_code[declaration.code] = declaration
    return declaration


def withdraw_kind(declaration: Declaration) -> None:
    """Take a declaration back: for tests that declare kinds of their own."""
    del _by_name[declaration.name], _by_code[declaration.code]


def declared_kinds() -> dict[str, Declaration]:
    """All declarations by name."""
    return dict(_by_name)


def declaration_of_code(code: int) -> Declaration | None:
    """The declaration with that code, if there is one."""
    return _by_code.get(code)


@dataclass(frozen=True, order=True)
class Kind:
    """A sort of material: the name of a declaration, and its parameter, if it has one."""

    name: str
    owner: int = -1
    dims: Dims = ()

    def __str__(self) -> str:
        if self.owner >= 0:
            return f"{self.name} of party {self.owner}"
        return f"{self.name} {'x'.join(map(str, self.dims))}" if self.dims else self.name

    @property
    def declaration(self) -> Declaration:
        """What is declared of it. Raises UsageError for a name that nobody has declared."""
        if self.name not in _by_name:
            raise UsageError(f"there is no material called {self.name!r}; there are {', '.join(_by_name)}")
        return _by_name[self.name]

    @property
    def shapes(self) -> tuple[Dims, ...]:
        """Shape of one element, for each of the arrays that belong together."""
        return tuple(array.shape(self.dims) for array in self.declaration.arrays)

    def fault(self, parties: int) -> str | None:
        """What is wrong with its parameters among `parties`, as the rest of a sentence; None if nothing is."""
        parameter = self.declaration.parameter
        if (parameter is Parameter.OWNER) != (0 <= self.owner < parties):
            return f"{self} in a session of {parties} parties"
        names = self.declaration.dims
        if len(self.dims) != len(names) or any(length < 1 for length in self.dims):
            rule = f"{_COUNTS[len(names)]} above zero" if names else "no dimensions"
            return f"{self}: {self.name} have {rule}"
        return None


_COUNTS = {1: "one dimension", 2: "two dimensions", 3: "three dimensions"}


def uniform_bits(shape: Dims, fill: Fill) -> Bits:
    """Uniform bits, one a byte; `fill` overwrites the memoryview that it is given by uniform bytes."""
    count = math.prod(shape)
    packed = np.empty(-(-count // 8), np.uint8)
    fill(packed.data)
    bits = np.unpackbits(packed, count=count).reshape(shape)
    packed[:] = 0
    return bits


def random_bits(field: Field, count: int, randomness: Randomness) -> FieldArray:
    """Uniform bits as field elements."""
    bits = uniform_bits((count,), randomness.fill)
    shared = field.array(bits)
    bits[:] = 0
    return shared


def complete(
    kind: Kind, field: Field, count: int, given: Sequence[Values | None], randomness: Randomness
) -> list[Values]:
    """All arrays of `count` elements, from those that are given, by what is declared.

    Given are known arrays and uniform ones of the field; uniform bits are drawn here.
    """
    arrays: list[Values] = []
    for array, shape, value in zip(kind.declaration.arrays, kind.shapes, given, strict=True):
        if array.relation is not None:
            arrays.append(array.relation(field, kind.dims, arrays))
        elif array.uniform and array.domain == BITS:
            arrays.append(uniform_bits((count, *shape), randomness.fill))
        elif array.draw is not None:
            arrays.append(array.draw(field, count, randomness))
        elif value is None:
            raise InternalError(f"array {array.name} of {kind} is neither given nor declared to follow from others")
        else:
            arrays.append(value)
    return arrays


def _product(field: Field, dims: Dims, known: list[Values]) -> Values:
    return known[0] * known[1]


_TRIPLES = declare_kind(
    Declaration(
        "triples",
        1,
        (Array("a", uniform=True), Array("b", uniform=True), Array("c", relation=_product)),
    )
)
_SQUARES = declare_kind(
    Declaration(
        "squares", 2, (Array("a", uniform=True), Array("b", relation=lambda field, dims, known: known[0] * known[0]))
    )
)
_RANDOM_BITS = declare_kind(Declaration("random bits", 3, (Array("b", draw=random_bits),)))
_RANDOM_SHARES = declare_kind(Declaration("random shares", 4, (Array("r", uniform=True),)))
_INPUT_MASKS = declare_kind(Declaration("input masks", 5, (Array("r", known=True),), Parameter.OWNER))
_PROOF_MASKS = declare_kind(Declaration("proof masks", 14, (Array("r", known=True),), Parameter.OWNER, tagged=True))
_MATRIX_TRIPLES = declare_kind(
    Declaration(
        "matrix triples",
        6,
        (
            Array("A", lambda dims: (dims[0], dims[1]), uniform=True),
            Array("B", lambda dims: (dims[1], dims[2]), uniform=True),
            Array("C", lambda dims: (dims[0], dims[2]), relation=lambda field, dims, known: known[0] @ known[1]),
        ),
        Parameter.DIMS,
        ("m", "l", "n"),
    )
)

TRIPLES = Kind(_TRIPLES.name)
"""a, b uniform and c = a b."""
SQUARES = Kind(_SQUARES.name)
"""a uniform and b = a^2."""
RANDOM_BITS = Kind(_RANDOM_BITS.name)
"""Uniform in {0, 1}."""
RANDOM_SHARES = Kind(_RANDOM_SHARES.name)
"""Uniform in the field, known to nobody."""


INPUT_MASKS = _INPUT_MASKS.name
MATRIX_TRIPLES = _MATRIX_TRIPLES.name
PROOF_MASKS = _PROOF_MASKS.name


def input_masks(owner: int) -> Kind:
    """Uniform in the field, known to `owner`."""
    return Kind(INPUT_MASKS, owner=owner)


def proof_masks(owner: int) -> Kind:
    """Uniform in the field, known to `owner`, who knows its relation with every other party as well."""
    return Kind(PROOF_MASKS, owner=owner)


def matrix_triples(m: int, inner: int, n: int) -> Kind:
    """A (m x inner) and B (inner x n) uniform, and C = A B."""
    return Kind(MATRIX_TRIPLES, dims=(m, inner, n))
