"""Silent VOLE in the place of COPEe: correlations that cost next to nothing to send, made in advance.

Realises:  for each ordered pair of parties any number of random u, v at the inputter and w = v + u alpha at the key
           holder. To input x the inputter sends d = x - u; the key holder takes q = w + d alpha, the inputter t = -v,
           and q + t = x alpha, as after COPEe.
Source:    Weng, Yang, Katz, Wang, S&P 2021, ePrint 2020/925 (Wolverine): LPN extension with a base that refills itself.
Symbols:   as in `code.py`; the base of an extension is k + t + 1 VOLEs: the secret, the noise, the mask of the check.
Stages:    COPEe makes the base of a small extension, that the base of the main one, and that its own next base.
When:      a session that authenticates little never gets here (`VolePlan.threshold`); all parties decide from the
           number of values that were authenticated, which is public. Extensions are made when VOLEs run out.
Checked:   here, that the VOLEs are right; by `authenticate`, that what is input with them is the same everywhere.
"""

from __future__ import annotations

from spdz.errors import AuthenticationFailed, InternalError
from spdz.field import FieldArray
from spdz.preprocessing.vole.code import LpnParams, VolePlan
from spdz.wire.steps import Payload, declare

VOLE_CORRECTIONS = declare(
    "vole.corrections",
    payload=Payload.ELEMENTS,
    source="Wolverine: from random VOLE to chosen inputs",
    tampering=(AuthenticationFailed,),
)

Vectors = tuple[FieldArray, ...]


class VoleEnd:
    """One end of the VOLEs of one ordered pair, as flat arrays of equal length: (u, v) if inputting, (w,) opposite."""

    def __init__(self) -> None:
        self._base: Vectors = ()
        self._ready: Vectors = ()
        self._making: Vectors = ()

    @property
    def started(self) -> bool:
        """Whether there is a base for the main stage."""
        return bool(self._base)

    @property
    def available(self) -> int:
        """VOLEs that can be taken."""
        return self._ready[0].size if self._ready else 0

    @property
    def base(self) -> Vectors:
        """The base of the next extension of the main stage; `add` replaces it."""
        return self._base

    def hold(self, vectors: Vectors) -> None:
        """Keep an eye on vectors that an extension works on, so that an abort overwrites them too."""
        self._making += vectors

    def start(self, made: Vectors, params: LpnParams) -> None:
        """Take the outputs of the first stage as the base of the main one; its own base is of no more use."""
        self._rebase(made, params)
        _wipe(made)
        _wipe(self._making)
        self._making = ()

    def add(self, made: Vectors, params: LpnParams) -> None:
        """Take the outputs of the main stage: the base of its next extension, then VOLEs to be used."""
        self._rebase(made, params)
        self._making = ()
        rest, old = tuple(array[params.base :] for array in made), self._ready
        if self.available:
            self._ready = tuple(FieldArray.concatenate(pair) for pair in zip(old, rest, strict=True))
            _wipe(old)
            _wipe(rest)
        else:
            self._ready = rest

    def _rebase(self, made: Vectors, params: LpnParams) -> None:
        if made[0].size < params.base:
            raise InternalError("an extension makes less than the base of the next one")
        _wipe(self._base)
        self._base = tuple(array[: params.base].copy() for array in made)
        _wipe(tuple(array[: params.base] for array in made))

    def take(self, count: int) -> Vectors:
        """`count` VOLEs, which this forgets."""
        if count > self.available:
            raise InternalError("more VOLEs are taken than there are")
        taken = tuple(array[:count].copy() for array in self._ready)
        _wipe(tuple(array[:count] for array in self._ready))
        self._ready = tuple(array[count:] for array in self._ready)
        return taken

    def wipe(self) -> None:
        """Overwrite everything."""
        _wipe(self._base)
        _wipe(self._ready)
        _wipe(self._making)
        self._base = self._ready = self._making = ()


class VoleLink:
    """The VOLEs between this party and one peer, in both directions."""

    def __init__(self, plan: VolePlan) -> None:
        self.plan = plan
        self.inputter = VoleEnd()
        self.key_holder = VoleEnd()
        self.authenticated = 0
        """Values that the session has authenticated; the same number at every party and in every link."""

    def wipe(self) -> None:
        """Overwrite everything."""
        self.inputter.wipe()
        self.key_holder.wipe()


def _wipe(arrays: Vectors) -> None:
    for array in arrays:
        array.wipe()
