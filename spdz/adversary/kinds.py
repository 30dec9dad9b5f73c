"""The kinds of cheats that the matrix tries at every step, and the altered programs that it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spdz.adversary.cheats import (
    AddTo,
    Cheat,
    CopyHonest,
    Drop,
    Duplicate,
    Extend,
    Flip,
    Place,
    Reorder,
    Replay,
    ReplayFrame,
    SayGoodbye,
    Silence,
    SwapLabels,
    Truncate,
)
from spdz.adversary.coins import EarlyCoins, ReusedCoins
from spdz.adversary.generators import OtherKeyPerPeer, WrongTriples
from spdz.adversary.programs import (
    ForgedMac,
    GuessBitsOfA,
    GuessBitsOfDelta,
    GuessKeyBits,
    IgnoreVoleCheck,
    InconsistentChoiceBits,
    OtherInput,
    OtherKeyPerBatch,
    WrongBitsOfA,
)
from spdz.errors import (
    AuthenticationFailed,
    BroadcastMismatch,
    CommitmentMismatch,
    MacCheckFailed,
    OtConsistencyFailed,
    PeerAborted,
    RangeProofFailed,
    SacrificeFailed,
    TransportError,
)
from spdz.wire.steps import Harmless, Outcome

MakeBytes = Callable[[str, int, int, int], Cheat]
"""(step, by, to, how many exchanges of the step to leave alone) -> cheat"""

BYTES: dict[str, MakeBytes] = {
    "flip first byte": lambda step, by, to, skip: Flip(step, "first", by=by, to=to, skip=skip),
    "truncate": lambda step, by, to, skip: Truncate(step, by=by, to=to, skip=skip),
    "swap labels": lambda step, by, to, skip: SwapLabels(step, by=by, to=to, skip=skip),
    "drop": lambda step, by, to, skip: Drop(step, by=by, to=to, skip=skip),
    "flip last byte": lambda step, by, to, skip: Flip(step, "last", mask=128, by=by, to=to, skip=skip),
    "extend": lambda step, by, to, skip: Extend(step, by=by, to=to, skip=skip),
    "duplicate": lambda step, by, to, skip: Duplicate(step, by=by, to=to, skip=skip),
    "replay another session": lambda step, by, to, skip: Replay(step, "other", by=by, to=to, skip=skip),
    "bye instead": lambda step, by, to, skip: SayGoodbye(step, by=by, to=to, skip=skip),
    "abort instead": lambda step, by, to, skip: SayGoodbye(step, by=by, to=to, skip=skip, abort=True),
    "replay another round": lambda step, by, to, skip: Replay(step, "this", by=by, to=to, skip=skip),
    "replay an old frame": lambda step, by, to, skip: ReplayFrame(step, by=by, to=to, skip=skip),
    "reorder": lambda step, by, to, skip: Reorder(step, by=by, to=to, skip=skip),
}
LATER = ("replay another round", "replay an old frame")
"""Kinds that need an earlier exchange of the step."""
IN_TURN = ("bye instead", "abort instead", "replay an old frame")
"""Kinds that meet the same code whoever does them to whom: one victim of each step is enough."""
IN_TURN_AMONG_THREE = (*IN_TURN, "truncate", "extend", "swap labels", "duplicate", "reorder")
"""Also these where there are three parties: what notices them looks at the frame alone."""
UNSURE = (*LATER, "reorder")
"""Kinds that not every step allows."""
ALSO: dict[str, tuple[Outcome, ...]] = {"abort instead": (PeerAborted,)}
"""What a kind may lead to besides what the step declares."""

BEFORE_THE_ECHO: dict[str, tuple[Outcome, ...]] = {"range.digits": (RangeProofFailed,)}
"""What finds that the receivers of a broadcast were told different things if the sender goes on as if they were not."""

CONSTANT = {
    "program.plan": "says the same in every session of a program",
    "dealer.request": "says the same in every session of a program",
    "publish.length": "says the same in every session of the suite's programs",
    "publish.value": "says the same in every session of the suite's programs",
}


def exempt(kind: str, step: str) -> str | None:
    """Why a kind of cheat need not happen at a step; None if it must."""
    if kind == "reorder":
        return "only where several messages leave together"
    if kind == "replay another session" and step in CONSTANT:
        return CONSTANT[step]
    return None


PLACES: dict[str, Place] = {"first": "first", "middle": "middle", "last": "last"}


def pretending(by: int, parties: int) -> list[Cheat]:
    """Say the same as the honest parties in every echo, so that a lie to everybody is left to the MAC check."""
    return [CopyHonest("broadcast.echo", by=by, pretend=True, every=True)] if parties > 2 and by < parties else []


UNMOVED = ("vole.sums", "vole.totals")
"""Steps at which the sender's own code is the first to see what it has done, and would leave before anybody else."""


