"""Commit-and-open: everyone commits, and opens only when all commitments are there.

Realises:  F_Comm for simultaneous messages, with SHA-256 as a random oracle.
Source:    [DPSZ12] and [DKLPSS13], commitments in the MAC check; the party and the place are inside the hash, so a
           copied commitment opens to nothing (PITFALLS 7).
Deviation: for three parties and more every opening carries a digest of all commitments that its sender saw. Whoever
           committed to different things before different peers is found at once, without a round of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from spdz.crypto.commitment import COMMITMENT_BYTES, NONCE_BYTES, commit, verify_opening
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import labelled_hash
from spdz.errors import BroadcastMismatch, CommitmentMismatch
from spdz.protocols.broadcast import DIGEST_BYTES
from spdz.runtime.context import Context
from spdz.wire.codec import Blob
from spdz.wire.steps import Payload, Step, declare


@dataclass(frozen=True)
class CommitAndOpen:
    """The two steps of one use of commit-and-open."""

    commit: Step
    open: Step


def declare_commit_and_open(name: str, *, source: str) -> CommitAndOpen:
    """Register `name.commit` and `name.open`."""
    outcomes = (CommitmentMismatch, BroadcastMismatch)
    return CommitAndOpen(
        declare(f"{name}.commit", payload=Payload.BYTES, source=source, tampering=outcomes),
        declare(f"{name}.open", payload=Payload.BYTES, source=source, tampering=outcomes),
    )


async def commit_and_open(ctx: Context, steps: CommitAndOpen, payload: bytes) -> list[bytes]:
    """Exchange payloads of equal size such that nobody's depends on another's; returns them by party index.

    Rounds:    2.  Sends: 32 bytes, then 32 bytes and the payload (32 more for three parties and more), to each peer.
    Raises:    CommitmentMismatch; BroadcastMismatch (three parties and more).
    """
    session_id, place = ctx.session.session_id, ctx.path.encode()
    commitment, nonce = commit(session_id, ctx.party, place, payload, ctx.randomness)
    received = await ctx.tell_all(steps.commit, Blob(COMMITMENT_BYTES), commitment)
    commitments = {peer: bytes(value) for peer, value in received.items()}
    commitments[ctx.party] = commitment

    seen = _digest_of(ctx, commitments)
    codec = Blob(NONCE_BYTES + len(payload) + len(seen))
    openings = await ctx.tell_all(steps.open, codec, nonce + payload + seen)
    payloads = {ctx.party: payload}
    for peer, opening in openings.items():
        peer_nonce, rest = bytes(opening[:NONCE_BYTES]), bytes(opening[NONCE_BYTES:])
        payloads[peer], peer_seen = rest[: len(payload)], rest[len(payload) :]
        if peer_seen != seen:
            raise _different_commitments(steps, peer)
        if not verify_opening(session_id, peer, place, payloads[peer], peer_nonce, commitments[peer]):
            raise CommitmentMismatch(
                f"party {peer} opened a commitment to something else than it had committed to. The session is over",
                step=steps.open.name,
                blamed=peer,
            )
    return [payloads[party] for party in range(ctx.parties)]


def _digest_of(ctx: Context, commitments: dict[int, bytes]) -> bytes:
    if ctx.parties == 2:
        return b""
    digest = labelled_hash(
        Domain.TRANSCRIPT,
        ctx.path,
        *(commitments[party] for party in range(ctx.parties)),
        session_id=ctx.session.session_id,
    )
    assert len(digest) == DIGEST_BYTES
    return digest


def _different_commitments(steps: CommitAndOpen, peer: int) -> BroadcastMismatch:
    return BroadcastMismatch(
        f"this party and party {peer} received different commitments. Somebody sent different values to different "
        "parties; who cannot be known. Nothing unchecked was output",
        step=steps.open.name,
    )
