"""Write material as MP-SPDZ reads it. What is exported is spent here.

A party writes its own shares and its own share of the MAC key, to files that only it can read; nothing is sent, and
nothing about another party's shares can be seen in them. MP-SPDZ takes the MAC key with the material, so the session's
key is no longer this suite's alone: `export_session` closes the session, and nothing of it is used again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spdz.errors import UsageError
from spdz.field import Field, FieldArray
from spdz.interop.files import bad_file, make_folder, read_whole, remove, write_private
from spdz.interop.mp_spdz_format import PARAMS_FILE, Layout, digest, rounded_up
from spdz.interop.provenance import Origin, Provenance, session_fingerprint
from spdz.online.session import Mpc
from spdz.params import require_integer
from spdz.sharing.material import RANDOM_BITS, SQUARES, TRIPLES, Batch, Kind, input_masks

FolderPath = str | os.PathLike[str]


@dataclass(frozen=True)
class Exported:
    """What an export wrote, and where."""

    folder: Path
    """DIR/<n>-p-<bits>."""
    counts: dict[Kind, int]


def check_target(folder: FolderPath, layout: Layout, *, force: bool = False) -> Path:
    """The folder to write to. Raises UsageError if it has files of this party, or of another prime."""
    place = Path(folder) / layout.folder
    found = [name for name in layout.own_files if os.path.lexists(place / name)]
    if found and not force:
        raise UsageError(
            f"{place / found[0]} exists: this folder has files of party {layout.party} already. Name another folder, "
            "or give --force to replace them all"
        )
    params = place / PARAMS_FILE
    # Parties on one machine may share the folder, and then this file, which must fit all of them: --force or not.
    if os.path.lexists(params) and (text := bytes(read_whole(params, 4096))) != _params_text(layout):
        expected = f"the prime of {layout.field.name}, {layout.field.modulus}, and 1"
        raise bad_file(params, 0, expected, repr(text[:60]))
    return place


def export_material(
    folder: FolderPath,
    field: Field,
    parties: int,
    party: int,
    mac_key_share: FieldArray,
    batches: Sequence[Batch],
    *,
    origin: Origin | None = None,
    force: bool = False,
) -> Exported:
    """Write one party's batches and its share of the MAC key below `folder`.

    mac_key_share  alpha_i, zero-dimensional
    batches        at most one of each kind; a multiple of 101 elements each
    origin         how the material was made; without it no mark is written, and importing it again needs trust
    force          replace this party's files

    The caller has taken the batches out of their store and uses neither them nor the key again.
    Raises UsageError for batches that do not fit, and for a folder that cannot be used; then nothing is left behind.
    """
    layout = Layout(field, parties, party)
    kinds = [batch.kind for batch in batches]
    if not batches or len(set(kinds)) != len(kinds):
        raise UsageError("an export takes at least one batch, and at most one of each kind")
    if mac_key_share.field != field or mac_key_share.shape != ():
        raise UsageError(f"the MAC key share must be one element of {field.name}")
    for batch in batches:
        layout.require_fit(batch)
    place = check_target(folder, layout, force=force)
    make_folder(place)
    remove(place, layout.own_files)
    try:
        _write(place, layout, mac_key_share, batches, origin)
    except BaseException:
        remove(place, layout.own_files)
        raise
    return Exported(place, {batch.kind: batch.count for batch in batches})


def export_session(
    mpc: Mpc,
    folder: FolderPath,
    *,
    triples: int = 0,
    squares: int = 0,
    random_bits: int = 0,
    masks_of_each: int = 0,
    force: bool = False,
) -> Exported:
    """Make fresh material with the other parties, write this party's part of it, and close the session.

    The same call at every party, each with a folder of its own. Counts are rounded up to multiples of 101;
    `masks_of_each` is the number of input masks of every owner. If another party fails before it has written its
    files, this party's are removed again: alone they are of no use.
    """
    wanted = {
        TRIPLES: triples,
        SQUARES: squares,
        RANDOM_BITS: random_bits,
        **{input_masks(owner): masks_of_each for owner in range(mpc.parties)},
    }
    counts = {kind: rounded_up(require_integer(count, str(kind), 0)) for kind, count in wanted.items() if count}
    if not counts:
        raise UsageError("nothing to export: ask for triples, squares, bits or inputs")
    layout = Layout(mpc.field, mpc.parties, mpc.party)
    check_target(folder, layout, force=force)

    owners = {kind.owner: count for kind, count in counts.items() if kind.owner >= 0}
    mpc.prepare(
        triples=counts.get(TRIPLES, 0),
        squares=counts.get(SQUARES, 0),
        random_bits=counts.get(RANDOM_BITS, 0),
        input_masks=owners,
    )
    session = mpc.context.session
    origin = Origin(mpc.preprocessing, session.security.statistical_bits, session_fingerprint(session.session_id))
    # `take` is what spends: from here on no operation of this session can find these elements.
    batches = [mpc._source.store.take(kind, count) for kind, count in counts.items()]
    try:
        share = session.key.share
        exported = export_material(
            folder, mpc.field, mpc.parties, mpc.party, share, batches, origin=origin, force=force
        )
    finally:
        for batch in batches:
            batch.wipe()
    try:
        mpc.prepare()  # One round without any demand: all parties have got here.
        mpc.close()
    except BaseException:
        remove(exported.folder, layout.own_files)
        raise
    return exported


def _params_text(layout: Layout) -> bytes:
    return f"{layout.field.modulus}\n1\n".encode("ascii")


def _write(
    place: Path, layout: Layout, mac_key_share: FieldArray, batches: Sequence[Batch], origin: Origin | None
) -> None:
    """All files of a party; the mark comes last, so an export that was cut short has none."""
    write_private(place / PARAMS_FILE, _params_text(layout))
    header = layout.header(mac_key_share)
    files: dict[str, tuple[int, str]] = {}
    for batch in batches:
        records = layout.encode(batch)
        try:
            name = layout.data_file(batch.kind)
            write_private(place / name, header, records.memory)
            files[name] = (batch.count, digest(header, records.memory))
        finally:
            records.wipe()
    key = f"{layout.parties}\n{mac_key_share.to_ints()}\n"
    write_private(place / layout.key_file, key.encode("ascii"))
    if origin is not None:
        write_private(place / layout.provenance_file, Provenance(origin, files).to_json(layout))
