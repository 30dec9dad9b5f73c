"""A plan says what the run will cost: rounds, bytes and material of what a user can ask for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.adversary.settings import SMALL_BITS, SMALL_VOLES
from spdz.errors import UsageError
from spdz.online.session import Mpc
from spdz.preprocessing.mascot import generator
from spdz.wire.frames import HEADER_BYTES

PARTIES = pytest.mark.parametrize("parties", [2, 3])

Program = Callable[[Mpc], Any]


def vector(mpc: Mpc, owner: int = 0) -> spdz.SecretArray:
    return mpc.input(np.arange(1, 6), owner=owner)


def product(mpc: Mpc) -> Any:
    return mpc.reveal(vector(mpc) * vector(mpc, 1))


def squares(mpc: Mpc) -> Any:
    return mpc.reveal((vector(mpc) ** 2).sum(), vector(mpc, 1))


def matrices(mpc: Mpc) -> Any:
    x = mpc.input(np.ones((2, 3), int), owner=0)
    return mpc.reveal(x @ x.T + mpc.random((2, 2)))


def deep(mpc: Mpc) -> Any:
    return mpc.reveal(vector(mpc).prod() * 3 + 1)


def to_one(mpc: Mpc) -> Any:
    return mpc.reveal_to(vector(mpc) * 2, mpc.random_bits(4), party=1)


def several(mpc: Mpc) -> Any:
    x = vector(mpc)
    mpc.reveal(x * x)
    return mpc.reveal(x * x * x, mpc.constant([1, 2]))


def nothing(mpc: Mpc) -> Any:
    return mpc.reveal(vector(mpc)[:0] * vector(mpc)[:0])


def integers(mpc: Mpc, owner: int = 0) -> spdz.SecretInt:
    return mpc.input([3, -4, 5], owner=owner, type=spdz.Int(8))


def comparisons(mpc: Mpc) -> Any:
    x, y = integers(mpc), integers(mpc, 1)
    return mpc.reveal(x < y, x == y, x)


def one_bit(mpc: Mpc) -> Any:
    return mpc.reveal(integers(mpc)[0] > 2)


def logic(mpc: Mpc) -> Any:
    flags = mpc.input([True, False, True], owner=1, type=spdz.Bool())
    return mpc.reveal(flags & (integers(mpc) > 0), ~flags, flags.sum())


def choices(mpc: Mpc) -> Any:
    x = integers(mpc)
    return mpc.reveal(x.relu(), x.argmax(), abs(x.clip(-100, 100)), x.sort())


def truth_to_one(mpc: Mpc) -> Any:
    return mpc.reveal_to(integers(mpc) > 0, integers(mpc, 1), party=1)


def reals(mpc: Mpc, owner: int = 0) -> spdz.SecretFixed:
    return mpc.input([0.5, -1.25, 2.0], owner=owner, type=spdz.Fixed(16, 24)).astype(spdz.Fixed(16, 40))


def fixed_point(mpc: Mpc) -> Any:
    x, y = reals(mpc), reals(mpc, 1)
    product = x * y
    return mpc.reveal(product.sum(), product, x @ y, x / 3, x.mean(), product < 0.5)


def truncated_alone(mpc: Mpc) -> Any:
    """Nothing else is opened before the result is."""
    return mpc.reveal(reals(mpc) * 0.3)


PROGRAMS: list[Program] = [product, squares, matrices, deep, to_one, several, nothing]
OF_BITS: list[Program] = [comparisons, one_bit, logic, choices, truth_to_one]


def actual(program: Program, parties: int, field: str = "M61") -> list[tuple[int, int, dict[str, int]]]:
    """Rounds, bytes and material of the online phase of every party: all that is needed has been made before."""
    wanted: dict[str, Any] = dict.fromkeys(("triples", "squares", "random_bits", "random_shares", "daBits"), 64)
    wanted |= {"matrix_triples": {(2, 3, 2): 8}, "bit_triples": 999, "bit_pair_triples": 999}
    wanted |= {"compare_masks": dict.fromkeys(range(9, 16), 64), "mux_triples": dict.fromkeys(range(1, 4), 64)}
    if field == "M127":
        wanted |= {"truncation_pairs": dict.fromkeys((16, 28, 30), 64)}
        wanted["matrix_triples"] = {(1, 3, 1): 8}
        wanted |= {"compare_masks": dict.fromkeys(range(20, 60), 64)}
    owned = ("input_masks", "bit_masks", "proof_masks")

    def measured(mpc: Mpc) -> tuple[int, int, dict[str, int]]:
        mpc.prepare(**wanted, **{name: dict.fromkeys(range(mpc.parties), 256) for name in owned})
        before = mpc.cost
        program(mpc)
        after = mpc.cost
        return after.rounds - before.rounds, after.bytes_sent - before.bytes_sent, dict(after.material)

    return spdz.run_local(measured, parties, field, "dealer", timeout=60)


@PARTIES
@pytest.mark.parametrize(
    "program", [*PROGRAMS, *OF_BITS, fixed_point, truncated_alone], ids=lambda program: program.__name__
)
def test_the_plan_is_what_the_run_costs(program: Program, parties: int) -> None:
    field = "M127" if program in (fixed_point, truncated_alone) else "M61"
    for party, (rounds, sent, material) in enumerate(actual(program, parties, field)):
        planned = spdz.plan(program, parties, field, "dealer", party=party)
        assert (planned.rounds, planned.bytes_sent) == (rounds, sent)
        assert planned.material == material
        assert planned.ends_at is None


def wanted_for(material: dict[str, int]) -> dict[str, Any]:
    """The arguments of `prepare` for what a plan says."""
    wanted: dict[str, Any] = {}
    for text, count in material.items():
        name, _, owner = text.partition(" of party ")
        words = name.split(" ")
        parameter = int(owner) if owner else int(words.pop()) if words[-1].isdigit() else None
        name = "_".join(words)
        if parameter is None:
            wanted[name] = count
        else:
            wanted.setdefault(name, {})[parameter] = count
    return wanted


@PARTIES
@pytest.mark.parametrize("program", OF_BITS, ids=lambda program: program.__name__)
def test_the_plan_is_what_bits_cost_without_a_dealer(
    program: Program, parties: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masks of several parties have another slack than dealt ones: other widths, other trees, more triples."""
    monkeypatch.setattr(generator, "MascotProtocols", partial(generator.MascotProtocols, bit_plan=SMALL_BITS))
    planned = [spdz.plan(program, parties, "M61", "mascot", party=party) for party in range(parties)]
    assert planned[0].material != spdz.plan(program, parties, "M61", "dealer").material

    def measured(mpc: Mpc) -> tuple[int, int, dict[str, int]]:
        mpc.prepare(**wanted_for(planned[0].material))
        before = mpc.cost
        program(mpc)
        after = mpc.cost
        return after.rounds - before.rounds, after.bytes_sent - before.bytes_sent, dict(after.material)

    for plan, (rounds, sent, material) in zip(
        planned, spdz.run_local(measured, parties, "M61", "mascot", timeout=60), strict=True
    ):
        assert (plan.rounds, plan.bytes_sent) == (rounds, sent)
        assert plan.material == material


