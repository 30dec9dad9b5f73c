"""Every way in which a file can be wrong gives one line with its path, the byte offset and what was expected."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spdz.errors import UsageError
from spdz.field import M61, M127, Field
from spdz.interop.importing import import_material

from . import reader
from .support import export, home

FIELDS = [(M61, 8), (M127, 16)]
IDS = ["M61", "M127"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The files of party 0, by field."""
    files = {}
    for field, _ in FIELDS:
        root = tmp_path_factory.mktemp(field.name)
        (first, _) = export(root, 2, field.name, "dealer")
        files[field.name] = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    return files


class Folder:
    """A fresh copy of the files of party 0, to be damaged."""

    def __init__(self, root: Path, field: Field, files: dict[str, bytes]) -> None:
        self.root, self.field = root, field
        self.place = root / f"2-p-{field.bits}"
        self.place.mkdir()
        for name, data in files.items():
            (self.place / name).write_bytes(data)

    def refusal(self, parties: int = 2, party: int = 0) -> str:
        """The one line with which an import is refused; nothing is spent by it."""
        with pytest.raises(UsageError) as caught:
            import_material(self.root, self.field, parties, party, trust_unmarked=True)
        text = str(caught.value)
        assert "\n" not in text
        assert str(self.root) in text
        assert not list(self.place.glob("spdz-spent-*"))
        assert "at byte" not in text or re.search(r": at byte \d+: expected .*, found .", text), text
        return text

    def change(self, name: str, at: int, data: bytes) -> None:
        """Overwrite bytes of a file."""
        content = bytearray((self.place / name).read_bytes())
        content[at : at + len(data)] = data
        (self.place / name).write_bytes(content)


@pytest.fixture(params=FIELDS, ids=IDS)
def folder(request: pytest.FixtureRequest, tmp_path: Path, exported: dict[str, dict[str, bytes]]) -> Folder:
    field, _ = request.param
    return Folder(tmp_path, field, exported[field.name])


def assert_refused(folder: Folder, name: str, offset: int, words: str) -> None:
    text = folder.refusal()
    assert text.startswith(f"{folder.place / name}: at byte {offset}: expected "), text
    assert words in text, text


def test_truncated_in_every_part(folder: Folder) -> None:
    size = folder.field.element_bytes
    whole = (folder.place / "Triples-p-P0").read_bytes()
    header, record = 25 + 2 * size, 6 * size
    parts = [
        (0, "the length of the rest"),
        (7, "the length of the rest"),
        (8, "the name of the protocol"),
        (15, "the name of the protocol"),
        (16, "the sign of the prime"),
        (17, "the length of the prime"),
        (20, "the length of the prime"),
        (21, "the prime"),
        (20 + size, "the prime"),
        (21 + size, "the flag for Montgomery form"),
        (24 + size, "the flag for Montgomery form"),
        (25 + size, "the MAC key share of the header"),
        (header - 1, "the MAC key share of the header"),
        (header, "at least one record"),
    ]
    for length, words in parts:
        (folder.place / "Triples-p-P0").write_bytes(whole[:length])
        assert_refused(folder, "Triples-p-P0", length, words)
    for length in (header + 1, header + size, header + record - 1, len(whole) - record + 1, len(whole) - 1):
        (folder.place / "Triples-p-P0").write_bytes(whole[:length])
        last = (length - header) % record
        words = f"a record of triples of {record} bytes, found the last {last} bytes"
        assert_refused(folder, "Triples-p-P0", length - last, words)


def test_truncated_between_two_records(folder: Folder) -> None:
    """The header does not say how many there are; the mark does."""
    whole = (folder.place / "Triples-p-P0").read_bytes()
    shorter = whole[: -6 * folder.field.element_bytes]
    (folder.place / "Triples-p-P0").write_bytes(shorter)
    words = "expected 101 tuples as the mark beside it says, found the end of the file after 100"
    assert_refused(folder, "Triples-p-P0", len(shorter), words)


def test_records_too_many(folder: Folder) -> None:
    whole = (folder.place / "Squares-p-P0").read_bytes()
    (folder.place / "Squares-p-P0").write_bytes(whole + whole[-8 * folder.field.element_bytes :])
    words = "expected the end of the file after 101 tuples as the mark beside it says, found 2 more"
    assert_refused(folder, "Squares-p-P0", len(whole), words)


