"""The check of single-point VOLEs: all trees of an extension with one random combination, before they are used.

Source:    Wolverine (ePrint 2020/925), the consistency check of many single-point VOLEs at once, with a comparison in
           the place of its ideal equality test.
Symbols:   chi coins; (x, z) and y = z + x alpha a VOLE that masks; x* = sum chi u - x; Z = sum chi v - z at the
           inputter, Y = sum chi w - y - x* alpha at the key holder. Z = Y if w = v + u alpha.
Order:     the coins are tossed when all sums and totals have been received, by data flow.
Compared:  the key holder commits to Y; the inputter sends Z; only if Z = Y does the key holder open, so nothing of Y is
           told that was not known, whatever x* was; and Y was fixed before Z came.
Leak:      a key holder that guesses places right may send sums that are wrong elsewhere: it passes with the probability
           of its guess, and knows afterwards that the guess was right. What that means for LPN is in docs/design.md.
"""

from __future__ import annotations

from spdz.crypto.commitment import COMMITMENT_BYTES, NONCE_BYTES, commit, verify_opening
from spdz.errors import AuthenticationFailed
from spdz.field import FieldArray
from spdz.protocols.coin_toss import declare_toss, toss
from spdz.runtime.context import Context
from spdz.wire.codec import Blob, Elements
from spdz.wire.steps import Payload, Step, declare

VOLE_COINS = declare_toss("vole.check", source="Wolverine, check of single-point VOLEs: coefficients")
VOLE_DIFFERENCE = declare(
    "vole.difference",
    payload=Payload.ELEMENTS,
    source="Wolverine, check of single-point VOLEs: x*",
    tampering=(AuthenticationFailed,),
)
VOLE_COMMIT = declare(
    "vole.commit",
    payload=Payload.BYTES,
    source="Wolverine, check of single-point VOLEs: equality",
    tampering=(AuthenticationFailed,),
)
VOLE_RESPONSE = declare(
    "vole.response",
    payload=Payload.ELEMENTS,
    source="Wolverine, check of single-point VOLEs: equality",
    tampering=(AuthenticationFailed,),
)
VOLE_OPEN = declare(
    "vole.open",
    payload=Payload.BYTES,
    source="Wolverine, check of single-point VOLEs: equality",
    tampering=(AuthenticationFailed,),
)

Pair = tuple[int, int]
"""Inputter and key holder."""
Vectors = tuple[FieldArray, ...]
"""(u, v) at the inputter, (w,) at the key holder."""


async def check_trees(ctx: Context, vectors: dict[Pair, Vectors], masks: dict[Pair, Vectors], *, after: object) -> None:
    """Check w = v + u alpha for the pairs that this party belongs to; masks are one VOLE each, (x, z) or (y,).

    Rounds:    6.  Sends: 2 elements to each peer if inputting, 64 bytes if holding a key for it; and the toss.
    Raises:    AuthenticationFailed, CommitmentMismatch, BroadcastMismatch.
    """
    coins = await toss(ctx, VOLE_COINS, after=after)
    combined: dict[Pair, list[FieldArray]] = {}
    for pair, arrays in vectors.items():
        chi = coins.elements(pair_label(pair), arrays[0].shape)
        sums = [chi.dot(array).reshape(1) for array in arrays]
        combined[pair] = [total - mask for total, mask in zip(sums, masks[pair], strict=True)]
    towards = [key_holder for inputter, key_holder in vectors if inputter == ctx.party]
    senders = [inputter for inputter, key_holder in vectors if key_holder == ctx.party]
    differences = {peer: combined[ctx.party, peer][0] for peer in towards}
    received = await ctx.swap(VOLE_DIFFERENCE, Elements(ctx.field, (1,)), differences, senders)
    answers = {peer: combined[ctx.party, peer][1] for peer in towards}
    expected = {peer: combined[peer, ctx.party][0] - received[peer] * ctx.session.key.share for peer in senders}
    await _compare(ctx, answers, expected)


def pair_label(pair: Pair) -> str:
    """The label under which the coins of one pair are expanded."""
    return f"inputter {pair[0]} key holder {pair[1]}"


async def _compare(ctx: Context, answers: dict[int, FieldArray], expected: dict[int, FieldArray]) -> None:
    """Compare with each peer; the answers go to key holders, and what is expected of inputters stays here.

    Rounds:    3.  Sends: 1 element to each key holder, 64 bytes to each inputter.
    Raises:    AuthenticationFailed.
    """
    session_id = ctx.session.session_id
    committed = {
        peer: commit(session_id, ctx.party, _place(ctx, peer), value.to_bytes(), ctx.randomness)
        for peer, value in expected.items()
    }
    own = {peer: commitment for peer, (commitment, _) in committed.items()}
    commitments = await ctx.swap(VOLE_COMMIT, Blob(COMMITMENT_BYTES), own, answers)
    responses = await ctx.swap(VOLE_RESPONSE, Elements(ctx.field, (1,)), answers, expected)
    for peer, response in responses.items():
        if not response.equals(expected[peer]):
            raise failed(VOLE_RESPONSE, peer)
    own = {peer: nonce for peer, (_, nonce) in committed.items()}
    nonces = await ctx.swap(VOLE_OPEN, Blob(NONCE_BYTES), own, answers)
    for peer, nonce in nonces.items():
        # The key holder has found both values equal, so its own is not sent.
        value, commitment = answers[peer].to_bytes(), bytes(commitments[peer])
        if not verify_opening(session_id, peer, _place(ctx, ctx.party), value, bytes(nonce), commitment):
            raise failed(VOLE_OPEN, peer)


def _place(ctx: Context, inputter: int) -> bytes:
    """What a commitment is bound to, beside session and committer."""
    return f"{ctx.path} to {inputter}".encode()


def failed(step: Step, peer: int) -> AuthenticationFailed:
    """What ends the session when VOLEs of this party and the peer do not fit."""
    return AuthenticationFailed(
        f"the VOLEs made with party {peer} are inconsistent. It has cheated, or its state is damaged; this session's "
        "key and material are destroyed",
        step=step.name,
        blamed=peer,
    )
