"""Frames, headers, the end of a session: spdz/runtime, spdz/wire, spdz/runtime/party.py."""

from __future__ import annotations

from tests.mutation.mutant import Mutant, mutant

MAILBOX = "spdz/runtime/mailbox.py"
PARTY = "spdz/runtime/party.py"
HOSTILE = "tests/runtime/test_hostile_frames.py"
SCHEDULER = "tests/runtime/test_scheduler.py"
TEST_PARTY = "tests/runtime/test_party.py"


def _refusal(name: str, scope: str, condition: str, disables: str, tests: str = HOSTILE) -> Mutant:
    """A refusal whose condition never holds."""
    keyword = condition.split(" ", 1)[0]
    return mutant(f"frame-{name}", f"{MAILBOX}::{scope}", condition, f"{keyword} False:", disables, tests)


_FRAMES: tuple[Mutant, ...] = (
    _refusal("after-bye", "Mailbox.admit", "if peer in self._departed:", "a peer that has left may send more"),
    _refusal(
        "control-payload",
        "Mailbox.admit",
        "if header.length or header.round or any(header.label):",
        "a control frame may have a payload or a place",
    ),
    _refusal(
        "unknown-step",
        "Mailbox.admit",
        "if header.kind != Kind.DATA or by_wire_id(header.wire_id) is None:",
        "frames of unknown kinds and steps are kept",
    ),
    _refusal(
        "twice",
        "Mailbox.admit",
        "elif (peer, header.label) in self._early:",
        "a second message for one place replaces the first",
    ),
    _refusal(
        "huge", "Mailbox.admit", "if header.length > PAYLOAD_LIMIT_BYTES:", "a header alone takes any amount of memory"
    ),
    _refusal(
        "early-limit",
        "Mailbox.admit",
        "if held > EARLY_LIMIT_BYTES:",
        "messages that come early take any amount of memory",
    ),
    mutant(
        "frame-early-empty",
        f"{MAILBOX}::Mailbox.admit",
        "+ EARLY_FRAME_BYTES + header.length",
        "+ header.length",
        "empty messages that come early are not limited",
        HOSTILE,
    ),
    _refusal(
        "step",
        "Mailbox._check_header",
        "if header.wire_id != expected.step.wire_id:",
        "a message of another step is taken",
    ),
    _refusal(
        "round",
        "Mailbox._check_header",
        "elif header.round != expected.round:",
        "a message of another round is taken",
    ),
    _refusal(
        "length",
        "Mailbox._check_header",
        "if header.length != expected.codec.byte_count:",
        "a message of another length is taken",
    ),
    _refusal(
        "adopted-round",
        "Mailbox._adopt_round",
        "elif task.adopted != header.round:",
        "parties that say different rounds to a service are taken",
        "tests/runtime/test_adopted_round.py",
    ),
    mutant(
        "frame-adopted-round-limit",
        f"{MAILBOX}::Mailbox._adopt_round",
        "min(header.round, MAX_ROUND)",
        "header.round",
        "a peer can move a service to the last round there is",
        HOSTILE,
    ),
    mutant(
        "frame-early-header",
        f"{MAILBOX}::Mailbox.expect",
        "            self._check_header(peer, header, expected)\n",
        "            pass\n",
        "the header of a message that came early is not compared",
        f"{HOSTILE} {SCHEDULER}",
    ),
    mutant(
        "frame-awaited-header",
        f"{MAILBOX}::Mailbox.admit",
        "            self._check_header(peer, header, expected)\n",
        "            pass\n",
        "the header of an awaited message is not compared",
        HOSTILE,
    ),
    mutant(
        "frame-canonical-payload",
        f"{MAILBOX}::Mailbox._deliver",
        "            raise self._malformed(peer, header, str(error)) from None\n",
        "            value = expected.codec.field.zeros(expected.codec.shape)\n",
        "a payload that cannot be read counts as zeros",
        HOSTILE,
    ),
    mutant(
        "frame-label-without-session",
        "spdz/runtime/scheduler.py::Scheduler.label",
        "self.session_id + path.encode()",
        "path.encode()",
        "messages of another session fit",
        HOSTILE,
    ),
    mutant(
        "frame-label-without-place",
        "spdz/runtime/context.py::Context._next_path",
        'f"{self.path}/{self._count:06d}.{name}"',
        'f"{self.path}/{name}"',
        "two messages of a session may have one label",
        f"tests/protocols/test_honest.py {SCHEDULER}",
    ),
    _refusal(
        "label-twice",
        "Mailbox.expect",
        "if key in self._expected:",
        "a label may be awaited twice",
        SCHEDULER,
    ),
)