def test_a_foreign_header(folder: Folder) -> None:
    name, size = folder.field.name, folder.field.element_bytes
    prime = {8: 2**61 - 31, 16: 170141183460469231731687303715885907969}[size]
    for at, data, words in (
        (0, b"\x01", f"as the length of the rest of the header for {name}, found 1"),
        (8, b"SPDZ2k p", f"expected 'SPDZ gfp' as the name of the protocol for {name}, found 'SPDZ2k p'"),
        (16, b"\1", f"expected 0 as the sign of the prime for {name}, found 1"),
        (17, b"\x07", f"expected {size} as the length of the prime for {name}, found 7"),
        (21, prime.to_bytes(size, "big"), f"expected {folder.field.modulus} as the prime for {name}, found {prime}"),
        (21 + size, b"\0", f"expected 1 as the flag for Montgomery form for {name}, found 0"),
    ):
        before = (folder.place / "Squares-p-P0").read_bytes()
        folder.change("Squares-p-P0", at, data)
        assert_refused(folder, "Squares-p-P0", at, words)
        (folder.place / "Squares-p-P0").write_bytes(before)


def test_a_header_with_another_mac_key(folder: Folder) -> None:
    at = 25 + folder.field.element_bytes
    folder.change("Bits-p-P0", at, b"\1\2\3\4\5")
    assert_refused(folder, "Bits-p-P0", at, "expected the MAC key share of Player-MAC-Keys-p-P0")


@pytest.mark.parametrize("index", [0, 1, 205, 302])
@pytest.mark.parametrize("excess", [0, 1, "all ones"])
def test_an_element_that_is_not_canonical(folder: Folder, index: int, excess: Any) -> None:
    size = folder.field.element_bytes
    value = 256**size - 1 if excess == "all ones" else folder.field.modulus + excess
    at = 25 + 2 * size + index * size
    folder.change("Inputs-p-P0-0", at, value.to_bytes(size, "little"))
    assert_refused(folder, "Inputs-p-P0-0", at, f"expected an element of {folder.field.name}")


def test_contents_that_changed_after_the_export(folder: Folder) -> None:
    before = hashlib.sha256((folder.place / "Bits-p-P0").read_bytes()).hexdigest()
    folder.change("Bits-p-P0", 25 + 2 * folder.field.element_bytes, b"\1\2\3")
    after = hashlib.sha256((folder.place / "Bits-p-P0").read_bytes()).hexdigest()
    words = f"a file with the SHA-256 {before} as the mark beside it says, found one with {after}"
    assert_refused(folder, "Bits-p-P0", 0, words)


@pytest.mark.parametrize(
    ("content", "offset", "words"),
    [
        (b"", 0, "expected the number of parties, found the end"),
        (b"two\n1\n", 0, "expected the number of parties, 2, found b'two'"),
        (b"3\n1\n", 0, "expected the number of parties, 2, found b'3'"),
        (b"123456789\n2\n", 0, "expected the number of parties, 2, found 9 bytes"),
        (b"2\n", 2, "expected the MAC key share, found the end"),
        (b"2\n0x1f\n", 2, "expected the MAC key share as a decimal number"),
        (b"2\n1.5\n", 2, "expected the MAC key share as a decimal number"),
        (b"2\n" + b"9" * 200, 2, "expected the MAC key share as a decimal number"),
        (b"2\n--1\n", 2, "expected the MAC key share as a decimal number"),
        (b"2\n\xff\xfe\n", 2, "expected the MAC key share as a decimal number"),
        (b"2\nnone\n", 2, "found 4 bytes that are none"),
        (b"2\n5\n6\n", 4, "expected the end of the file"),
        (b"2" + b" " * 5000, 4096, "expected the end of the file"),
    ],
)
def test_the_key_file(folder: Folder, content: bytes, offset: int, words: str) -> None:
    (folder.place / "Player-MAC-Keys-p-P0").write_bytes(content)
    assert_refused(folder, "Player-MAC-Keys-p-P0", offset, words)


