"""Before a part of a program runs, the parties compare what they are about to run.

A party whose program took another path, or whose input has another shape, shows here with a sentence that names both
operations, instead of as a message of the wrong size later (PITFALLS 19). This is a convenience for honest parties: a
cheater can say what it likes, and gains nothing.
"""

from __future__ import annotations

import hashlib
from itertools import zip_longest

from spdz.errors import ConfigurationMismatch
from spdz.runtime.context import Context
from spdz.wire.codec import Blob
from spdz.wire.steps import Payload, declare

_TEXT_BYTES = 480
_DIGEST_BYTES = 32

PLAN_BYTES = _DIGEST_BYTES + _TEXT_BYTES

PLAN = declare("program.plan", payload=Payload.BYTES, source="this module", tampering=(ConfigurationMismatch,))


async def agree_on_plan(ctx: Context, operations: list[str]) -> None:
    """Compare a list of operations, each a short line of text, with every peer.

    Rounds:    1.  Sends: 512 bytes to each peer.
    Raises:    ConfigurationMismatch naming the first operation that differs.
    """
    text = "\n".join(operations).encode("ascii", "replace")
    mine = hashlib.sha256(text).digest() + text[:_TEXT_BYTES].ljust(_TEXT_BYTES)
    codec = Blob(PLAN_BYTES)
    received = await ctx.tell_all(PLAN, codec, mine)
    for peer, theirs in received.items():
        if bytes(theirs) != mine:
            raise ConfigurationMismatch(_difference(mine, bytes(theirs), peer, len(operations)))


def _difference(mine: bytes, theirs: bytes, peer: int, count: int) -> str:
    """In words; `count` is how many lines there are here. Of the peer's plan only the beginning is known."""
    start = "the parties' programs differ"
    ours, others = (_lines(payload) for payload in (mine, theirs))
    for number, (own, other) in enumerate(zip_longest(ours, others, fillvalue="nothing"), 1):
        if own != other:
            return f"{start}: since the last reveal, operation {number} is {own!r} here and {other!r} at party {peer}"
    return (
        f"{start} later than their plans can be shown: the first {len(ours) - 1} operations since the last reveal are "
        f"the same here and at party {peer}, and one of those that follow is not (there are {count} here in all)"
    )


def _lines(payload: bytes) -> list[str]:
    text = payload[_DIGEST_BYTES:].decode("ascii", "replace").rstrip()
    return ["".join(letter if letter.isprintable() else "?" for letter in line) for line in text.split("\n")]
