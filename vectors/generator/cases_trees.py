"""Vectors of what an OT extension with trees, silent VOLE and matrix triples are made of."""

from __future__ import annotations

import hashlib
from typing import Any

from vectors.generator import ggm, ot_trees
from vectors.generator.aes import Prg
from vectors.generator.cheats import flip
from vectors.generator.envelope import Flag, Group, big, document, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.hashing import seeded
from vectors.generator.links import bits_of
from vectors.generator.matrices import expanded
from vectors.generator.ot_extension import Pair, Receiver, Sender
from vectors.generator.vole import coded

SCHEMA = "function_v1.json"
BASE_OTS = ot_trees.BASE_OTS
BLOCK = 16
SHOWN_ROWS = 8

FLAGS: dict[str, Flag] = {
    "Random": ("BASIC", "An ordinary case."),
    "Edge": ("EDGE_CASE", "A value at an end of its range."),
    "Separate": ("ATTACK", "Differs from its neighbour in the place of the trees alone: all of it must differ."),
    "WrongSums": ("ATTACK", "A sum, a total or the hash of the trees is changed: leaves would depend on Delta."),
    "NoEffect": ("ATTACK", "A change of what the receiver does not look at: the guess that the proof allows."),
    "WrongColumns": ("ATTACK", "A column holds other choice bits than the others: to be refused."),
    "WrongDigest": ("ATTACK", "A digest of the OT check is changed: to be refused."),
}


def _blocks(data: bytes) -> list[bytes]:
    return [data[i : i + BLOCK] for i in range(0, len(data), BLOCK)]


def _joined(numbers: list[int | None] | list[int]) -> str:
    return b"".join((number or 0).to_bytes(BLOCK, "little") for number in numbers).hex()


def ggm_trees_file() -> str:
    """ggm_trees.json"""
    group = Group("ggm tree", "Goldreich, Goldwasser, Micali, J. ACM 33(4), 1986; docs/wire, section 13")
    stream, sid = seeded(seed_of("ggm trees"), "roots"), bytes(range(32))
    some = stream.read(BLOCK)

    def add(comment: str, flag: str, place: list[str | int], root: bytes, path: list[int]) -> None:
        keys, depth = ggm.side_keys(sid, *place), len(path)
        leaves, sums = ggm.grow(keys, root, depth)
        chosen = [both[1 - bit] for both, bit in zip(sums, path, strict=True)]
        known = ggm.grow_punctured(keys, path, chosen)
        missing = known.index(None)
        if known != [*leaves[:missing], None, *leaves[missing + 1 :]]:
            raise AssertionError("a punctured tree is the tree but for one leaf")
        parts = [{"type": "S" if isinstance(part, str) else "I", "value": _shown(part)} for part in place]
        content: dict[str, Any] = {"sessionId": sid.hex(), "place": parts, "root": root.hex(), "path": path}
        content |= {"keys": (keys[0] + keys[1]).hex(), "sums": _joined([total for both in sums for total in both])}
        group.add(comment, flag, {**content, "out": _joined(leaves), "punctured": _joined(known)})

    add("the root is zero", "Edge", ["ot trees", 0, 1], bytes(BLOCK), [0, 1])
    add("one level", "Edge", ["ot trees", 0, 1], some, [1])
    for depth in (2, 4, 8):
        path = bits_of(int.from_bytes(stream.read(1), "little"), depth)
        add(f"{depth} levels", "Random", ["ot trees", 0, 1], stream.read(BLOCK), path)
    places: list[list[str | int]] = [["ot trees", 0, 1], ["ot trees", 1, 0], ["ot trees", 0, 2]]
    places += [["vole", "/x", 0, 1], ["vole", "/y", 0, 1]]
    for place in places:
        add("side keys of a place of its own", "Separate", place, some, [0, 1, 1])
    return document("trees of seeds", SCHEMA, FLAGS, [group])


def _shown(part: str | int) -> str:
    return part if isinstance(part, str) else big(part)


# -- trees of the OT extension


def _of_seeds(seeds: ot_trees.HeldSeeds | ot_trees.Seeds) -> dict[str, str]:
    """The first tree, and a digest of all; a missing seed counts as zero."""
    trees = [b"".join(seed or bytes(BLOCK) for seed in tree) for tree in seeds]
    return {"firstTree": trees[0].hex(), "seedsDigest": hashlib.sha256(b"".join(trees)).hexdigest()}


