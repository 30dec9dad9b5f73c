"""Vectors of fields, codecs, hashes, commitments and streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vectors.generator.aes import Prg
from vectors.generator.dealing import CODES, NO_OWNER
from vectors.generator.envelope import Flag, Group, big, document, seed_of
from vectors.generator.field import FIELDS, Field, NotCanonicalError
from vectors.generator.hashing import commitment, digest, label, seeded, stream, wire_id
from vectors.generator.world import HEADER

SCHEMA = "function_v1.json"
WIRE = "docs/wire"

FLAGS: dict[str, Flag] = {
    "Random": ("BASIC", "An ordinary case."),
    "Edge": ("EDGE_CASE", "A value at an end of its range, or nothing at all."),
    "NotCanonical": ("ATTACK", "An element of p or above, or bytes that are no whole elements: to be refused."),
    "NoSuchElement": ("EDGE_CASE", "Zero has no inverse, half of all elements have no root: to be refused."),
    "OutOfRange": ("EDGE_CASE", "An integer that stands for no element: to be refused."),
    "Rejection": ("EDGE_CASE", "The stream holds a word that is not an element and has to be skipped."),
    "Ambiguity": ("ATTACK", "Differs from its neighbour in how parts are cut or typed alone; the hash must differ."),
    "CheckValue": ("BASIC", "Also in the table of check values of docs/wire."),
    "WrongOpening": ("ATTACK", "Opens to something else, or as somebody else: to be refused."),
    "MalformedRequest": ("ATTACK", "A request that no honest party sends: to be refused."),
    "Cut": ("EDGE_CASE", "A stream that is read in pieces is the stream that is read at once."),
}


def _params(field: Field) -> dict[str, Any]:
    return {"field": field.name, "modulus": big(field.p)}


# -- field and codec


def _arithmetic(field: Field) -> Group:
    group = Group("field arithmetic", f"{WIRE} section 5", _params(field))
    inputs = seeded(seed_of("field"), field.name)
    x, y = field.sample(inputs, 2)
    p = field.p

    def add(comment: str, flag: str, operation: str, a: int, b: int | None, out: int | None) -> None:
        content = {"operation": operation, "a": field.encode([a]).hex()}
        if b is not None:
            content["b"] = field.encode([b]).hex()
        if out is not None:
            content["out"] = field.encode([out]).hex()
        group.add(comment, flag, content, valid=out is not None)

    operations: dict[str, Callable[[int, int], int]] = {
        "add": lambda a, b: (a + b) % p,
        "subtract": lambda a, b: (a - b) % p,
        "multiply": lambda a, b: a * b % p,
    }
    for name, function in operations.items():
        add(f"{name}, random", "Random", name, x, y, function(x, y))
        for a, b in ((0, 0), (p - 1, p - 1), (0, p - 1), (1, p - 1), (p - 1, 2)):
            add(f"{name} at the ends", "Edge", name, a, b, function(a, b))
    for a in (x, 0, 1, p - 1):
        flag = "Random" if a == x else "Edge"
        add("negate", flag, "negate", a, None, -a % p)
        add("inverse", flag if a else "NoSuchElement", "inverse", a, None, field.inverse(a) if a else None)
    for a in (x * x % p, 0, 1, 2, p - 1, p - x * x % p):
        root = field.root(a)
        add(
            "square root",
            "Random" if root else "NoSuchElement" if root is None else "Edge",
            "square root",
            a,
            None,
            root,
        )
    return group


def _signed(field: Field) -> Group:
    group = Group("signed integers", f"{WIRE} section 5", _params(field))
    half = (field.p - 1) // 2
    for value in (0, 1, -1, half, -half):
        group.add("within range", "Edge", {"value": str(value), "out": field.encode([value % field.p]).hex()})
    for value in (half + 1, -half - 1, field.p):
        group.add("out of range", "OutOfRange", {"value": str(value)}, valid=False)
    return group


def _sampling(field: Field) -> Group:
    group = Group("field sampling", f"{WIRE} section 5", _params(field))
    for number, count in enumerate((0, 1, 2, 33)):
        seed = seed_of(f"sampling {field.name} {number}")[:16]
        prg = Prg(seed)
        words = [prg.read(field.width) for _ in range(count)]
        rejected = any(int.from_bytes(word, "little") & field.p == field.p for word in words)
        prg = Prg(seed)
        out = field.sample(prg, count)
        content = {"seed": seed.hex(), "count": count, "out": field.encode(out).hex(), "next": prg.read(8).hex()}
        group.add(f"{count} elements", "Rejection" if rejected else "Random" if count else "Edge", content)
    return group


def field_file() -> str:
    """field.json"""
    groups = [_arithmetic(FIELDS[name]) for name in ("M5", "M31", "M61", "M127")]
    groups += [make(field) for field in FIELDS.values() for make in (_signed, _sampling)]
    return document("prime fields", SCHEMA, FLAGS, groups)


def _encoding(field: Field) -> Group:
    group = Group("element encoding", f"{WIRE} section 5", _params(field))
    p, width = field.p, field.width
    arrays: tuple[list[int], ...] = ([], [0], [1, p - 1], field.sample(seeded(seed_of("encoding"), field.name), 5))
    for values in arrays:
        content = {"count": len(values), "bytes": field.encode(values).hex(), "integers": [big(x) for x in values]}
        group.add(f"{len(values)} elements", "Random" if len(values) == 5 else "Edge", content)
    word = (1 << 8 * width) - 1
    for comment, data in (
        ("p itself", p.to_bytes(width, "little")),
        ("p behind a good element", field.encode([1]) + p.to_bytes(width, "little")),
        ("p + 1", (p + 1).to_bytes(width, "little")),
        ("all ones", word.to_bytes(width, "little")),
        ("one with the top bit set", (1 << 8 * width - 1 | 1).to_bytes(width, "little")),
        ("a byte too few", bytes(width - 1)),
        ("a byte too many", bytes(width + 1)),
    ):
        count = max(1, len(data) // width)
        try:
            field.decode(data, count)
        except NotCanonicalError:
            group.add(comment, "NotCanonical", {"count": count, "bytes": data.hex()}, valid=False)
    return group


def _header() -> Group:
    group = Group("frame header", f"{WIRE} section 2")
    some = digest("transcript")[:16]
    for comment, kind, step, place, round_, length in (
        ("DATA of a handshake", 1, "handshake.hello", label(b"", "/000001.handshake/000001.handshake.hello"), 1, 1056),
        ("DATA of an opening", 1, "output.open", some, 17, 24),
        ("DATA without a payload", 1, "output.open", some, 2, 0),
        ("ABORT", 2, "mac_check.sigma.open", bytes(16), 0, 0),
        ("ABORT without a step", 2, "", bytes(16), 0, 0),
        ("BYE", 3, "", bytes(16), 0, 0),
        ("the largest numbers", 255, "output.open", b"\xff" * 16, 2**32 - 1, 2**64 - 1),
    ):
        content = {"kind": kind, "wireId": wire_id(step).hex(), "label": place.hex(), "round": round_}
        content |= {"length": big(length), "bytes": HEADER.pack(kind, wire_id(step), place, round_, length).hex()}
        group.add(comment, "Edge" if kind == 255 else "Random", content)
    return group


def _request(code: int, owner: int, dims: tuple[int, ...], count: int) -> bytes:
    return bytes([code, owner]) + b"".join(d.to_bytes(4, "little") for d in dims) + count.to_bytes(8, "little")


def _requests() -> Group:
    group = Group("dealer request", f"{WIRE} section 10", _params(FIELDS["M61"]) | {"parties": 3})
    none = (0, 0, 0)
    for name, code in CODES.items():
        owner = 2 if name == "input masks" else NO_OWNER
        dims = (2, 3, 4) if name == "matrix triples" else none
        content = {"code": code, "owner": None if owner == NO_OWNER else owner, "dims": list(dims) if any(dims) else []}
        for count in (1, 1 << 40):
            flag = "Edge" if count > 1 else "Random"
            request = {"bytes": _request(code, owner, dims, count).hex()}
            group.add(f"{big(count)} {name}", flag, {**request, **content, "count": big(count)})
    end = {"bytes": _request(0, NO_OWNER, none, 0).hex(), "code": 0, "owner": None, "dims": [], "count": "0"}
    group.add("nothing more", "Random", end)
    for comment, data in (
        ("an unknown kind", _request(99, NO_OWNER, none, 1)),
        ("no elements", _request(1, NO_OWNER, none, 0)),
        ("too many elements", _request(1, NO_OWNER, none, (1 << 40) + 1)),
        ("triples with an owner", _request(1, 0, none, 1)),
        ("triples with dims", _request(1, NO_OWNER, (1, 1, 1), 1)),
        ("masks without an owner", _request(5, NO_OWNER, none, 1)),
        ("masks of a party that is not there", _request(5, 3, none, 1)),
        ("matrix triples without dims", _request(6, NO_OWNER, none, 1)),
        ("matrix triples with a dim of zero", _request(6, NO_OWNER, (2, 0, 2), 1)),
        ("a matrix triple that is too large", _request(6, NO_OWNER, (8192, 8192, 8192), 1)),
        ("the end with a count", _request(0, NO_OWNER, none, 1)),
        ("the end with an owner", _request(0, 0, none, 0)),
        ("a byte too few", _request(1, NO_OWNER, none, 1)[:-1]),
    ):
        group.add(comment, "MalformedRequest", {"bytes": data.hex()}, valid=False)
    return group


def codec_file() -> str:
    """codec.json"""
    groups = [*map(_encoding, FIELDS.values()), _header(), _requests()]
    return document("codecs", SCHEMA, FLAGS, groups)


# -- hashes and streams

Part = bytes | str | int


def _described(part: Part) -> dict[str, str]:
    if isinstance(part, bytes):
        return {"type": "B", "value": part.hex()}
    return {"type": "S", "value": part} if isinstance(part, str) else {"type": "I", "value": big(part)}


def _hash_cases() -> list[tuple[str, str, str, tuple[Part, ...], bytes, int | None]]:
    sid = bytes(range(32))
    parts: tuple[Part, ...] = ("abc", b"\0\xff", 0, 256)
    cases: list[tuple[str, str, str, tuple[Part, ...], bytes, int | None]] = [
        ("text, bytes, integers", "CheckValue", "transcript", parts, b"", None),
        ("session and party, no parts", "CheckValue", "transcript", (), sid, 0),
    ]
    alike: list[tuple[Part, ...]] = [
        (),
        ("",),
        (b"",),
        (0,),
        ("", ""),
        ("ab", "c"),
        ("a", "bc"),
        ("abc",),
        (b"abc",),
        (1,),
        ("1",),
        (b"\x01",),
        (256,),
        (b"\0\x01",),
        ("\u00e4",),
        (2**64,),
    ]
    cases += [("a neighbour of others", "Ambiguity", "transcript", row, b"", None) for row in alike]
    for party in (None, 0, 1, 15):
        cases.append(("party or none", "Ambiguity", "transcript", ("a",), sid, party))
    tags = ("session id", "session parameters", "commitment", "coin toss", "prg key", "hash to group", "base ot key")
    cases += [("a domain of its own", "Ambiguity", tag, ("a",), sid, None) for tag in tags]
    cases.append(("a long part", "Random", "transcript", (Prg(seed_of("long")[:16]).read(300),), sid, 3))
    return cases


def labelled_hash_file() -> str:
    """labelled_hash.json"""
    hashes, streams = Group("labelled hash", f"{WIRE} section 4"), Group("labelled stream", f"{WIRE} section 4")
    for comment, flag, domain, parts, sid, party in _hash_cases():
        where = {"parts": [_described(part) for part in parts], "sessionId": sid.hex(), "party": party}
        out = digest(domain, *parts, session_id=sid, party=party)
        hashes.add(comment, flag, {"domain": domain, **where, "out": out.hex()})
    secret = bytes(range(16))
    for length in (0, 1, 16, 31, 32, 33, 40, 64, 100):
        parts = (secret, "/x", "chi")
        sid = bytes(range(32))
        where = {"parts": [_described(part) for part in parts], "sessionId": sid.hex(), "party": None}
        out = stream("coin toss", length, *parts, session_id=sid)
        flag = "CheckValue" if length == 40 else "Edge" if length in (0, 32, 33) else "Random"
        streams.add(f"{length} bytes", flag, {"domain": "coin toss", "length": length, **where, "out": out.hex()})
    labels = Group("message label", f"{WIRE} section 3")
    for sid, path in (
        (b"", "/000001.handshake/000001.handshake.hello"),
        (bytes(range(32)), "/000001.set-up"),
        (bytes(range(32)), "/dealer/000002.dealer.request"),
        (bytes(range(32)), "/000004.online/1000000.operation"),
        (bytes(range(32)), ""),
    ):
        flag = "CheckValue" if path.endswith("set-up") else "Random" if path else "Edge"
        labels.add("a place", flag, {"sessionId": sid.hex(), "path": path, "out": label(sid, path).hex()})
    names = Group("wire id", f"{WIRE} section 2")
    for step in ("handshake.hello", "output.open", "mac_check.sigma.open", "broadcast.echo", "dealer.request"):
        names.add("a step", "Random", {"step": step, "out": wire_id(step).hex()})
    return document("labelled hashes", SCHEMA, FLAGS, [hashes, streams, labels, names])


def commitment_file() -> str:
    """commitment.json"""
    group = Group("commitment", f"{WIRE} section 4")
    sid, place, payload = bytes(range(32)), "/place", b"payload"
    zero, nonce = bytes(32), seed_of("nonce")

    def add(comment: str, flag: str, made: bytes, *, valid: bool, **changed: Any) -> None:
        content = {"sessionId": sid, "party": 1, "place": place, "nonce": nonce, "payload": payload} | changed
        shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in content.items()}
        group.add(comment, flag, {**shown, "commitment": made.hex()}, valid=valid)

    good = commitment(sid, 1, place.encode(), nonce, payload)
    add("nonce zero", "CheckValue", commitment(sid, 1, b"/place", zero, payload), valid=True, nonce=zero)
    add("an ordinary one", "Random", good, valid=True)
    add("an empty payload", "Edge", commitment(sid, 1, b"/place", nonce, b""), valid=True, payload=b"")
    add("no session id", "Edge", commitment(b"", 0, b"/place", nonce, payload), valid=True, sessionId=b"", party=0)
    for comment, changed in (
        ("another session", {"sessionId": bytes(32)}),
        ("another party", {"party": 0}),
        ("another place", {"place": "/plac"}),
        ("another nonce", {"nonce": zero}),
        ("another payload", {"payload": b"payloae"}),
        ("a longer payload", {"payload": payload + b"\0"}),
        ("a byte moved from nonce to payload", {"nonce": nonce[:-1], "payload": nonce[-1:] + payload}),
    ):
        add(comment, "WrongOpening", good, valid=False, **changed)
    flipped = bytes([good[0] ^ 1]) + good[1:]
    add("one bit of the commitment", "WrongOpening", flipped, valid=False)
    return document("commitments", SCHEMA, FLAGS, [group])


def prg_file() -> str:
    """prg.json"""
    group = Group("prg", "FIPS 197 and NIST SP 800-38A, counter mode from a zero block")
    some = seed_of("prg")[:16]
    for comment, flag, seed, reads in (
        ("24 bytes", "CheckValue", bytes(range(16)), [24]),
        ("seed zero", "Edge", bytes(16), [16]),
        ("in pieces", "Cut", some, [1, 15, 16, 17, 0, 47]),
        ("at once", "Cut", some, [96]),
        ("the counter's second byte", "Edge", some, [4096, 32]),
    ):
        prg = Prg(seed)
        group.add(comment, flag, {"seed": seed.hex(), "reads": reads, "out": [prg.read(n).hex() for n in reads]})
    seeded_group = Group("test randomness", "vectors/README.md, randomness")
    for name in (0, 1, 15, "dealt", ""):
        seed, length = seed_of("test randomness"), 40
        content = {"seed": seed.hex(), "label": name, "length": length, "out": seeded(seed, name).read(length).hex()}
        seeded_group.add("an endpoint" if isinstance(name, int) else "a purpose", "Random", content)
    return document("streams", SCHEMA, FLAGS, [group, seeded_group])