def test_a_key_beyond_the_prime(folder: Folder) -> None:
    for value in (folder.field.modulus, -folder.field.modulus):
        (folder.place / "Player-MAC-Keys-p-P0").write_text(f"2\n{value}\n")
        words = f"a decimal number below the prime of {folder.field.name}, found a bigger one"
        assert_refused(folder, "Player-MAC-Keys-p-P0", 2, words)


def test_another_key_is_named_and_no_key_is_shown(folder: Folder) -> None:
    (folder.place / "Player-MAC-Keys-p-P0").write_text("2\n123456789\n")
    at = 25 + folder.field.element_bytes
    assert_refused(folder, "Triples-p-P0", at, "expected the MAC key share of Player-MAC-Keys-p-P0, found another")
    assert "123456789" not in folder.refusal()


def test_the_file_of_the_prime(folder: Folder) -> None:
    for content, offset, words in (
        (b"", 0, "expected the prime, found the end"),
        (b"17\n1\n", 0, f"expected the prime: {folder.field.modulus}"),
        (b"x\n1\n", 0, "found b'x'"),
        (b"9" * 4000, 0, "expected the prime"),
        (f"{folder.field.modulus}\n".encode(), len(str(folder.field.modulus)) + 1, "Montgomery form, found the end"),
        (f"{folder.field.modulus}\n0\n".encode(), len(str(folder.field.modulus)) + 1, "Montgomery form"),
    ):
        (folder.place / "Params-Data").write_bytes(content)
        assert_refused(folder, "Params-Data", offset, words)


def test_files_that_are_missing_or_too_many(folder: Folder) -> None:
    bits = (folder.place / "Bits-p-P0").read_bytes()
    (folder.place / "Bits-p-P0").unlink()
    assert re.search(r"Bits-p-P0: cannot be read: No such file", folder.refusal())
    (folder.place / "Bits-p-P0").write_bytes(bits)
    mark = folder.place / "spdz-provenance-P0.json"
    values = json.loads(mark.read_text())
    del values["files"]["Bits-p-P0"]
    mark.write_text(json.dumps(values))
    named = "Triples-p-P0, Squares-p-P0, Inputs-p-P0-0, Inputs-p-P0-1"
    words = f"Bits-p-P0: found a file that the mark beside it does not name, expected none but {named}"
    assert words in folder.refusal()
    (folder.place / "Player-MAC-Keys-p-P0").unlink()
    assert "Player-MAC-Keys-p-P0: cannot be read" in folder.refusal()
    for name in ("Triples-p-P0", "Squares-p-P0", "Bits-p-P0", "Inputs-p-P0-0", "Inputs-p-P0-1", mark.name):
        (folder.place / name).unlink()
    (folder.place / "Player-MAC-Keys-p-P0").write_text("2 5")
    assert "there is no Triples-p-P0, nor any other material" in folder.refusal()


def test_links_folders_and_pipes_are_no_files(folder: Folder) -> None:
    path = folder.place / "Triples-p-P0"
    makers: list[tuple[Callable[[], object], str]] = [
        (lambda: path.symlink_to(folder.place / "Squares-p-P0"), "cannot be read: Too many levels of symbolic links"),
        (path.mkdir, "cannot be read: Is a directory"),
        (lambda: os.mkfifo(path), "at byte 0: expected a regular file, found a pipe or a device"),
    ]
    for make, words in makers:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
        make()
        assert f"{path}: {words}" in folder.refusal()


def test_another_number_of_parties_another_party_another_field(folder: Folder) -> None:
    assert f"3-p-{folder.field.bits}: expected a folder for 3 parties and {folder.field.name}; there is 2-p-" in (
        folder.refusal(parties=3)
    )
    assert "spdz-provenance-P1.json" in _refusal_without_trust(folder, party=1)
    assert "Player-MAC-Keys-p-P1: cannot be read" in folder.refusal(party=1)
    for path in list(folder.place.glob("*P0*")):
        path.rename(path.with_name(path.name.replace("P0", "P1")))
    assert "expected 1 as party, found 0" in folder.refusal(party=1)
    folder.place.rename(folder.root / f"3-p-{folder.field.bits}")
    with pytest.raises(UsageError, match="expected 3 as parties, found 2"):
        import_material(folder.root, folder.field, 3, 1, trust_unmarked=True)


