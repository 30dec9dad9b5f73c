"""Input of integers in a declared range: the owner proves to every other party that they lie in it.

Realises:  [x] with -2^(l-1) <= x < 2^(l-1), for x of an owner who may be corrupted.
Source:    docs/security/range-proofs.md: digits of base 4, and the proof of [QuickSilver] over F_p for each of them.
Symbols:   l the width; z_j < 4 the digits of x + 2^(l-1), the lowest first, h of them; z_(h-1) < 2 if l is odd.
           r proof masks of the owner: party j holds m_j = v_j + r alpha_j, its MAC share, and the owner v_j.
           With d = z - r broadcast, m_j + d alpha_j = v_j + z alpha_j: j's MAC share of [z], and its key of the claim.
Order:     d -> [toss: coefficients of the proof] -> answers; each by data flow.
Covers:    each verifier has proof masks for itself, which are used for nothing else. The others hold MAC shares of
           them too; these are hidden by other v.
Bound:     an x out of range passes with 5 / p at each honest verifier (`spdz.protocols.field_proof`).
Beside:    others compute with [x] while its proof runs: what they open is uniform whatever x is. What is not (gated
           operations, outputs) comes after a check, which begins at a party when the proof has passed there.
Unchecked: what the owner says to different peers, until the next echo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from spdz.errors import BroadcastMismatch, InternalError, MacCheckFailed, RangeProofFailed
from spdz.field import FieldArray
from spdz.online.operations.registry import Batches, Call, Operation, register
from spdz.online.plan.graph import Begun
from spdz.protocols.broadcast import broadcast_from
from spdz.protocols.coin_toss import toss_bytes
from spdz.protocols.field_proof import Claim, Covers, declare_proof, prove
from spdz.runtime.context import Context
from spdz.sharing.material import Batch, Kind, proof_masks
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Elements
from spdz.wire.steps import Delivery, Harmless, Payload, declare

_SOURCE = "docs/security/range-proofs.md"
RANGE_DIGITS = declare(
    "range.digits",
    payload=Payload.ELEMENTS,
    source=_SOURCE,
    delivery=Delivery.BROADCAST,
    # Other digits are another input, which the owner may choose as long as it can prove that they are digits.
    tampering=(RangeProofFailed, Harmless.INPUT_SUBSTITUTION, BroadcastMismatch, MacCheckFailed),
)
RANGE_PROOF = declare_proof(
    "range",
    failure=RangeProofFailed,
    meaning="what it has input lies in the declared range",
    source=f"[QuickSilver]; {_SOURCE}",
)
_BASE_BITS = 2


@dataclass(frozen=True)
class Digits:
    """How numbers of a width are cut into digits."""

    width: int

    @property
    def count(self) -> int:
        """Digits of one number."""
        return -(-self.width // _BASE_BITS)

    @property
    def whole(self) -> int:
        """Those that have any value below the base; one more is a bit if the width is odd."""
        return self.width // _BASE_BITS

    @property
    def degree(self) -> int:
        """Of the proof that they are digits."""
        return 1 << _BASE_BITS if self.whole else 2

    def covers(self, parties: int) -> int:
        """Proof masks that hide the answers, all verifiers together."""
        return (self.degree - 1) * (parties - 1)


async def share_in_range(
    ctx: Context, owner: int, values: FieldArray | None, width: int, masks: Batch, shape: tuple[int, ...]
) -> Begun:
    """Share the owner's array; what runs on is `prove`, after which it lies in its range.

    Shapes:    values: `shape` at the owner, None elsewhere; masks: as `_material` says.
    Rounds:    1, and 3 beside.  Sends: the owner one element per digit to each peer, and as many as the degree of the
               proof, which is 4, or 2 for a width of 1; the toss.
               Consumes: a proof mask for each digit, and one less than the degree for each verifier.
    Unchecked: that x lies in its range, until what runs on has ended; what the owner says to different peers, until
               the next echo (three parties and more).
    Raises:    RangeProofFailed, which names the owner; CommitmentMismatch, BroadcastMismatch. InternalError for a width
               of which numbers wrap in the field, for which a proof would say nothing.
    """
    _require_sense(ctx, owner, values, width)
    digits = Digits(width)
    size = math.prod(shape) * digits.count
    (masked,), codec = masks.shares, Elements(ctx.field, (size,))
    z = difference = None
    if values is not None:
        z = digits_of(values.ravel(), width)
        difference = z - masks.clear[:size, 0]
    try:
        opened: FieldArray = await broadcast_from(ctx, RANGE_DIGITS, codec, owner, difference)
    except BaseException:
        if z is not None:
            z.wipe()
        raise
    shared = masked[:size] + ctx.public(opened)
    places = _cover_places(ctx, owner, digits, size)
    if z is None:
        claims = _claims(digits, size, None, {}, {owner: shared.mac})
        covers = Covers({}, {owner: masked.mac[places[ctx.party]]})
    else:
        tags = {peer: masks.clear[:, 1 + place] for place, peer in enumerate(ctx.peers)}
        claims = _claims(digits, size, z, {peer: v[:size] for peer, v in tags.items()}, {})
        covers = Covers({peer: (masks.clear[at, 0], tags[peer][at]) for peer, at in places.items()}, {})

    async def finish(ctx: Context) -> None:
        await prove(ctx, RANGE_PROOF, claims, covers, after=opened)

    return Begun(_joined(ctx, shared, digits).reshape(*shape), finish, () if z is None else (z,))


def _require_sense(ctx: Context, owner: int, values: FieldArray | None, width: int) -> None:
    if 1 << width > ctx.field.modulus:
        raise InternalError(f"numbers of {width} bits wrap in {ctx.field.name}")
    if (values is None) == (ctx.party == owner):
        raise InternalError(f"values of an input are those of its owner, party {owner}, and nobody else's")


def digits_of(values: FieldArray, width: int) -> FieldArray:
    """The digits of x + 2^(l-1), flat: the lowest of all numbers, then the next of all.

    Raises InternalError for a number out of range: the caller has looked at it.
    """
    left, found = values + (1 << (width - 1)), []
    if not left.modulo_power(width).equals(left):
        raise InternalError(f"a number that is to be input is no integer of {width} bits")
    for _ in range(Digits(width).count):
        found.append(left.modulo_power(_BASE_BITS))
        left = (left - found[-1]) * pow(1 << _BASE_BITS, -1, values.field.modulus)
    joined = FieldArray.concatenate(found)
    for secret in found:
        secret.wipe()
    return joined


def _joined(ctx: Context, digits: AuthShare, cut: Digits) -> AuthShare:
    """[x] from the shares of its digits."""
    powers = ctx.field.array([1 << (_BASE_BITS * place) for place in range(cut.count)]).reshape(1, -1)
    total: AuthShare = powers @ digits.reshape(cut.count, -1)
    return total.reshape(-1) - ctx.public(ctx.field.array(1 << (cut.width - 1))).reshape(1)


def _cover_places(ctx: Context, owner: int, digits: Digits, start: int) -> dict[int, slice]:
    """Where each verifier's covers stand among the masks."""
    length, verifiers = digits.degree - 1, [party for party in range(ctx.parties) if party != owner]
    starts = range(start, start + length * len(verifiers), length)
    return {verifier: slice(first, first + length) for verifier, first in zip(verifiers, starts, strict=True)}


