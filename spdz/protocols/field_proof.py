"""Proofs that values which a party has entered are small, to each of the others, in zero knowledge.

Realises:  for u of a prover and a verifier j that holds w = v + u alpha_j (v at the prover): u in {0, .., t - 1}.
Source:    [QuickSilver], polynomials of low degree, over F_p: the polynomial is z (z - 1) .. (z - t + 1).
Symbols:   B = product over m < t of (w - m alpha_j). As a polynomial in alpha_j it is A_0 + .. + A_t alpha_j^t, where
           A_0 .. A_t are the prover's: those of the product of (v + (u - m) X); A_t = 0 says that u is in range.
           chi coins, one for each value; B* = sum w*_k alpha_j^k the cover, from t - 1 VOLEs (u*, v*), w*.
           The prover sends sum chi A_k + A*_k for k < t; the verifier compares with sum chi B + B*.
Degrees:   a claim of a lower degree t' is multiplied by alpha_j^(t - t'), so one message proves claims of several.
Covers:    each ordered pair of a prover and a verifier has its own, of which nothing is ever used elsewhere. Under one
           cover for two verifiers these subtract what they got, and solve for the prover's values.
Coins:     one for each value, not the powers of one; tossed when all values are fixed at every verifier, by data flow.
Bound:     a false claim passes with t / p + 1 / p at each honest verifier: the coins, or a root in alpha_j.
Checked:   here, towards this party. The verdict is this party's own and opens nothing. A check of openings that has
           begun before is no answer to it: what depends on the claim waits for a check that begins afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spdz.crypto.prg import Prg
from spdz.errors import ProtocolAbort
from spdz.field import Field, FieldArray
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.protocols.commit import CommitAndOpen
from spdz.runtime.context import Context
from spdz.wire.codec import Elements
from spdz.wire.steps import Payload, Step, declare

CHUNK = 1 << 13
"""Values that are combined in one go: what is computed with stays in the cache."""


@dataclass(frozen=True)
class ProofSteps:
    """The steps of one purpose of the proof, and the error that its failure is."""

    coins: CommitAndOpen
    answer: Step
    failure: type[ProtocolAbort]
    meaning: str


def declare_proof(name: str, *, failure: type[ProtocolAbort], meaning: str, source: str) -> ProofSteps:
    """Register the steps of a proof for one purpose."""
    answer = declare(f"{name}.answer", payload=Payload.ELEMENTS, source=source, tampering=(failure,))
    return ProofSteps(declare_toss(name, source=source), answer, failure, meaning)


class Claim(NamedTuple):
    """One party's part of the claim that all values of all provers lie in {0, .., below - 1}; arrays are flat."""

    below: int
    values: FieldArray | None
    """u of this party, if it proves."""
    tags: Mapping[int, FieldArray]
    """v by verifier, if this party proves."""
    keys: Mapping[int, FieldArray]
    """w by prover."""


class Covers(NamedTuple):
    """One party's part of the covers; each has an entry less than the degree of the proof."""

    towards: Mapping[int, tuple[FieldArray, FieldArray]]
    """(u*, v*) by verifier, if this party proves."""
    of: Mapping[int, FieldArray]
    """w* by prover."""


def degree(claims: Sequence[Claim]) -> int:
    """The degree of a proof of these claims."""
    return max(claim.below for claim in claims)


async def prove(ctx: Context, steps: ProofSteps, claims: Sequence[Claim], covers: Covers, *, after: object) -> None:
    """Prove this party's part of the claims to all others, and check theirs.

    Shapes:    each claim is about as many values of every prover.
    Rounds:    3.  Sends: the degree of the proof, in elements, to each peer if this party proves, and the toss.
    Raises:    `steps.failure`, which names the prover; CommitmentMismatch, BroadcastMismatch.
    """
    coins = await toss(ctx, steps.coins, after=after)
    answers = _answers(ctx, coins, claims, covers.towards)
    codec = Elements(ctx.field, (degree(claims),))
    received = await ctx.swap(steps.answer, codec, answers, covers.of)
    for prover, answer in received.items():
        expected = _expected(ctx, coins, claims, prover, covers.of[prover])
        if not at_alpha(answer, ctx.session.key.share).equals(expected):
            raise steps.failure(
                f"party {prover} could not prove that {steps.meaning}. It has cheated, or its state is damaged; this "
                "session's key and material are destroyed",
                step=steps.answer.name,
                blamed=prover,
            )


def _answers(
    ctx: Context, coins: Coins, claims: Sequence[Claim], covers: Mapping[int, tuple[FieldArray, FieldArray]]
) -> dict[int, FieldArray]:
    """What this party sends to each verifier."""
    totals = {verifier: _cover(u, v) for verifier, (u, v) in covers.items()}
    for number, claim in enumerate(claims):
        shift = degree(claims) - claim.below
        if claim.values is None:
            continue
        for part, chi in _chunks(ctx.field, _stream(coins, ctx.party, number), claim.values.size):
            for verifier, total in totals.items():
                for k, terms in enumerate(coefficients(claim.values[part], claim.tags[verifier][part], claim.below)):
                    total[shift + k] = total[shift + k] + chi.dot(terms)
    return totals


def _expected(ctx: Context, coins: Coins, claims: Sequence[Claim], prover: int, cover: FieldArray) -> FieldArray:
    """sum chi B + B*, of one prover."""
    alpha, total = ctx.session.key.share, at_alpha(cover, ctx.session.key.share)
    for number, claim in enumerate(claims):
        keys, claimed = claim.keys[prover], ctx.field.zeros(())
        for part, chi in _chunks(ctx.field, _stream(coins, prover, number), keys.size):
            product = keys[part]
            for m in range(1, claim.below):
                product = product * (keys[part] - alpha * m)
            claimed = claimed + chi.dot(product)
        total = total + claimed * alpha ** (degree(claims) - claim.below)
    return total


def coefficients(values: FieldArray, tags: FieldArray, below: int) -> list[FieldArray]:
    """A_0 .. A_(t-1) of the product of (v + (u - m) X) over m < t, for each value; A_t is zero if u is in range."""
    found = [tags, values]
    for m in range(1, below):
        slope = values - m
        raised = [found[k - 1] * slope + found[k] * tags for k in range(1, m + 1)]
        found = [found[0] * tags, *raised, found[m] * slope]
    return found[:below]


def _cover(u: FieldArray, v: FieldArray) -> FieldArray:
    """A*_0 .. A*_(t-1): the coefficients of sum (v_k + u_k X) X^k."""
    total = v.field.zeros(v.size + 1)
    total[:-1] = v
    total[1:] = total[1:] + u
    return total


def at_alpha(polynomial: FieldArray, alpha: FieldArray) -> FieldArray:
    """The value of a polynomial, its lowest coefficient first."""
    value = polynomial.field.zeros(())
    for k in reversed(range(polynomial.size)):
        value = value * alpha + polynomial[k]
    return value


def _stream(coins: Coins, prover: int, number: int) -> Prg:
    return coins.stream(f"prover {prover} claim {number}")


def _chunks(field: Field, stream: Prg, count: int) -> Iterator[tuple[slice, FieldArray]]:
    """Parts of the values, and their coins."""
    for start in range(0, count, CHUNK):
        part = slice(start, min(start + CHUNK, count))
        yield part, field.sample(stream.fill, (part.stop - start,))
