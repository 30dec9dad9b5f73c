"""Which OT extension: a session may have several between the same parties, and nothing of one fits another.

An instance has a Delta, base OTs, trees, streams and indices of its own. Its name is in every hash that is made for it
(base OTs, trees, leaves, their check), and the key under which its rows are hashed has a domain of its own. The first
instance was there alone and has no name.
"""

from __future__ import annotations

from dataclasses import dataclass

from spdz.crypto.domains import Domain
from spdz.errors import AuthenticationFailed, MalformedMessage, OtConsistencyFailed
from spdz.params import COMPUTATIONAL_BITS
from spdz.wire.steps import Harmless, Outcome, Payload, Step, declare


@dataclass(frozen=True)
class OtSteps:
    """The messages of one instance, in their order."""

    receiver_points: Step
    sender_points: Step
    trees: Step
    columns: Step
    digests: Step


@dataclass(frozen=True)
class OtInstance:
    """One kind of OT extension: the same at all parties of all sessions."""

    name: tuple[str, ...]
    """First in every hash but that of the key for rows: nothing, or one text."""
    hash_domain: Domain
    """Of the keys under which rows are hashed."""
    delta_bits: int
    """Bits of Delta, and columns of an extension that uses all of them. The last 128 make the block that is hashed."""
    steps: OtSteps

    @property
    def word_columns(self) -> int:
        """Columns before the block: they alone make a narrow extension, and are never hashed."""
        return self.delta_bits - COMPUTATIONAL_BITS


def declare_ot_steps(
    base: tuple[str, str], trees: str, extension: str, *, different_keys: tuple[Outcome, ...]
) -> OtSteps:
    """Register the messages of an instance; `different_keys` is what a wrong but valid point of a base OT leads to.

    `base` are the names of the two messages of base OTs.
    """
    first, second = (
        declare(name, payload=Payload.BYTES, source=f"[MR19] round {turn}", tampering=different_keys)
        for turn, name in enumerate(base, 1)
    )
    guessed = (OtConsistencyFailed, Harmless.NO_EFFECT)
    return OtSteps(
        first,
        second,
        declare(trees, payload=Payload.BYTES, source="[Roy22] punctured PRF, with its check", tampering=guessed),
        declare(f"{extension}.columns", payload=Payload.BYTES, source="[Roy22] section 3; IKNP", tampering=guessed),
        declare(
            f"{extension}.digests", payload=Payload.BYTES, source="[Roy22] section 4", tampering=(OtConsistencyFailed,)
        ),
    )


FIELD_OTS = OtInstance(
    (),
    Domain.OT_HASH_KEY,
    COMPUTATIONAL_BITS,
    # A wrong but valid point gives the two ends different keys: the first message under them fails its check.
    declare_ot_steps(
        ("base_ot.receiver_points", "base_ot.sender_points"),
        "setup.ot_trees",
        "ot_extension",
        different_keys=(MalformedMessage, OtConsistencyFailed, AuthenticationFailed),
    ),
)
"""For products in the field and all else that has a Delta for each peer."""
