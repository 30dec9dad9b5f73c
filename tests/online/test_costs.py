"""The cost lines of the online phase against the trace, for two and for three parties."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from spdz.errors import ConfigurationMismatch
from spdz.field import M61, M127, Field
from spdz.online.operations import inputs, matrices, products, random
from spdz.online.operations import publish as publishing
from spdz.online.operations import truncate as truncation
from spdz.online.operations.inputs import share_input
from spdz.online.operations.matrices import matmul, matmul_by_triples
from spdz.online.operations.products import multiply, square
from spdz.online.operations.publish import publish
from spdz.online.operations.registry import all_operations
from spdz.online.operations.truncate import truncate
from spdz.online.plan import agreement
from spdz.online.plan.agreement import agree_on_plan
from spdz.runtime.context import Context
from spdz.sharing.material import truncation_pairs
from spdz.wire.plain import encode_plain
from tests.support.costs import bytes_per_peer, functions_that_state_rounds, stated_rounds
from tests.support.parties import assert_caught, make_sessions, run

from .support import Ideal, assert_as_described

PARTIES = pytest.mark.parametrize("parties", [2, 3])
FIELDS = pytest.mark.parametrize("field", [M61, M127], ids=str)
SHAPE, ENTRIES = (5, 7), 35


def test_every_function_with_a_cost_line_is_tested_here() -> None:
    covered = {
        "share_input",
        "multiply",
        "square",
        "matmul",
        "matmul_by_triples",
        "agree_on_plan",
        "publish",
        "truncate",
    }
    assert (
        functions_that_state_rounds((inputs, matrices, products, random, publishing, truncation, agreement)) == covered
    )


@PARTIES
@FIELDS
@pytest.mark.parametrize("name", sorted(all_operations()))
def test_every_operation_costs_what_its_description_says(name: str, parties: int, field: Field, seed: bytes) -> None:
    assert_as_described(all_operations()[name], parties, field, seed)


@PARTIES
@FIELDS
@pytest.mark.parametrize("shape", [SHAPE, (0,), (1,), ()], ids=str)
def test_input(parties: int, field: Field, shape: tuple[int, ...], seed: bytes) -> None:
    ideal = Ideal(parties, field, seed)
    values, masks = ideal.dealer.random(*shape), ideal.masks(1, shape)
    ended = ideal.run(lambda ctx: share_input(ctx, 1, values if ctx.party == 1 else None, masks[ctx.party]))
    assert ended.rounds == stated_rounds(share_input) == 1
    assert bytes_per_peer(ended, 1) == {"input.masked": values.size * field.element_bytes}
    assert bytes_per_peer(ended, 0) == {"input.masked": 0}


@PARTIES
@FIELDS
@pytest.mark.parametrize(
    ("function", "step", "sent_per_entry", "material"),
    [(multiply, "multiply.masked", 2, "triples"), (square, "square.masked", 1, "squares")],
)
def test_products(
    parties: int, field: Field, function: Callable[..., Any], step: str, sent_per_entry: int, material: str, seed: bytes
) -> None:
    ideal = Ideal(parties, field, seed)
    operands = [ideal.secret(*SHAPE)[1] for _ in range(sent_per_entry)]
    batch = getattr(ideal, material)(SHAPE)
    ended = ideal.run(lambda ctx: function(ctx, *(shares[ctx.party] for shares in operands), batch[ctx.party]))
    assert ended.rounds == stated_rounds(function) == 1
    for party in range(parties):
        assert bytes_per_peer(ended, party) == {step: sent_per_entry * ENTRIES * field.element_bytes}
    assert re.search(rf"Sends: {sent_per_entry} elements? per entry", inspect.getdoc(function) or "")
    assert re.search(r"Consumes: one (triple|square) per entry", inspect.getdoc(function) or "")


@PARTIES
def test_truncation(parties: int, seed: bytes) -> None:
    ideal = Ideal(parties, M127, seed)
    x, pairs = ideal.secret(*SHAPE)[1], ideal.dealer.deal(truncation_pairs(16), ENTRIES)

    async def main(ctx: Context) -> Any:
        mask, low = (share.reshape(*SHAPE) for share in pairs[ctx.party].shares)
        return await truncate(ctx, x[ctx.party], mask, low, 1, 64, 16)

    ended = ideal.run(main)
    assert ended.rounds == stated_rounds(truncate) == 1
    assert bytes_per_peer(ended) == {"truncate.masked": ENTRIES * M127.element_bytes}
    assert "Sends: 1 element per entry" in (inspect.getdoc(truncate) or "")


@PARTIES
@FIELDS
@pytest.mark.parametrize("dims", [(3, 4, 5), (1, 6, 1), (2, 0, 2)], ids=str)
def test_matrix_products(parties: int, field: Field, dims: tuple[int, int, int], seed: bytes) -> None:
    m, inner, n = dims
    ideal = Ideal(parties, field, seed)
    x, y = ideal.secret(m, inner)[1], ideal.secret(inner, n)[1]
    whole, single = ideal.matrix_triple(*dims), ideal.triples(dims)

    ended = ideal.run(lambda ctx: matmul(ctx, x[ctx.party], y[ctx.party], whole[ctx.party]))
    assert ended.rounds == stated_rounds(matmul) == 1
    assert bytes_per_peer(ended) == {"matmul.masked": (m * inner + inner * n) * field.element_bytes}

    ended = ideal.run(lambda ctx: matmul_by_triples(ctx, x[ctx.party], y[ctx.party], single[ctx.party]))
    assert ended.rounds == stated_rounds(matmul_by_triples) == 1
    assert bytes_per_peer(ended) == {"multiply.masked": 2 * m * inner * n * field.element_bytes}


@PARTIES
@pytest.mark.parametrize("count", [0, 1, 1000])
def test_the_comparison_of_plans(parties: int, count: int, seed: bytes) -> None:
    ended = run(make_sessions(parties, M61, seed), lambda ctx: agree_on_plan(ctx, ["multiply (3,)"] * count))
    assert ended.rounds == stated_rounds(agree_on_plan) == 1
    assert bytes_per_peer(ended) == {"program.plan": 512}
    assert "512 bytes to each peer" in (agree_on_plan.__doc__ or "")


@PARTIES
@pytest.mark.parametrize("value", [None, (2, 3), "x" * 1000], ids=["none", "shape", "text"])
def test_publishing(parties: int, value: Any, seed: bytes) -> None:
    ideal = Ideal(parties, M61, seed)
    ended = ideal.run(lambda ctx: publish(ctx, 1, value if ctx.party == 1 else None))
    assert ended.results == [value] * parties
    echo = {"broadcast.echo": 32} if parties > 2 else {}
    assert ended.rounds == stated_rounds(publish) + len(echo) == 2 + len(echo)
    assert bytes_per_peer(ended, 1) == {"publish.length": 4, "publish.value": len(encode_plain(value)), **echo}
    assert bytes_per_peer(ended, 0) == {"publish.length": 0, "publish.value": 0, **echo}


def differing(first: list[str], second: list[str], seed: bytes) -> str:
    """What party 0 says when party 1 plans something else; both must say the same kind of thing."""

    async def main(ctx: Context) -> None:
        await agree_on_plan(ctx, second if ctx.party else first)

    ended = run(make_sessions(2, M61, seed), main)
    assert {type(outcome.error).__name__ for outcome in ended.outcomes} <= {"ConfigurationMismatch", "PeerAborted"}
    assert type(ended.outcomes[0].error) is ConfigurationMismatch
    return str(ended.outcomes[0].error)


def test_a_difference_names_both_operations(seed: bytes) -> None:
    text = differing(["add", "multiply (3,)", "reveal"], ["add", "square (3,)", "reveal"], seed)
    assert "operation 2 is 'multiply (3,)' here and 'square (3,)' at party 1" in text
    assert "operation 2 is 'nothing' here and 'reveal' at party 1" in differing(["add"], ["add", "reveal"], seed)


def test_a_difference_beyond_what_the_text_holds_is_still_found(seed: bytes) -> None:
    """The digest covers the whole plan, the text only its beginning."""
    same = ["multiply (3,)"] * 100
    text = differing([*same, "add"], [*same, "subtract", "add"], seed)
    assert "the first 34 operations since the last reveal are the same here and at party 1" in text
    assert "there are 101 here in all" in text


def test_a_plan_with_hostile_letters_cannot_write_to_the_terminal(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    text = differing(["add"], ["\x1b[2J\x07add"], seed)
    assert text.isprintable()


def test_for_three_parties_everyone_ends(seed: bytes) -> None:
    async def main(ctx: Context) -> None:
        await agree_on_plan(ctx, ["add" if ctx.party else "subtract"])

    assert_caught(run(make_sessions(3, M61, seed), main), ConfigurationMismatch, None, cheater=0)  # type: ignore[arg-type]