def going_on(step: str, by: int) -> list[Cheat]:
    """What a cheater does so that the others must find out by themselves."""
    return [IgnoreVoleCheck(by=by)] if step in UNMOVED else []


@dataclass(frozen=True)
class AlteredProgram:
    """Cheats that are tried as they are: `make(by, parties)`, and what they must lead to.

    before   a step that no honest party may have reached when it finds out
    times    how often: guesses at one bit are tried until both outcomes must have been seen
    """

    make: Callable[[int, int], list[Cheat]]
    expected: tuple[Outcome, ...]
    preprocessing: str = "mascot"
    parties: tuple[int, ...] = (2, 3)
    before: str | None = None
    times: int = 1

    @property
    def is_guess(self) -> bool:
        """Whether both outcomes must be seen; most are foreseen as well."""
        return self.times > 1


def _forge(step: str) -> Callable[[int, int], list[Cheat]]:
    return lambda by, parties: [ForgedMac(step, by=by), *pretending(by, parties)]


def _reflect(by: int, parties: int) -> list[Cheat]:
    return [CopyHonest("mac_check.coins.commit", by=by), CopyHonest("mac_check.coins.open", by=by)]


def _others(by: int, parties: int) -> list[int]:
    """The coalition: everybody but the party after `by`, `by` first."""
    return [(by - i) % parties for i in range(parties - 1)]


def _sharing_an_error(by: int, parties: int) -> list[Cheat]:
    """Errors at different elements."""
    coalition = _others(by, parties)
    return [AddTo("multiply.masked", PLACES[place], by=one) for place, one in zip(PLACES, coalition, strict=False)]


def _nearly_cancelling(by: int, parties: int) -> list[Cheat]:
    """Errors of one element that add up to one, behind echoes that agree with the honest party."""
    first, *rest = _others(by, parties)
    cheats: list[Cheat] = [AddTo("output.open", delta=1 + len(rest), by=first)]
    cheats += [AddTo("output.open", delta=-1, by=one) for one in rest]
    return [*cheats, *(cheat for one in (first, *rest) for cheat in pretending(one, parties))]


def _one_vouches(by: int, parties: int) -> list[Cheat]:
    """One lies about an opening, the other repeats the honest party's echo."""
    first, *rest = _others(by, parties)
    return [AddTo("output.open", by=first), *(cheat for one in rest for cheat in pretending(one, parties))]


def _keys_of_a_coalition(by: int, parties: int) -> list[Cheat]:
    """All corrupted parties use another key share towards the honest one."""
    honest = (by + 1) % parties
    return [OtherKeyPerPeer(by=one, to=honest) for one in _others(by, parties)]


GUESSES = 16
"""One bit is guessed so often: all right or all wrong has a chance of 2^-15."""
_KEY_ERRORS = (AuthenticationFailed,)