def _refusal_without_trust(folder: Folder, party: int) -> str:
    with pytest.raises(UsageError) as caught:
        import_material(folder.root, folder.field, 2, party)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "spdz-provenance-2"}, "'spdz-provenance-1' as schema, found 'spdz-provenance-2'"),
        ({"field": "M31"}, "as field, found 'M31'"),
        ({"prime": "1f"}, "as prime, found '1f'"),
        ({"party": True}, "0 as party, found True"),
        ({"party": 1}, "0 as party, found 1"),
        ({"parties": 3}, "2 as parties, found 3"),
        ({"protocol": "semi"}, "mascot or dealer as protocol, found 'semi'"),
        ({"protocol": 5}, "mascot or dealer as protocol, found 5"),
        ({"session": "f" * 31}, "32 hexadecimal digits as session, found 'ffff"),
        ({"session": 7}, "32 hexadecimal digits as session, found 7"),
        ({"statistical_bits": 10}, "an integer from 40 to 128 as statistical_bits, found 10"),
        ({"statistical_bits": True}, "as statistical_bits, found True"),
        ({"statistical_bits": None}, "as statistical_bits, found None"),
        ({"files": {}}, "an object that names at least one file as files, found {}"),
        ({"files": {"../Triples-p-P0": {}}}, "the name of a file of party 0 of 2, found '../Triples-p-P0'"),
        ({"files": {"Bits-p-P0": {"tuples": 1}}}, "tuples and sha256 of Bits-p-P0, found {'tuples': 1}"),
        ({"files": {"Bits-p-P0": {"tuples": -1, "sha256": "0" * 64}}}, "at least 0 as tuples of Bits-p-P0, found -1"),
        ({"files": {"Bits-p-P0": {"tuples": 1, "sha256": "0"}}}, "digits as sha256 of Bits-p-P0, found '0'"),
        ({"more": 1}, "no key but those of spdz-provenance-1, found 'more'"),
    ],
)
def test_the_mark(folder: Folder, change: dict[str, Any], words: str) -> None:
    mark = folder.place / "spdz-provenance-P0.json"
    text = json.dumps({**json.loads(mark.read_text()), **change})
    mark.write_text(text)
    (key,) = change
    inner = change[key] if key == "files" else {}
    assert_refused(folder, mark.name, text.index(f'"{next(iter(inner), key)}"'), words)


def test_a_mark_that_is_no_json(folder: Folder) -> None:
    mark = folder.place / "spdz-provenance-P0.json"
    whole = mark.read_bytes()
    for content, words in (
        (whole[:50], "expected JSON"),
        (b"", "at byte 0: expected JSON"),
        (b"\xff\xfe\xff", "at byte 0: expected JSON"),
        (b"[" * 60000, "at byte 0: expected JSON"),
        (b"[]", "at byte 0: expected a JSON object"),
        (b'{"a": ' + b"9" * 5000 + b"}", "expected JSON"),
        (b"{}", "at byte 1: expected the key 'schema', found the end of the object"),
        ('{"\u00e4": 1 2}'.encode(), "at byte 9: expected JSON, found none: Expecting ',' delimiter"),
        (b'{"a": "\xff"}', "at byte 7: expected JSON, found the byte 255"),
        (b" " * 70000, "at byte 65536: expected the end of the file"),
    ):
        mark.write_bytes(content)
        text = folder.refusal()
        assert text.startswith(f"{mark}: ")
        assert words in text


def test_a_foreign_prime_of_the_same_size(tmp_path: Path) -> None:
    prime = 2**61 - 31
    reader.write_foreign(tmp_path, prime, {"Bits": [[1]]})
    with pytest.raises(UsageError, match=rf"Params-Data: at byte 0: expected the prime: {M61.modulus}"):
        import_material(tmp_path, M61, 2, 0, trust_unmarked=True)


def test_every_single_flipped_bit_of_a_small_file_is_noticed(tmp_path: Path) -> None:
    export(tmp_path, 2, "M61", "dealer", random_bits=1)
    path = home(tmp_path, 0) / "2-p-61" / "Bits-p-P0"
    whole = path.read_bytes()
    for bit in range(0, 8 * len(whole), 7):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match="Bits-p-P0"):
            import_material(home(tmp_path, 0), M61, 2, 0, trust_unmarked=True)
