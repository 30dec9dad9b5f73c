"""Sessions that export, and sessions that use what was exported, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import spdz
from spdz.field import field_by_name
from spdz.interop.export import Exported, export_session
from spdz.interop.importing import ImportedMaterial, import_material
from spdz.online.session import Mpc
from spdz.sessions.local import _Job, _raise_first
from spdz.sessions.opening import make_party, open_session
from spdz.transport.memory import memory_network

COUNTS = {"triples": 101, "squares": 101, "random_bits": 101, "masks_of_each": 101}


def home(root: Path, party: int) -> Path:
    """The folder that a party exports to."""
    return root / f"party-{party}"


def export(
    root: Path, parties: int = 2, field: str = "M61", preprocessing: str = "dealer", **options: Any
) -> list[Exported]:
    """Export as every party; 101 of each kind unless said otherwise."""

    def program(mpc: Mpc) -> Exported:
        return export_session(mpc, home(root, mpc.party), **(options or COUNTS))

    return spdz.run_local(program, parties, field, preprocessing, timeout=60.0)


def load(root: Path, parties: int = 2, field: str = "M61", **options: Any) -> list[ImportedMaterial]:
    """Import as every party."""
    chosen = field_by_name(field)
    options = {"trust_unmarked": True, **options}
    return [import_material(home(root, party), chosen, parties, party, **options) for party in range(parties)]


def compute(materials: Sequence[ImportedMaterial], program: Callable[[Mpc], Any]) -> list[Any]:
    """Run a program as every party, each on its own material. Raises the first error that is not an echo."""
    transports = memory_network(len(materials))

    def one(party: int, material: ImportedMaterial) -> Any:
        params = material.session_params()
        driver = make_party(params, party, transports[party], timeout=60.0)
        with open_session(driver, params, material) as mpc:
            return program(mpc)

    jobs = [
        _Job(lambda party=party, material=material: one(party, material)) for party, material in enumerate(materials)
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    _raise_first([job.error for job in jobs])
    return [job.result for job in jobs]
