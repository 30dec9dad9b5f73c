"""Vectors of the tools of oblivious transfer: tweakable and universal hash, the group, COPEe."""

from __future__ import annotations

from vectors.generator import edwards
from vectors.generator.copee import Inputter, KeyHolder
from vectors.generator.envelope import Flag, Group, big, document, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.ghash import universal_hash
from vectors.generator.hashing import seeded
from vectors.generator.ot_extension import Pair, tweakable_hash

SCHEMA = "function_v1.json"

FLAGS: dict[str, Flag] = {
    "Random": ("BASIC", "An ordinary case."),
    "Edge": ("EDGE_CASE", "A value at an end of its range."),
    "Tweak": ("ATTACK", "The same row under several indices: without the tweak the hashes would agree."),
    "Linear": ("BASIC", "The digest of an XOR is the XOR of the digests of the tests before it."),
    "SmallOrder": ("ATTACK", "A point of small order, the identity included: to be refused."),
    "MixedOrder": ("ATTACK", "A point outside the prime-order subgroup: to be refused (CVE-2025-69277)."),
    "NotCanonical": ("ATTACK", "Another encoding of a point, or none of a point of the curve: to be refused."),
    "BadScalar": ("EDGE_CASE", "A scalar that is zero or not below the group order: to be refused."),
    "Streams": ("BASIC", "Streams go on from one extension to the next."),
}


def tweakable_hash_file() -> str:
    """tweakable_hash.json"""
    group = Group("tweakable hash", "[GKWY20] TMMO; docs/wire, section 14")
    stream = seeded(seed_of("tweakable hash"), "rows")
    rows = [int.from_bytes(stream.read(16), "little") for _ in range(4)]
    key = Pair(seed_of("tweakable hash"), 0, 1).hash_key(0)

    def add(comment: str, flag: str, values: list[int], first: int) -> None:
        out = b"".join(tweakable_hash(key, x, first + i).to_bytes(16, "little") for i, x in enumerate(values))
        data = b"".join(x.to_bytes(16, "little") for x in values)
        group.add(comment, flag, {"key": key.hex(), "rows": data.hex(), "firstIndex": big(first), "out": out.hex()})

    add("four rows", "Random", rows, 0)
    add("the same row again and again", "Tweak", [rows[0]] * 4, 0)
    add("zeros", "Tweak", [0] * 3, 0)
    add("indices above 32 bits", "Edge", rows, (1 << 32) - 2)
    add("the last index", "Edge", rows[:1], (1 << 64) - 1)
    add("all ones", "Edge", [(1 << 128) - 1], 255)
    return document("tweakable correlation-robust hash", SCHEMA, FLAGS, [group])


def universal_hash_file() -> str:
    """universal_hash.json"""
    group = Group("universal hash", "NIST SP 800-38D, GHASH; docs/wire, section 14, step 3")
    key, stream = seed_of("universal hash")[:16], seeded(seed_of("universal hash"), "data")
    left, right = stream.read(48), stream.read(48)
    both = bytes(a ^ b for a, b in zip(left, right, strict=True))
    for comment, flag, data in (
        ("three blocks", "Random", left),
        ("three others", "Random", right),
        ("their XOR", "Linear", both),
        ("zeros", "Edge", bytes(48)),
        ("one block", "Edge", left[:16]),
        ("a bit in the first byte", "Edge", b"\x80" + bytes(31)),
        ("a bit in the last byte", "Edge", bytes(31) + b"\x01"),
        ("sixty-two blocks", "Random", stream.read(62 * 16)),
    ):
        content = {"key": key.hex(), "data": data.hex(), "out": universal_hash(key, data).hex()}
        group.add(comment, flag, content)
    other = bytes(16)
    content = {"key": other.hex(), "data": left.hex(), "out": universal_hash(other, left).hex()}
    group.add("key zero", "Edge", content)
    return document("universal hash of the OT check", SCHEMA, FLAGS, [group])


def _bad_points() -> list[tuple[str, str, bytes]]:
    p = edwards.P
    good = edwards.multiply_generator(7)
    order_two = (0, p - 1, 1, 0)
    # A point of order eight: L times a point of the full curve that has such a component.
    order_eight, y = edwards.IDENTITY, 2
    while edwards.is_identity(edwards.double(edwards.double(order_eight))):
        some = edwards.decode(y.to_bytes(32, "little"))
        if some is not None:
            order_eight = edwards.multiply(edwards.ORDER, some)
        y += 1
    order_four = edwards.double(order_eight)
    off_curve = next(y for y in range(2, 100) if edwards.decode(y.to_bytes(32, "little")) is None)
    rows = [
        ("the identity", "SmallOrder", edwards.encode(edwards.IDENTITY)),
        ("order two", "SmallOrder", edwards.encode(order_two)),
        ("order four", "SmallOrder", edwards.encode(order_four)),
        ("order eight", "SmallOrder", edwards.encode(order_eight)),
    ]
    for name, small in (("two", order_two), ("four", order_four), ("eight", order_eight)):
        rows.append((f"a good point and one of order {name}", "MixedOrder", edwards.encode(edwards.add(good, small))))
    return [
        *rows,
        ("the identity, y + p", "NotCanonical", (p + 1).to_bytes(32, "little")),
        ("y = p", "NotCanonical", p.to_bytes(32, "little")),
        ("the identity with a sign", "NotCanonical", (1 | 1 << 255).to_bytes(32, "little")),
        ("not on the curve", "NotCanonical", off_curve.to_bytes(32, "little")),
        ("all ones", "NotCanonical", b"\xff" * 32),
        ("31 bytes", "NotCanonical", edwards.encode(good)[:31]),
        ("33 bytes", "NotCanonical", edwards.encode(good) + b"\0"),
        ("nothing", "NotCanonical", b""),
    ]


