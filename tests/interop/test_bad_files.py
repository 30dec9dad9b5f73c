"""Every way in which a file can be wrong gives one line with its path, the byte offset and what was expected."""

from __future__ import annotations

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
    assert text.startswith(f"{folder.place / name}: at byte {offset}: "), text
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
        complete = (length - header) // record
        assert_refused(folder, "Triples-p-P0", header + complete * record, f"a record of triples has {record} bytes")


def test_truncated_between_two_records(folder: Folder) -> None:
    """The header does not say how many there are; the mark does."""
    whole = (folder.place / "Triples-p-P0").read_bytes()
    shorter = whole[: -6 * folder.field.element_bytes]
    (folder.place / "Triples-p-P0").write_bytes(shorter)
    assert_refused(folder, "Triples-p-P0", len(shorter), "the file ends after 100 tuples, expected 101")


def test_a_foreign_header(folder: Folder) -> None:
    size = folder.field.element_bytes
    prime = {8: 2**61 - 31, 16: 170141183460469231731687303715885907969}[size]
    for at, data, words in (
        (0, b"\x01", "the length of the rest of the header is 1, expected"),
        (8, b"SPDZ2k p", "the name of the protocol is 'SPDZ2k p', expected 'SPDZ gfp'"),
        (16, b"\1", "the sign of the prime is 1, expected 0"),
        (17, b"\x07", "the length of the prime is 7, expected"),
        (21, prime.to_bytes(size, "big"), f"the prime is {prime}, expected {folder.field.modulus}"),
        (21 + size, b"\0", "the flag for Montgomery form is 0, expected 1"),
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
    folder.change("Bits-p-P0", 25 + 2 * folder.field.element_bytes, b"\1\2\3")
    assert "Bits-p-P0: its SHA-256 is not the one in the mark" in folder.refusal()


@pytest.mark.parametrize(
    ("content", "offset", "words"),
    [
        (b"", 0, "expected the number of parties, found the end"),
        (b"two\n1\n", 0, "expected the number of parties, 2, found b'two'"),
        (b"3\n1\n", 0, "expected the number of parties, 2, found b'3'"),
        (b"2\n", 2, "expected the MAC key share, found the end"),
        (b"2\n0x1f\n", 2, "expected the MAC key share as a decimal number"),
        (b"2\n1.5\n", 2, "expected the MAC key share as a decimal number"),
        (b"2\n" + b"9" * 200, 2, "expected the MAC key share as a decimal number"),
        (b"2\n--1\n", 2, "expected the MAC key share as a decimal number"),
        (b"2\n\xff\xfe\n", 2, "expected the MAC key share as a decimal number"),
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
        assert_refused(folder, "Player-MAC-Keys-p-P0", 2, "below the prime")


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
    assert "Bits-p-P0: the mark beside it does not name this file" in folder.refusal()
    (folder.place / "Player-MAC-Keys-p-P0").unlink()
    assert "Player-MAC-Keys-p-P0: cannot be read" in folder.refusal()
    for name in ("Triples-p-P0", "Squares-p-P0", "Bits-p-P0", "Inputs-p-P0-0", "Inputs-p-P0-1", mark.name):
        (folder.place / name).unlink()
    (folder.place / "Player-MAC-Keys-p-P0").write_text("2 5")
    assert "there is no Triples-p-P0, nor any other material" in folder.refusal()


def test_links_folders_and_pipes_are_no_files(folder: Folder) -> None:
    path = folder.place / "Triples-p-P0"
    makers: list[Callable[[], object]] = [
        lambda: path.symlink_to(folder.place / "Squares-p-P0"),
        path.mkdir,
        lambda: os.mkfifo(path),
    ]
    for make in makers:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
        make()
        assert str(path) in folder.refusal()


def test_another_number_of_parties_another_party_another_field(folder: Folder) -> None:
    assert f"3-p-{folder.field.bits}: expected a folder for 3 parties and {folder.field.name}; there is 2-p-" in (
        folder.refusal(parties=3)
    )
    assert "spdz-provenance-P1.json" in _refusal_without_trust(folder, party=1)
    assert "Player-MAC-Keys-p-P1: cannot be read" in folder.refusal(party=1)
    for path in list(folder.place.glob("*P0*")):
        path.rename(path.with_name(path.name.replace("P0", "P1")))
    assert "party is 0, expected 1" in folder.refusal(party=1)
    folder.place.rename(folder.root / f"3-p-{folder.field.bits}")
    with pytest.raises(UsageError, match="parties is 2, expected 3"):
        import_material(folder.root, folder.field, 3, 1, trust_unmarked=True)


def _refusal_without_trust(folder: Folder, party: int) -> str:
    with pytest.raises(UsageError) as caught:
        import_material(folder.root, folder.field, 2, party)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "spdz-provenance-2"}, "schema is 'spdz-provenance-2', expected 'spdz-provenance-1'"),
        ({"field": "M31"}, "field is 'M31', expected"),
        ({"prime": "1f"}, "prime is '1f', expected"),
        ({"party": True}, "party is True, expected 0"),
        ({"party": 1}, "party is 1, expected 0"),
        ({"parties": 3}, "parties is 3, expected 2"),
        ({"protocol": "semi"}, "protocol must be mascot or dealer, got 'semi'"),
        ({"protocol": 5}, "protocol and session must be text"),
        ({"session": "f" * 31}, "session must be 32 hexadecimal digits"),
        ({"statistical_bits": 10}, "statistical_bits must be an integer from 40 to 128, got 10"),
        ({"statistical_bits": None}, "statistical_bits must be an integer"),
        ({"files": {}}, "files must be an object that names at least one file"),
        ({"files": {"../Triples-p-P0": {}}}, "is not a file of party 0 of 2"),
        ({"files": {"Bits-p-P0": {"tuples": 1}}}, "must have tuples and sha256"),
        ({"files": {"Bits-p-P0": {"tuples": -1, "sha256": "0" * 64}}}, "tuples must be an integer of at least 0"),
        ({"files": {"Bits-p-P0": {"tuples": 1, "sha256": "0"}}}, "sha256 must be 64 hexadecimal digits"),
        ({"more": 1}, "the key 'more' is not of the schema"),
    ],
)
def test_the_mark(folder: Folder, change: dict[str, Any], words: str) -> None:
    mark = folder.place / "spdz-provenance-P0.json"
    mark.write_text(json.dumps({**json.loads(mark.read_text()), **change}))
    text = folder.refusal()
    assert text.startswith(f"{mark}: ")
    assert words in text


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
        (b"{}", "the key 'schema' is missing"),
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
