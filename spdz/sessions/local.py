"""`run_local`: all parties of a session as threads of one process, on the code path of real parties.

For notebooks, tests and for trying a program out. Every party has its own scheduler, keys and material; only the
transport differs from a run over a network. It works inside a running event loop, because it uses none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from spdz.crypto.randomness import SystemRandomness
from spdz.errors import PeerAborted, TransportError, UsageError
from spdz.field import M127, Field, field_by_name
from spdz.online.session import Mpc
from spdz.params import MAX_PARTIES, MAX_THREADS, MascotParams, SessionParams, require_integer
from spdz.preprocessing.dealer.dealer import dealer_service
from spdz.preprocessing.generators import material_source
from spdz.protocols.handshake import agree_on_parameters
from spdz.runtime.context import SessionState
from spdz.runtime.party import Party
from spdz.runtime.transport import Transport
from spdz.transport.memory import memory_network

DEALER_PATIENCE_SECONDS = 7 * 24 * 3600.0

Program = Callable[[Mpc], Any]


def run_local(
    program: Program | Sequence[Program],
    parties: int = 2,
    field: Field | str = M127,
    preprocessing: str = "mascot",
    inputs: Sequence[Any] | None = None,
    *,
    timeout: float = 120.0,
    mascot: MascotParams | None = None,
    threads: int = 1,
) -> list[Any]:
    """Run `program(mpc)` as every party and return each party's result, by party index.

    program        one function for all parties, or one for each
    preprocessing  "mascot" (no trusted party) or "dealer" (a trusted dealer: it knows every secret)
    inputs         one object for each party, seen by its program as `mpc.inputs`
    timeout        seconds that a party waits for a message
    mascot         which protocols the "mascot" generator runs
    threads        how many threads the heavy loops of each party may use

    Raises the first error that is not merely the echo of another party's error.
    """
    require_integer(parties, "parties", 2, MAX_PARTIES)
    require_integer(threads, "threads", 1, MAX_THREADS)
    material_source(preprocessing)
    params = SessionParams(_field(field).name, parties, preprocessing, mascot=mascot or MascotParams())
    programs = [program] * parties if callable(program) else list(program)
    if not all(callable(one) for one in programs):
        raise UsageError("a program must be a function of one argument, the session")
    handed = [None] * parties if inputs is None else list(inputs)
    for what, given in (("programs", programs), ("inputs", handed)):
        if len(given) != parties:
            raise UsageError(f"{len(given)} {what} were given for {parties} parties")
    endpoints = parties + (preprocessing == "dealer")
    transports = memory_network(endpoints)
    jobs = [
        _Job(partial(_run_party, params, transports[i], i, programs[i], handed[i], endpoints, timeout, threads))
        for i in range(parties)
    ]
    if endpoints > parties:
        jobs.append(_Job(lambda: run_dealer(params, transports[parties])))
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    _raise_first([job.error for job in jobs])
    return [job.result for job in jobs[:parties]]


def run_dealer(params: SessionParams, transport: Transport) -> None:
    """Be the trusted dealer of one session: the endpoint after the last party.

    It waits as long as the parties compute; a party that aborts or disappears ends it at once.
    """
    endpoint = params.parties
    state = _state(params, endpoint)
    party = Party(state, transport, endpoint + 1, timeout=DEALER_PATIENCE_SECONDS)
    endpoints = tuple(range(endpoint + 1))
    state.session_id = party.run(lambda ctx: agree_on_parameters(ctx, params, endpoints), "handshake")
    party.run(dealer_service, "set-up")
    party.close()


def _field(field: Field | str) -> Field:
    return field if isinstance(field, Field) else field_by_name(field)


def _state(params: SessionParams, party: int) -> SessionState:
    field = field_by_name(params.field_name)
    return SessionState(party, params.parties, field, params.security, SystemRandomness())


def _run_party(
    params: SessionParams,
    transport: Transport,
    index: int,
    program: Program,
    inputs: Any,
    endpoints: int,
    timeout: float,
    threads: int,
) -> Any:
    state = _state(params, index)
    state.threads = threads
    party = Party(state, transport, endpoints, timeout=timeout)
    source = material_source(params.preprocessing, mascot=params.mascot)
    with Mpc(party, params, source, endpoints=endpoints, inputs=inputs) as mpc:
        return program(mpc)


@dataclass
class _Job:
    """A thread and how it ended. Daemonic, so that Ctrl-C in the caller is not held up by a waiting party."""

    work: Callable[[], Any]
    result: Any = None
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            self.result = self.work()
        except BaseException as error:
            self.error = error


def _raise_first(errors: list[BaseException | None]) -> None:
    """Raise the error that explains the others: not an echo if there is anything else."""
    found = [error for error in errors if error is not None]
    for error in sorted(found, key=lambda error: (isinstance(error, PeerAborted), isinstance(error, TransportError))):
        raise error