def in_steps(mpc: Mpc) -> Any:
    """Material of a second reveal that is there, that a demand makes, and that is thrown away."""
    x = vector(mpc)
    mpc.prepare(triples=7, input_masks={1: 9})
    mpc.reveal(x * vector(mpc, 1))
    mpc.reveal_to(x * x * x, party=1)
    mpc.discard_material()
    return mpc.reveal(x * vector(mpc, 1))


@pytest.mark.real_base_ots
@PARTIES
@pytest.mark.parametrize("program", [in_steps, comparisons, matrices, truth_to_one], ids=lambda one: one.__name__)
def test_the_plan_says_what_making_the_material_sends(
    program: Program, parties: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that a session sends is its hello, what the plan says of the material, and what it says of the rest."""
    small = partial(generator.MascotProtocols, bit_plan=SMALL_BITS, vole_plan=SMALL_VOLES)
    monkeypatch.setattr(generator, "MascotProtocols", small)

    def measured(mpc: Mpc) -> tuple[int, int]:
        hello = [cost for name, cost in mpc._party.trace.steps.items() if name.startswith("handshake")]
        besides = sum(cost.bytes_sent + cost.exchanges * (parties - 1) * HEADER_BYTES for cost in hello)
        program(mpc)
        return mpc.cost.bytes_sent - besides, mpc.cost.rounds - sum(cost.exchanges for cost in hello)

    for party, (sent, rounds) in enumerate(spdz.run_local(measured, parties, "M61", timeout=60)):
        planned = spdz.plan(program, parties, "M61", party=party)
        assert planned.preprocessing_bytes_sent is not None
        assert planned.preprocessing_rounds is not None
        assert planned.bytes_sent + planned.preprocessing_bytes_sent == sent
        assert planned.rounds + planned.preprocessing_rounds == rounds


def test_an_estimate_of_the_time_for_the_material() -> None:
    planned = spdz.plan(product)
    assert planned.preprocessing_rounds is not None
    assert planned.preprocessing_bytes_sent is not None
    wanted = planned.preprocessing_rounds * 0.01 + planned.preprocessing_bytes_sent / 12.5e6
    assert planned.preprocessing_seconds(latency_ms=10, megabits=100) == pytest.approx(wanted)
    assert f"{planned.preprocessing_bytes_sent:,} bytes sent, to make the material" in str(planned)


def test_of_a_dealer_the_plan_says_nothing() -> None:
    planned = spdz.plan(product, preprocessing="dealer")
    assert planned.preprocessing_bytes_sent is None
    assert planned.preprocessing_seconds() is None
    assert "to make the material" not in str(planned)


def test_a_program_that_uses_what_it_reveals_ends_the_plan_there() -> None:
    def branching(mpc: Mpc) -> Any:
        opened = mpc.reveal(vector(mpc).sum())
        print(f"{opened} {opened!r}")
        if opened > 3:
            mpc.reveal(vector(mpc) * vector(mpc))
        return opened

    planned = spdz.plan(branching, 2, "M61")
    assert planned.material == {"input masks of party 0": 5}
    assert planned.ends_at is not None
    assert "test_pricing.py:" in planned.ends_at
    assert "gt of a revealed value" in planned.ends_at
    assert "the plan ends at" in str(planned)


def test_nothing_is_computed_for_a_plan() -> None:
    """A product of a million million entries is planned at once."""

    def huge(mpc: Mpc) -> Any:
        x = mpc.random((1 << 20, 1 << 20))
        return mpc.reveal((x * x).sum())

    planned = spdz.plan(huge)
    assert planned.material == {"random shares": 1 << 40, "squares": 1 << 40}
    assert planned.seconds(latency_ms=10, megabits=1000) > (1 << 40) * 16 / 125e6
    assert planned.preprocessing_bytes_sent is not None
    assert planned.preprocessing_bytes_sent > (1 << 40) * 3000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"parties": 1}, "parties must be an integer from 2 to 16"),
        ({"party": 2}, "party must be an integer from 0 to 1"),
        ({"field": "M62"}, "there is no field"),
        ({"preprocessing": "magic"}, "preprocessing must be one of"),
    ],
)
def test_arguments_that_do_not_fit(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        spdz.plan(product, **options)


def test_what_others_publish_is_not_known() -> None:
    with pytest.raises(UsageError, match="does not know what party 1 publishes"):
        spdz.plan(lambda mpc: mpc.publish(owner=1))