def group_file() -> str:
    """group.json"""
    hashed = Group("hash to group", "RFC 9380 section 6.7.1, libsodium's map; docs/wire, section 12")
    stream = seeded(seed_of("group"), "points")
    sid = bytes(range(32))
    for number in range(8):
        point = edwards.encode(edwards.multiply_generator(edwards.scalar_of(stream.read(64))))
        receiver, sender, slot = number % 3, (number + 1) % 3, number % 2
        out = edwards.hash_to_group("base ot", receiver, sender, 31 * number, slot, point, session_id=sid)
        content = {"sessionId": sid.hex(), "receiver": receiver, "sender": sender, "index": 31 * number, "slot": slot}
        hashed.add("a point", "Random", {**content, "point": point.hex(), "out": edwards.encode(out).hex()})
    points = Group("point", "RFC 8032 section 5.1.3; docs/wire, section 12")
    for _ in range(4):
        point = edwards.encode(edwards.multiply_generator(edwards.scalar_of(stream.read(64))))
        points.add("a good one", "Random", {"point": point.hex()})
    points.add("the generator", "Edge", {"point": edwards.encode(edwards.GENERATOR).hex()})
    for comment, flag, data in _bad_points():
        points.add(comment, flag, {"point": data.hex()}, valid=False)
    multiples = Group("scalar multiplication", "RFC 8032 section 5.1")
    for scalar, flag in (
        (1, "Edge"),
        (2, "Edge"),
        (edwards.ORDER - 1, "Edge"),
        (edwards.scalar_of(stream.read(64)), "Random"),
    ):
        text = scalar.to_bytes(32, "little").hex()
        base = edwards.multiply_generator(scalar)
        multiples.add("of the generator", flag, {"scalar": text, "out": edwards.encode(base).hex()})
        some = edwards.multiply_generator(1234567)
        out = edwards.multiply(scalar, some)
        content = {"scalar": text, "point": edwards.encode(some).hex(), "out": edwards.encode(out).hex()}
        multiples.add("of a point", flag, content)
    for scalar in (0, edwards.ORDER, 2**256 - 1):
        content = {"scalar": scalar.to_bytes(32, "little").hex()}
        multiples.add("a scalar out of range", "BadScalar", content, valid=False)
    return document("group of the base OTs", SCHEMA, FLAGS, [hashed, points, multiples])


def copee_file() -> str:
    """copee.json"""
    groups = []
    for name in ("M5", "M61", "M127"):
        field = FIELDS[name]
        params = {"field": name, "modulus": big(field.p)}
        group = Group("copee", "[KOS16] figure 2; docs/wire, section 13", params)
        stream = seeded(seed_of("copee"), name)
        sampled = field.sample(stream, 1)[0]
        ends = ((0, "Edge"), (field.p - 1, "Edge")) if name == "M5" else ()
        for alpha, flag in ((sampled, "Streams"), *ends):
            keys = stream.read(32 * field.bits)
            pairs = [(keys[i : i + 16], keys[i + 16 : i + 32]) for i in range(0, len(keys), 32)]
            bits = [alpha >> i & 1 for i in range(field.bits)]
            inputter = Inputter(field, pairs)
            holder = KeyHolder(field, bits, [pair[bit] for pair, bit in zip(pairs, bits, strict=True)])
            rounds = []
            for size in (3, 1) if flag == "Streams" else (1,):
                x = field.sample(stream, size)
                u, t = inputter.extend(x)
                q = holder.extend(u)
                if field.add(q, t) != field.scale(alpha, x):
                    raise AssertionError("q + t = alpha x")
                arrays = {"x": x, "u": u, "t": t, "q": q}
                rounds.append({"size": size} | {key: field.encode(array).hex() for key, array in arrays.items()})
            content = {"alpha": field.encode([alpha]).hex(), "keys": keys.hex(), "extensions": rounds}
            group.add("two extensions" if flag == "Streams" else "alpha at an end", flag, content)
        groups.append(group)
    return document("COPEe", SCHEMA, FLAGS, groups)
