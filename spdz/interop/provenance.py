"""How exported material was made: a small JSON file of ours beside the files of MP-SPDZ, which carry no such mark.

It says, it does not prove: whoever can write the folder can write the mark. It guards against mistakes: material of a
protocol with weaker security, folders of two sessions combined, files that were used elsewhere in between.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import labelled_hash
from spdz.errors import UsageError
from spdz.interop.files import read_whole
from spdz.interop.mp_spdz_format import Layout, bad_file
from spdz.params import SecurityParams, require_integer

SCHEMA = "spdz-provenance-1"
MALICIOUS_PROTOCOLS = ("mascot",)
"""Makers that stay secure when all parties but one cheat."""
TRUSTED_PROTOCOLS = ("dealer",)
"""Makers that have to be trusted."""

_KEYS = ("schema", "protocol", "statistical_bits", "session", "field", "prime", "parties", "party", "files")
_MAX_BYTES = 1 << 16
_SESSION = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def session_fingerprint(session_id: bytes) -> str:
    """What tells sessions apart in a mark: the same at all parties, and no secret."""
    return labelled_hash(Domain.MATERIAL_ID, "mp-spdz export", session_id=session_id).hex()[:32]


@dataclass(frozen=True)
class Origin:
    """Who made the material: protocol, its statistical security, and the fingerprint of the session."""

    protocol: str
    statistical_bits: int
    session: str

    def __post_init__(self) -> None:
        if self.protocol not in (*MALICIOUS_PROTOCOLS, *TRUSTED_PROTOCOLS):
            known = " or ".join((*MALICIOUS_PROTOCOLS, *TRUSTED_PROTOCOLS))
            raise UsageError(f"protocol must be {known}, got {self.protocol!r:.60}")
        SecurityParams(require_integer(self.statistical_bits, "statistical_bits", 40, 128))
        if not _SESSION.fullmatch(self.session):
            raise UsageError("session must be 32 hexadecimal digits")

    @property
    def is_malicious(self) -> bool:
        """Whether nobody had to be trusted."""
        return self.protocol in MALICIOUS_PROTOCOLS


@dataclass(frozen=True)
class Provenance:
    """The mark: the origin, and for each binary file its number of tuples and SHA-256."""

    origin: Origin
    files: Mapping[str, tuple[int, str]]

    def to_json(self, layout: Layout) -> bytes:
        """The text of the file."""
        values = {
            "schema": SCHEMA,
            "protocol": self.origin.protocol,
            "statistical_bits": self.origin.statistical_bits,
            "session": self.origin.session,
            "field": layout.field.name,
            "prime": f"{layout.field.modulus:x}",
            "parties": layout.parties,
            "party": layout.party,
            "files": {name: {"tuples": count, "sha256": sha} for name, (count, sha) in self.files.items()},
        }
        return (json.dumps(values, indent=2) + "\n").encode("ascii")


def read_provenance(path: Path, layout: Layout) -> Provenance:
    """Read and check a mark. Raises UsageError naming the file and the key, and both values where two differ."""
    values = _read_object(path)
    _compare(path, "schema", values["schema"], SCHEMA)
    _compare(path, "field", values["field"], layout.field.name)
    _compare(path, "prime", values["prime"], f"{layout.field.modulus:x}")
    _compare(path, "parties", values["parties"], layout.parties)
    _compare(path, "party", values["party"], layout.party)
    texts = [values[key] for key in ("protocol", "session")]
    if not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{path}: protocol and session must be text")
    try:
        origin = Origin(texts[0], values["statistical_bits"], texts[1])
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    return Provenance(origin, _files(path, values["files"], layout))


def _read_object(path: Path) -> dict[str, Any]:
    data = bytes(read_whole(path, _MAX_BYTES))
    try:
        values = json.loads(data)
    except json.JSONDecodeError as error:
        raise bad_file(path, error.pos, f"expected JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise bad_file(path, 0, "expected JSON text of the schema " + SCHEMA) from None
    if not isinstance(values, dict):
        raise bad_file(path, 0, "expected a JSON object")
    for key in (*_KEYS, *values):
        if key not in values:
            raise UsageError(f"{path}: the key {key!r} is missing")
        if key not in _KEYS:
            raise UsageError(f"{path}: the key {key!r:.60} is not of the schema {SCHEMA}")
    return values


def _compare(path: Path, key: str, found: object, expected: object) -> None:
    if type(found) is not type(expected) or found != expected:
        raise UsageError(f"{path}: {key} is {found!r:.60}, expected {expected!r}")


def _files(path: Path, values: object, layout: Layout) -> dict[str, tuple[int, str]]:
    names = [layout.data_file(kind) for kind in layout.kinds]
    if not isinstance(values, dict) or not values:
        raise UsageError(f"{path}: files must be an object that names at least one file")
    files: dict[str, tuple[int, str]] = {}
    for name, note in values.items():
        if name not in names:
            raise UsageError(f"{path}: files: {name!r:.60} is not a file of party {layout.party} of {layout.parties}")
        if not isinstance(note, dict) or set(note) != {"tuples", "sha256"}:
            raise UsageError(f"{path}: files: {name} must have tuples and sha256")
        sha = note["sha256"]
        if not isinstance(sha, str) or not _SHA256.fullmatch(sha):
            raise UsageError(f"{path}: files: {name}: sha256 must be 64 hexadecimal digits")
        files[name] = (require_integer(note["tuples"], f"{path}: files: {name}: tuples", 0), sha)
    return files
