"""Check and read the files of one party. Nothing here changes them.

Every file is untrusted: lengths, primes, headers, canonical elements, counts and digests are checked, and an error
names the file, the byte offset, what was expected there and what was found. No error holds an element or a key.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spdz.errors import UsageError
from spdz.field import Field, FieldArray
from spdz.interop.files import bad_file, read_whole
from spdz.interop.mp_spdz_format import PARAMS_FILE, Layout
from spdz.interop.provenance import Provenance, read_provenance
from spdz.sharing.material import Batch, Kind

_MAX_TEXT_BYTES = 4096
_MAX_DIGITS = 60


@dataclass(frozen=True, repr=False)
class Contents:
    """What one party's files hold: the MAC key share, a batch of each kind, and the mark if there is one."""

    mac_key_share: FieldArray
    batches: dict[Kind, Batch]
    provenance: Provenance | None


def read_contents(folder: Path, layout: Layout, *, trust_unmarked: bool) -> Contents:
    """Read and check everything of one party below `folder`."""
    place = folder / layout.folder
    _require_folder(folder, layout)
    if os.path.lexists(place / layout.spent_file):
        raise spent(place, layout)
    _check_params(place / PARAMS_FILE, layout.field)
    provenance = _provenance(place, layout, trust_unmarked)
    share = _read_key(place / layout.key_file, layout)
    batches: dict[Kind, Batch] = {}
    for kind in layout.kinds:
        path = place / layout.data_file(kind)
        if os.path.lexists(path) or (provenance is not None and path.name in provenance.files):
            batches[kind] = _read_batch(path, layout, kind, share, provenance)
    if not batches:
        raise UsageError(f"{place}: there is no {layout.data_file(layout.kinds[0])}, nor any other material")
    return Contents(share, batches, provenance)


def spent(place: Path, layout: Layout) -> UsageError:
    """The error for material that has been imported before."""
    return UsageError(
        f"{place / layout.spent_file} exists: the material of party {layout.party} in this folder has been imported "
        "already, and material is used once. Export new material with all parties"
    )


def _require_folder(folder: Path, layout: Layout) -> None:
    if (folder / layout.folder).is_dir():
        return
    others = sorted(path.name for path in folder.glob("*-p-*") if path.is_dir()) if folder.is_dir() else []
    there = f"; there is {', '.join(others[:5])}" if others else ""
    raise UsageError(
        f"{folder / layout.folder}: expected a folder for {layout.parties} parties and {layout.field.name}{there}"
    )


def _check_params(path: Path, field: Field) -> None:
    data = bytes(read_whole(path, _MAX_TEXT_BYTES))
    words = _words(path, data, ("the prime", "1, for Montgomery form"))
    for name, wanted in (("the prime", field.modulus), ("1, for Montgomery form", 1)):
        start, word = next(words)
        if not word.isdigit() or len(word) > _MAX_DIGITS or int(word) != wanted:
            raise bad_file(path, start, f"{name}: {wanted} for {field.name}", repr(word[:_MAX_DIGITS]))
    next(words, None)


def _read_key(path: Path, layout: Layout) -> FieldArray:
    """alpha_i. A negative number stands for p plus it, as MP-SPDZ prints elements."""
    data = read_whole(path, _MAX_TEXT_BYTES)
    words = _words(path, bytes(data), ("the number of parties", "the MAC key share"))
    start, word = next(words)
    if not word.isdigit() or len(word) > _MAX_DIGITS or int(word) != layout.parties:
        # A file of another layout may have the key here.
        found = repr(word) if len(word) <= 3 else f"{len(word)} bytes"
        raise bad_file(path, start, f"the number of parties, {layout.parties}", found)
    start, word = next(words)
    decimal = re.fullmatch(rb"-?[0-9]{1,60}", word)
    if decimal is None or abs(int(word)) >= layout.field.modulus:
        expected = f"the MAC key share as a decimal number below the prime of {layout.field.name}"
        raise bad_file(path, start, expected, f"{len(word)} bytes that are none" if decimal is None else "a bigger one")
    share = layout.field.array(int(word) % layout.field.modulus)
    next(words, None)
    return share


def _words(path: Path, data: bytes, names: tuple[str, ...]) -> Iterator[tuple[int, bytes]]:
    """The words of a small text file with their offsets; as many as there are names, and then the end of the file."""
    found = list(re.finditer(rb"\S+", data))
    for position, name in enumerate(names):
        if position == len(found):
            raise bad_file(path, len(data), name, "the end of the file")
        yield found[position].start(), found[position][0]
    if len(found) > len(names):
        raise bad_file(path, found[len(names)].start(), "the end of the file", "more text")


def _provenance(place: Path, layout: Layout, trust_unmarked: bool) -> Provenance | None:
    path = place / layout.provenance_file
    marked = os.path.lexists(path)
    if not marked and not trust_unmarked:
        raise UsageError(
            f"{path} is missing: nothing says that this material was made by a protocol that is secure when the other "
            "parties cheat. If you know that it was, say so with --trust-unmarked-material"
        )
    provenance = read_provenance(path, layout) if marked else None
    if provenance is not None and not provenance.origin.is_malicious and not trust_unmarked:
        raise UsageError(
            f"{path}: protocol is {provenance.origin.protocol!r}, a trusted party that knows every secret. If you "
            "trust it, say so with --trust-unmarked-material"
        )
    return provenance


def _read_batch(path: Path, layout: Layout, kind: Kind, share: FieldArray, provenance: Provenance | None) -> Batch:
    data = read_whole(path)
    try:
        sha = hashlib.sha256(data).hexdigest()
        layout.check_header(path, memoryview(data), share)
        batch = layout.decode(path, memoryview(data), kind)
    finally:
        data[:] = bytes(len(data))
    if provenance is not None:
        _check_note(path, layout, batch, provenance, sha)
    return batch


def _check_note(path: Path, layout: Layout, batch: Batch, provenance: Provenance, sha: str) -> None:
    """The file is the one that was exported: a damaged one must not look like cheating later."""
    if path.name not in provenance.files:
        named = ", ".join(provenance.files)
        raise UsageError(f"{path}: found a file that the mark beside it does not name, expected none but {named}")
    tuples, exported = provenance.files[path.name]
    end = layout.header_bytes + min(tuples, batch.count) * layout.record_bytes(batch.kind)
    if batch.count < tuples:
        found = f"the end of the file after {batch.count}: part of it is lost, or was used elsewhere"
        raise bad_file(path, end, f"{tuples} tuples as the mark beside it says", found)
    if batch.count > tuples:
        expected = f"the end of the file after {tuples} tuples as the mark beside it says"
        raise bad_file(path, end, expected, f"{batch.count - tuples} more")
    if sha != exported:
        expected = f"a file with the SHA-256 {exported} as the mark beside it says"
        raise bad_file(path, 0, expected, f"one with {sha}: it was changed after the export, anywhere in it")