_ENDS: tuple[Mutant, ...] = (
    mutant(
        "end-missing-message",
        f"{MAILBOX}::Mailbox.expect",
        "elif header is None and peer in self._departed and self.peer_abort is None:",
        "elif False:",
        "a peer that has left is waited for",
        f"{SCHEDULER} tests/api/test_run_local.py",
    ),
    mutant(
        "end-refuse-missing",
        f"{MAILBOX}::Mailbox._refuse_missing",
        "            if sender == peer:\n",
        "            if False:\n",
        "a peer that leaves while its message is awaited is waited for",
        f"{SCHEDULER} tests/api/test_run_local.py",
    ),
    mutant(
        "end-abort-of-a-peer-dropped",
        f"{MAILBOX}::Mailbox.complete",
        "            self.peer_abort = self.peer_abort or _aborted(self._names(peer), by_wire_id(header.wire_id))\n",
        "            pass\n",
        "the abort of a peer is not heard",
        f"{HOSTILE} {SCHEDULER}",
    ),
    mutant(
        "end-abort-of-a-peer-ignored",
        "spdz/runtime/scheduler.py::Scheduler.run",
        "if self.mailbox.peer_abort is not None and heard:",
        "if False:",
        "the abort of a peer is ignored",
        f"{HOSTILE} {SCHEDULER}",
    ),
    mutant(
        "end-abort-before-the-others-are-heard",
        "spdz/runtime/scheduler.py::Scheduler.run",
        "heard = bool(self.session_id) or not self.mailbox.awaits_first_words",
        "heard = True",
        "parameters that differ are named at one party, and the others hear of an abort only",
        "tests/protocols/test_dealer_by_name.py",
    ),
    mutant(
        "program-digest-of-the-file-alone",
        "spdz/sessions/digest.py::program_digest",
        "sorted(_modules(program).items())",
        "()",
        "parties may run different helper modules, which looks like cheating",
        "tests/sessions/test_programs.py",
    ),
    mutant(
        "end-unread-message",
        f"{PARTY}::Party.close",
        "            if unexpected:\n",
        "            if False:\n",
        "a session ends although a peer sent what nobody read",
        TEST_PARTY,
    ),
    mutant(
        "end-unchecked-opening",
        f"{PARTY}::Party.close",
        "            self.context.unverified.require_empty()\n",
        "",
        "a session ends with an opening that was never checked",
        TEST_PARTY,
    ),
    mutant(
        "end-too-late",
        f"{PARTY}::Party._too_late",
        "            if peer in unexpected:\n",
        "            if False:\n",
        "parties at different steps look like a slow network",
        "tests/runtime/test_time_out.py",
    ),
    mutant(
        "end-busy",
        f"{PARTY}::Party.run",
        "if not self._busy.acquire(blocking=False):",
        "if self._busy.acquire(blocking=False) is None:",
        "two threads run one party at the same time",
        "tests/runtime/test_time_out.py",
    ),
    mutant(
        "end-coroutines",
        "spdz/runtime/scheduler.py::Scheduler.close",
        "            task.coroutine.close()\n",
        "            pass\n",
        "coroutines stay open after an abort",
        "tests/runtime/test_siblings.py",
    ),
    mutant(
        "end-unfinished-children",
        "spdz/runtime/scheduler.py::Scheduler._finished",
        "        if parent.pending_children == 0:\n",
        "        if parent.pending_children <= 1:\n",
        "a protocol goes on before all it has started has finished",
        SCHEDULER,
    ),
    mutant(
        "end-step-without-outcome",
        "spdz/wire/steps.py::declare",
        "if not tampering:",
        "if False:",
        "a step may be declared without saying what tampering leads to",
        "tests/wire/test_frames.py",
    ),
    mutant(
        "end-step-twice",
        "spdz/wire/steps.py::declare",
        "if name in _by_name or step.wire_id in _by_wire_id:",
        "if False:",
        "two steps may have one name or number",
        "tests/wire/test_frames.py",
    ),
)

WORKERS = "spdz/runtime/workers.py"
TEST_WORKERS = "tests/runtime/test_workers.py"

_THREADS: tuple[Mutant, ...] = (
    mutant(
        "threads-left-behind",
        f"{WORKERS}::share_out",
        "        shared.end()\n",
        "        pass\n",
        "a loop is over for its party while helpers still write",
        TEST_WORKERS,
    ),
    mutant(
        "threads-left-behind-by-an-interruption",
        f"{WORKERS}::Shared.end",
        "                interruption = interruption or error\n",
        "                raise error\n",
        "an interruption does not wait for the helpers",
        TEST_WORKERS,
    ),
    mutant(
        "threads-late",
        f"{WORKERS}::Shared.end",
        "                    self._left.clear()\n                    self._over = True\n",
        "                    self._over = True\n",
        "a helper goes on with a loop that was interrupted",
        TEST_WORKERS,
    ),
    mutant(
        "threads-error-lost",
        f"{WORKERS}::share_out",
        "        raise shared.error\n",
        "        pass\n",
        "the error of a helper is not raised, and the party goes on with an array that is half written",
        TEST_WORKERS,
    ),
)

MUTANTS: tuple[Mutant, ...] = (*_FRAMES, *_ENDS, *_THREADS)
