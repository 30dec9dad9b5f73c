"""Material that was exported, or that another system made, serves one session and no second one."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

import spdz
from spdz.errors import ConfigurationMismatch, MacCheckFailed, UsageError
from spdz.field import M61, field_by_name
from spdz.interop.export import export_session
from spdz.interop.importing import ImportedMaterial, import_material
from spdz.online.session import Mpc
from spdz.sharing.material import RANDOM_BITS, SQUARES, TRIPLES, input_masks
from tests.support.parties import make_sessions, run

from . import reader
from .support import COUNTS, compute, export, home, load


def program(mpc: Mpc) -> Any:
    """Uses every kind: inputs of both parties, products, squares, bits, and an output to one party."""
    x = mpc.input([3, -4, 5] if mpc.party == 0 else None, owner=0, shape=3)
    y = mpc.input([7, 11, -13] if mpc.party == 1 else None, owner=1, shape=3)
    bits = mpc.random_bits(20)
    revealed = mpc.reveal((x * y).sum(), x**2, bits * bits - bits)
    alone = mpc.reveal_to(x + y, party=0)
    return [array.tolist() for array in revealed], None if alone is None else alone.tolist()


def expected(party: int) -> Any:
    return [21 - 44 - 65, [9, 16, 25], [0] * 20], [10, 7, -8] if party == 0 else None


@pytest.mark.parametrize("maker", ["mascot", "dealer"])
@pytest.mark.parametrize(("field", "parties"), [("M61", 2), ("M61", 3), ("M127", 2), ("M127", 3)])
def test_export_import_compute(tmp_path: Path, field: str, parties: int, maker: str) -> None:
    export(tmp_path, parties, field, maker)
    materials = load(tmp_path, parties, field, trust_unmarked=maker == "dealer")
    assert compute(materials, program) == [expected(party) for party in range(parties)]
    for party, material in enumerate(materials):
        left = sorted(path.name for path in (home(tmp_path, party) / f"{parties}-p-{field[1:]}").iterdir())
        assert left == ["Params-Data", f"spdz-spent-P{party}"], "spent files are gone"
        assert (material.store.taken[TRIPLES], material.store.taken[SQUARES]) == (3, 23)


def test_a_session_uses_what_it_took_in_the_order_of_the_file(tmp_path: Path) -> None:
    export(tmp_path)
    prime, alpha, files = reader.P[61], 0, []
    for party in range(2):
        folder = home(tmp_path, party) / "2-p-61"
        alpha += reader.read_text(folder, 2, party)[1]
        files.append(reader.read_table(folder / f"Bits-p-P{party}", prime))
    written = [row[0] for row in reader.opened(files, alpha, prime)]
    first, second = compute(load(tmp_path), lambda mpc: mpc.reveal(mpc.random_bits(101)).tolist())
    assert first == second == written


def test_a_second_import_is_refused_even_of_a_session_that_failed(tmp_path: Path) -> None:
    export(tmp_path)

    def fails(mpc: Mpc) -> None:
        raise RuntimeError("before anything was used")

    with pytest.raises(RuntimeError):
        compute(load(tmp_path), fails)
    with pytest.raises(UsageError, match=r"spdz-spent-P0 exists: .*used once"):
        load(tmp_path)


def test_of_two_that_have_read_the_files_one_spends_them(tmp_path: Path) -> None:
    export(tmp_path)
    first, second = (import_material(home(tmp_path, 0), M61, 2, 0, trust_unmarked=True) for _ in range(2))
    first.spend()
    with pytest.raises(UsageError, match="spdz-spent-P0 exists"):
        second.spend()
    with pytest.raises(UsageError, match="session has ended"):
        second.store.take(TRIPLES, 1)
    with pytest.raises(UsageError, match="is spent"):
        first.spend()


def test_nothing_can_be_taken_before_the_files_are_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(tmp_path)
    (material, _) = load(tmp_path)
    assert material.store.available(TRIPLES) == 0
    assert material.counts == dict.fromkeys((TRIPLES, SQUARES, RANDOM_BITS, input_masks(0), input_masks(1)), 101)

    def crash(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("spdz.interop.importing.remove", crash)  # the process ends between the mark and the removal
    with pytest.raises(KeyboardInterrupt):
        material.spend()
    assert material.store.available(TRIPLES) == 0
    with pytest.raises(UsageError, match="spdz-spent-P0 exists"):
        load(tmp_path)


@pytest.mark.parametrize("calls", range(8))
def test_a_crash_at_any_step_of_spending_never_leaves_material_that_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """The process ends at the n-th call to the system: either the files are whole and unspent, or they are refused."""
    export(tmp_path)
    (material, _) = load(tmp_path)
    left = calls

    def ending(name: str) -> Any:
        real = getattr(os, name)

        def function(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return real(*arguments, **options)

        return function

    with monkeypatch.context() as patch:
        for name in ("open", "fsync", "unlink"):
            patch.setattr(os, name, ending(name))
        with pytest.raises(KeyboardInterrupt):
            material.spend()
    assert material.store.available(TRIPLES) == 0, "nothing was handed out"
    if calls == 0:
        load(tmp_path)
    else:
        with pytest.raises(UsageError, match="spdz-spent-P0 exists"):
            load(tmp_path)


def test_of_many_threads_one_spends_the_files(tmp_path: Path) -> None:
    export(tmp_path)
    materials = [import_material(home(tmp_path, 0), M61, 2, 0, trust_unmarked=True) for _ in range(8)]
    outcomes: list[str] = []

    def spend(material: ImportedMaterial) -> None:
        try:
            material.spend()
            outcomes.append("spent")
        except UsageError:
            outcomes.append("refused")

    threads = [threading.Thread(target=spend, args=(material,)) for material in materials]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 7 + ["spent"]


def test_fresh_material_may_replace_what_is_spent(tmp_path: Path) -> None:
    export(tmp_path)
    compute(load(tmp_path), program)
    with pytest.raises(UsageError, match=r"spdz-spent-P\d exists: this folder has files"):
        export(tmp_path)
    export(tmp_path, force=True, **COUNTS)
    assert compute(load(tmp_path), program) == [expected(0), expected(1)]


def test_parties_that_share_a_folder_spend_their_own_files_only(tmp_path: Path) -> None:
    spdz.run_local(lambda mpc: export_session(mpc, tmp_path, random_bits=1), field="M61", preprocessing="dealer")
    first = import_material(tmp_path, M61, 2, 0, trust_unmarked=True)
    first.spend()
    second = import_material(tmp_path, M61, 2, 1, trust_unmarked=True)
    second.spend()
    assert second.store.available(RANDOM_BITS) == 101


def test_looking_at_files_spends_nothing(tmp_path: Path) -> None:
    export(tmp_path)
    before = sorted(os.listdir(home(tmp_path, 0) / "2-p-61"))
    for material in load(tmp_path):
        material.destroy()
        with pytest.raises(UsageError, match="is spent"):
            material.spend()
    assert sorted(os.listdir(home(tmp_path, 0) / "2-p-61")) == before


def test_material_that_runs_out_is_named(tmp_path: Path) -> None:
    export(tmp_path)
    with pytest.raises(UsageError, match=r"102 random bits are needed, but 101 of the 101 in the files"):
        compute(load(tmp_path), lambda mpc: mpc.reveal(mpc.random_bits(102)))
    shutil.rmtree(tmp_path)
    export(tmp_path)
    with pytest.raises(UsageError, match=r"1 random shares are needed, but 0 of the 0"):
        compute(load(tmp_path), lambda mpc: mpc.reveal(mpc.random()))


def test_a_wrong_combination_of_folders_is_named_and_spends_nothing(tmp_path: Path) -> None:
    for name in ("monday", "tuesday"):
        export(tmp_path / name)
    monday, tuesday = load(tmp_path / "monday"), load(tmp_path / "tuesday")
    sessions = [material.provenance.origin.session for material in (monday[0], tuesday[1]) if material.provenance]
    with pytest.raises(ConfigurationMismatch, match="files of session") as caught:
        compute([monday[0], tuesday[1]], program)
    assert all(session in str(caught.value) for session in sessions)
    for name in ("monday", "tuesday"):
        assert compute(load(tmp_path / name), program) == [expected(0), expected(1)]


def test_different_amounts_are_named(tmp_path: Path) -> None:
    export(tmp_path)
    marked = home(tmp_path, 1) / "2-p-61"
    for path in (marked / "spdz-provenance-P1.json", home(tmp_path, 0) / "2-p-61" / "spdz-provenance-P0.json"):
        path.unlink()
    (marked / "Bits-p-P1").unlink()
    with pytest.raises(ConfigurationMismatch, match=r"101 random bits"):
        compute(load(tmp_path), program)


def test_a_session_of_another_kind_does_not_spend(tmp_path: Path) -> None:
    export(tmp_path)
    for field, count, swap in (("M127", 2, False), ("M61", 2, True)):
        materials: list[ImportedMaterial] = load(tmp_path)
        if swap:
            materials.reverse()
        with pytest.raises(UsageError, match=r"of the files is .*, that of the session"):
            _in_session(materials, field, count)
    load(tmp_path)


def _in_session(materials: list[ImportedMaterial], field: str, parties: int) -> None:
    sessions = make_sessions(parties, field_by_name(field), b"x" * 32)
    assert run(sessions, [material.set_up for material in materials]).results


ROWS = {
    "Triples": [[i, i + 7, i * (i + 7)] for i in range(1, 30)],
    "Squares": [[i, i * i] for i in range(1, 30)],
    "Bits": [[i % 2] for i in range(30)],
    "Inputs-0": [[3 * i] for i in range(30)],
    "Inputs-1": [[5 * i] for i in range(30)],
}


@pytest.mark.parametrize("parties", [2, 3])
def test_material_of_another_system_needs_trust_and_then_works(tmp_path: Path, parties: int) -> None:
    reader.write_foreign(tmp_path, reader.P[61], ROWS, parties)
    with pytest.raises(UsageError, match=r"spdz-provenance-P0.json is missing: .*--trust-unmarked-material"):
        import_material(tmp_path, M61, parties, 0)
    materials = [import_material(tmp_path, M61, parties, party, trust_unmarked=True) for party in range(parties)]
    found = compute(materials, lambda mpc: (program(mpc), mpc.reveal(mpc.random_bits(9)).tolist()))
    assert [result for result, _ in found] == [expected(party) for party in range(parties)]
    # The first of the file was opened by the check, the next twenty served `program`.
    assert found[0][1] == [row[0] for row in ROWS["Bits"][21:30]]


@pytest.mark.parametrize(("parties", "rounds"), [(2, 5), (3, 6)])
def test_the_rounds_of_the_set_up(tmp_path: Path, parties: int, rounds: int) -> None:
    assert f"{rounds}" in (ImportedMaterial.set_up.__doc__ or "")
    reader.write_foreign(tmp_path / "foreign", reader.P[61], ROWS, parties)
    foreign = [import_material(tmp_path / "foreign", M61, parties, i, trust_unmarked=True) for i in range(parties)]
    assert run(make_sessions(parties, M61, b"x" * 32), [one.set_up for one in foreign]).rounds == rounds
    export(tmp_path, parties)
    marked = load(tmp_path, parties)
    assert run(make_sessions(parties, M61, b"x" * 32), [one.set_up for one in marked]).rounds == 0


def test_unmarked_files_of_different_runs_are_a_mismatch_and_no_failed_check(tmp_path: Path) -> None:
    for seed in ("a", "b"):
        reader.write_foreign(tmp_path / seed, reader.P[61], ROWS, seed=seed)
    materials = [import_material(tmp_path / "ab"[party], M61, 2, party, trust_unmarked=True) for party in range(2)]
    with pytest.raises(ConfigurationMismatch, match="not made together, or a party cheats"):
        compute(materials, program)


def test_dealt_material_needs_trust_too(tmp_path: Path) -> None:
    export(tmp_path)
    with pytest.raises(UsageError, match=r"protocol is 'dealer', a trusted party"):
        load(tmp_path, trust_unmarked=False)


def test_marked_files_that_another_party_changed_end_in_a_failed_check(tmp_path: Path) -> None:
    """A party can change its own shares after all checks of files: then it cheats, and that is what is said."""
    export(tmp_path)
    materials = load(tmp_path)
    batch = materials[1]._batches[RANDOM_BITS]
    batch.shares[0].value[0] = batch.shares[0].value[0] + 1
    with pytest.raises(MacCheckFailed):
        compute(materials, lambda mpc: mpc.reveal(mpc.random_bits(1)))
