"""What making material is said to cost is what it costs: bytes and rounds, of every kind, against runs."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread
from typing import Any, NamedTuple

import pytest

from spdz.adversary.settings import SMALL_BITS
from spdz.crypto.randomness import SystemRandomness
from spdz.field import Field, field_by_name
from spdz.online.plan.pricing import Prices
from spdz.params import MascotParams
from spdz.preprocessing.generators import preprocessing_of
from spdz.preprocessing.mascot import price
from spdz.preprocessing.mascot.generator import MAKERS, MascotPreprocessing, MascotProtocols
from spdz.preprocessing.mascot.messages import Voles
from spdz.preprocessing.mascot.price import MascotPrices, priced_kinds
from spdz.runtime.context import Context, SessionState
from spdz.runtime.trace import Trace
from spdz.sessions.opening import make_party, open_session
from spdz.sharing.bit_domain import BITS
from spdz.sharing.material import Kind, demand_of
from spdz.transport.memory import memory_network
from spdz.wire.frames import HEADER_BYTES
from tests.support.vole import TINY

PROTOCOLS = MascotProtocols(bit_plan=SMALL_BITS, vole_plan=TINY)

WANTED: dict[str, dict[str, Any]] = {
    "triples": {"triples": 130},
    "squares": {"squares": 5},
    "random bits": {"random_bits": 7},
    "random shares": {"random_shares": 9},
    "input masks": {"input_masks": {0: 3, 1: 70}},
    "proof masks": {"proof_masks": {1: 40}},
    "matrix triples": {"matrix_triples": {(9, 2, 8): 2, (5, 3, 4): 1}},
    "bit triples": {"bit_triples": 200},
    "bit pair triples": {"bit_pair_triples": 30},
    "bit masks": {"bit_masks": {0: 5, 1: 300}},
    "daBits": {"daBits": 20},
    "mux triples": {"mux_triples": {1: 4, 3: 5}},
    "compare masks": {"compare_masks": {9: 6, 12: 20}},
    "truncation pairs": {"truncation_pairs": {16: 3}},
}
"""By the name of the kind, what a session asks for; one that asks for all of it asks in this order."""


class Seen(NamedTuple):
    """Totals of one party; a price that is not known is none."""

    bytes_sent: Any
    rounds: Any


def context(field: Field, party: int, parties: int) -> Context:
    params = preprocessing_of("mascot").session(field.name, parties)
    return Context(SessionState(party, parties, field, params.security, SystemRandomness()))


def run(
    choice: MascotParams,
    field: Field,
    parties: int,
    asked: list[dict[str, Any]],
    protocols: MascotProtocols = PROTOCOLS,
) -> list[list[Seen]]:
    """By party: after the set-up, and after each demand, without what the session says besides."""
    maker = preprocessing_of(choice)
    params = maker.session(field.name, parties)
    transports = memory_network(params.endpoints)
    found: dict[int, list[Seen]] = {}

    def work(index: int) -> None:
        trace = Trace()
        party = make_party(params, index, transports[index], timeout=100.0, trace=trace)
        agreement = Prices(index, parties, field.element_bytes).agreement()
        with open_session(party, params, MascotPreprocessing(params=choice, protocols=protocols)) as mpc:
            others = [cost for step, cost in trace.steps.items() if step.startswith("handshake")]
            besides = sum(cost.bytes_sent + cost.exchanges * (parties - 1) * HEADER_BYTES for cost in others)
            rounds = sum(cost.exchanges for cost in others)
            seen = [Seen(trace.bytes_sent - besides, mpc.cost.rounds - rounds)]
            for wanted in asked:
                before = mpc.cost
                mpc.prepare(**wanted)
                after = mpc.cost
                seen.append(
                    Seen(
                        seen[-1].bytes_sent + after.bytes_sent - before.bytes_sent - agreement.bytes_sent,
                        seen[-1].rounds + after.rounds - before.rounds - agreement.rounds,
                    )
                )
        found[index] = seen

    threads = [Thread(target=work, args=(index,), daemon=True) for index in range(parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[index] for index in range(parties)]


def told(
    choice: MascotParams,
    field: Field,
    parties: int,
    party: int,
    asked: list[dict[str, Any]],
    protocols: MascotProtocols = PROTOCOLS,
) -> list[Seen]:
    """The same without running anything."""
    source = MascotPreprocessing(params=choice, protocols=protocols)
    prices = MascotPrices(context(field, party, parties), source)
    seen = [Seen(prices.bytes_sent, prices.rounds)]
    for wanted in asked:
        demand = demand_of(wanted, parties)
        for domain in {domain for kind in demand for domain in kind.declaration.domains}:
            prices.open_domain(domain)
        prices.produce(demand)
        seen.append(Seen(prices.bytes_sent, prices.rounds))
    return seen


def test_every_kind_has_a_price_and_a_test() -> None:
    assert set(priced_kinds()) == set(MAKERS) == set(WANTED)


COPEE = MascotParams(authentication="copee")


@pytest.fixture(scope="module", params=[2, 3])
def compared(request: pytest.FixtureRequest) -> tuple[list[list[Seen]], list[list[Seen]]]:
    """What a session that makes all kinds was told to cost, and what it did: by party."""
    field, asked = field_by_name("M127"), list(WANTED.values())
    said = [told(COPEE, field, request.param, party, asked) for party in range(request.param)]
    return said, run(COPEE, field, request.param, asked)


def test_a_set_up_costs_what_is_said(compared: tuple[list[list[Seen]], list[list[Seen]]]) -> None:
    for said, seen in zip(*compared, strict=True):
        assert said[0] == seen[0]


@pytest.mark.parametrize("name", WANTED)
def test_a_kind_costs_what_is_said(name: str, compared: tuple[list[list[Seen]], list[list[Seen]]]) -> None:
    number = 1 + list(WANTED).index(name)
    for said, seen in zip(*compared, strict=True):
        of_said, of_seen = (
            (each[number].bytes_sent - each[number - 1].bytes_sent, each[number].rounds - each[number - 1].rounds)
            for each in (said, seen)
        )
        assert of_said == of_seen
        assert of_said[0] > 0


@pytest.mark.parametrize(("parties", "tree_bits", "field"), [(2, 1, "M127"), (3, 4, "M61")])
def test_a_session_with_silent_voles_costs_what_is_said(parties: int, tree_bits: int, field: str) -> None:
    """All kinds after one another: VOLEs are extended when they run out, and what is left serves the next kind."""
    choice, chosen = MascotParams(ot_tree_bits=tree_bits), field_by_name(field)
    asked = [wanted for name, wanted in WANTED.items() if field == "M127" or name != "truncation pairs"]
    for party, seen in enumerate(run(choice, chosen, parties, asked)):
        assert told(choice, chosen, parties, party, asked) == seen


def test_what_is_there_is_not_made_again() -> None:
    choice, asked = COPEE, [{"squares": 5}, {"squares": 4}, {"squares": 6}]
    seen = told(choice, field_by_name("M61"), 2, 0, asked)
    assert seen[2] == seen[1]
    assert [seen] == run(choice, field_by_name("M61"), 2, asked)[:1]


def test_what_has_been_taken_is_made_again() -> None:
    prices = MascotPrices(context(field_by_name("M61"), 0, 2), MascotPreprocessing())
    demand: dict[Kind, int] = demand_of({"squares": 5}, 2)
    prices.produce(demand)
    once = prices.bytes_sent
    prices.produce(demand)
    assert prices.bytes_sent == once
    prices.take(demand)
    prices.produce(demand)
    twice = prices.bytes_sent
    prices.discard()
    prices.produce(demand)
    thrice = prices.bytes_sent
    assert None not in (once, twice, thrice)
    assert thrice - twice == twice - once > 0  # type: ignore[operator]


def test_batches_are_those_of_the_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches, the last one smaller."""
    small = {"squares": replace(MAKERS["squares"], batch_size=lambda ctx, kind: 128)}
    protocols = replace(PROTOCOLS, makers={**MAKERS, **small})
    choice, asked = COPEE, [{"squares": 300}]
    [seen, _] = run(choice, field_by_name("M61"), 2, asked, protocols)
    assert told(choice, field_by_name("M61"), 2, 0, asked, protocols) == seen


