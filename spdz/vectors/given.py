"""What a vector gives to one party: shares, masks, inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np

from spdz.field import Field, FieldArray
from spdz.runtime.context import Context, SessionState
from spdz.runtime.traps import Trap
from spdz.sharing.bit_domain import PackedBits
from spdz.sharing.bit_share import Bits, BitShare
from spdz.sharing.material import InputMasks
from spdz.sharing.shares import AuthShare
from spdz.vectors.files import Case
from spdz.wire.plain import decode_plain

Result = dict[str, bytes]
Recorded = Callable[[Context, "Given"], Coroutine[Trap, Any, Result]]


def elements(case: Case, place: str, field: Field, text: str, shape: tuple[int, ...]) -> FieldArray:
    """An array of a test. Raises UsageError naming the field of the file."""
    try:
        return field.from_bytes(bytearray.fromhex(text), shape)
    except ValueError as error:
        raise case.fault(place, str(error)) from None


class Given:
    """What a vector gives to one party."""

    def __init__(self, case: Case, state: SessionState) -> None:
        self._case = case
        self._field = state.field
        self._party = state.party
        self._given = case.test["given"]

    def _array(self, place: str, text: str, shape: tuple[int, ...]) -> FieldArray:
        return elements(self._case, place, self._field, text, shape)

    def _of_party(self, place: str, texts: list[str]) -> str:
        if len(texts) != self._case.params["parties"]:
            raise self._case.fault(place, f"has {len(texts)} entries for {self._case.params['parties']} parties")
        return texts[self._party]

    def _entry(self, name: str) -> Any:
        if name not in self._given:
            raise self._case.fault(f"given.{name}", "is missing")
        return self._given[name]

    @property
    def mac_key(self) -> FieldArray | None:
        """alpha_i, where there are shares."""
        if "macKey" not in self._given:
            return None
        return self._array("given.macKey", self._of_party("given.macKey", self._given["macKey"]), ())

    def share(self, name: str) -> AuthShare:
        """This party's share of the array `name`."""
        arrays = self._entry("arrays")
        if name not in arrays:
            raise self._case.fault(f"given.arrays.{name}", "is missing")
        place, entry = f"given.arrays.{name}", arrays[name]
        value, mac = (
            self._array(f"{place}.{part}", self._of_party(f"{place}.{part}", entry[part]), tuple(entry["shape"]))
            for part in ("values", "macs")
        )
        return AuthShare(value, mac)

    def masks(self, owner: int) -> InputMasks:
        """Input masks `r`, in clear at their owner."""
        share = self.share("r")
        clear = self._array("given.clear", self._entry("clear"), share.shape)
        return InputMasks(share, clear if self._party == owner else None)

    def values(self, shape: tuple[int, ...]) -> FieldArray:
        """What an owner puts in."""
        return self._array("given.values", self._entry("values"), shape)

    def elements(self, name: str, shape: tuple[int, ...]) -> FieldArray:
        """An array of elements that one party knows."""
        return self._array(f"given.{name}", self._entry(name), shape)

    @property
    def bit_key(self) -> np.uint64 | None:
        """delta_i, where there are shares of bits."""
        if "bitKey" not in self._given:
            return None
        return np.uint64(int.from_bytes(bytes.fromhex(self._of_party("given.bitKey", self._given["bitKey"])), "little"))

    def has_bits(self, name: str) -> bool:
        """Whether there is an array of bits of this name."""
        return name in self._entry("bitArrays")

    def bit_share(self, name: str) -> BitShare:
        """This party's share of the array of bits `name`."""
        place = f"given.bitArrays.{name}"
        if not self.has_bits(name):
            raise self._case.fault(place, "is missing")
        entry = self._given["bitArrays"][name]
        data = bytearray.fromhex(self._of_party(f"{place}.words", entry["words"]))
        shape = tuple(entry["shape"])
        if len(data) != 8 * math.prod(shape):
            raise self._case.fault(f"{place}.words", f"has {len(data)} bytes for the shape {shape}")
        return BitShare(np.frombuffer(data, np.uint64).reshape(shape))

    def packed(self, name: str, count: int) -> Bits:
        """Packed bits that one party knows."""
        data, codec = bytearray.fromhex(self._entry(name)), PackedBits((count,))
        try:
            if len(data) != codec.byte_count:
                raise ValueError(f"has {len(data)} bytes for {count} bits")
            return codec.decode(memoryview(data))
        except ValueError as error:
            raise self._case.fault(f"given.{name}", str(error)) from None

    def published(self) -> Any:
        """The plain value that an owner publishes."""
        return decode_plain(bytes.fromhex(self._entry("values")))

    def number(self, name: str) -> int:
        """An integer."""
        return int(self._entry(name))

    def payload(self) -> bytes:
        """What this party commits to."""
        return bytes.fromhex(self._of_party("given.payloads", self._entry("payloads")))

    def choices(self) -> dict[int, list[int]]:
        """This party's choice bits towards each peer."""
        rows = [row for row in self._entry("choices") if row["receiver"] == self._party]
        return {row["sender"]: row["bits"] for row in rows}
