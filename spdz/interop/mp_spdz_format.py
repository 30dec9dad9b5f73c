"""How MP-SPDZ lays out preprocessing for SPDZ modulo a prime: names, header, elements.

Source:    MP-SPDZ, documentation of preprocessing ("Separate preprocessing"), and the table of docs/interop.md.
Symbols:   p the prime, t = ceil(bits of p / 64) words per element, R = 2^(64 t), alpha_i a share of the MAC key.
Elements:  x R mod p (Montgomery form), little-endian, 8 t bytes. A share is value, then MAC. A record is the shares of
           one element of material; the owner of an input mask has the mask itself in it too, last.
Untrusted: everything that is read. Errors name the file, the byte offset, what was expected and what was found; no
           error holds an element or a key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field import Field, FieldArray
from spdz.interop.files import bad_file
from spdz.params import MAX_PARTIES, require_integer
from spdz.sharing.material import RANDOM_BITS, SQUARES, TRIPLES, Batch, Kind, input_masks
from spdz.sharing.shares import AuthShare

TUPLES_AT_A_TIME = 101
"""Readers of MP-SPDZ take this many tuples at once, so a file holds a multiple of it."""

TAG = b"SPDZ gfp"
PARAMS_FILE = "Params-Data"
_SHARE = "the MAC key share of the header"
_STEMS = {"triples": "Triples", "squares": "Squares", "random bits": "Bits", "input masks": "Inputs"}


def rounded_up(count: int) -> int:
    """The smallest multiple of 101 that is not below `count`."""
    return -(-count // TUPLES_AT_A_TIME) * TUPLES_AT_A_TIME


@dataclass(frozen=True)
class Layout:
    """The files of one party of one field and number of parties."""

    field: Field
    parties: int
    party: int

    def __post_init__(self) -> None:
        require_integer(self.parties, "parties", 2, MAX_PARTIES)
        require_integer(self.party, "party", 0, self.parties - 1)

    @property
    def folder(self) -> str:
        """`<n>-p-<bits>`."""
        return f"{self.parties}-p-{self.field.bits}"

    @property
    def key_file(self) -> str:
        """Text: the number of parties, and this party's share of the MAC key."""
        return f"Player-MAC-Keys-p-P{self.party}"

    @property
    def provenance_file(self) -> str:
        """Ours: how the material was made."""
        return f"spdz-provenance-P{self.party}.json"

    @property
    def spent_file(self) -> str:
        """Ours: that this party's material has been imported, once and for all."""
        return f"spdz-spent-P{self.party}"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Every kind that the format can hold here, in the order in which things are done."""
        return (TRIPLES, SQUARES, RANDOM_BITS, *(input_masks(owner) for owner in range(self.parties)))

    def data_file(self, kind: Kind) -> str:
        """The name of the file of one kind."""
        if kind not in self.kinds:
            raise UsageError(f"MP-SPDZ's files for {self.parties} parties do not hold {kind}")
        name = f"{_STEMS[kind.name]}-p-P{self.party}"
        return f"{name}-{kind.owner}" if kind.owner >= 0 else name

    @property
    def own_files(self) -> tuple[str, ...]:
        """All names that belong to this party, the marks included."""
        return (self.spent_file, self.provenance_file, self.key_file, *map(self.data_file, self.kinds))

    def columns(self, kind: Kind) -> int:
        """Elements in one record."""
        return 2 * len(kind.shapes) + (kind.owner == self.party)

    def record_bytes(self, kind: Kind) -> int:
        """Bytes of one record."""
        return self.columns(kind) * self.field.element_bytes

    # -- the header of a binary file ------------------------------------------------------------------------------

    def _header_parts(self) -> Iterator[tuple[str, bytes]]:
        """What is before the MAC key share: a name for errors, and the bytes."""
        prime = self.field.modulus.to_bytes((self.field.bits + 7) // 8, "big")
        rest = len(TAG) + 1 + 4 + len(prime) + 4 + self.field.element_bytes
        yield "the length of the rest of the header", rest.to_bytes(8, "little")
        yield "the name of the protocol", TAG
        yield "the sign of the prime", b"\0"
        yield "the length of the prime", len(prime).to_bytes(4, "little")
        yield "the prime", prime
        yield "the flag for Montgomery form", (1).to_bytes(4, "little")

    def header(self, mac_key_share: FieldArray) -> bytes:
        """The header of every binary file of this party: 41 bytes at M61, 57 at M127."""
        return b"".join(part for _, part in self._header_parts()) + (mac_key_share * self._radix).to_bytes()

    @property
    def header_bytes(self) -> int:
        """Length of the header."""
        return sum(len(part) for _, part in self._header_parts()) + self.field.element_bytes

    def check_header(self, path: Path, data: memoryview, mac_key_share: FieldArray) -> None:
        """Compare the header with what it must be. Raises UsageError naming the first part that differs."""
        encoded = (mac_key_share * self._radix).to_bytes()
        start = 0
        for name, expected in (*self._header_parts(), (_SHARE, encoded)):
            end = start + len(expected)
            found = bytes(data[start:end])
            if len(found) < len(expected):
                raise bad_file(path, len(data), f"{name} up to byte {end - 1}", "the end of the file")
            if found != expected and name == _SHARE:
                raise bad_file(path, start, f"the MAC key share of {self.key_file}", "another")
            if found != expected:
                said, wanted = (_readable(name, part) for part in (found, expected))
                raise bad_file(path, start, f"{wanted} as {name} for {self.field.name}", said)
            start = end

    # -- records --------------------------------------------------------------------------------------------------

    def encode(self, batch: Batch) -> FieldArray:
        """The records of a batch in Montgomery form, shape (count, columns)."""
        self.require_fit(batch)
        columns = [part for share in batch.shares for part in (share.value, share.mac)]
        if batch.clear is not None:
            columns.append(batch.clear)
        plain = FieldArray.stack(columns, axis=1)
        records = plain * self._radix
        plain.wipe()
        return records

    def decode(self, path: Path, data: memoryview, kind: Kind) -> Batch:
        """The batch in the records of a file, whose header has been checked. The memory is overwritten."""
        body = data[self.header_bytes :]
        size = self.record_bytes(kind)
        if not body:
            raise bad_file(path, len(data), f"at least one record of {kind}", "the end of the file")
        if len(body) % size:
            offset = len(data) - len(body) % size
            raise bad_file(path, offset, f"a record of {kind} of {size} bytes", f"the last {len(body) % size} bytes")
        words = np.frombuffer(body, "<u8").reshape(-1, self.field.limbs)
        wrong = first_unreduced(words, self.field.modulus)
        if wrong is not None:
            offset = self.header_bytes + wrong * self.field.element_bytes
            raise bad_file(path, offset, f"an element of {self.field.name}", "a number of p or more")
        stored = self.field.from_bytes(body, (len(body) // size, self.columns(kind)))
        plain = stored * pow(self._radix, -1, self.field.modulus)
        stored.wipe()
        columns = [plain[:, column].copy() for column in range(self.columns(kind))]
        plain.wipe()
        clear = columns.pop() if kind.owner == self.party else None
        shares = tuple(AuthShare(value, mac) for value, mac in zip(columns[::2], columns[1::2], strict=True))
        return Batch(kind, shares, clear)

    def require_fit(self, batch: Batch) -> None:
        """Raise UsageError for a batch that cannot be written to this party's files."""
        name = self.data_file(batch.kind)
        if any(array.field != self.field for share in batch.shares for array in (share.value, share.mac)):
            raise UsageError(f"{batch.kind} for {name} are not in {self.field.name}")
        if (batch.clear is not None) != (batch.kind.owner == self.party):
            raise UsageError(f"the owner of input masks, and nobody else, writes the masks themselves to {name}")
        if batch.count % TUPLES_AT_A_TIME or batch.count == 0:
            raise UsageError(f"{name} takes a multiple of {TUPLES_AT_A_TIME} {batch.kind}, got {batch.count}")

    @property
    def _radix(self) -> int:
        return pow(2, 64 * self.field.limbs, self.field.modulus)


def first_unreduced(words: npt.NDArray[np.uint64], modulus: int) -> int | None:
    """The index of the first element, of words with the least significant one first, that is not below the modulus."""
    limbs = words.shape[1]
    above = np.ones(len(words), np.bool_)  # equal so far counts as not below
    for place in range(limbs):
        bound = np.uint64(modulus >> (64 * place) & (2**64 - 1))
        column = words[:, place]
        above = (column > bound) | ((column == bound) & above)
    return int(above.argmax()) if above.any() else None


def digest(header: bytes, records: memoryview) -> str:
    """SHA-256 of a binary file, as its provenance states it."""
    sha = hashlib.sha256(header)
    sha.update(records)
    return sha.hexdigest()


def _readable(name: str, part: bytes) -> str:
    if name == "the name of the protocol":
        return repr(part)[1:]
    return str(int.from_bytes(part, "big" if name == "the prime" else "little"))