def test_many_batches_are_counted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """And give what they give one by one, also where VOLEs run out on the way."""
    asked: list[dict[str, Any]] = [
        {"input_masks": {0: 20, 1: 30}},
        {"random_shares": 1 << 18},
        {"bit_triples": 1 << 22},
        {"input_masks": {0: 1 << 16}},
        {"compare_masks": {9: 1 << 18}},
    ]
    for authentication in ("copee", "vole"):
        choice = MascotParams(authentication=authentication)
        at_once = told(choice, field_by_name("M61"), 3, 0, asked[:4])
        assert None not in at_once[-1]
        with monkeypatch.context() as patch:
            patch.setattr(Voles, "settled", lambda self, inputters: False)
            assert told(choice, field_by_name("M61"), 3, 0, asked[:4]) == at_once
    even = told(MascotParams(), field_by_name("M61"), 2, 1, asked[1:3] + asked[4:])
    monkeypatch.setattr(Voles, "settled", lambda self, inputters: False)
    assert told(MascotParams(), field_by_name("M61"), 2, 1, asked[1:3] + asked[4:]) == even


def test_a_million_million_squares_are_counted_in_no_time() -> None:
    asked: list[dict[str, Any]] = [{"random_shares": 1 << 40}, {"squares": 1 << 40}]
    said = told(MascotParams(), field_by_name("M61"), 3, 0, asked)
    assert said[2].bytes_sent > said[1].bytes_sent > (1 << 40) * 16


