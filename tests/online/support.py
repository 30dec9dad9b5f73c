"""The online protocols among parties in lockstep, with ideal material; what they opened is checked at the end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import numpy as np

from spdz.field import Field, FieldArray
from spdz.online.operations.registry import Operation
from spdz.online.plan.graph import Begun
from spdz.protocols.mac_check import check_openings
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import InputMasks, Squares, Triples
from spdz.sharing.shares import AuthShare
from tests.support.costs import bytes_per_peer
from tests.support.dealer import IdealDealer, reconstruct
from tests.support.parties import Run, make_sessions, run


def assert_as_described(operation: Operation, parties: int, field: Field, seed: bytes) -> None:
    """An operation's example does what its description says: the shape, the rounds, and what every party sends."""
    ideal, call = Ideal(parties, field, seed), operation.example
    names = (*operation.operands, *(FIELD for _ in call.shapes[len(operation.operands) :]))
    operands = [
        ideal.dealer.shares_of(ideal.values(name, *shape)) for name, shape in zip(names, call.shapes, strict=True)
    ]
    if "parties" in call.parameters:
        call = replace(call, parameters={**call.parameters, "parties": parties})
    batches = [ideal.dealer.deal(kind, count) for kind, count in operation.material(call).items()]
    shape = operation.shape(call)
    own = ideal.values(operation.domain, *shape)
    if "width" in call.parameters and "owner" in call.parameters:
        own = field.signed(own.modulo_power(call["width"]).to_signed() - (1 << call["width"] - 1))

    async def part(ctx: Context) -> Any:
        mine = replace(call, private=own if ctx.party == call.parameters.get("owner") else None)
        given = tuple(shares[ctx.party] for shares in operands)
        outcome = await operation.run(ctx, mine, given, tuple(batch[ctx.party] for batch in batches))
        if isinstance(outcome, Begun):
            await outcome.rest(ctx.child("rest"))
            return outcome.result
        return outcome

    ended = ideal.run(part)
    assert all(result.shape == shape for result in ended.results)
    assert all(isinstance(result, FieldArray | np.ndarray) == operation.public for result in ended.results)
    assert operation.public or all(
        ended.sessions[party].domains.of(result).name == operation.domain for party, result in enumerate(ended.results)
    )
    assert ended.rounds == operation.rounds_of(call) + operation.beside
    for party in range(parties):
        sent = sum(bytes_per_peer(ended, party).values())
        described = operation.sends(call, party) * field.element_bytes + operation.sends_bits(call, party)
        assert sent == described, (operation.name, party)
    assert operation.text(call).isprintable()


Part = Callable[[Context], Coroutine[Any, Any, Any]]

SHAPES: tuple[tuple[int, ...], ...] = ((0,), (1,), (127,), (128,), (129,), (), (3, 4), (2, 0, 3), (2, 3, 4))


class Ideal:
    """Sessions and a dealer of values, shares and material, by party."""

    def __init__(self, parties: int, field: Field, seed: bytes) -> None:
        self.sessions = make_sessions(parties, field, seed)
        self.dealer = IdealDealer(self.sessions, seed)
        self.parties = parties

    def secret(self, *shape: int) -> tuple[FieldArray, list[AuthShare]]:
        """A random array and its shares."""
        value = self.dealer.random(*shape)
        return value, self.dealer.share(value)

    def values(self, domain: str, *shape: int) -> Any:
        """A random array of a domain."""
        return self.dealer.random(*shape) if domain == FIELD else self.dealer.bits.random(*shape)

    def masks(self, owner: int, shape: tuple[int, ...]) -> list[InputMasks]:
        """Input masks, in a shape."""
        clear, shares = self.secret(*shape)
        return [InputMasks(share, clear if party == owner else None) for party, share in enumerate(shares)]

    def triples(self, shape: tuple[int, ...]) -> list[Triples]:
        """Elementwise triples, in a shape."""
        a, b = self.dealer.random(*shape), self.dealer.random(*shape)
        return self._triples(a, b, a * b)

    def matrix_triple(self, m: int, inner: int, n: int) -> list[Triples]:
        """One matrix triple."""
        a, b = self.dealer.random(m, inner), self.dealer.random(inner, n)
        return self._triples(a, b, a @ b)

    def squares(self, shape: tuple[int, ...]) -> list[Squares]:
        """Squares, in a shape."""
        a, a_shares = self.secret(*shape)
        return [Squares(*pair) for pair in zip(a_shares, self.dealer.share(a * a), strict=True)]

    def _triples(self, *values: FieldArray) -> list[Triples]:
        return [Triples(*parts) for parts in zip(*map(self.dealer.share, values), strict=True)]

    def run(self, part: Part, interference: Any = None) -> Run:
        """Run a protocol and nothing else."""
        return run(self.sessions, part, interference)

    def result(self, part: Part) -> Any:
        """The shared result of a protocol whose openings are then checked."""

        async def main(ctx: Context) -> Any:
            share = await part(ctx.child("part"))
            await check_openings(ctx)
            ctx.unverified.require_empty()
            return share

        shares = self.run(main).results
        if isinstance(shares[0], BitShare):
            return self.dealer.bits.reconstruct(shares)
        return reconstruct(self.dealer.alpha, shares)
