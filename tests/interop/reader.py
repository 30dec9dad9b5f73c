"""A reader of MP-SPDZ's preprocessing files in plain Python integers, written from the text of the format alone.

It imports nothing of the package, so that a mistake in the package is not repeated here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

P = {61: 2**61 - 1, 127: 2**127 - 1}
SHARES = {"Triples": 3, "Squares": 2, "Bits": 1, "Inputs": 1}


@dataclass
class Share:
    """A value and its MAC, one party's summands of them."""

    value: int
    mac: int


@dataclass
class Table:
    """One party's file: its header's MAC key share, its records of shares, and the clear values of an owner."""

    mac_key_share: int
    records: list[list[Share]]
    clear: list[int]
    header_size: int


def words(prime: int) -> int:
    """64-bit words of an element."""
    return -(-prime.bit_length() // 64)


def from_montgomery(data: bytes, prime: int) -> int:
    """An element out of its bytes."""
    stored = int.from_bytes(data, "little")
    assert stored < prime, "not canonical"
    return stored * pow(1 << (64 * words(prime)), -1, prime) % prime


def read_text(folder: Path, parties: int, party: int) -> tuple[int, int]:
    """(prime, MAC key share) from the two text files, whose every byte is as the format says."""
    prime_text, montgomery, rest = (folder / "Params-Data").read_bytes().split(b"\n")
    assert (montgomery, rest) == (b"1", b"")
    count, alpha, end = (folder / f"Player-MAC-Keys-p-P{party}").read_bytes().split(b"\n")
    assert (int(count), end) == (parties, b"")
    assert alpha == str(int(alpha)).encode()
    assert 0 <= int(alpha) < int(prime_text)
    return int(prime_text), int(alpha)


def read_table(path: Path, prime: int, *, clear: bool = False) -> Table:
    """A binary file. Every byte is accounted for."""
    data = path.read_bytes()
    size = 8 * words(prime)
    prime_size = -(-prime.bit_length() // 8)
    length = int.from_bytes(data[:8], "little")
    at = 8
    assert data[at : at + 8] == b"SPDZ gfp"
    assert data[at + 8] == 0
    assert int.from_bytes(data[at + 9 : at + 13], "little") == prime_size
    assert int.from_bytes(data[at + 13 : at + 13 + prime_size], "big") == prime
    at += 13 + prime_size
    assert int.from_bytes(data[at : at + 4], "little") == 1
    alpha = from_montgomery(data[at + 4 : at + 4 + size], prime)
    at += 4 + size
    assert at == 8 + length

    kind = path.name.split("-")[0]
    columns = 2 * SHARES[kind] + clear
    body = data[at:]
    assert len(body) % (columns * size) == 0
    elements = [from_montgomery(body[i : i + size], prime) for i in range(0, len(body), size)]
    rows = [elements[i : i + columns] for i in range(0, len(elements), columns)]
    records = [[Share(*row[i : i + 2]) for i in range(0, 2 * SHARES[kind], 2)] for row in rows]
    return Table(alpha, records, [row[-1] for row in rows] if clear else [], at)


def opened(tables: list[Table], alpha: int, prime: int) -> list[list[int]]:
    """The values of all records; asserts every MAC."""
    (count,) = {len(table.records) for table in tables}
    result = []
    for index in range(count):
        row = []
        for shares in zip(*(table.records[index] for table in tables), strict=True):
            value = sum(share.value for share in shares) % prime
            assert sum(share.mac for share in shares) % prime == alpha * value % prime, "a MAC does not fit"
            row.append(value)
        result.append(row)
    return result


def write_foreign(root: Path, prime: int, rows: dict[str, list[list[int]]], parties: int = 2, seed: str = "x") -> None:
    """Files as another system writes them: for tests, so shares come from a hash of `seed`."""
    counter = 0

    def number() -> int:
        nonlocal counter
        counter += 1
        return int.from_bytes(hashlib.sha256(f"{seed} {counter}".encode()).digest(), "big") % prime

    def split(value: int) -> list[int]:
        parts = [number() for _ in range(parties - 1)]
        return [*parts, (value - sum(parts)) % prime]

    size, prime_size = 8 * words(prime), -(-prime.bit_length() // 8)
    radix = 1 << (64 * words(prime))

    def element(value: int) -> bytes:
        return (value * radix % prime).to_bytes(size, "little")

    keys = [number() for _ in range(parties)]
    folder = root / f"{parties}-p-{prime.bit_length()}"
    folder.mkdir(parents=True)
    (folder / "Params-Data").write_text(f"{prime}\n1\n")
    for party, key in enumerate(keys):
        (folder / f"Player-MAC-Keys-p-P{party}").write_text(f"{parties} {key if party else key - prime}\n")
    for name, records in rows.items():
        kind, _, owner = name.partition("-")
        bodies = [b""] * parties
        for record in records:
            for value in record:
                pairs = zip(split(value), split(value * sum(keys)), strict=True)
                bodies = [body + element(x) + element(m) for body, (x, m) in zip(bodies, pairs, strict=True)]
            if owner:
                bodies[int(owner)] += element(record[0])
        for party, body in enumerate(bodies):
            rest = b"SPDZ gfp\0" + prime_size.to_bytes(4, "little") + prime.to_bytes(prime_size, "big")
            rest += (1).to_bytes(4, "little") + element(keys[party])
            path = folder / (f"{kind}-p-P{party}" + (f"-{owner}" if owner else ""))
            path.write_bytes(len(rest).to_bytes(8, "little") + rest + body)
