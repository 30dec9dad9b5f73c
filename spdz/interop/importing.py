"""Read one party's MP-SPDZ files, once.

Untrusted:   every file; `reading.py` checks them before anything is used.
Single use:  `ImportedMaterial.spend` creates the mark `spdz-spent-P<i>` (two processes cannot both create it), brings
             it to the disk, removes the files, and only then hands out the material. A crash in between loses material
             and never reuses any. What cannot be seen from here: a copy of the folder, or an earlier run of MP-SPDZ.
Agreement:   the session that uses the material compares, in its handshake, the fingerprint of the session that made
             it and the count of every kind. For files without a mark there is no fingerprint, so one element of every
             kind is opened and checked first: folders that do not belong together are a `ConfigurationMismatch`.
             A fingerprint of the MAC key shares is not compared: a hash of 61 secret bits would give them away.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from spdz.errors import ConfigurationMismatch, MacCheckFailed, UsageError
from spdz.field import Field, FieldArray
from spdz.interop.files import create_once, remove
from spdz.interop.mp_spdz_format import Layout
from spdz.interop.reading import Contents, read_contents, spent
from spdz.params import SecurityParams, SessionParams
from spdz.protocols.mac_check import checked
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT
from spdz.runtime.context import Context
from spdz.sharing.mac_key import MacKey
from spdz.sharing.material import DEALT, Kind, MaskSlack, MaterialStore, input_masks
from spdz.sharing.shares import concatenate_shares

FolderPath = str | os.PathLike[str]


def import_material(
    folder: FolderPath, field: Field, parties: int, party: int, *, trust_unmarked: bool = False
) -> ImportedMaterial:
    """Read and check all files of one party below `folder`. Nothing is spent before `spend`, or a session's set-up.

    trust_unmarked  accept material that no mark says to be made by a protocol with malicious security

    Raises UsageError naming the file, the byte offset, what was expected there and what was found.
    """
    layout = Layout(field, parties, party)
    contents = read_contents(Path(folder), layout, trust_unmarked=trust_unmarked)
    return ImportedMaterial(Path(folder) / layout.folder, layout, contents)


class ImportedMaterial:
    """One party's material from files: a `MaterialSource` for one session, and no second one."""

    def __init__(self, place: Path, layout: Layout, contents: Contents) -> None:
        self.store = MaterialStore()
        """Empty until the files are spent."""
        self.place = place
        self.provenance = contents.provenance
        self.counts = {kind: batch.count for kind, batch in contents.batches.items()}
        self.name = f"files ({self.provenance.origin.protocol if self.provenance else 'unmarked'})"
        self._layout = layout
        self._share: FieldArray | None = contents.mac_key_share
        self._batches = contents.batches

    @property
    def inventory(self) -> str:
        """How much there is of each kind; input masks by owner."""
        plain = [f"{count} {kind}" for kind, count in self.counts.items() if kind.owner < 0]
        owners = range(self._layout.parties)
        masks = [str(self.counts.get(input_masks(owner), 0)) for owner in owners]
        return ", ".join([*plain, f"input masks by owner {' '.join(masks)}"])

    @property
    def description(self) -> str:
        """What the parties compare before they use the material: its origin and how much there is of each kind."""
        counts = self.inventory
        if self.provenance is None:
            return f"files without a mark: {counts}"
        return f"files of session {self.provenance.origin.session} made by {self.provenance.origin.protocol}: {counts}"

    def session_params(
        self,
        *,
        program_digest: str | None = None,
        network_digest: str | None = None,
        session_label: str | None = None,
    ) -> SessionParams:
        """The parameters of the session that uses the material."""
        security = (
            SecurityParams() if self.provenance is None else SecurityParams(self.provenance.origin.statistical_bits)
        )
        return SessionParams(
            self._layout.field.name,
            self._layout.parties,
            self.description,
            program_digest,
            security=security,
            network_digest=network_digest,
            session_label=session_label,
        )

    def spend(self) -> MacKey[FieldArray]:
        """Spend the files for good, fill `store`, and return the MAC key share. Raises UsageError the second time."""
        share, self._share = self._share, None
        if share is None:
            raise UsageError(f"{self.place}: this material is spent; make new material for every session")
        origin = "unmarked" if self.provenance is None else self.provenance.origin.session
        mark = self.place / self._layout.spent_file
        try:
            if not create_once(mark, f"imported by spdz: {origin}\n".encode("ascii")):
                raise spent(self.place, self._layout)
            remove(self.place, tuple(name for name in self._layout.own_files if name != mark.name))
            for batch in self._batches.values():
                self.store.add(batch)
            self._batches = {}
            return MacKey(share)
        except BaseException:
            self.destroy()
            raise
        finally:
            share.wipe()

    # -- as a source of material ----------------------------------------------------------------------------------

    async def set_up(self, ctx: Context) -> None:
        """Spend the files and install the MAC key share. The handshake has compared `description`.

        Rounds:    0; for files without a mark 5 (6 for three parties and more).
        Raises:    UsageError for another field, number of parties or party, and for spent files; nothing is spent then.
                   ConfigurationMismatch if unmarked files of the parties do not belong together.
        """
        session = ctx.session
        for what, found, wanted in (
            ("field", self._layout.field.name, ctx.field.name),
            ("number of parties", self._layout.parties, ctx.parties),
            ("party", self._layout.party, ctx.party),
        ):
            if found != wanted:
                raise UsageError(f"{self.place}: the {what} of the files is {found}, that of the session {wanted}")
        session.field_domain.install(self.spend())
        if self.provenance is None:
            await self._check_unmarked(ctx)

    def mask_slack(self, parties: int) -> MaskSlack:
        """The files hold no masks of comparisons, so this is never used."""
        return DEALT

    async def open_domain(self, ctx: Context, name: str) -> None:
        """Only the key of the field is in the files."""
        raise UsageError(f"the imported material has no key for {name}: comparisons and bits need a generator")

    def supports(self, kind: Kind) -> bool:
        """Whether the files hold that kind."""
        return kind in self.counts

    async def produce(self, ctx: Context, demand: Mapping[Kind, int]) -> None:
        """Nothing can be made: raises UsageError if the store holds less than `demand`."""
        for kind, count in demand.items():
            left = self.store.available(kind)
            if left < count:
                raise UsageError(
                    f"{count} {kind} are needed, but {left} of the {self.counts.get(kind, 0)} in the files of "
                    f"{self.place} are left; export more of them in a new session"
                )

    def destroy(self) -> None:
        """Overwrite and forget everything."""
        self.store.destroy()
        for batch in self._batches.values():
            batch.wipe()
        self._batches = {}
        if self._share is not None:
            self._share.wipe()
            self._share = None

    async def finish(self, ctx: Context) -> None:
        """Nothing to say to anybody at the end."""

    async def _check_unmarked(self, ctx: Context) -> None:
        """Open one element of every kind, which is lost by it, and check its MAC before anything is computed."""
        opened = [share for kind in self.counts for share in self.store.take(kind, 1).shares]

        async def open_them(scope: Context) -> None:
            await partial_open(scope, OUTPUT, concatenate_shares(opened))

        try:
            await checked(ctx, "unmarked files", open_them)
        except MacCheckFailed:
            raise ConfigurationMismatch(
                f"the files in {self.place} and those of the other parties were not made together, or a party "
                "cheats: the MAC of an element of them does not fit. Nothing was computed; these files are spent"
            ) from None

    def __repr__(self) -> str:
        return f"ImportedMaterial({self.description})"

    def __reduce__(self) -> str:
        raise TypeError("material is never pickled")
