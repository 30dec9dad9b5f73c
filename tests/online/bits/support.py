"""Operations on bits with ideal material, and masks with every wrap and every fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spdz.field import Field, FieldArray
from spdz.online.operations.compare import comparison
from spdz.online.operations.registry import Call, Operation
from spdz.protocols.mac_check import check_openings
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Interference
from spdz.sharing.material import Batch, MaskSlack, compare_masks
from tests.online.support import Ideal
from tests.support.parties import Run

FAULTY = MaskSlack(terms=2, faults=3)
SLACKS = [MaskSlack(1, 0), MaskSlack(2, 0), FAULTY, MaskSlack(3, 3), MaskSlack(4, 3), MaskSlack(5, 3)]


class Case:
    """One use of an operation on values that are shared by the ideal dealer, with dealt or given material."""

    def __init__(
        self,
        ideal: Ideal,
        operation: Operation,
        *operands: Any,
        private: Any = None,
        material: Sequence[list[Batch]] = (),
        **parameters: Any,
    ) -> None:
        self.ideal, self.operation = ideal, operation
        self.call = Call(tuple(operand.shape for operand in operands), parameters, private)
        self.shares = [ideal.dealer.shares_of(operand) for operand in operands]
        given = {batches[0].kind: batches for batches in material}
        demand = operation.material(self.call)
        self._batches = [given.get(kind) or ideal.dealer.deal(kind, count) for kind, count in demand.items()]

    async def part(self, ctx: Context) -> Any:
        """The operation, at one party."""
        given = tuple(shares[ctx.party] for shares in self.shares)
        call = self.call if ctx.party == self.call.parameters.get("owner") else replace(self.call, private=None)
        return await self.operation.run(ctx, call, given, tuple(batch[ctx.party] for batch in self._batches))

    def result(self) -> Any:
        """The result, in the clear, once all openings are checked and its MACs are found right."""
        return self.ideal.result(self.part)

    def attacked(self, interference: Interference) -> Run:
        """The operation and the check of its openings, with a party that cheats."""

        async def main(ctx: Context) -> Any:
            result = await self.part(ctx.child("part"))
            await check_openings(ctx)
            return result

        return self.ideal.run(main, interference)


def signed(field: Field, values: Sequence[int]) -> FieldArray:
    """Signed integers of any size as elements."""
    return field.array([value % field.modulus for value in values])


def masks(ideal: Ideal, width: int, totals: Sequence[int], faults: Sequence[int]) -> list[Batch]:
    """Compare masks whose terms add up to these integers, with bits that are off by these sums of faults."""
    field = ideal.dealer.field
    numbers = [(total - fault) % 2**width for total, fault in zip(totals, faults, strict=True)]
    bits = np.array([[number >> place & 1 for place in range(width)] for number in numbers], np.uint8)
    pairs = (width - 1) // 2
    neighbours = bits[:, 1 : 2 * pairs : 2] & bits[:, 0 : 2 * pairs : 2]
    return ideal.dealer.batches(compare_masks(width), [signed(field, totals), bits, neighbours])


def every_case(field: Field, slack: MaskSlack, width: int) -> tuple[list[int], list[int], list[int]]:
    """Every number of that width with every sum of masks and every sum of faults: numbers, sums of masks, of faults."""
    numbers = range(-(2 ** (width - 1)), 2 ** (width - 1))
    totals = range(slack.terms * (field.modulus - 1) + 1)
    worst = slack.terms * slack.faults
    grid = [(x, total, fault) for x in numbers for total in totals for fault in range(-worst, worst + 1)]
    return [list(column) for column in zip(*grid, strict=True)]  # type: ignore[return-value]


def edges(field: Field, slack: MaskSlack, width: int) -> tuple[list[int], list[int], list[int]]:
    """Extreme numbers, every number of wraps, c next to 0 and p and in the middle, extreme faults."""
    t, offset, m = comparison(slack, width)
    p, top, worst = field.modulus, 2 ** (width - 1), slack.terms * slack.faults
    cases = []
    for x in sorted({0, -1, min(1, top - 1), -top, top - 1, -(top // 2), top // 3}):
        for c in (0, 1, 2, p - 1, p - 2, p // 2, 2**m % p, (2**m - 1) % p, 2**t - 1, 2**t):
            for wraps in range(-1, slack.terms + 1):
                total = c + wraps * p - (2**t * x + offset)
                if 0 <= total <= slack.terms * (p - 1):
                    cases += [(x, total, fault) for fault in {-worst, -1 if worst else 0, 0, worst}]
    return [list(column) for column in zip(*cases, strict=True)]  # type: ignore[return-value]


def widths(field: Field, slack: MaskSlack) -> range:
    """All widths for which the field has room."""
    return range(1, field.bits - comparison(slack, 1).t + 1)
