"""The arithmetic domain: `AuthShare` over a prime field, MACs under alpha, and the random combination that checks them.

Source:    [DKLPSS13], figure 10.
Symbols:   y_h opened values, m_i,h MAC shares, chi_h coins, y = sum chi_h y_h, m_i = sum chi_h m_i,h,
           sigma_i = m_i - alpha_i y.
Deviation: the first coefficient is 1 instead of random. {delta_1 + sum chi_h delta_h} is a universal family with
           the same collision bound 1/p, so a wrong opening passes with probability at most 2/p as in the paper
           (1/p for the coins, 1/p for guessing alpha), and 1/p where a single value was opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spdz.crypto.prg import Prg
from spdz.errors import InternalError
from spdz.field import Field, FieldArray
from spdz.field.fused import beaver
from spdz.sharing.domain import SharingDomain
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Elements

FIELD = "field"
"""The name of this domain."""

RUN_ELEMENTS = 1 << 15
"""Openings at least as big as this are not copied together with others."""

MacShare: TypeAlias = FieldArray | tuple[FieldArray, FieldArray]
"""This party's MAC share of an opened array: as it is, or as a difference that nobody has computed yet."""


@dataclass(frozen=True)
class Opening:
    """A partially opened array, flat, and this party's MAC share of it in consecutive pieces: minuend, subtrahend."""

    path: str
    value: FieldArray
    macs: tuple[tuple[FieldArray, FieldArray | None], ...]

    @classmethod
    def of(cls, path: str, value: FieldArray, *macs: MacShare) -> Opening:
        """From an array of any shape and the MAC shares of its consecutive pieces. Nothing is copied."""
        pairs = [mac if isinstance(mac, tuple) else (mac, None) for mac in macs]
        flat = tuple((mac.ravel(), None if mask is None else mask.ravel()) for mac, mask in pairs)
        if sum(mac.size for mac, _ in flat) != value.size:
            raise InternalError(f"{value.size} opened values have another number of MAC shares")
        return cls(path, value.ravel(), flat)

    @property
    def mac(self) -> FieldArray:
        """The MAC share in one array."""
        pieces = [mac if mask is None else mac - mask for mac, mask in self.macs]
        return pieces[0] if len(pieces) == 1 else FieldArray.concatenate(pieces)

    def parts(self, size: int) -> list[tuple[FieldArray, FieldArray, FieldArray | None]]:
        """Values, minuends and subtrahends in order, at most `size` of each at a time."""
        found, start = [], 0
        for mac, mask in self.macs:
            value = self.value[start : start + mac.size]
            start += mac.size
            for cut in (slice(at, at + size) for at in range(0, mac.size, size)):
                found.append((value[cut], mac[cut], None if mask is None else mask[cut]))
        return found


def joined(openings: Sequence[Opening]) -> Opening:
    """Several openings as one, copied."""
    if len(openings) == 1:
        return openings[0]
    pieces = [piece for opening in openings for piece in opening.macs]
    values = FieldArray.concatenate([opening.value for opening in openings])
    macs = FieldArray.concatenate([mac for mac, _ in pieces])
    masks = FieldArray.concatenate([mac.field.zeros(mac.size) if mask is None else mask for mac, mask in pieces])
    return Opening(openings[0].path, values, ((macs, masks),))


class FieldDomain(SharingDomain[AuthShare, FieldArray, Opening]):
    """Shares of elements of one field, at one party."""

    def __init__(self, field: Field, party: int) -> None:
        super().__init__(FIELD, "chi")
        self.field = field
        self._party = party

    def owns(self, share: object) -> bool:
        return isinstance(share, AuthShare) and share.field == self.field

    def public(self, value: FieldArray) -> AuthShare:
        """Party 0 holds the value, everyone holds alpha_i times it as MAC."""
        share = value if self._party == 0 else self.field.zeros(value.shape)
        return AuthShare(share, value * self.key.share)

    def nothing(self, shape: tuple[int, ...]) -> AuthShare:
        return AuthShare(self.field.zeros(shape), self.field.zeros(shape))

    def zeros(self, shape: tuple[int, ...]) -> FieldArray:
        return self.field.zeros(shape)

    def differences(self, *pairs: tuple[AuthShare, AuthShare]) -> FieldArray:
        return beaver.differences(self.field, *((x.value, a.value) for x, a in pairs))

    def codec(self, like: FieldArray) -> Elements:
        return Elements(self.field, like.shape)

    def add_into(self, total: FieldArray, other: FieldArray) -> None:
        beaver.add_into(self.field, total, other)

    def opening(self, path: str, value: FieldArray, *pieces: AuthShare | tuple[AuthShare, AuthShare]) -> Opening:
        macs = (piece.mac if isinstance(piece, AuthShare) else (piece[0].mac, piece[1].mac) for piece in pieces)
        return Opening.of(path, value, *macs)

    @property
    def sigma_codec(self) -> Elements:
        return Elements(self.field, ())

    def sigma(self, openings: Sequence[Opening], coins: Prg) -> FieldArray:
        alpha: FieldArray = self.key.share
        opened, mac = combine(self.field, openings, coins)
        return mac - alpha * opened

    def sum_is_zero(self, sigmas: Sequence[FieldArray]) -> bool:
        total = self.field.zeros(())
        for sigma in sigmas:
            total = total + sigma
        return bool(total.is_zero())


def combine(field: Field, openings: Sequence[Opening], coins: Prg) -> tuple[FieldArray, FieldArray]:
    """(y, m_i): the random combination of the opened values and of this party's MAC shares."""
    scratch = field.empty(min(RUN_ELEMENTS, sum(opening.value.size for opening in openings)))
    totals, first = field.zeros(2), True
    for run in _runs(openings):
        for value, mac, mask in joined(run).parts(RUN_ELEMENTS):
            # The coins are read as they are needed, and never leave the cache.
            chi = scratch[: value.size]
            field.sample_into(coins.fill, chi)
            if first:
                chi[0] = 1
            first = False
            beaver.combine(field, chi, value, mac, mask, totals)
    return totals[0], totals[1]


def _runs(openings: Sequence[Opening]) -> list[list[Opening]]:
    """Consecutive openings that are combined in one go: many small ones together, a big one alone, uncopied."""
    runs: list[list[Opening]] = []
    size = RUN_ELEMENTS
    for opening in openings:
        if size >= RUN_ELEMENTS or opening.value.size >= RUN_ELEMENTS:
            runs.append([])
            size = 0
        runs[-1].append(opening)
        size += opening.value.size
    return runs
