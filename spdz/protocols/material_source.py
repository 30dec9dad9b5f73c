"""All that the online phase knows of a maker of material; the dealer and the MASCOT generator are two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from spdz.runtime.context import Context
from spdz.sharing.material import Kind, MaskSlack, MaterialStore


class MaterialSource(Protocol):
    """Makes material for one party, together with the other parties' sources."""

    name: str
    store: MaterialStore

    def mask_slack(self, parties: int) -> MaskSlack:
        """What its masks of comparisons and truncations are made of, in a session of so many parties."""

    async def set_up(self, ctx: Context) -> None:
        """Make the MAC key share, before anything else. Once per session."""

    async def open_domain(self, ctx: Context, name: str) -> None:
        """Make the key of a sharing domain besides the field, unless that is done; the same call at every party.

        Raises UsageError, before anything is sent, where there is none of that name.
        """

    def supports(self, kind: Kind) -> bool:
        """Whether this maker makes that kind."""

    async def produce(self, ctx: Context, demand: Mapping[Kind, int]) -> None:
        """Add material until the store holds at least `demand`; the same call at every party."""

    def destroy(self) -> None:
        """Overwrite and forget everything: material, streams, correlations. Called once, at the end or at an abort."""

    async def finish(self, ctx: Context) -> None:
        """Say good-bye to whoever helps."""


class MaterialPrices(Protocol):
    """What a maker of material sends, told without sending it: for one party's session."""

    @property
    def bytes_sent(self) -> int | None:
        """So far, the set-up included: to all peers together, frame headers included. None where it is not known."""

    @property
    def rounds(self) -> int | None:
        """So far."""

    def open_domain(self, name: str) -> None:
        """As `MaterialSource.open_domain`."""

    def produce(self, demand: Mapping[Kind, int]) -> None:
        """As `MaterialSource.produce`."""

    def take(self, need: Mapping[Kind, int]) -> None:
        """Use what has been made."""

    def discard(self) -> None:
        """Throw away what has been made and not used."""