PROGRAMS: Mapping[str, AlteredProgram] = {
    "inconsistent choice bits": AlteredProgram(lambda by, n: [InconsistentChoiceBits(by=by)], (OtConsistencyFailed,)),
    "guess bits of Delta by trees": AlteredProgram(
        lambda by, n: [GuessBitsOfDelta(by=by, bits=40)], (OtConsistencyFailed,), parties=(2,)
    ),
    "guess one bit of Delta by trees": AlteredProgram(
        lambda by, n: [GuessBitsOfDelta(by=by, bits=1)],
        (OtConsistencyFailed, Harmless.NO_EFFECT),
        parties=(2,),
        times=GUESSES,
    ),
    "wrong bits of a": AlteredProgram(lambda by, n: [WrongBitsOfA(by=by)], (SacrificeFailed,)),
    "guess bits of a": AlteredProgram(lambda by, n: [GuessBitsOfA(by=by, bits=40)], (SacrificeFailed,)),
    "guess bits of a matrix": AlteredProgram(
        lambda by, n: [GuessBitsOfA("matrix_multiply.corrections", by=by)], (SacrificeFailed, Harmless.NO_EFFECT)
    ),
    "guess bits of the key": AlteredProgram(lambda by, n: [GuessKeyBits(by=by, bits=40)], _KEY_ERRORS),
    "guess one bit of the key": AlteredProgram(
        lambda by, n: [GuessKeyBits(by=by, bits=1)], (*_KEY_ERRORS, Harmless.NO_EFFECT), parties=(2,), times=GUESSES
    ),
    "guess one bit of a": AlteredProgram(
        lambda by, n: [GuessBitsOfA(by=by, bits=1)], (SacrificeFailed, Harmless.NO_EFFECT), parties=(2,), times=GUESSES
    ),
    "guess one bit of Delta": AlteredProgram(
        lambda by, n: [InconsistentChoiceBits(by=by, columns=1)],
        (OtConsistencyFailed, Harmless.NO_EFFECT),
        "iknp",
        parties=(2,),
        times=GUESSES,
    ),
    "another key in a later batch": AlteredProgram(lambda by, n: [OtherKeyPerBatch(by=by)], _KEY_ERRORS),
    "another key for one peer": AlteredProgram(
        lambda by, n: [OtherKeyPerPeer(by=by)], _KEY_ERRORS, parties=(3,), before="program.plan"
    ),
    "wrong triples": AlteredProgram(lambda by, n: [WrongTriples(by=by)], (SacrificeFailed,)),
    "forged MAC of an output": AlteredProgram(_forge("output.open"), (MacCheckFailed,), "dealer"),
    "forged MAC in a product": AlteredProgram(_forge("multiply.masked"), (MacCheckFailed,), "dealer"),
    "reflected coins": AlteredProgram(_reflect, (CommitmentMismatch, BroadcastMismatch), "dealer"),
    "reused coins": AlteredProgram(lambda by, n: [ReusedCoins(by=by)], (Harmless.NO_EFFECT,)),
    "coins opened early": AlteredProgram(lambda by, n: [EarlyCoins(by=by)], (Harmless.NO_EFFECT,), "dealer", (2,)),
    "another input": AlteredProgram(lambda by, n: [OtherInput(by=by)], (Harmless.INPUT_SUBSTITUTION,)),
    "silence": AlteredProgram(lambda by, n: [Silence("multiply.masked", by=by)], (TransportError,), "dealer"),
    "coalition: different elements": AlteredProgram(
        _sharing_an_error, (MacCheckFailed, BroadcastMismatch), "dealer", (3,)
    ),
    "coalition: errors that nearly cancel": AlteredProgram(_nearly_cancelling, (MacCheckFailed,), "dealer", (3,)),
    "coalition: one lies, the other vouches": AlteredProgram(
        _one_vouches, (MacCheckFailed, BroadcastMismatch), "dealer", (3,)
    ),
    "coalition: other keys towards one party": AlteredProgram(_keys_of_a_coalition, _KEY_ERRORS, parties=(3,)),
}
"""Altered programs and their combinations: what each must lead to."""
