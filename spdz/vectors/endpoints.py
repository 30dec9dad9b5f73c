"""Runs one endpoint of a recorded session with the package's own code.

Three kinds of recordings: a single protocol on shares that are given (`spdz.vectors.protocols`), the MASCOT generator,
and whole sessions, whose programs are lists of operations (vectors/README.md says what these mean).
"""

from __future__ import annotations

from typing import Any

from spdz.crypto.randomness import Randomness, deterministic_randomness_for_tests
from spdz.errors import SpdzError
from spdz.field import Field, field_by_name
from spdz.online.operations.registry import all_operations
from spdz.online.session import Mpc
from spdz.online.values.array import SecretArray
from spdz.params import MascotParams, SecurityParams, endpoint_name
from spdz.preprocessing.generators import preprocessing_of
from spdz.runtime.context import SessionState
from spdz.runtime.party import Party
from spdz.sessions.opening import make_party, open_session, serve
from spdz.sharing.bit_domain import BitKey
from spdz.sharing.mac_key import MacKey
from spdz.vectors.files import Case, VectorFault
from spdz.vectors.given import Given, elements
from spdz.vectors.material import mascot_params, run_material
from spdz.vectors.protocols import PROTOCOLS
from spdz.vectors.replay import Ending, RecordedTransport, RecordingEnds, differences, frames_of

PATIENCE_SECONDS = 120.0
"""Of no meaning: a recording never lets anybody wait."""


def replay(case: Case) -> list[str]:
    """Run every endpoint that is not corrupted; returns what differs from the recording."""
    found = []
    for expected in case.test["outcomes"]:
        endpoint = expected["party"]
        who = endpoint_name(endpoint, case.params["parties"])
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
    randomness = deterministic_randomness_for_tests(bytes.fromhex(case.test["seed"]), endpoint)
    if case.kind == "session":
        return _session(case, endpoint, randomness, transport)
    state = SessionState(endpoint, params["parties"], field_by_name(params["field"]), SecurityParams(), randomness)
    state.session_id = bytes.fromhex(params["sessionId"])
    party = Party(state, transport, state.parties, trace=transport.trace)
    if case.kind == "material":
        return run_material(case, party)
    given = Given(case, state)
    if given.mac_key is not None:
        state.field_domain.install(MacKey(given.mac_key))
    if given.bit_key is not None:
        state.bit_domain.install(MacKey(BitKey(given.bit_key)))
    protocol = PROTOCOLS[params["protocol"]]
    result: dict[str, bytes] = party.run(lambda ctx: protocol(ctx, given), "main")
    return result


# -- whole sessions ---------------------------------------------------------------------------------------------------


def _session(case: Case, endpoint: int, randomness: Randomness, transport: RecordedTransport) -> dict[str, bytes]:
    name = case.params["preprocessing"]
    maker = preprocessing_of(mascot_params(case) if name == MascotParams.generator else name)
    params = maker.session(case.params["field"], case.params["parties"])
    if endpoint == params.parties:
        serve(params, maker.service, transport, randomness=randomness, trace=transport.trace)
        return {}
    party = make_party(
        params, endpoint, transport, timeout=PATIENCE_SECONDS, randomness=randomness, trace=transport.trace
    )
    with open_session(party, params, maker.source()) as mpc:
        return _program(case, mpc)


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
            arrays[-1] = operation_of(case, mpc, place, entry, operands)
    return results


def _operand(case: Case, arrays: list[SecretArray | None], place: str, number: int) -> SecretArray:
    found = arrays[number] if number < len(arrays) else None
    if found is None:
        raise case.fault(f"{place}.of", f"operation {number} makes no array before this one")
    return found


def operation_of(case: Case, mpc: Mpc, place: str, entry: dict[str, Any], operands: list[SecretArray]) -> SecretArray:
    """One line of a program. What is neither an input nor an operator of arrays is an operation by its name."""
    op, shape = entry["op"], tuple(entry.get("shape", ()))
    if op == "input":
        values = elements(case, f"{place}.values", mpc.field, entry["values"], shape)
        return mpc.input(values.to_signed(), owner=entry["owner"], shape=shape)
    if op == "add":
        return operands[0] + operands[1]
    if op == "matmul":
        return operands[0] @ operands[1]
    return mpc.apply(all_operations()[op], *operands, **({"shape": shape} if "shape" in entry else {}))


def _encoded(field: Field, opened: list[Any]) -> bytes:
    parts = opened[0] if isinstance(opened[0], tuple) else opened
    return b"".join(field.signed(part).to_bytes() for part in parts)
