"""Vectors of functions of shared bits, and of proofs about them: docs/wire, sections 17, 18 and 20."""

from __future__ import annotations

from vectors.generator import bits
from vectors.generator.aes import Prg
from vectors.generator.envelope import Flag, Group, big, document, seed_of
from vectors.generator.field import FIELDS
from vectors.generator.hashing import seeded

SCHEMA = "function_v1.json"
WIRE = "docs/wire"
COUNTS = (1, 2, 3, 7, 33)

FLAGS: dict[str, Flag] = {
    "Random": ("BASIC", "An ordinary case."),
    "Edge": ("EDGE_CASE", "One entry, an odd count, or a value at an end of its range."),
    "Blocks": ("EDGE_CASE", "More blocks than an implementation may take at a time."),
    "NotCanonical": ("ATTACK", "Bits behind the last one that are not zero, or a wrong length: to be refused."),
    "FalseClaim": ("ATTACK", "What is claimed is false: the highest coefficient, which nobody sends, is not zero."),
}


def _stream(name: str) -> Prg:
    return seeded(seed_of("bits"), name)


def _bits(stream: Prg, count: int) -> list[int]:
    return [byte & 1 for byte in stream.read(count)]


def _words(stream: Prg, count: int) -> list[int]:
    return bits.words_of(stream.read(bits.WORD_BYTES * count))


def _packed() -> Group:
    group, stream = Group("packed bits", f"{WIRE} section 17"), _stream("packed")
    for count in (0, 1, 7, 8, 9, 64, 65):
        values = _bits(stream, count)
        content = {"count": count, "bytes": bits.pack(values).hex(), "bits": values}
        group.add(f"{count} bits", "Random" if count > 7 else "Edge", content)
    for comment, count, data in (
        ("a bit behind the only one", 1, "02"),
        ("the highest place of the last byte", 9, "ff80"),
        ("a bit of no bits", 0, "01"),
        ("a byte too many", 8, "ff00"),
        ("a byte too few", 9, "ff"),
    ):
        if bits.unpack(bytes.fromhex(data), count) is not None:
            raise AssertionError(comment)
        group.add(comment, "NotCanonical", {"count": count, "bytes": data}, valid=False)
    return group


def _word_hash() -> Group:
    group, stream = Group("word hash", f"{WIRE} section 18"), _stream("word hash")
    one, top = (1).to_bytes(16, "little"), (1 << 127).to_bytes(16, "little")
    cases = [(count, stream.read(16), _words(stream, count)) for count in (*COUNTS, 1027)]
    cases += [(2, key, [bits.WORD_MASK] * 2) for key in (one, top)]
    cases.append((3, top, [0, 1 << 63, bits.WORD_MASK]))
    for count, key, words in cases:
        flag = "Blocks" if count > 1024 else "Edge" if key in (one, top) or count % 2 else "Random"
        lowest = bits.word_hash(key, [word & 1 for word in words]).to_bytes(16, "little")
        content = {"key": key.hex(), "words": bits.encode(words).hex()}
        content |= {"out": bits.word_hash(key, words).to_bytes(16, "little").hex(), "outOfBits": lowest.hex()}
        group.add(f"{count} words", flag, content)
    return group


def _sigma() -> Group:
    group, stream = Group("sigma of bits", f"{WIRE} section 17"), _stream("sigma")
    for count in COUNTS:
        delta, seed = _words(stream, 1)[0], stream.read(16)
        words, opened = _words(stream, count), _bits(stream, count)
        out = bits.sigma(delta, Prg(seed).read(16), words, opened)
        content = {"key": bits.encode([delta]).hex(), "seed": seed.hex(), "words": bits.encode(words).hex()}
        content |= {"bits": bits.pack(opened).hex(), "out": out.hex()}
        group.add(f"{count} openings", "Edge" if count == 1 else "Random", content)
    return group


def _proofs() -> list[Group]:
    """What the prover adds up and what the verifier does, which must fit."""
    provers, verifiers = (Group(f"bit proof, {who}", f"{WIRE} section 18") for who in ("prover", "verifier"))
    stream = _stream("proof")
    for count in COUNTS:
        delta, chi = _words(stream, 1)[0] | 1, _words(stream, count)
        a, b = _bits(stream, count), _bits(stream, count)
        g = [x & y for x, y in zip(a, b, strict=True)]
        macs = [_words(stream, count) for _ in range(3)]
        keys = [
            [word ^ (delta if bit else 0) for word, bit in zip(part, values, strict=True)]
            for part, values in zip(macs, (a, b, g), strict=True)
        ]
        first, second = bits.prover_sums(chi, (macs[0], a), (macs[1], b), macs[2])
        checked = bits.verifier_sum(delta, chi, *keys)
        if checked != first ^ bits.multiply(second, delta, bits.GF64):
            raise AssertionError("an honest proof does not fit")
        flag = "Edge" if count == 1 else "Random"
        content = {"chi": bits.encode(chi).hex()}
        content |= {f"words{name}": bits.encode(part).hex() for name, part in zip("ABG", macs, strict=True)}
        content |= {"bitsA": bits.pack(a).hex(), "bitsB": bits.pack(b).hex()}
        provers.add(f"{count} relations", flag, {**content, "out": bits.encode([first, second]).hex()})
        content = {"key": bits.encode([delta]).hex(), "chi": bits.encode(chi).hex()}
        content |= {f"words{name}": bits.encode(part).hex() for name, part in zip("ABG", keys, strict=True)}
        verifiers.add(f"{count} relations", flag, {**content, "out": bits.encode([checked]).hex()})
    return [provers, verifiers]


def _ranges(name: str) -> Group:
    field = FIELDS[name]
    group = Group("range proof", f"{WIRE} section 20", {"field": name, "modulus": big(field.p)})
    stream, p = _stream(f"range {name}"), field.p
    for below in (2, 4):
        for values in (list(range(below)), [below], [field.p - 1]):
            chi, tags = field.sample(stream, len(values)), field.sample(stream, len(values))
            [alpha] = field.sample(stream, 1)
            rows = [bits.range_coefficients(field, below, u, v) for u, v in zip(values, tags, strict=True)]
            sums = [sum(c * row[k] for c, row in zip(chi, rows, strict=True)) % p for k in range(below + 1)]
            keys = [(v + u * alpha) % p for u, v in zip(values, tags, strict=True)]
            seen = [bits.range_key_product(field, below, key, alpha) for key in keys]
            expected = sum(c * product for c, product in zip(chi, seen, strict=True)) % p
            sent = sum(c * pow(alpha, k, p) for k, c in enumerate(sums[:below])) % p
            true = sums[below] == 0
            if true != (expected == sent):
                raise AssertionError("the proof does not say what is true")
            content = {"below": below, "values": field.encode(values).hex(), "tags": field.encode(tags).hex()}
            content |= {"chi": field.encode(chi).hex(), "alpha": field.encode([alpha]).hex()}
            content |= {"sums": field.encode(sums[:below]).hex()}
            comment = f"{len(values)} values below {below}" if true else f"a value that is not below {below}"
            content |= {"atAlpha": field.encode([sent]).hex()}
            group.add(comment, "Random" if true else "FalseClaim", content)
    return group


def bits_file() -> str:
    """bits.json"""
    groups = [_packed(), _word_hash(), _sigma(), *_proofs(), *map(_ranges, ("M61", "M127"))]
    return document("functions of shared bits", SCHEMA, FLAGS, groups)
