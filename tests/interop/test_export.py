"""What is exported is, byte for byte, what MP-SPDZ's documentation says; read here by plain integers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

import spdz
from spdz.errors import ConfigurationMismatch, UsageError
from spdz.field import M61, M127
from spdz.interop.export import export_material, export_session
from spdz.interop.mp_spdz_format import rounded_up
from spdz.online.session import Mpc
from spdz.sharing.material import RANDOM_BITS, RANDOM_SHARES, TRIPLES, Batch
from spdz.sharing.shares import AuthShare

from . import reader
from .support import COUNTS, export, home

CASES = [
    (61, 2, "mascot"),
    (61, 3, "mascot"),
    (127, 2, "mascot"),
    (127, 3, "mascot"),
    (61, 2, "dealer"),
    (127, 3, "dealer"),
]


@pytest.mark.parametrize(("bits", "parties", "maker"), CASES)
def test_every_byte_every_mac_and_every_relation(tmp_path: Path, bits: int, parties: int, maker: str) -> None:
    export(tmp_path, parties, f"M{bits}", maker, **COUNTS)
    prime = reader.P[bits]
    folders = [home(tmp_path, party) / f"{parties}-p-{bits}" for party in range(parties)]
    texts = [reader.read_text(folder, parties, party) for party, folder in enumerate(folders)]
    assert {text[0] for text in texts} == {prime}
    keys = [text[1] for text in texts]
    alpha = sum(keys) % prime

    def values(kind: str, owner: int | None = None) -> tuple[list[list[int]], list[reader.Table]]:
        end = "" if owner is None else f"-{owner}"
        tables = [
            reader.read_table(folder / f"{kind}-p-P{party}{end}", prime, clear=party == owner)
            for party, folder in enumerate(folders)
        ]
        assert [table.mac_key_share for table in tables] == keys
        assert {table.header_size for table in tables} == {{61: 41, 127: 57}[bits]}
        assert {len(table.records) for table in tables} == {101}
        return reader.opened(tables, alpha, prime), tables

    assert all(a * b % prime == c for a, b, c in values("Triples")[0])
    assert all(a * a % prime == b for a, b in values("Squares")[0])
    found = {bit for (bit,) in values("Bits")[0]}
    assert found == {0, 1}
    for owner in range(parties):
        rows, tables = values("Inputs", owner)
        assert [mask for (mask,) in rows] == tables[owner].clear
        assert len(set(tables[owner].clear)) == 101


def test_the_bytes_of_a_known_file(tmp_path: Path) -> None:
    """A file small enough to be written down: alpha_0 = 3, all values 1, all MACs 2; at M61 the radix is 2^64 = 8."""
    ones, twos = M61.ones(101), M61.full(101, 2)
    batch = Batch(RANDOM_BITS, (AuthShare(ones, twos),))
    export_material(tmp_path, M61, 2, 0, M61.array(3), [batch])
    folder = tmp_path / "2-p-61"
    header = bytes.fromhex(
        "2100000000000000"  # 33 bytes follow
        "5350445a20676670"  # SPDZ gfp
        "00"
        "08000000"
        "1fffffffffffffff"
        "01000000"
        "1800000000000000"  # 3 * 8
    )
    assert (folder / "Bits-p-P0").read_bytes() == header + bytes.fromhex("08000000000000001000000000000000") * 101
    assert (folder / "Params-Data").read_bytes() == b"2305843009213693951\n1\n"
    assert (folder / "Player-MAC-Keys-p-P0").read_bytes() == b"2\n3\n"
    assert sorted(path.name for path in folder.iterdir()) == ["Bits-p-P0", "Params-Data", "Player-MAC-Keys-p-P0"]


def test_counts_are_rounded_up(tmp_path: Path) -> None:
    assert [rounded_up(count) for count in (0, 1, 101, 102)] == [0, 101, 101, 202]
    (first, _) = export(tmp_path, triples=102)
    assert first.counts == {TRIPLES: 202}
    assert (home(tmp_path, 0) / "2-p-61" / "Triples-p-P0").stat().st_size == 41 + 202 * 48


def test_only_the_owner_can_read_and_only_own_files_are_written(tmp_path: Path) -> None:
    for party, exported in enumerate(export(tmp_path)):
        assert stat.S_IMODE(exported.folder.stat().st_mode) == 0o700
        files = list(exported.folder.iterdir())
        assert len(files) == 8
        for path in files:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
            assert f"P{1 - party}" not in path.name


def test_a_folder_with_files_is_refused_unless_forced(tmp_path: Path) -> None:
    first, _ = export(tmp_path, random_bits=1)
    before = (first.folder / "Bits-p-P0").read_bytes()
    with pytest.raises(UsageError, match=r"spdz-provenance-P\d.json exists.*--force"):
        export(tmp_path, random_bits=1)
    assert (first.folder / "Bits-p-P0").read_bytes() == before
    export(tmp_path, squares=1, force=True)
    assert not (first.folder / "Bits-p-P0").exists(), "material of two sessions must not lie side by side"
    assert (first.folder / "Squares-p-P0").exists()


def test_parties_on_one_machine_may_share_a_folder_of_one_prime(tmp_path: Path) -> None:
    def program(mpc: Mpc) -> None:
        export_session(mpc, tmp_path, random_bits=1)

    spdz.run_local(program, field="M61", preprocessing="dealer")
    assert len(list((tmp_path / "2-p-61").iterdir())) == 1 + 2 * 3
    (tmp_path / "2-p-127").mkdir()
    (tmp_path / "2-p-127" / "Params-Data").write_text("170141183460469231731687303715885907969\n1\n")
    batch = Batch(RANDOM_BITS, (AuthShare(M127.zeros(101), M127.zeros(101)),))
    with pytest.raises(
        UsageError, match=r"Params-Data: at byte 0: expected the prime of M127, .* found b'17014.*907969"
    ):
        export_material(tmp_path, M127, 2, 0, M127.array(3), [batch], force=True)


def test_an_export_ends_the_session_and_its_key(tmp_path: Path) -> None:
    sessions: dict[int, Mpc] = {}

    def program(mpc: Mpc) -> None:
        sessions[mpc.party] = mpc
        export_session(mpc, home(tmp_path, mpc.party), triples=1)
        mpc.random()

    with pytest.raises(UsageError, match="session has ended"):
        spdz.run_local(program, preprocessing="dealer")
    for mpc in sessions.values():
        assert not mpc.context.session.key.alive
        assert not mpc._source.store._batches


def test_parties_that_ask_for_different_counts_are_told_so(tmp_path: Path) -> None:
    def program(mpc: Mpc) -> None:
        export_session(mpc, home(tmp_path, mpc.party), triples=101 + mpc.party)

    with pytest.raises(ConfigurationMismatch, match=r"101 triples.*202 triples|202 triples.*101 triples"):
        spdz.run_local(program, preprocessing="dealer")
    assert not list(tmp_path.rglob("*-p-P*"))


def test_files_are_removed_when_another_party_could_not_write(tmp_path: Path) -> None:
    (tmp_path / "party-1").write_text("a file where the folder should be")
    with pytest.raises(UsageError, match="party-1"):
        export(tmp_path)
    assert not list(home(tmp_path, 0).rglob("*-p-P*"))


def test_what_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    def bits(count: int) -> Batch:
        return Batch(RANDOM_BITS, (AuthShare(M61.zeros(count), M61.zeros(count)),))

    unknown = Batch(RANDOM_SHARES, bits(101).shares)
    for batches, text in (
        ([], "at least one batch"),
        ([bits(101), bits(101)], "at most one of each kind"),
        ([bits(100)], "a multiple of 101 random bits, got 100"),
        ([unknown], "do not hold random shares"),
    ):
        with pytest.raises(UsageError, match=text):
            export_material(tmp_path, M61, 2, 0, M61.array(3), batches)
    with pytest.raises(UsageError, match="are not in M127"):
        export_material(tmp_path, M127, 2, 0, M127.array(3), [bits(101)])
    with pytest.raises(UsageError, match="from 0 to 1"):
        export_material(tmp_path, M61, 2, 2, M61.array(3), [bits(101)])
    with pytest.raises(UsageError, match="nothing to export"):
        export(tmp_path, triples=0)
    assert not list(tmp_path.rglob("*-p-P*"))


def test_the_reader_agrees_with_a_header_of_mp_spdz_itself() -> None:
    """The MAC key share of a header is in Montgomery form: MP-SPDZ's own output, data61/MP-SPDZ#1690, both parties."""
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    for share, encoded in (
        (
            83526302915352456198982268686084694228369630041705896493696310351772421115522,
            "e376a6c98b817032626531e37645e8a5d82e87c0660efa0aa65e0aad407be85c",
        ),
        (
            8865821870432827920027081213661923426001853913289063699733108032043310715848,
            "21b28ecba5f402af0fe6599aceebf6fd047862642d8ad9cbb5350e9f6a31c01c",
        ),
    ):
        assert reader.from_montgomery(bytes.fromhex(encoded), prime) == share


def test_writing_sends_nothing(tmp_path: Path) -> None:
    """An export sends what making the material sends, and one empty plan; the files cost no byte."""

    def made_only(mpc: Mpc) -> int:
        mpc.prepare(triples=101, input_masks={0: 101, 1: 101})
        mpc.prepare()
        mpc.close()
        return mpc.cost.bytes_sent

    def exported(mpc: Mpc) -> int:
        export_session(mpc, home(tmp_path, mpc.party), triples=101, masks_of_each=101)
        return mpc.cost.bytes_sent

    assert spdz.run_local(made_only, field="M61") == spdz.run_local(exported, field="M61")
