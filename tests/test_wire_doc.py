"""docs/wire says what the code does, as far as that can be read from the code."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive, labelled_hash
from spdz.crypto.prg import Prg
from spdz.crypto.randomness import SystemRandomness, deterministic_randomness_for_tests
from spdz.field import M61, M127, Field
from spdz.field.mersenne import reference
from spdz.online.session import Mpc
from spdz.params import OT_TREE_BITS, SecurityParams
from spdz.preprocessing.dealer import wire as dealer_wire
from spdz.preprocessing.mascot import generator as mascot
from spdz.preprocessing.mascot import matrix_multiply
from spdz.preprocessing.mascot import matrix_triples as matrix_batches
from spdz.preprocessing.ot import trees as ot_trees
from spdz.preprocessing.ot.extension import OtReceiver, Place
from spdz.preprocessing.vole.copee import CopeeInputter
from spdz.runtime.context import Context, SessionState
from spdz.sessions.local import run_local
from spdz.sharing.material import TRIPLES, matrix_triples
from spdz.version import PROTOCOL_VERSION

from .crypto.references import Aes128, ghash, xor

ROOT = Path(__file__).parent.parent
PAGES = {path: path.read_text() for path in sorted((ROOT / "docs" / "wire").glob("*.md"))}
PAGE = "\n".join(PAGES.values())
PROSE = re.sub(r"<!-- generated: .*?<!-- end -->", "", PAGE, flags=re.DOTALL)


def test_the_generated_tables_are_current() -> None:
    # A process of its own: the registry of this one also holds steps that tests have declared.
    tool = [sys.executable, "-m", "tests.docs.wire_tables", "--check"]
    done = subprocess.run(tool, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_every_step_is_specified_in_the_text() -> None:
    steps = re.findall(r"^\| `([a-z_.]+)` \| `[0-9a-f]{8}` \|", PAGE, re.MULTILINE)
    assert len(steps) > 30
    for step in steps:
        # The steps of commit-and-open, of a toss and of a MAC check are specified once, under the name X.
        use = re.sub(r"(\.sigma)?\.(commit|open)$", "", step) if step != "output.open" else step
        names = {step, use, use.removesuffix(".coins")}
        assert any(f"`{name}`" in PROSE for name in names), f"docs/wire does not say what {step} is"


def test_the_text_names_no_step_that_does_not_exist() -> None:
    steps = set(re.findall(r"^\| `([a-z_.]+)` \| `[0-9a-f]{8}` \|", PAGE, re.MULTILINE))
    prefixes = {".".join(step.split(".")[:length]) for step in steps for length in range(1, 5)}
    families = {step.split(".")[0] for step in steps}
    for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", PROSE):
        if name.split(".")[0] in families and not name.endswith(".key"):
            assert name in prefixes, f"docs/wire names the step {name}"


def test_every_domain_tag_in_the_text_exists() -> None:
    tags = set(re.findall(r"^\| `([a-z ]+)` \| (?:`|reserved)", PAGE, re.MULTILINE))
    for tag in re.findall(r"[HXD]\(\"([a-z ]+)\"", PROSE):
        assert tag in tags, tag


def test_every_line_of_a_plan_is_in_the_text() -> None:
    sources = "".join(path.read_text() for path in sorted((ROOT / "online").rglob("*.py")))
    made = r"\b(?:local|_moved|Node|note|_straight_from|local_as\([^\"]+?,)\(?\s*f?\"([a-z ]+)"
    described = r"\btext=lambda call: f?\"([a-z ]+)"
    lines = {*re.findall(made, sources), *re.findall(described, sources)}
    assert {"add", "negate", "multiply ", "random bits", "discard material"} <= lines
    for line in lines - {"constant"}:  # A constant has no operands, so it is never pending.
        assert f"`{line}" in PROSE, f"docs/wire does not say how {line!r} is written in a plan"


def test_expressions_become_the_operations_that_the_page_says() -> None:
    def program(mpc: Mpc) -> list[list[str]]:
        plans, x, one = [], mpc.input([1, 2], owner=0, shape=2), mpc.random()
        graph = mpc._graph
        for work in (
            lambda: x + one,
            lambda: x - 1,
            lambda: 1 - x,
            lambda: x * x,
            lambda: x**3,
            lambda: x @ x,
            lambda: x * [3, 4],
        ):
            before = len(graph.pending())
            work()
            plans.append(graph.plan(graph.pending()[before:], "end")[:-1])
        return plans

    add_public = ["broadcast to (2,)", "add public"]
    plans = run_local(program, field=M61, preprocessing="dealer")[0]
    assert plans == [
        ["broadcast to (2,)", "add"],
        add_public,
        ["negate", *add_public],
        ["square (2,)"],
        ["square (2,)", "multiply (2,)"],
        ["reshape to (1, 2)", "reshape to (2, 1)", "matmul (1, 2, 1)"],
        ["multiply by public to (2,)"],
    ]


def test_what_is_named_exists() -> None:
    for name in re.findall(r"`((?:spdz|preprocessing|online|tests|examples|docs)/[\w./-]*)`", PROSE):
        assert (ROOT / name).exists(), name
    for path, text in PAGES.items():
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (path.parent / target).exists(), f"{path} links to {target}"


def test_the_stand_alone_party_speaks_this_version() -> None:
    text = (ROOT / "examples" / "minimal_party" / "wire.py").read_text()
    assert f"\nPROTOCOL_VERSION = {PROTOCOL_VERSION}\n" in text


# -- sections 10, 13 and 14 on plain integers -------------------------------------------------------------------------


@pytest.mark.parametrize("field", [M61, M127], ids=str)
@pytest.mark.parametrize("parties", [2, 3, 5])
def test_batches_and_chunks_have_the_size_that_the_page_says(field: Field, parties: int) -> None:
    k, width, tau = field.bits, field.element_bytes, 2 + -(-2 * 60 // field.bits)
    context = Context(SessionState(0, parties, field, SecurityParams(), SystemRandomness()))
    buffer = mascot.TRIPLE_BATCH_BYTES
    assert mascot.triples_in_batch(context, TRIPLES) == max(128, buffer // (k * width * max(tau, 5) * (parties - 1)))
    assert dealer_wire.chunk_size(field, TRIPLES) == dealer_wire.CHUNK_BYTES // (6 * width)
    assert dealer_wire.chunk_size(field, matrix_triples(1000, 1000, 1000)) == 1


@pytest.mark.parametrize("field", [M61, M127], ids=str)
@pytest.mark.parametrize("parties", [2, 3, 16])
@pytest.mark.parametrize("dims", [(2, 2, 2), (3, 50, 70), (256, 256, 256), (2000, 2000, 2000)], ids=str)
def test_matrix_triples_are_cut_as_the_page_says(field: Field, parties: int, dims: tuple[int, int, int]) -> None:
    k, width, p, inner = field.bits, field.element_bytes, field.modulus, dims[1]
    rows, columns = max(dims[0], dims[2]), min(dims[0], dims[2])
    (spare,) = [e for e in range(1, 5) if p ** (e - 1) < 4**63 * inner * (parties - 1) ** 2 <= p**e]
    values = (rows + 1 + spare) * inner + inner * columns + (rows + 1) * columns + inner * spare * columns
    context = Context(SessionState(0, parties, field, SecurityParams(), SystemRandomness()))
    assert matrix_batches.matrices_in_batch(context, matrix_triples(*dims)) == max(
        1, matrix_batches.BATCH_BYTES // (width * values)
    )
    cut = matrix_multiply.cut(field, parties, columns)
    w = min(columns, matrix_multiply.PIECE_COLUMNS)
    bits = (4 if width == 16 else 3) if columns >= 7 else 1
    digits = -(-k // bits)
    slab = 128 * max(1, matrix_multiply.SLAB_BYTES // (128 * digits * bits * 16 * (parties - 1)))
    of_entry = 16 * digits * (3 * bits + 2**bits) + digits * w * width
    group = 64 * max(1, matrix_multiply.PIECE_BYTES // (64 * of_entry * (parties - 1)))
    assert (cut.slab, cut.group, cut.width) == (slab, group, w)
    assert (cut.digits.bits, cut.digits.count) == (bits, digits)


def _seeds(count: int) -> list[tuple[bytes, bytes]]:
    source = Prg(bytes(16))
    return [(source.bytes(16), source.bytes(16)) for _ in range(count)]


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_copee_is_laid_out_as_the_page_says(field: Field) -> None:
    p, x, pairs = field.modulus, [5, 0, field.modulus - 1], _seeds(field.bits)
    message, share = CopeeInputter(field, pairs).extend(field.array(x))
    streams = [[reference.sample(p, Prg(seed).bytes, len(x)) for seed in pair] for pair in pairs]
    rows = [[(t0 - t1 + v) % p for t0, t1, v in zip(*pair, x, strict=True)] for pair in streams]
    assert bytes(message.memory) == b"".join(reference.encode(p, row) for row in rows)
    total = [-sum(first[h] << bit for bit, (first, _) in enumerate(streams)) % p for h in range(len(x))]
    assert bytes(share.memory) == reference.encode(p, total)


@pytest.mark.parametrize("d", [d for d in OT_TREE_BITS if d > 1])
def test_the_trees_are_as_the_page_says(d: int) -> None:
    """Dealt and held on integers, from the text alone."""
    source, delta = Prg(bytes(16)), [byte & 1 for byte in Prg(bytes(range(16))).bytes(128)]
    roots, pairs, where = source.bytes(16 * 128 // d), [(source.bytes(16), source.bytes(16)) for _ in delta], (1, 0)
    message, seeds = ot_trees.deal(
        ot_trees.Place(b"id", *where), np.frombuffer(roots, np.uint8).reshape(-1, 16), d, pairs
    )
    both = derive(Domain.GGM_KEYS, b"", 32, "ot trees", *where, session_id=b"id")
    permutations = [Aes128(key).encrypt_block for key in (both[:16], both[16:])]
    expected, all_c, totals = [], [], []
    for j in range(128 // d):
        level = [roots[16 * j : 16 * j + 16]]
        for e in range(d):
            sides = [[xor(permute(node), node) for node in level] for permute in permutations]
            expected += [xor(functools.reduce(xor, sides[z]), pairs[j * d + e][z]) for z in (0, 1)]
            level = sides[0] + sides[1]
        values = [derive(Domain.OT_TREE_LEAF, leaf, 48, *where, j, y, session_id=b"id") for y, leaf in enumerate(level)]
        assert [seed.tobytes() for seed in seeds[j]] == [value[32:] for value in values]
        all_c += [value[:32] for value in values]
        totals.append(functools.reduce(xor, all_c[-(1 << d) :]))
    digest = labelled_hash(Domain.OT_TREE_CHECK, *where, b"".join(all_c), session_id=b"id")
    assert message == b"".join(expected) + b"".join(totals) + digest


@pytest.mark.parametrize("d", OT_TREE_BITS)
def test_the_ot_extension_is_laid_out_as_the_page_says(d: int) -> None:
    source, choices = Prg(bytes(16)), bytes(range(100, 116))
    seeds = [[source.bytes(16) for _ in range(1 << d)] for _ in range(128 // d)]
    dealt = np.frombuffer(b"".join(seed for tree in seeds for seed in tree), np.uint8).reshape(128 // d, 1 << d, 16)
    receiver = OtReceiver(Place(b"id", 0, 1), dealt)
    randomness = deterministic_randomness_for_tests(bytes(32), 0)
    sent, received = receiver.extend(np.frombuffer(choices, np.uint8), randomness)
    x = choices + deterministic_randomness_for_tests(bytes(32), 0).bytes(16)
    streams = [[Prg(seed).bytes(32) for seed in tree] for tree in seeds]
    columns = [
        functools.reduce(xor, [stream for y, stream in enumerate(tree) if not y >> b & 1])
        for tree in streams
        for b in range(d)
    ]
    assert bytes(sent.reshape(-1)) == b"".join(functools.reduce(xor, tree, x) for tree in streams)

    key = bytes(range(16))
    point = Aes128(key).encrypt_block(bytes(16))
    digests = [ghash(point, column + bytes(16)) for column in (*columns, x)]
    assert received.digests(key) == b"".join(digests)

    rows, hashed = np.empty((128, 2), np.uint64), np.empty((128, 2), np.uint64)
    received.hashed(0, 128, rows, hashed)
    key = derive(Domain.OT_HASH_KEY, b"", 16, 0, 1, 0, session_id=b"id")
    permutation = Aes128(key).encrypt_block
    for h in (0, 1, 77, 127):
        bits = [column[h // 8] >> (h % 8) & 1 for column in columns]
        first = permutation(sum(bit << i for i, bit in enumerate(bits)).to_bytes(16, "little"))
        expected = xor(permutation(xor(first, h.to_bytes(16, "little"))), first)
        assert hashed[h].tobytes() == expected
