"""An owner that enters a digit out of range and answers its proof so that chosen keys believe it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from spdz.field import FieldArray
from spdz.online.operations import range_inputs
from spdz.online.operations.range_inputs import digits_of
from spdz.protocols import field_proof
from spdz.runtime.context import Context


@contextmanager
def digit_off(place: int, offset: int) -> Iterator[None]:
    """Enter a digit that is off by so much, and go on as the honest code does."""

    def cheat(values: FieldArray, width: int) -> FieldArray:
        digits = digits_of(values, width)
        digits[place] = digits[place] + offset
        return digits

    with patch.object(range_inputs, "digits_of", cheat):
        yield


@contextmanager
def answers_for(roots: Sequence[int]) -> Iterator[list[bool]]:
    """Answer false claims of degree 4 as the four keys in `roots` accept; whether coins have made them true, by run.

    The best there is: a false claim is a polynomial of degree 4 in the verifier's key, whose highest coefficient the
    owner cannot choose and whose others it can.
    """
    lucky: list[bool] = []
    honest = field_proof._answers

    def answers(ctx: Context, coins: Any, claims: Any, covers: Any) -> Any:
        found = honest(ctx, coins, claims, covers)
        if not found:
            return found
        [claim] = claims
        top = ctx.field.ones(claim.values.size)
        for m in range(4):
            top = top * (claim.values - m)
        [(_, chi)] = field_proof._chunks(ctx.field, field_proof._stream(coins, ctx.party, 0), claim.values.size)
        highest = int(chi.dot(top).to_ints())
        lucky.append(highest == 0)
        product = [highest]
        for root in roots:
            product = [left - root * right for left, right in zip([0, *product], [*product, 0], strict=True)]
        low = ctx.field.array([value % ctx.field.modulus for value in product[:4]])
        return {verifier: answer - low for verifier, answer in found.items()}

    with patch.object(field_proof, "_answers", answers):
        yield lucky
