"""The tables of one parameter set, the public elements of a session, and the two linear maps of the protocols."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.prg import SEED_BYTES, Prg
from spdz.lattice import ring_kernels
from spdz.lattice.fractions import FractionTables
from spdz.lattice.integers import Integers
from spdz.lattice.parameters import LatticeParameters, Statement
from spdz.lattice.ring import PublicElement, Ring, Words, ring_of
from spdz.lattice.slots import Slots, slots_of

COMPONENTS = {Statement.ENCRYPTION: 2, Statement.RESPONSE: 1}
"""Ring elements of a statement: (f, g) or u."""


@dataclass(frozen=True)
class PublicElements:
    """a_1 and a_2: uniform, the same for a whole session, and of no use for another."""

    first: PublicElement
    second: PublicElement


class Scheme:
    """Tables. Made by `scheme_of`.

    message_scale  1 / (2 kappa) mod p, kappa = -1 / q mod p: what messages in the noise are multiplied by, so that a
                   decoder reads products themselves. The 2 stands for the factor 2 of `combine` and `decrypt`
    """

    def __init__(self, parameters: LatticeParameters) -> None:
        p = parameters.field.modulus
        self.parameters = parameters
        self.ring: Ring = ring_of(parameters.degree, parameters.moduli)
        self.slots: Slots = slots_of(parameters.field, parameters.degree)
        kappa = -pow(parameters.modulus, -1, p) % p
        self.message_scale = pow(2 * kappa, -1, p)
        self.fractions = FractionTables(self.ring, parameters.field, parameters.fraction_words, scale=2)
        self._p = self.ring.constants([p % q for q in self.ring.moduli])

    def public_elements(self, session_id: bytes) -> PublicElements:
        """a_1 and a_2 of a session, which nobody could choose or know before it had an id."""
        first, second = (self._public_element(session_id, index) for index in (1, 2))
        return PublicElements(first, second)

    def _public_element(self, session_id: bytes, index: int) -> PublicElement:
        seed = derive(Domain.LATTICE_PUBLIC, b"", SEED_BYTES, self.parameters.field.name, index, session_id=session_id)
        return self.ring.public(self.ring.uniform(Prg(seed).fill))

    def values(self, witness: tuple[Integers, ...], out: Words) -> None:
        """Witness polynomials as elements in transformed order, into `out`, (3, L, N)."""
        for part, element in zip(witness, out, strict=True):
            part.residues(self.ring, element)

    def image(self, public: PublicElements, statement: Statement, witness: Words, out: Words) -> None:
        """Gamma x of a witness in transformed order, shape (3, L, N), into `out`, (COMPONENTS, L, N).

        ENCRYPTION: (n_b - a_1 s, n_a - a_2 s) of (s, n_b, n_a).  RESPONSE: a_1 A + a_2 B + p e_1 of (A, B, e_1).
        """
        a1, a2, words = public.first, public.second, self.ring.words
        x, y, z = witness
        if statement is Statement.ENCRYPTION:
            ring_kernels.minus_public_product(y, a1.residues, a1.companions, x, out[0], words)
            ring_kernels.minus_public_product(z, a2.residues, a2.companions, x, out[1], words)
        else:
            ring_kernels.public_combination(
                a1.residues, a1.companions, x, a2.residues, a2.companions, y,
                self._p.factors, self._p.companions, z, out[0], words,
            )  # fmt: skip


@cache
def scheme_of(parameters: LatticeParameters) -> Scheme:
    """The tables of these parameters, which are made once: a fraction of a second at full size."""
    return Scheme(parameters)
