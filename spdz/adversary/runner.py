"""`run`: a program, some of its parties corrupted, on the code path of honest sessions.

Every party is a thread with its own scheduler, keys and material, as in `spdz.run_local`; only the transport of a
corrupted party is wrapped, and what a cheat that alters code installs there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from spdz.adversary.adversary import Adversary, check_cheats
from spdz.adversary.cheats import Cheat, Recording
from spdz.adversary.networks import open_network, undelivered
from spdz.adversary.quiescence import Quiescence
from spdz.adversary.report import PartyEnd, Report
from spdz.adversary.transports import TamperingTransport, WatchedTransport
from spdz.crypto.randomness import SystemRandomness
from spdz.errors import UsageError
from spdz.field import M61, Field, field_by_name
from spdz.local import Program, run_dealer
from spdz.online.session import Mpc
from spdz.params import MAX_PARTIES, SessionParams, require_integer
from spdz.party import Party
from spdz.protocols.material_source import MaterialSource
from spdz.runtime.context import SessionState
from spdz.sources import material_source
from spdz.transport.base import Transport

CLOSE_SECONDS = 5.0
POLL_SECONDS = 0.1


def run(
    program: Program | Sequence[Program],
    parties: int = 2,
    field: Field | str = M61,
    preprocessing: str = "mascot",
    inputs: Sequence[Any] | None = None,
    *,
    cheats: Sequence[Cheat] = (),
    corrupted: Sequence[int] = (),
    transport: str = "memory",
    timeout: float = 20.0,
    deadline: float = 60.0,
    honest_first: bool = True,
    recording: Recording | None = None,
) -> Report:
    """Run `program(mpc)` with cheaters among the parties, and say how every honest party ended.

    program, parties, field, preprocessing, inputs   as in `spdz.run_local`
    cheats        what the corrupted parties do; whoever is named by one is corrupted
    corrupted     further corrupted parties, who give the others away but only lend their eyes
    transport     "memory" or "tls" (on loopback)
    timeout       seconds that a party waits for a message; in memory it gives up as soon as nothing can come any more
    deadline      seconds after which a party that has not ended counts as hung
    honest_first  run the program without a cheat before: its outputs are the report's `expected`, its messages what
                  `Replay` replays. Otherwise `recording` (of another report) is replayed
    Raises UsageError for an unknown step or party, naming the nearest one, and for a program that fails honestly.
    """
    require_integer(parties, "parties", 2, MAX_PARTIES)
    material_source(preprocessing)
    chosen = field if isinstance(field, Field) else field_by_name(field)
    setting = _Setting(program, parties, chosen, preprocessing, inputs, transport, timeout, deadline)
    bad = frozenset(corrupted)
    check_cheats(cheats, parties, setting.endpoints, bad)
    expected = None
    if honest_first:
        honest = run_honestly(program, parties, chosen, preprocessing, inputs, transport=transport, timeout=timeout)
        expected = {party: end.output for party, end in honest.honest.items()}
        recording = honest.recording
    adversary = Adversary(cheats, parties, chosen, corrupted=bad, recording=recording)
    report = _Session(setting, adversary, record=False).run()
    report.expected = expected
    return report


def run_honestly(
    program: Program | Sequence[Program],
    parties: int = 2,
    field: Field | str = M61,
    preprocessing: str = "mascot",
    inputs: Sequence[Any] | None = None,
    *,
    transport: str = "memory",
    timeout: float = 60.0,
) -> Report:
    """Run the program without a cheat and record its messages. Raises UsageError if it fails by itself."""
    chosen = field if isinstance(field, Field) else field_by_name(field)
    setting = _Setting(program, parties, chosen, preprocessing, inputs, transport, timeout, 600.0)
    report = _Session(setting, Adversary((), parties, chosen), record=True).run()
    failed = [end for end in report.honest.values() if end.error is not None or end.hung]
    for end in sorted(failed, key=lambda end: end.is_echo):
        what = "hangs" if end.hung else f"{end.error_type}: {end.error}"
        raise UsageError(f"the program fails without any cheat, at party {end.party}: {what}") from end.error
    return report


@dataclass(frozen=True)
class _Setting:
    program: Program | Sequence[Program]
    parties: int
    field: Field
    preprocessing: str
    inputs: Sequence[Any] | None
    transport: str
    timeout: float
    deadline: float

    @property
    def endpoints(self) -> int:
        return self.parties + (self.preprocessing == "dealer")

    @property
    def params(self) -> SessionParams:
        return SessionParams(self.field.name, self.parties, self.preprocessing)

    def program_of(self, party: int) -> Program:
        if callable(self.program):
            return self.program
        if len(self.program) != self.parties:
            raise UsageError(f"{len(self.program)} programs were given for {self.parties} parties")
        return self.program[party]

    def inputs_of(self, party: int) -> Any:
        if self.inputs is not None and len(self.inputs) != self.parties:
            raise UsageError(f"{len(self.inputs)} inputs were given for {self.parties} parties")
        return None if self.inputs is None else self.inputs[party]


class _Session:
    """One session: its endpoints as threads."""

    def __init__(self, setting: _Setting, adversary: Adversary, *, record: bool) -> None:
        self._setting = setting
        self._adversary = adversary
        self._record = record
        self._quiet = Quiescence(setting.endpoints, enabled=setting.transport == "memory")
        self._ends = [PartyEnd(index) for index in range(setting.endpoints)]
        self._work: list[tuple[Program, Any]] = [
            (setting.program_of(index), setting.inputs_of(index)) for index in range(setting.parties)
        ]

    def run(self) -> Report:
        """Start everything, wait for the honest parties, and report."""
        started = monotonic()
        with open_network(self._setting.transport, self._setting.endpoints, self._setting.parties) as network:
            self._quiet.undelivered = undelivered(network)
            transports = [self._watched(index, inner) for index, inner in enumerate(network)]
            threads = [
                threading.Thread(target=self._main, args=(index, transports[index]), daemon=True)
                for index in range(self._setting.endpoints)
            ]
            for thread in threads:
                thread.start()
            until = monotonic() + self._setting.deadline
            self._await_end(threads, transports, until)
            for thread in threads:
                thread.join(max(0.0, min(until - monotonic(), 2 * CLOSE_SECONDS)))
            for index in self._honest():
                self._ends[index].hung = threads[index].is_alive()
        return self._report(transports, monotonic() - started)

    def _honest(self) -> list[int]:
        return [index for index in range(self._setting.parties) if index not in self._adversary.corrupted]

    def _await_end(self, threads: list[threading.Thread], transports: list[WatchedTransport], until: float) -> None:
        """Wait for the honest parties, then let the corrupted ones hang up."""
        for index in self._honest():
            while threads[index].is_alive() and not transports[index].closing.is_set() and monotonic() < until:
                transports[index].closing.wait(POLL_SECONDS)
        for index, transport in enumerate(transports):
            if isinstance(transport, TamperingTransport):
                threads[index].join(CLOSE_SECONDS)
                transport.hang_up(CLOSE_SECONDS)

    def _watched(self, index: int, inner: Transport) -> WatchedTransport:
        if index in self._adversary.corrupted:
            return TamperingTransport(index, inner, self._quiet, self._adversary)
        # The dealer waits for as long as the parties compute; they find out themselves when nothing can come any more.
        dealer = index == self._setting.parties
        return WatchedTransport(index, inner, self._quiet, record=self._record, patient=dealer)

    def _main(self, index: int, transport: WatchedTransport) -> None:
        end = self._ends[index]
        try:
            if index == self._setting.parties:
                run_dealer(self._setting.params, transport)
            else:
                self._be_party(index, transport, end)
        except BaseException as error:
            end.error = error
        finally:
            self._quiet.end(index)

    def _be_party(self, index: int, transport: WatchedTransport, end: PartyEnd) -> None:
        setting, params = self._setting, self._setting.params
        state = SessionState(index, setting.parties, setting.field, params.security, SystemRandomness())
        party = Party(state, transport, setting.endpoints, timeout=setting.timeout)
        source = self._install(index, party, material_source(setting.preprocessing))
        program, inputs = self._work[index]
        try:
            with Mpc(party, params, source, endpoints=setting.endpoints, inputs=inputs) as mpc:
                result = program(mpc)
            end.output = result
        finally:
            end.key_destroyed = state.mac_key is None or not state.mac_key.alive
            end.material_destroyed = all(source.store.available(kind) == 0 for kind in source.store.made)

    def _install(self, index: int, party: Party, source: MaterialSource) -> MaterialSource:
        for number, cheat in enumerate(self._adversary.cheats):
            if cheat.by == index:
                fire: Callable[[], None] = self._adversary.firing(number)
                source = cheat.install(party, source, fire)
        return source

    def _report(self, transports: list[WatchedTransport], seconds: float) -> Report:
        report = Report(self._adversary.cheats, tuple(self._adversary.fired), {}, {}, seconds=seconds)
        report.elements = frozenset().union(*(transport.elements for transport in transports))
        report.recording = {key: rows for transport in transports for key, rows in transport.payloads.items()}
        for end, transport in zip(self._ends, transports, strict=True):
            end.sent = dict(transport.sent)
            if end.party in self._adversary.corrupted:
                report.corrupted[end.party] = end
            elif end.party < self._setting.parties:
                report.honest[end.party] = end
            else:
                report.dealer = end
        return report