def ot_trees_file() -> str:
    """ot_trees.json"""
    dealt = Group("ot trees", "[Roy22]; docs/wire, section 13")
    held = Group("ot trees received", "[Roy22]; docs/wire, section 13")
    for depth in (4, 8):
        stream = seeded(seed_of("ot trees"), depth)
        pair = ot_trees.Pair(seed_of("session id"), depth % 3, 1)
        where = {"sessionId": pair.session_id.hex(), "holder": pair.holder, "dealer": pair.dealer, "treeBits": depth}
        keys, roots = _blocks(stream.read(2 * BLOCK * BASE_OTS)), stream.read(BLOCK * (BASE_OTS // depth))
        pairs = list(zip(keys[::2], keys[1::2], strict=True))
        message, seeds = ot_trees.deal(pair, depth, _blocks(roots), pairs)
        content = {**where, "keys": b"".join(keys).hex(), "roots": roots.hex(), "out": message.hex()}
        dealt.add(f"{depth} bits", "Random", content | _of_seeds(seeds))
        drawn = stream.read(BLOCK)
        delta = bits_of(int.from_bytes(drawn, "little"), BASE_OTS)
        chosen = [both[bit] for both, bit in zip(pairs, delta, strict=True)]
        content = {**where, "delta": drawn.hex(), "chosen": b"".join(chosen).hex()}
        for comment, flag, changed in _changes(delta, message) if depth == 4 else ():
            known, good = ot_trees.hold(pair, depth, delta, chosen, changed)
            if good != (flag in ("Random", "NoEffect")):
                raise AssertionError(comment)
            found = {"out": _of_seeds(known)["seedsDigest"], "firstTree": _of_seeds(known)["firstTree"]} if good else {}
            held.add(f"{depth} bits: {comment}", flag, {**content, "message": changed.hex(), **found}, valid=good)
    return document("trees of the OT extension", SCHEMA, FLAGS, [dealt, held])


def _changes(delta: list[int], message: bytes) -> list[tuple[str, str, bytes]]:
    """(comment, flag, what the holder receives)"""
    # A sum lies at 32 i + 16 z; the holder of bit z of Delta reads that one.
    read, ignored = (32 * i + 16 * z for i, z in ((0, delta[0]), (0, 1 - delta[0])))
    return [
        ("as it was sent", "Random", message),
        ("the first sum that is read", "WrongSums", flip(read)(message)),
        ("a sum that is not read", "NoEffect", flip(ignored)(message)),
        ("the first total", "WrongSums", flip(ot_trees.SUMS_BYTES)(message)),
    ]


# -- the extension on top


def _extension(depth: int) -> tuple[dict[str, Any], Receiver, Sender, Prg, list[int]]:
    """What both ends are made from, and choices to come."""
    seed, stream = seed_of(f"ot extension {depth}")[:BLOCK], seeded(seed_of("ot extension"), depth)
    prg, delta = Prg(seed), stream.read(BLOCK)
    bits = bits_of(int.from_bytes(delta, "little"), BASE_OTS)
    seeds = [_blocks(prg.read(BLOCK << depth)) for _ in range(BASE_OTS // depth)]
    held: list[list[bytes | None]] = []
    for j, tree in enumerate(seeds):
        missing = sum((1 - bit) << b for b, bit in enumerate(bits[j * depth : (j + 1) * depth]))
        held.append([None if y == missing else leaf for y, leaf in enumerate(tree)])
    pair = Pair(seed_of("ot extension, session"), 0, 1)
    content = {"treeBits": depth, "treeSeed": seed.hex(), "delta": delta.hex(), "sessionId": pair.session_id.hex()}
    content |= {"receiver": pair.receiver, "sender": pair.sender}
    return content, Receiver(pair, seeds), Sender(pair, bits, held), stream, bits


def ot_extension_file() -> str:
    """ot_extension.json"""
    made = Group("ot extension", "[Roy22] sections 3 and 4; docs/wire, section 14")
    checked = Group("ot extension check", "[Roy22] section 4; docs/wire, section 14")
    for depth in (1, 4, 8):
        content, receiver, sender, stream, bits = _extension(depth)
        key, drawn = stream.read(BLOCK), seeded(seed_of("ot extension"), "extra rows")
        content |= {"key": key.hex(), "seed": seed_of("ot extension").hex()}
        found: dict[str, list[str]] = {name: [] for name in ("choices", "out", "digests", "received", "pairs")}
        first = b""
        for rows in (128, 128):
            choices = stream.read(rows // 8)
            columns = receiver.extend(int.from_bytes(choices + drawn.read(BLOCK), "little"), rows + 128)
            sender.receive(columns)
            digests = receiver.digests(key)
            if not sender.accepts(key, digests):
                raise AssertionError("an honest extension passes")
            first = first or columns + digests
            s = [receiver.hashed(h) for h in range(SHOWN_ROWS)]
            pairs = [q for h in range(SHOWN_ROWS) for q in sender.hashed(h)]
            shown = (choices.hex(), columns.hex(), digests.hex(), _joined(s), _joined(pairs))
            for name, text in zip(found, shown, strict=True):
                found[name].append(text)
            receiver.finish()
            sender.finish()
        made.add(f"{depth} bits per tree", "Random", {**content, **found})
        if depth < 8:
            _check_cases(checked, depth, key, bits, first)
    return document("OT extension", SCHEMA, FLAGS, [made, checked])


def _check_cases(group: Group, depth: int, key: bytes, bits: list[int], good: bytes) -> None:
    """What a sender receives in its first extension of 128 OTs."""
    length = 32
    cut = BASE_OTS // depth * length
    # A tree of whose bits Delta has one at least uses its column u; one of none does not.
    trees = [any(bits[j * depth : (j + 1) * depth]) for j in range(BASE_OTS // depth)]
    cases = [
        ("as it was sent", "Random", good),
        ("a column of the first tree that is used", "WrongColumns", flip(length * trees.index(True))(good)),
        ("the digest of the choice bits", "WrongDigest", flip(-1)(good)),
    ]
    if not all(trees):
        cases.append(("a column that Delta ignores", "NoEffect", flip(length * trees.index(False))(good)))
    for comment, flag, changed in cases if depth > 1 else cases[:2]:  # Without trees the columns are long.
        content, _, sender, _, _ = _extension(depth)
        columns, digests = changed[:cut], changed[cut:]
        sender.receive(columns)
        passed = sender.accepts(key, digests)
        if passed != (flag in ("Random", "NoEffect")):
            raise AssertionError(comment)
        content |= {"key": key.hex(), "columns": columns.hex(), "digests": digests.hex()}
        found = {"out": _joined([x for h in range(SHOWN_ROWS) for x in sender.hashed(h)])} if passed else {}
        group.add(f"{depth} bits per tree: {comment}", flag, {**content, **found}, valid=passed)


# -- matrix triples and silent VOLE


def seed_expansion_file() -> str:
    """seed_expansion.json"""
    group = Group("seed expansion", "docs/wire, section 14, Multiply, for matrices, step 2")
    stream = seeded(seed_of("seed expansion"), "seeds")
    key, seeds = stream.read(BLOCK), [int.from_bytes(stream.read(BLOCK), "little") for _ in range(3)]
    for comment, flag, rows, first, blocks in (
        ("one block", "Edge", seeds[:1], 0, 1),
        ("two blocks of three seeds", "Random", seeds, 0, 2),
        ("later blocks", "Random", seeds[1:], 64, 3),
        ("a seed of zeros", "Edge", [0], 0, 2),
        ("block numbers above 32 bits", "Edge", seeds[:2], (1 << 32) - 1, 2),
    ):
        out = [expanded(key, seed, first + c) for seed in rows for c in range(blocks)]
        content = {"key": key.hex(), "seeds": _joined(rows), "first": big(first), "blocks": blocks}
        group.add(comment, flag, {**content, "out": _joined(out)})
    return document("expansion of seeds to blocks", SCHEMA, FLAGS, [group])


def lpn_code_file() -> str:
    """lpn_code.json"""
    groups = []
    for name in ("M5", "M61", "M127"):
        field = FIELDS[name]
        group = Group(
            "lpn code",
            "ePrint 2020/925; docs/wire, section 13, extension, step 5",
            {"field": name, "modulus": big(field.p)},
        )
        stream = seeded(seed_of("lpn code"), name)
        for comment, flag, k, n in (
            ("a secret of one element", "Edge", 1, 3),
            ("one output", "Edge", 33, 1),
            ("as many as not", "Random", 24, 40),
            ("outputs that are zero", "Edge", 300, 8),
        ):
            seed, secret = stream.read(BLOCK), field.sample(stream, k)
            given = [0] * n if comment == "outputs that are zero" else field.sample(stream, n)
            content = {"seed": seed.hex(), "count": k, "secret": field.encode(secret).hex(), "samples": n}
            out = coded(field, Prg(seed), secret, given)
            group.add(comment, flag, {**content, "given": field.encode(given).hex(), "out": field.encode(out).hex()})
        groups.append(group)
    return document("code of silent VOLE", SCHEMA, FLAGS, groups)
