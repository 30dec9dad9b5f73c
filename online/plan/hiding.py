"""How well a run hides what it hides statistically: distances add up, and the sum is kept below a bound.

Almost everything that is opened is uniform. What is not, as the masked values of truncations, is close to something
that no secret has a part in, and the distances of all such openings of a run add up. Each party counts for itself, so
nobody can make an honest one open more than it accepts.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from threading import Lock

from spdz.errors import RangeError
from spdz.params import require_integer

STATISTICAL_BITS = 40
"""s: a run is within 2^-s of one that tells nothing, unless its program accepts less."""
LEAST_BITS = 20
"""Nobody may accept less."""
MOST_BITS = 128


class Hiding:
    """The account of one run.

    least   what is asked for: together, the openings of the run are within 2^-least of what secrets have no part in
    """

    def __init__(self) -> None:
        self.least = STATISTICAL_BITS
        self._spent = Fraction(0)
        self._lock = Lock()

    @property
    def bits(self) -> int | None:
        """s: all that has been asked for so far hides with 2^-s. None if nothing of it hides only statistically."""
        return bits_of(self._spent) if self._spent else None

    def accept(self, bits: int) -> None:
        """Ask for `bits` from now on, for the whole run; the same at every party. **Less than 40 hides worse.**

        Raises UsageError for less than 20 bits.
        """
        self.least = require_integer(bits, "bits of hiding", LEAST_BITS, MOST_BITS)

    def spend(self, distance: Fraction, what: str) -> Callable[[], None]:
        """Count an operation in, and return what takes that back, should the operation not be asked for after all.

        RangeError, and nothing is counted, if the run would hide too little.
        """
        with self._lock:
            total = self._spent + distance
            if distance and total > Fraction(1, 1 << self.least):
                raise RangeError(
                    f"{what} cannot be hidden well enough: with it this run would hide with {bits_of(total)} bits of "
                    f"statistical security in all, and {self.least} are asked for; declare smaller inputs, bound the "
                    "operands with x.clip(lowest, highest), or say at every party that fewer bits do, as with "
                    f"mpc.hiding.accept({max(bits_of(total), LEAST_BITS)})"
                )
            self._spent = total
        return lambda: self._give_back(distance)

    def _give_back(self, distance: Fraction) -> None:
        with self._lock:
            self._spent -= distance


def bits_of(distance: Fraction) -> int:
    """The largest s with distance <= 2^-s; negative if nothing is hidden."""
    exact = distance.denominator.bit_length() - distance.numerator.bit_length()
    return exact if distance <= Fraction(2) ** -exact else exact - 1
