"""Coin toss by commit-and-open: nobody knows the coins before everybody is bound to a contribution.

Realises:  F_Rand. Source: [KOS16], section 2; [DPSZ12], appendix.
Order:     `toss` takes what the coins will challenge as the argument `after`. The value is not used: asking for it
           makes it impossible to start a toss beside the messages it must follow (PITFALLS 1 and 2).
Use:       each purpose tosses for itself. Coins of one toss serve one purpose and are expanded with a PRG of their own.
"""

from __future__ import annotations

from spdz.crypto.commitment import COMMITMENT_BYTES, NONCE_BYTES
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.prg import Prg
from spdz.field import FieldArray
from spdz.protocols.broadcast import DIGEST_BYTES
from spdz.protocols.commit import CommitAndOpen, commit_and_open, declare_commit_and_open
from spdz.runtime.context import Context

SEED_BYTES = 32


def declare_toss(name: str, *, source: str) -> CommitAndOpen:
    """Register the steps of a coin toss for one purpose."""
    return declare_commit_and_open(f"{name}.coins", source=source)


def toss_bytes(parties: int) -> int:
    """What a toss sends to each peer; the digest of all commitments is for three parties and more."""
    return COMMITMENT_BYTES + NONCE_BYTES + SEED_BYTES + (DIGEST_BYTES if parties > 2 else 0)


class Coins:
    """Public coins of one toss. Each method expands the seed under its own label."""

    def __init__(self, ctx: Context, seed: bytes) -> None:
        self._field = ctx.field
        self._context = (ctx.session.session_id, ctx.path)
        self._seed = seed

    def key(self, label: str, byte_count: int = 16) -> bytes:
        """`byte_count` public random bytes for the use named by `label`."""
        session_id, path = self._context
        return derive(Domain.COIN_TOSS, self._seed, byte_count, path, label, session_id=session_id)

    def elements(self, label: str, shape: tuple[int, ...]) -> FieldArray:
        """Uniform public field elements."""
        return self._field.sample(self.stream(label).fill, shape)

    def stream(self, label: str) -> Prg:
        """Where `elements` are read from: whoever reads them in several pieces gets the same ones."""
        return Prg(self.key(label))


async def toss(ctx: Context, steps: CommitAndOpen, *, after: object) -> Coins:
    """Toss coins that are unknown to everyone until all parties have everything in `after`.

    Rounds:    2.  Sends: 32 bytes, then 64 (96 for three parties and more), to each peer.
    Raises:    CommitmentMismatch, BroadcastMismatch.
    """
    del after
    ctx = ctx.child("toss")
    contributions = await commit_and_open(ctx, steps, ctx.randomness.bytes(SEED_BYTES))
    seed = bytes(SEED_BYTES)
    for contribution in contributions:
        seed = bytes(left ^ right for left, right in zip(seed, contribution, strict=True))
    return Coins(ctx, seed)
