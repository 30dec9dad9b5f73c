"""`run_local`: all parties of a session as threads of one process, on the code path of real parties.

For notebooks, tests and for trying a program out. Every party has its own scheduler, keys and material; only the
transport differs from a run over a network. It works inside a running event loop, because it uses none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Any

from spdz.errors import PeerAborted, TransportError, UsageError
from spdz.field import M127, Field, field_by_name
from spdz.online.session import Mpc
from spdz.params import MAX_PARTIES, MAX_THREADS, SessionParams, require_integer, require_seconds, shown
from spdz.preprocessing.generators import Choice, Preprocessing, preprocessing_of
from spdz.runtime.transport import Transport
from spdz.sessions.opening import make_party, open_session, serve
from spdz.sessions.programs import Program, require_programs
from spdz.sessions.validating import Twin, ValidatingMpc
from spdz.transport.memory import memory_network

ENDING_SECONDS = 5.0
"""How long Ctrl-C waits for each party to end. A party inside a long computation of its own ends after it."""


def run_local(
    program: Program | Sequence[Program],
    parties: int = 2,
    field: Field | str = M127,
    preprocessing: Choice = "mascot",
    inputs: Sequence[Any] | Mapping[int, Any] | None = None,
    *,
    timeout: float = 120.0,
    threads: int = 1,
    validate: bool = False,
) -> list[Any]:
    """Run `program(mpc)` as every party and return each party's result, by party index.

    program        one function for all parties, or one for each
    preprocessing  "mascot" (no trusted party) or "dealer" (a trusted dealer: it knows every secret), or a generator
                   with its parameters, such as MascotParams(authentication="copee")
    inputs         one object for each party, seen by its program as `mpc.inputs`: a list, or a dictionary by party
    timeout        seconds that a party waits for a message
    threads        how many threads the heavy loops of each party may use
    validate       compute in the clear as well, beside the protocol, before anything is revealed: **for development,
                   with data that are no secrets**. All that is shared is put together and looked at, and the session is
                   marked as tainted. There is no such thing in a session over a network

    Raises the first error that is not merely the echo of another party's error; with `validate` a ValidationFailed that
    names the first operation whose value is outside of its declared range, or not what the operation gives.
    """
    parties = require_integer(parties, "parties", 2, MAX_PARTIES)
    threads = require_integer(threads, "threads", 1, MAX_THREADS)
    maker = preprocessing_of(preprocessing)
    params = maker.session(_field(field).name, parties)
    require_seconds(timeout, "timeout")
    programs = require_programs(program, parties)
    handed = inputs_by_party(inputs, parties)
    if not isinstance(validate, bool):
        raise UsageError(f"validate is True or False, not {shown(validate)}")
    view = partial(ValidatingMpc, twin=Twin(parties)) if validate else Mpc
    transports = memory_network(params.endpoints, parties)
    jobs = [
        _Job(partial(_run_party, params, maker, transports[i], i, programs[i], handed[i], timeout, threads, view))
        for i in range(parties)
    ]
    if params.has_dealer:
        jobs.append(_Job(lambda: serve(params, maker.service, transports[parties])))
    try:
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
    except BaseException:
        # Ctrl-C. The parties' threads would go on for good: each ends, key and material destroyed, at its next message.
        for transport in transports:
            transport.interrupt()
        for job in jobs:
            job.join(ENDING_SECONDS)
        raise
    _raise_first([job.error for job in jobs])
    return [job.result for job in jobs[:parties]]


def inputs_by_party(inputs: Any, parties: int) -> list[Any]:
    """One object for each party, from a sequence, or from a dictionary with exactly the parties as keys."""
    if inputs is None:
        return [None] * parties
    if isinstance(inputs, Mapping):
        if set(inputs) != set(range(parties)) or any(type(key) is not int for key in inputs):
            raise UsageError(f"inputs by party need exactly the keys 0 to {parties - 1}, got {list(inputs)!r:.80}")
        return [inputs[party] for party in range(parties)]
    if isinstance(inputs, str | bytes | Set) or not isinstance(inputs, Iterable):
        raise UsageError(f"inputs must be one object for each party, in a list, got {type(inputs).__name__}")
    handed = list(inputs)
    if len(handed) != parties:
        raise UsageError(f"{len(handed)} inputs were given for {parties} parties")
    return handed


def _field(field: Field | str) -> Field:
    return field if isinstance(field, Field) else field_by_name(field)


def _run_party(
    params: SessionParams,
    maker: Preprocessing,
    transport: Transport,
    index: int,
    program: Program,
    inputs: Any,
    timeout: float,
    threads: int,
    view: Callable[..., Mpc],
) -> Any:
    party = make_party(params, index, transport, timeout=timeout, threads=threads)
    with open_session(party, params, maker.source(), inputs=inputs, view=view) as mpc:
        return program(mpc)


@dataclass
class _Job:
    """A thread and how it ended. Daemonic, so that Ctrl-C in the caller is not held up by a waiting party."""

    work: Callable[[], Any]
    result: Any = None
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, seconds: float | None = None) -> None:
        """Wait for the end, at most `seconds`; it may be interrupted and done again."""
        # In CPython 3.11 an interrupted Thread.join takes the thread for ended, though it runs; an event does not.
        if self._thread.ident is not None and self._ended.wait(seconds):
            self._thread.join()

    def _run(self) -> None:
        try:
            self.result = self.work()
        except BaseException as error:
            self.error = error
        finally:
            self._ended.set()


def _raise_first(errors: list[BaseException | None]) -> None:
    """Raise the error that explains the others: not an echo if there is anything else."""
    found = [error for error in errors if error is not None]
    for error in sorted(found, key=lambda error: (isinstance(error, PeerAborted), isinstance(error, TransportError))):
        raise error