def _claims(
    digits: Digits,
    size: int,
    values: FieldArray | None,
    tags: dict[int, FieldArray],
    keys: dict[int, FieldArray],
) -> list[Claim]:
    """That all digits are below the base, and the highest below 2 if the width is odd."""
    split = size // digits.count * digits.whole
    parts = [(1 << _BASE_BITS, slice(0, split)), (2, slice(split, size))]
    return [
        Claim(
            below,
            None if values is None else values[part],
            {peer: v[part] for peer, v in tags.items()},
            {prover: w[part] for prover, w in keys.items()},
        )
        for below, part in parts
        if part.start < part.stop
    ]


def _material(call: Call) -> dict[Kind, int]:
    """Masks of the digits, and of the covers behind them."""
    digits = Digits(call["width"])
    return {proof_masks(call["owner"]): math.prod(call["shape"]) * digits.count + digits.covers(call["parties"])}


def _sends(call: Call, party: int) -> int:
    digits = Digits(call["width"])
    return math.prod(call["shape"]) * digits.count + digits.degree if party == call["owner"] else 0


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> Begun:
    return await share_in_range(ctx, call["owner"], call.private, call["width"], batches[0], call["shape"])


RANGE_INPUT = register(
    Operation(
        "input in range",
        shape=lambda call: call["shape"],
        material=_material,
        run=_run,
        text=lambda call: f"input of party {call['owner']} {call['shape']} of {call['width']} bits",
        example=Call((), {"owner": 1, "shape": (2, 3), "width": 5, "parties": 2}),
        beside=3,
        sends=_sends,
        sends_bits=lambda call, party: toss_bytes(call["parties"]),
        messages=lambda call, party: 4 if party == call["owner"] else 2,
    )
)
"""Parameters: owner, shape, width, parties. Private: the values, at their owner."""