def test_what_cannot_be_told_is_none() -> None:
    """Nothing is guessed: not for a kind that there is no maker for, nor for too many batches to count."""
    prices = MascotPrices(context(field_by_name("M61"), 0, 2), MascotPreprocessing(protocols=PROTOCOLS))
    prices.produce(demand_of({"input_masks": {0: 20}}, 2))
    assert prices.bytes_sent is not None
    prices.produce(demand_of({"random_shares": 1 << 60}, 2))
    assert prices.bytes_sent is None
    assert prices.rounds is None
    none = MascotPreprocessing(protocols=replace(PROTOCOLS, makers={}))
    prices = MascotPrices(context(field_by_name("M61"), 0, 2), none)
    prices.produce(demand_of({"squares": 1}, 2))
    assert prices.bytes_sent is None


@pytest.mark.real_base_ots
def test_the_parameters_of_every_session_cost_what_is_said() -> None:
    """Whole layers and lists, a matrix in several groups and pieces, and silent VOLE as it is."""
    asked: list[dict[str, Any]] = [
        {"random_shares": 40_000},
        {"matrix_triples": {(64, 16, 80): 1}},
        {"bit_pair_triples": 700, "input_masks": {1: 9}},
    ]
    [_, seen] = run(MascotParams(), field_by_name("M127"), 2, asked, MascotProtocols())
    assert told(MascotParams(), field_by_name("M127"), 2, 1, asked, MascotProtocols()) == seen


def test_triples_in_flight_share_rounds_and_send_the_same() -> None:
    small = {"triples": replace(MAKERS["triples"], batch_size=lambda ctx, kind: 128)}
    protocols = replace(PROTOCOLS, makers={**MAKERS, **small})
    asked: list[dict[str, Any]] = [{"triples": 500}]
    [seen, _] = run(MascotParams(), field_by_name("M61"), 2, asked, protocols)
    said = told(MascotParams(), field_by_name("M61"), 2, 0, asked, protocols)
    assert said[-1].bytes_sent == seen[-1].bytes_sent
    assert said[-1].rounds > seen[-1].rounds


def test_a_price_that_forgets_a_message_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above is one: without the sacrifice's opening the figures differ."""
    honest = told(MascotParams(), field_by_name("M61"), 2, 0, [{"triples": 5}])
    monkeypatch.setattr(price.MascotPrices, "_check_entered", lambda self: None)
    assert told(MascotParams(), field_by_name("M61"), 2, 0, [{"triples": 5}]) != honest


def test_bits_need_keys_once() -> None:
    prices = MascotPrices(context(field_by_name("M61"), 0, 2), MascotPreprocessing())
    before = prices.bytes_sent
    prices.open_domain(BITS)
    once = prices.bytes_sent
    prices.open_domain(BITS)
    assert before < once == prices.bytes_sent
