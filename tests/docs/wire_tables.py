"""The generated tables of docs/wire.

`python -m tests.docs.wire_tables` rewrites them; with `--check` it only says whether it would.

A table stands between `<!-- generated: NAME -->` and `<!-- end -->`. It comes from the registry of steps, from
constants, or from a session that is recorded here, so it cannot go stale unnoticed. Run it as a process of its own: the
registry of a test run also holds the steps that tests declare.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Thread
from typing import Any

import spdz.online
import spdz.preprocessing
import spdz.protocols
from spdz.crypto.commitment import verify_opening
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive, labelled_hash
from spdz.crypto.prg import Prg
from spdz.crypto.randomness import SystemRandomness
from spdz.field import M61, M127
from spdz.online.operations.registry import all_operations
from spdz.online.session import Mpc
from spdz.params import MAX_PARTIES, SecurityParams
from spdz.preprocessing.dealer import wire as dealer_wire
from spdz.preprocessing.generators import preprocessing_of
from spdz.preprocessing.mascot import generator as mascot
from spdz.preprocessing.mascot import matrix_multiply, matrix_triples
from spdz.preprocessing.ot import extension as ot_extension
from spdz.preprocessing.vole.code import PLAN
from spdz.runtime import mailbox
from spdz.runtime.context import Context, SessionState
from spdz.runtime.scheduler import Scheduler
from spdz.runtime.trace import Event, Trace
from spdz.sessions.opening import make_party, open_session, serve
from spdz.sharing.material import TRIPLES
from spdz.transport.memory import memory_network
from spdz.version import PROTOCOL_VERSION
from spdz.wire.frames import HEADER_BYTES
from spdz.wire.steps import all_steps

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "wire").glob("*.md"))
_SECTION = re.compile(r"(<!-- generated: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    cells = [list(map(str, head))]
    cells.append(["---"] * len(cells[0]))
    cells += [list(map(str, row)) for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


# -- from constants ---------------------------------------------------------------------------------------------------


def constants() -> str:
    """What both ends must have in common and no message says."""
    rows = [
        ("protocol version", PROTOCOL_VERSION),
        ("parties", f"2 to {MAX_PARTIES}"),
        ("header of a frame", f"{HEADER_BYTES} bytes"),
        ("largest payload", f"{mailbox.PAYLOAD_LIMIT_BYTES} bytes"),
        ("messages kept early, per peer", f"{mailbox.EARLY_LIMIT_BYTES} bytes"),
        ("a kept message counts, besides its payload", f"{mailbox.EARLY_FRAME_BYTES} bytes"),
        ("statistical security", f"{SecurityParams().statistical_bits} bits"),
        ("dealer: one party's shares in a chunk", f"{dealer_wire.CHUNK_BYTES} bytes"),
        ("dealer: largest matrix triple, one party's share", f"{dealer_wire.MAX_ELEMENT_BYTES} bytes"),
        ("dealer: most elements in a request", dealer_wire.MAX_COUNT),
        ("MASCOT: masks or random shares in a batch", mascot.SHARE_BATCH),
        ("MASCOT: AND triples in a batch", mascot.LARGEST_BATCH),
        ("MASCOT: masks of comparisons in a batch, all peers", mascot.MASK_BATCH),
        ("MASCOT: largest buffer of a batch of triples", f"{mascot.TRIPLE_BATCH_BYTES} bytes"),
        ("MASCOT: largest batch of matrix triples", f"{matrix_triples.BATCH_BYTES} bytes"),
        ("MASCOT: values of matrices authenticated at once", matrix_triples.AUTHENTICATED_AT_ONCE),
        ("MASCOT: largest bit matrix of a slab, all peers", f"{matrix_multiply.SLAB_BYTES} bytes"),
        ("MASCOT: largest piece of a slab and its seeds, all peers", f"{matrix_multiply.PIECE_BYTES} bytes"),
        ("MASCOT: columns in a piece", matrix_multiply.PIECE_COLUMNS),
        ("OT extension: OTs are a multiple of", ot_extension.ROW_UNIT),
        ("OT extension: extra rows", ot_extension.MASK_ROWS),
        ("silent VOLE: values that are authenticated by COPEe before", PLAN.threshold),
        *(
            (f"silent VOLE: k, t and depth of the {name} stage", f"{stage.secret}, {stage.blocks}, {stage.depth}")
            for name, stage in (("first", PLAN.first), ("main", PLAN.main))
        ),
    ]
    for field in (M61, M127):
        session = SessionState(0, 2, field, SecurityParams(), SystemRandomness())
        copies = [session.security.combined_copies(field.bits, parties) for parties in range(2, MAX_PARTIES + 1)]
        rows.append((f"MASCOT: tau at {field.name}, by the number of parties", _by_parties(copies)))
        batch = mascot.triples_in_batch(Context(session), TRIPLES)
        rows.append((f"MASCOT: triples in a batch, two parties, {field.name}", batch))
    return table(("constant", "value"), rows)


def _by_parties(values: list[int]) -> str:
    """The values for two parties and more, where they change."""
    changes = [n for n in range(1, len(values)) if values[n] != values[n - 1]]
    return "; ".join([str(values[0]), *(f"from {n + 2} on {values[n]}" for n in changes)])


def check_values() -> str:
    """Known answers of the primitives, for somebody who starts another implementation."""
    session, seed = bytes(range(32)), bytes(range(16))
    label = Scheduler(Trace())
    label.session_id = session
    commitment = labelled_hash(Domain.COMMITMENT, b"/place", bytes(32), b"payload", session_id=session, party=1)
    if not verify_opening(session, 1, b"/place", b"payload", bytes(32), commitment):
        raise AssertionError("the row on commitments is not what the package computes")
    first, second = (Prg(seed), Prg(seed))
    rows = [
        ('`H("transcript", S abc, B 0x00ff, I 0, I 256)`', labelled_hash(Domain.TRANSCRIPT, "abc", b"\0\xff", 0, 256)),
        (
            '`H("transcript"; session id, party 0)`',
            labelled_hash(Domain.TRANSCRIPT, session_id=session, party=0),
        ),
        (
            '`D("coin toss", seed, 40, S /x, S chi; session id)`',
            derive(Domain.COIN_TOSS, seed, 40, "/x", "chi", session_id=session),
        ),
        ("label of `/000001.set-up`", label.label("/000001.set-up")),
        ("commitment of party 1 to `payload` at `/place`, nonce zero", commitment),
        ("PRG under the seed, 24 bytes", first.bytes(24)),
        ("the same sampled at M61, two elements", M61.sample(second.fill, 2).to_bytes()),
    ]
    head = "The session id is the bytes 0 to 31, the seed the bytes 0 to 15.\n\n"
    return head + table(("what", "bytes"), [(what, f"`{value.hex()}`") for what, value in rows])


# -- from the registry ------------------------------------------------------------------------------------------------


def steps() -> str:
    """Every registered step."""
    rows = []
    for name, step in sorted(all_steps().items()):
        tampering = ", ".join(
            f"`{outcome.__name__}`" if isinstance(outcome, type) else outcome.value for outcome in step.tampering
        )
        delivery = step.delivery.value + (", adopts rounds" if step.adopts_round else "")
        wire_id = step.wire_id.to_bytes(4, "little").hex()
        rows.append((f"`{name}`", f"`{wire_id}`", delivery, step.source, tampering))
    return table(("step", "wire id", "delivery", "source", "tampering"), rows)


def operations() -> str:
    """Every registered operation, by its example."""
    rows = []
    for name, operation in sorted(all_operations().items()):
        call = operation.example
        sends = {str(operation.sends(call, party)): None for party in range(2)}
        packed = {str(operation.sends_bits(call, party)): None for party in range(2)}
        material = ", ".join(f"{count} {kind}" for kind, count in operation.material(call).items())
        rounds = f"{operation.rounds_of(call)}{f', {operation.beside} beside' if operation.beside else ''}"
        cost = rounds, " and ".join(sends), " and ".join(packed), material or "none"
        rows.append((name, f"`{operation.text(call)}`", *cost))
    head = (
        "operation",
        "example",
        "rounds",
        "elements to each peer, by party",
        "bytes of bits or tosses besides",
        "material",
    )
    return table(head, rows)


def domains() -> str:
    """Every domain tag, and the files that use it."""
    folders = ("spdz", "preprocessing", "online")
    files = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if "examples" not in path.parts)
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in files if path.name != "domains.py"}
    rows = []
    for domain in Domain:
        use = re.compile(rf"\bDomain\.{domain.name}\b")
        users = [f"`{name}`" for name, text in texts.items() if _uses(text, use)]
        rows.append((f"`{domain.value.decode()}`", ", ".join(users) or "reserved"))
    return table(("tag", "used in"), rows)


def _uses(text: str, use: re.Pattern[str]) -> bool:
    """Whether the code, not its documentation, has the tag."""
    return bool(use.search(re.sub(r'""".*?"""', "", text, flags=re.DOTALL)))


# -- from recorded sessions -------------------------------------------------------------------------------------------


def record(preprocessing: str, program: Callable[[Mpc], Any], parties: int = 2) -> list[list[Event]]:
    """Run a session at M61 in memory; what each party recorded."""
    maker = preprocessing_of(preprocessing)
    params = maker.session(M61.name, parties)
    transports = memory_network(params.endpoints)
    traces = [Trace(keep_events=True) for _ in range(parties)]

    def work(index: int) -> None:
        if index == parties:
            serve(params, maker.service, transports[index])
            return
        party = make_party(params, index, transports[index], timeout=60.0, trace=traces[index])
        with open_session(party, params, maker.source()) as mpc:
            program(mpc)

    threads = [Thread(target=work, args=(index,), daemon=True) for index in range(params.endpoints)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [trace.events for trace in traces]


def session_table(recorded: list[list[Event]], runs: tuple[str, ...] = ("",)) -> str:
    """The exchanges of the runs whose names are given, with their messages."""
    messages: dict[tuple[int, str], dict[tuple[int, int], int]] = {}
    for party, events in enumerate(recorded):
        for event in events:
            if any(run in event.path for run in runs):
                entry = messages.setdefault((event.round, event.path), {})
                entry.update({(party, peer): size for peer, size in event.bytes_sent.items()})
                entry.update({(peer, party): size for peer, size in event.bytes_expected.items()})
    rows = []
    for (round_, path), sent in sorted(messages.items()):
        text = _by_size(sent)
        rows.append((round_, f"`{path}`", text))
    return table(("round", "path", "bytes: from -> to"), rows)


def _by_size(sent: dict[tuple[int, int], int]) -> str:
    sizes = sorted(set(sent.values()))
    parts = []
    for size in sizes:
        pairs = ", ".join(f"{a} -> {b}" for (a, b), value in sorted(sent.items()) if value == size)
        parts.append(f"{size}: {pairs}")
    return "; ".join(parts) or "none"


def _product(mpc: Mpc) -> None:
    x, y = (mpc.input([1, 2, 3], owner=owner) for owner in range(2))
    mpc.reveal(x * y)


def dealer_session() -> str:
    """The session of section 11."""
    return session_table(record("dealer", _product))


def three_parties() -> str:
    """The online part of the same program with three parties, who echo."""
    return session_table(record("dealer", _product, parties=3), ("/000004.online",))


def mascot_session() -> str:
    """The session of section 14, without what it has in common with the other one."""
    recorded = record("mascot", lambda mpc: mpc.prepare(triples=1))
    return session_table(recorded, ("/000002.set-up", "/000003.prepare"))


def matrix_session() -> str:
    """A matrix triple of section 14."""
    recorded = record("mascot", lambda mpc: mpc.prepare(matrix_triples={(7, 1, 7): 1}))
    return session_table(recorded, ("/000003.prepare",))


# -- the pages --------------------------------------------------------------------------------------------------------

SECTIONS: dict[str, Callable[[], str]] = {
    "constants": constants,
    "check values": check_values,
    "dealer session": dealer_session,
    "three parties": three_parties,
    "mascot session": mascot_session,
    "matrix session": matrix_session,
    "operations": operations,
    "steps": steps,
    "domains": domains,
}


def generated() -> dict[Path, str]:
    """Every page with every table as it must be."""
    for package in (spdz.protocols, spdz.preprocessing, spdz.online):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    texts = {page: page.read_text() for page in PAGES}
    found = [name for text in texts.values() for _, name, _ in _SECTION.findall(text)]
    if sorted(found) != sorted(SECTIONS):
        raise SystemExit(f"docs/wire has the tables {found}, but {list(SECTIONS)} belong there")
    return {
        page: _SECTION.sub(lambda match: f"{match[1]}{SECTIONS[match[2]]()}{match[3]}", text)
        for page, text in texts.items()
    }


def main() -> int:
    """Rewrite the pages, or say with --check whether they are as they must be."""
    stale = {page: text for page, text in generated().items() if page.read_text() != text}
    if "--check" in sys.argv[1:]:
        for page in stale:
            print(f"{page} is stale: run python -m tests.docs.wire_tables", file=sys.stderr)
        return int(bool(stale))
    for page, text in stale.items():
        page.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
