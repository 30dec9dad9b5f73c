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
from spdz.interop.files import bad_file, read_whole
from spdz.interop.mp_spdz_format import Layout
from spdz.params import SecurityParams, require_integer
from spdz.preprocessing.generators import generators

SCHEMA = "spdz-provenance-1"
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
        if self.protocol not in generators():
            raise UsageError(f"protocol must be {' or '.join(generators())}, got {self.protocol!r:.60}")
        SecurityParams(require_integer(self.statistical_bits, "statistical_bits", 40, 128))
        if not _SESSION.fullmatch(self.session):
            raise UsageError("session must be 32 hexadecimal digits")

    @property
    def is_malicious(self) -> bool:
        """Whether nobody had to be trusted."""
        return generators()[self.protocol].trusts_nobody


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
    """Read and check a mark. Raises UsageError naming the file, the byte, and what is and should be there."""
    mark = _Mark(path)
    mark.require_same("schema", SCHEMA)
    mark.require_same("field", layout.field.name)
    mark.require_same("prime", f"{layout.field.modulus:x}")
    mark.require_same("parties", layout.parties)
    mark.require_same("party", layout.party)
    protocol, bits, session = (mark.values[key] for key in ("protocol", "statistical_bits", "session"))
    known = isinstance(protocol, str) and protocol in generators()
    mark.require(known, "protocol", f"{' or '.join(generators())} as protocol", protocol)
    fits = type(bits) is int and 40 <= bits <= 128
    mark.require(fits, "statistical_bits", "an integer from 40 to 128 as statistical_bits", bits)
    mark.require(_has_form(session, _SESSION), "session", "32 hexadecimal digits as session", session)
    return Provenance(Origin(protocol, bits, session), _files(mark, layout))


class _Mark:
    """The values of a mark, and where they stand in its text."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = bytes(read_whole(path, _MAX_BYTES))
        self.values = self._read()
        for key in _KEYS:
            if key not in self.values:
                raise bad_file(path, self._data.rindex(b"}"), f"the key {key!r}", "the end of the object")
        for key in self.values:
            self.require(key in _KEYS, key, f"no key but those of {SCHEMA}", key)

    def _read(self) -> dict[str, Any]:
        try:
            values = json.loads(self._data.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise bad_file(self._path, error.start, "JSON", f"the byte {self._data[error.start]}") from None
        except json.JSONDecodeError as error:
            offset = len(error.doc[: error.pos].encode("utf-8"))
            raise bad_file(self._path, offset, "JSON", f"none: {error.msg}") from None
        except (ValueError, RecursionError):
            raise bad_file(self._path, 0, f"JSON of the schema {SCHEMA}", "what is too deep or too long") from None
        if not isinstance(values, dict):
            raise bad_file(self._path, 0, "a JSON object", f"a {type(values).__name__}")
        return values

    def require(self, fits: bool, key: str, expected: str, found: object) -> None:
        """Refuse what does not fit: the value of a key, at any depth, or the key itself."""
        if not fits:
            place = re.search(re.escape(json.dumps(key)).encode("ascii") + rb"\s*:", self._data)
            raise bad_file(self._path, place.start() if place else 0, expected, f"{found!r:.60}")

    def require_same(self, key: str, expected: str | int) -> None:
        """Refuse another value, or one of another type."""
        found = self.values[key]
        self.require(type(found) is type(expected) and found == expected, key, f"{expected!r} as {key}", found)


def _has_form(text: object, form: re.Pattern[str]) -> bool:
    return isinstance(text, str) and form.fullmatch(text) is not None


def _files(mark: _Mark, layout: Layout) -> dict[str, tuple[int, str]]:
    names, values = [layout.data_file(kind) for kind in layout.kinds], mark.values["files"]
    fits = isinstance(values, dict) and bool(values)
    mark.require(fits, "files", "an object that names at least one file as files", values)
    files: dict[str, tuple[int, str]] = {}
    for name, note in values.items():
        mark.require(name in names, name, f"the name of a file of party {layout.party} of {layout.parties}", name)
        fits = isinstance(note, dict) and set(note) == {"tuples", "sha256"}
        mark.require(fits, name, f"tuples and sha256 of {name}", note)
        tuples, sha = note["tuples"], note["sha256"]
        mark.require(_has_form(sha, _SHA256), name, f"64 hexadecimal digits as sha256 of {name}", sha)
        mark.require(type(tuples) is int and tuples >= 0, name, f"an integer of at least 0 as tuples of {name}", tuples)
        files[name] = (tuples, sha)
    return files
