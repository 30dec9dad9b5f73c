"""Every error the package raises on purpose, and which of them means what.

The four families tell apart what a user has to do next: mend the program (`UsageError`), look at the network
(`TransportError`), make the parties agree (`ConfigurationMismatch`), or stop trusting somebody (`ProtocolAbort`).

No message holds a share, a key, a seed or a failed sum: an error text ends in logs that others read.
"""

from __future__ import annotations


class SpdzError(Exception):
    """Base of all errors raised on purpose."""


class UsageError(SpdzError, ValueError):
    """The caller asked for something impossible: a shape, a field, a range, exhausted or reused material."""


class RangeError(UsageError):
    """A result could leave the range of its declared type, or what the field can compute with; nothing has been sent.

    The message names the operation, the line of the user's program, the interval of the result, and what to change.
    """


class ValidationFailed(UsageError):
    """What `run_local(validate=True)` finds: a value outside of its declared range, or not what its operation gives.

    The message names the operation, the line of the user's program, and the value.
    """


class TransportError(SpdzError):
    """A peer is lost, unreachable or too slow. Not evidence of cheating; the session is over all the same."""

    def __init__(self, message: str, *, peer: int | None = None, step: str | None = None) -> None:
        super().__init__(message)
        self.peer = peer
        self.step = step


class ConfigurationMismatch(SpdzError):
    """The parties were started with different parameters or programs; the message names the values that differ."""


class ProtocolAbort(SpdzError):
    """A peer left the protocol. The session is dead and its MAC key share and material are destroyed.

    `step` is the registered name of the step at which it showed, `round` its causal depth, and `blamed` the party
    that is known to have caused it, or None where the protocol cannot tell.
    """

    def __init__(
        self, message: str, *, step: str | None = None, round: int | None = None, blamed: int | None = None
    ) -> None:
        super().__init__(message)
        self.step = step
        self.round = round
        self.blamed = blamed


class MalformedMessage(ProtocolAbort):
    """A message has the wrong size, a non-canonical element, an invalid point or an unknown header."""


class Desync(ProtocolAbort):
    """A peer sent messages of a step that this party never reaches, or the parties wait for each other."""


class BroadcastMismatch(ProtocolAbort):
    """Two parties report different contents of one broadcast: somebody told them different things."""


class CommitmentMismatch(ProtocolAbort):
    """An opening does not fit the commitment that its sender gave before."""


class MacCheckFailed(ProtocolAbort):
    """An opened value does not fit its MAC."""


class SacrificeFailed(ProtocolAbort):
    """A triple does not multiply, found by sacrificing its sibling."""


class OtConsistencyFailed(ProtocolAbort):
    """The receiver of an OT extension used different choice bits in different columns."""


class AuthenticationFailed(ProtocolAbort):
    """Values given to COPEe or VOLE are inconsistent: the random combination of a batch does not fit its MAC.

    Also a silent VOLE that does not fit, found before anything is input with it.
    """


class WordCheckFailed(ProtocolAbort):
    """Words of bits are no multiples of the key: wrong payloads of AND triples, or different bits towards peers."""


class MaskCheckFailed(ProtocolAbort):
    """A party's private masks do not have the bits of their elements."""


class TruncationCheckFailed(ProtocolAbort):
    """A party's private masks of truncations are out of range, or their low parts are not theirs."""


class RangeProofFailed(ProtocolAbort):
    """A party could not prove that what it entered lies in the range that it was declared to lie in."""


class PeerAborted(ProtocolAbort):
    """A peer says that it has aborted; the reason is at that peer."""


class InternalError(SpdzError):
    """A fault in this package. Please report it."""


EXIT_CODES: tuple[tuple[type[BaseException], int, str], ...] = (
    (UsageError, 2, "bad usage: arguments, files, shapes or ranges"),
    (ConfigurationMismatch, 3, "the parties are configured differently, or run different programs"),
    (TransportError, 4, "network fault: a party is lost, unreachable or too slow"),
    (ProtocolAbort, 5, "the protocol was aborted: a party cheated or left it; nothing was output"),
    (InternalError, 70, "a fault in spdz itself"),
)
"""Error family, exit code, meaning; in the order in which they are tried. Any other error of a program gives 1."""


def exit_code(error: BaseException) -> int:
    """The exit code that an error stands for; an error of another process carries that process's own."""
    if hasattr(error, "code"):
        return int(error.code)
    for family, code, _ in EXIT_CODES:
        if isinstance(error, family):
            return code
    return 1
