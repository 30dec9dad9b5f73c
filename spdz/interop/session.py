"""A session over the network whose material comes from files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spdz.field import M127, Field, field_by_name
from spdz.interop.importing import ImportedMaterial, import_material
from spdz.online.session import Mpc
from spdz.params import require_integer
from spdz.sessions.network import identity_of, session_endpoints
from spdz.sessions.opening import make_party, open_session
from spdz.transport.parties_file import load_parties
from spdz.transport.tls.transport import connect_tls

ConfigPath = str | os.PathLike[str]


def read_for(
    config: ConfigPath, party: int, folder: ConfigPath, *, field: Field | str = M127, trust_unmarked: bool = False
) -> ImportedMaterial:
    """`import_material` for a party of a parties file."""
    chosen = field if isinstance(field, Field) else field_by_name(field)
    count = len(load_parties(config).parties)
    require_integer(party, "party", 0, count - 1)
    return import_material(Path(folder), chosen, count, party, trust_unmarked=trust_unmarked)


def connect_imported(
    config: ConfigPath,
    party: int,
    material: ImportedMaterial,
    *,
    args: Sequence[str] = (),
    inputs: Any = None,
    session: str | None = None,
    program_digest: str | None = None,
    on_connect: Callable[[str], None] | None = None,
) -> Mpc:
    """As `spdz.connect`, on material that `import_material` has read.

    The files are spent when all parties are connected and agree on what they hold, and before any of it is used.
    """
    parties = session_endpoints(load_parties(config), None)
    params = material.session_params(program_digest=program_digest, **identity_of(parties, session))
    transport = connect_tls(parties, party, on_progress=on_connect)
    driver = make_party(params, party, transport, timeout=parties.timeout_seconds)
    return open_session(driver, params, material, args=args, inputs=inputs)
