"""Runs one endpoint of a recorded session with the package's own code.

Three kinds of recordings: a single protocol on shares that are given (`spdz.vectors.protocols`), the MASCOT generator,
and whole sessions, whose programs are lists of operations (vectors/README.md says what these mean).
"""

from __future__ import annotations

from typing import Any

from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.errors import SpdzError
from spdz.field import Field, field_by_name
from spdz.online.session import Mpc
from spdz.online.values.array import SecretArray
from spdz.params import MascotParams, SecurityParams, SessionParams
from spdz.preprocessing.dealer.dealer import dealer_service
from spdz.preprocessing.generators import material_source
from spdz.protocols.handshake import agree_on_parameters
from spdz.runtime.context import SessionState
from spdz.runtime.party import Party
from spdz.sessions.local import DEALER_PATIENCE_SECONDS
from spdz.sharing.mac_key import MacKey
from spdz.vectors.files import Case, VectorFault
from spdz.vectors.material import mascot_params, run_material
from spdz.vectors.protocols import PROTOCOLS, Given, elements
from spdz.vectors.replay import Ending, RecordedTransport, RecordingEnds, differences, frames_of


def replay(case: Case) -> list[str]:
    """Run every endpoint that is not corrupted; returns what differs from the recording."""
    found = []
    for expected in case.test["outcomes"]:
        endpoint = expected["party"]
        who = "dealer" if endpoint == case.params["parties"] else f"party {endpoint}"
        found += [f"{who}: {text}" for text in _replay_one(case, endpoint, expected)]
    return found


def _replay_one(case: Case, endpoint: int, expected: dict[str, Any]) -> list[str]:
    frames = frames_of(case)
    transport = RecordedTransport(endpoint, frames)
    ending = Ending()
    try:
        ending.result = _run(case, endpoint, transport)
    except VectorFault:
        raise
    except RecordingEnds as error:
        return [f"waits for more than was recorded: {error}"]
    except SpdzError as error:
        ending.error = error
    sent = {peer: bytes(stream) for peer, stream in transport.sent.items()}
    found = differences(endpoint, expected, ending, sent, frames)
    unread = transport.unread(case.test["corrupted"], aborted=ending.error is not None)
    return found + [f"never asks for {frame.name} of endpoint {frame.sender}" for frame in unread]


def _run(case: Case, endpoint: int, transport: RecordedTransport) -> dict[str, bytes]:
    params = case.params
    state = SessionState(
        endpoint,
        params["parties"],
        field_by_name(params["field"]),
        SecurityParams(),
        deterministic_randomness_for_tests(bytes.fromhex(case.test["seed"]), endpoint),
    )
    if case.kind == "session":
        return _session(case, state, transport)
    state.session_id = bytes.fromhex(params["sessionId"])
    party = Party(state, transport, state.parties, trace=transport.trace)
    if case.kind == "material":
        return run_material(case, party)
    given = Given(case, state)
    if given.mac_key is not None:
        state.field_domain.install(MacKey(given.mac_key))
    protocol = PROTOCOLS[params["protocol"]]
    result: dict[str, bytes] = party.run(lambda ctx: protocol(ctx, given), "main")
    return result


# -- whole sessions ---------------------------------------------------------------------------------------------------


def _session(case: Case, state: SessionState, transport: RecordedTransport) -> dict[str, bytes]:
    preprocessing = case.params["preprocessing"]
    mascot = mascot_params(case) if preprocessing == "mascot" else MascotParams()
    params = SessionParams(state.field.name, state.parties, preprocessing, mascot=mascot)
    endpoints = state.parties + (preprocessing == "dealer")
    if state.party == state.parties:
        return _dealer(params, state, transport)
    party = Party(state, transport, endpoints, trace=transport.trace)
    source = material_source(preprocessing, mascot=mascot)
    with Mpc(party, params, source, endpoints=endpoints) as mpc:
        return _program(case, mpc)


def _dealer(params: SessionParams, state: SessionState, transport: RecordedTransport) -> dict[str, bytes]:
    dealer = Party(state, transport, state.parties + 1, timeout=DEALER_PATIENCE_SECONDS, trace=transport.trace)
    endpoints = tuple(range(state.parties + 1))
    state.session_id = dealer.run(lambda ctx: agree_on_parameters(ctx, params, endpoints), "handshake")
    dealer.run(dealer_service, "set-up")
    dealer.close()
    return {}


def _program(case: Case, mpc: Mpc) -> dict[str, bytes]:
    """Run a list of operations; what is revealed is the result."""
    arrays: list[SecretArray | None] = []
    results: dict[str, bytes] = {}
    for index, entry in enumerate(case.test["given"]["program"]):
        place = f"given.program[{index}]"
        operands = [_operand(case, arrays, place, number) for number in entry.get("of", [])]
        op = entry["op"]
        arrays.append(None)
        if op == "reveal":
            results[f"reveal {index}"] = _encoded(mpc.field, [mpc.reveal(*operands)])
        elif op == "reveal to":
            opened = mpc.reveal_to(*operands, party=entry["party"])
            if opened is not None:
                results[f"reveal {index}"] = _encoded(mpc.field, [opened])
        elif op == "prepare":
            mpc.prepare(**{part["kind"].replace(" ", "_"): part["count"] for part in entry["material"]})
        else:
            arrays[-1] = _operation(case, mpc, place, entry, operands)
    return results


def _operand(case: Case, arrays: list[SecretArray | None], place: str, number: int) -> SecretArray:
    found = arrays[number] if number < len(arrays) else None
    if found is None:
        raise case.fault(f"{place}.of", f"operation {number} makes no array before this one")
    return found


def _operation(case: Case, mpc: Mpc, place: str, entry: dict[str, Any], operands: list[SecretArray]) -> SecretArray:
    op, shape = entry["op"], tuple(entry.get("shape", ()))
    if op == "input":
        values = elements(case, f"{place}.values", mpc.field, entry["values"], shape)
        return mpc.input(values.to_signed(), owner=entry["owner"], shape=shape)
    if op == "random":
        return mpc.random(shape)
    if op == "random bits":
        return mpc.random_bits(shape)
    if op == "square":
        return operands[0] ** 2
    if op == "add":
        return operands[0] + operands[1]
    left, right = operands
    return left * right if op == "multiply" else left @ right


def _encoded(field: Field, opened: list[Any]) -> bytes:
    parts = opened[0] if isinstance(opened[0], tuple) else opened
    return b"".join(field.signed(part).to_bytes() for part in parts)
