"""`run`: a program, some of its parties corrupted, on the code path of honest sessions.

Every party is a thread with its own scheduler, keys and material, as in `spdz.run_local`; only the transport of a
corrupted party is wrapped, and what a cheat that alters code installs there.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

from spdz.adversary.adversary import Adversary
from spdz.adversary.cheats import Cheat, Recording
from spdz.adversary.networks import open_network, undelivered
from spdz.adversary.observer import ObservedMpc, ObservedParty, Observer
from spdz.adversary.quiescence import Quiescence
from spdz.adversary.report import PartyEnd, Report
from spdz.adversary.settings import Attacked
from spdz.adversary.transports import TamperingTransport, WatchedTransport
from spdz.adversary.validation import check_cheats, check_run, corrupted_parties
from spdz.errors import UsageError
from spdz.field import M61, Field, field_by_name
from spdz.online.session import Mpc
from spdz.params import MAX_PARTIES, SessionParams, require_integer
from spdz.preprocessing.bits.links import BitPlan
from spdz.preprocessing.generators import Choice
from spdz.preprocessing.vole.code import VolePlan
from spdz.protocols.material_source import MaterialSource
from spdz.runtime.party import Party
from spdz.runtime.transport import Transport
from spdz.sessions.local import inputs_by_party
from spdz.sessions.opening import make_party, open_session, serve
from spdz.sessions.programs import Program, require_programs

HONEST_SECONDS = 600.0
"""After which a party without a cheat counts as hung."""
CLOSE_SECONDS = 5.0
POLL_SECONDS = 0.1


def run(
    program: Program | Sequence[Program],
    parties: int = 2,
    field: Field | str = M61,
    preprocessing: Choice = "mascot",
    inputs: Sequence[Any] | Mapping[int, Any] | None = None,
    *,
    args: Sequence[str] = (),
    cheats: Sequence[Cheat] = (),
    corrupted: Sequence[int] = (),
    transport: str = "memory",
    timeout: float = 20.0,
    deadline: float = 60.0,
    honest_first: bool = True,
    recording: Recording | None = None,
    vole_plan: VolePlan | None = None,
    bit_plan: BitPlan | None = None,
    ideal_base_ots: bool = False,
) -> Report:
    """Run `program(mpc)` with cheaters among the parties, and say how every honest party ended.

    program, parties, field, preprocessing, inputs   as in `spdz.run_local`
    args          what every party's program finds as `mpc.args`
    cheats        what the corrupted parties do; whoever is named by one is corrupted
    corrupted     further corrupted parties, who give the others away but only lend their eyes
    transport     "memory" or "tls" (on loopback)
    timeout       seconds that a party waits for a message; in memory it gives up as soon as nothing can come any more
    deadline      seconds after which a party that has not ended counts as hung, also if it ends a little later
    honest_first  run the program without a cheat before: its outputs are the report's `expected`, its messages what
                  `Replay` replays. Otherwise `recording` (of another report) is replayed
    vole_plan     parameters of its silent VOLEs; with small ones (of no security) a tiny program gets to their steps
    bit_plan      how much is made of bits at least; with little (of no security) a tiny program gets through soon
    ideal_base_ots   what base OTs give, without them: for cheats in other steps, in a fraction of the time
    Raises UsageError for an unknown step or party, naming the nearest one, and for a program that fails honestly; and
    the error of a cheat that fails by itself, since such a run shows nothing.
    """
    parties = require_integer(parties, "parties", 2, MAX_PARTIES)
    check_run(program, timeout, deadline)
    chosen = field if isinstance(field, Field) else field_by_name(field)
    kind = Attacked(preprocessing, vole_plan, bit_plan, ideal_base_ots)
    setting = _Setting(program, parties, chosen, kind, inputs, tuple(args), transport, float(timeout), float(deadline))
    bad = corrupted_parties(corrupted)
    check_cheats(cheats, parties, setting.endpoints, bad, chosen)
    honest = _run_honestly(dataclasses.replace(setting, deadline=HONEST_SECONDS)) if honest_first else None
    recording = recording if honest is None else honest.recording
    adversary = Adversary(cheats, parties, chosen, corrupted=bad, recording=recording)
    report = _Session(setting, adversary, record=False).run()
    for end in report.corrupted.values():
        if end.fault is not None:
            end.fault.add_note(f"this is a fault of the cheat of party {end.party}, so the run shows nothing")
            raise end.fault
    if honest is not None:
        compare_with(report, honest)
    return report


def compare_with(report: Report, honest: Report) -> None:
    """Say in a report what comes out without a cheat."""
    report.expected = {party: end.output for party, end in honest.honest.items()}
    report.expected_releases = {party: end.released for party, end in honest.honest.items()}


def run_honestly(
    program: Program | Sequence[Program],
    parties: int = 2,
    field: Field | str = M61,
    preprocessing: Choice = "mascot",
    inputs: Sequence[Any] | Mapping[int, Any] | None = None,
    *,
    args: Sequence[str] = (),
    transport: str = "memory",
    timeout: float = 60.0,
    vole_plan: VolePlan | None = None,
    bit_plan: BitPlan | None = None,
) -> Report:
    """Run the program without a cheat and record its messages. Raises UsageError if it fails by itself."""
    check_run(program, timeout, HONEST_SECONDS)
    chosen = field if isinstance(field, Field) else field_by_name(field)
    kind = Attacked(preprocessing, vole_plan, bit_plan)
    return _run_honestly(
        _Setting(program, parties, chosen, kind, inputs, tuple(args), transport, float(timeout), HONEST_SECONDS)
    )


def _run_honestly(setting: _Setting) -> Report:
    report = _Session(setting, Adversary((), setting.parties, setting.field), record=True).run()
    failed = [end for end in report.honest.values() if end.error is not None or end.hung]
    for end in sorted(failed, key=lambda end: end.is_echo):
        what = "hangs" if end.hung else f"{type(end.error).__name__}: {end.error}"
        raise UsageError(f"the program fails without any cheat, at party {end.party}: {what}") from end.error
    return report


@dataclass(frozen=True)
class _Setting:
    program: Program | Sequence[Program]
    parties: int
    field: Field
    preprocessing: Attacked
    inputs: Sequence[Any] | Mapping[int, Any] | None
    args: tuple[str, ...]
    transport: str
    timeout: float
    deadline: float

    def __post_init__(self) -> None:
        self.preprocessing.maker()

    @property
    def endpoints(self) -> int:
        return self.params.endpoints

    @property
    def params(self) -> SessionParams:
        return self.preprocessing.preprocessing.session(self.field.name, self.parties)

    def program_of(self, party: int) -> Program:
        return require_programs(self.program, self.parties)[party]

    def inputs_of(self, party: int) -> Any:
        return inputs_by_party(self.inputs, self.parties)[party]


class _Session:
    """One session: its endpoints as threads."""

    def __init__(self, setting: _Setting, adversary: Adversary, *, record: bool) -> None:
        self._setting = setting
        self._adversary = adversary
        self._record = record
        self._quiet = Quiescence(setting.endpoints, enabled=setting.transport == "memory")
        self._ends = [PartyEnd(index) for index in range(setting.endpoints)]
        self._ended = [False] * setting.endpoints
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
                self._ends[index].hung = self._too_late(index, transports[index], until)
        return self._report(transports, monotonic() - started)

    def _too_late(self, index: int, transport: WatchedTransport, until: float) -> bool:
        """Whether a party had not ended by the deadline; a transport may take longer to close."""
        ended = transport.closed_at if self._ended[index] else None
        return ended is None or ended > until

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
                serve(self._setting.params, self._setting.preprocessing.preprocessing.service, transport)
            else:
                self._be_party(index, transport, end)
        except BaseException as error:
            end.error = error
        finally:
            self._ended[index] = True
            transport.closed_at = transport.closed_at or monotonic()
            self._quiet.end(index)

    def _be_party(self, index: int, transport: WatchedTransport, end: PartyEnd) -> None:
        setting, params = self._setting, self._setting.params
        made = make_party(params, index, transport, timeout=setting.timeout, driver=ObservedParty)
        party = cast(ObservedParty, made)
        maker = setting.preprocessing.maker()
        party.observer = Observer(party.session, maker)
        end.released = party.observer.released
        self._adversary.makers[index] = maker
        source = self._install(index, party, maker)
        program, inputs = self._work[index]
        try:
            with open_session(party, params, source, args=setting.args, inputs=inputs, view=ObservedMpc) as mpc:
                result = _run_program(program, mpc, end)
            end.output = result
        finally:
            _note(party.observer, end)

    def _install(self, index: int, party: Party, source: MaterialSource) -> MaterialSource:
        for number, cheat in enumerate(self._adversary.cheats):
            if cheat.by == index:
                fire: Callable[[], None] = self._adversary.firing(number)
                source = cheat.install(party, source, fire)
        return source

    def _report(self, transports: list[WatchedTransport], seconds: float) -> Report:
        report = Report(self._adversary.cheats, tuple(self._adversary.fired), {}, {}, seconds=seconds)
        report.parties, report.foreseen = self._setting.parties, tuple(self._adversary.foreseen)
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


def _run_program(program: Program, mpc: Mpc, end: PartyEnd) -> Any:
    try:
        return program(mpc)
    except BaseException:
        end.by_program = True
        raise


def _note(observer: Observer, end: PartyEnd) -> None:
    """What the observer has seen, now that the party has ended."""
    observer.look()
    end.noticed = observer.first_error
    end.key_destroyed = not observer.key_alive
    end.material_destroyed = not observer.material_alive
    end.links_destroyed = not observer.remains
    end.remains = tuple(observer.remains)
