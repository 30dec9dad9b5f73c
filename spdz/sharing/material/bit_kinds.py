"""Kinds of material in which bits take part: AND triples, masks of comparisons, bits shared in both domains.

Arrays of the domain "bits" hold bits, those of the field domain elements. A mask of a comparison is the sum of what
several makers' parties contribute; the dealer contributes one term. How many terms there are, and by how much the bits
of a term may be off, is the maker's `MaskSlack`; the operations choose their parameters by it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spdz.crypto.randomness import Randomness
from spdz.field import Field, FieldArray
from spdz.field.sampling import Fill
from spdz.sharing.bit_domain import BITS
from spdz.sharing.bit_share import Bits
from spdz.sharing.material.kinds import Array, Declaration, Dims, Kind, Parameter, Relation, Values, declare_kind


class MaskSlack(NamedTuple):
    """What a maker's masks are made of."""

    terms: int
    """How many masks, each uniform if its party is honest, are added up in one."""
    faults: int
    """The bits of a term may be those of a number that differs by so many units from the term."""


DEALT = MaskSlack(terms=1, faults=0)
"""Masks of the trusted dealer."""


def truncation_bits(field: Field, terms: int) -> int:
    """rho: each term of a truncation mask lies below 2^rho, so that nothing wraps whatever corrupted parties do.

    Terms of corrupted parties lie in (-3, 4) 2^rho (docs/security/truncation.md): all in all there are less than
    (7 (terms - 1) + 2) 2^rho values, which must fit below p = 2^k - 1.
    """
    return field.bits - 1 - (7 * (terms - 1) + 1).bit_length()


# -- relations, for the dealer ----------------------------------------------------------------------------------------


def _and(left: int, right: int) -> Relation:
    return lambda field, dims, known: known[left] & known[right]


def low_bits(values: FieldArray, count: int) -> Bits:
    """The lowest bits of canonical integers: values (...,) to bits (..., count)."""
    return np.ascontiguousarray(values.ravel().bits()[:, :count]).reshape(*values.shape, count)


def _mask_bits(field: Field, dims: Dims, known: list[Values]) -> Bits:
    return low_bits(known[0], dims[0])


def _neighbours(field: Field, dims: Dims, known: list[Values]) -> Bits:
    """r_(2j+1) r_(2j) for all pairs below the highest bit."""
    bits: Bits = known[1][..., : (dims[0] - 1) // 2 * 2]
    return bits[..., 1::2] & bits[..., 0::2]


def _as_field(field: Field, dims: Dims, known: list[Values]) -> FieldArray:
    return field.array(known[0])


def _switched(field: Field, dims: Dims, known: list[Values]) -> FieldArray:
    _, beta, v = known
    switched: FieldArray = beta.reshape(-1, 1) * v
    return switched


def uniform_below(field: Field, bits: int, count: int, fill: Fill) -> FieldArray:
    """Uniform integers below 2^bits, which is below p; `fill` overwrites its argument by uniform bytes."""
    words = np.empty((count, field.limbs), np.uint64)
    fill(words.data.cast("B"))
    drawn = FieldArray(field, words).modulo_power(bits)
    words.fill(0)
    return drawn


def _below(field: Field, count: int, randomness: Randomness) -> FieldArray:
    """As the only term of a mask."""
    return uniform_below(field, truncation_bits(field, DEALT.terms), count, randomness.fill)


def _low_part(field: Field, dims: Dims, known: list[Values]) -> FieldArray:
    """R mod 2^f."""
    low: FieldArray = known[0].modulo_power(dims[0])
    return low


# -- declarations -----------------------------------------------------------------------------------------------------


def _bits(name: str, **how: object) -> Array:
    return Array(name, domain=BITS, **how)  # type: ignore[arg-type]


_BIT_TRIPLES = declare_kind(
    Declaration("bit triples", 7, (_bits("x", uniform=True), _bits("y", uniform=True), _bits("z", relation=_and(0, 1))))
)
_BIT_PAIR_TRIPLES = declare_kind(
    Declaration(
        "bit pair triples",
        8,
        (
            _bits("x", uniform=True),
            _bits("y", uniform=True),
            _bits("z", relation=_and(0, 1)),
            _bits("v", uniform=True),
            _bits("w", relation=_and(0, 3)),
        ),
    )
)
_COMPARE_MASKS = declare_kind(
    Declaration(
        "compare masks",
        9,
        (
            Array("R", uniform=True),
            _bits("r", shape=lambda dims: (dims[0],), relation=_mask_bits),
            _bits("q", shape=lambda dims: ((dims[0] - 1) // 2,), relation=_neighbours),
        ),
        Parameter.DIMS,
        ("bits",),
    )
)
_BIT_MASKS = declare_kind(Declaration("bit masks", 10, (_bits("r", known=True),), Parameter.OWNER))
_DABITS = declare_kind(
    Declaration("daBits", 11, (_bits("beta", uniform=True), Array("beta over F_p", relation=_as_field)))
)
_MUX_TRIPLES = declare_kind(
    Declaration(
        "mux triples",
        12,
        (
            _bits("beta", uniform=True),
            Array("beta over F_p", relation=_as_field),
            Array("v", lambda dims: (dims[0],), uniform=True),
            Array("beta v", lambda dims: (dims[0],), relation=_switched),
        ),
        Parameter.DIMS,
        ("width",),
    )
)
_TRUNCATION_PAIRS = declare_kind(
    Declaration(
        "truncation pairs",
        13,
        (Array("R", draw=_below), Array("lo", relation=_low_part)),
        Parameter.DIMS,
        ("f",),
    )
)

BIT_TRIPLES = Kind(_BIT_TRIPLES.name)
"""Bits x, y uniform and z = x y."""
BIT_PAIR_TRIPLES = Kind(_BIT_PAIR_TRIPLES.name)
"""Bits x, y, v uniform, z = x y and w = x v."""
DABITS = Kind(_DABITS.name)
"""A uniform bit, shared as a bit and as a field element."""

COMPARE_MASKS = _COMPARE_MASKS.name
BIT_MASKS = _BIT_MASKS.name
MUX_TRIPLES = _MUX_TRIPLES.name
TRUNCATION_PAIRS = _TRUNCATION_PAIRS.name


def compare_masks(bits: int) -> Kind:
    """R uniform in the field, its lowest `bits` bits r (up to the maker's slack), and the products of neighbours:
    q_j = r_(2j+1) r_(2j) for those below the highest bit."""
    return Kind(COMPARE_MASKS, dims=(bits,))


def bit_masks(owner: int) -> Kind:
    """Uniform bits, known to `owner`."""
    return Kind(BIT_MASKS, owner=owner)


def mux_triples(width: int) -> Kind:
    """A uniform bit beta in both domains, `width` uniform elements v, and beta v."""
    return Kind(MUX_TRIPLES, dims=(width,))


def truncation_pairs(f: int) -> Kind:
    """R, the sum of terms below 2^rho, and the sum of the terms' lowest f bits, as field elements."""
    return Kind(TRUNCATION_PAIRS, dims=(f,))
