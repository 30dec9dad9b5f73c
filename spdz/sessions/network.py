"""`connect`: make this process one party of a network, over mutually authenticated TLS."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import labelled_hash
from spdz.crypto.randomness import SystemRandomness
from spdz.errors import UsageError
from spdz.field import M127, Field, field_by_name
from spdz.online.session import Mpc
from spdz.params import MAX_THREADS, MascotParams, SecurityParams, SessionParams, require_integer
from spdz.preprocessing.generators import Progress, material_source
from spdz.runtime.context import SessionState
from spdz.runtime.party import Party
from spdz.sessions.local import run_dealer
from spdz.transport.parties_file import PartiesFile, load_parties
from spdz.transport.tls.transport import connect_tls

ConfigPath = str | os.PathLike[str]


def connect(
    config: ConfigPath,
    party: int,
    *,
    field: Field | str = M127,
    preprocessing: str = "mascot",
    args: Sequence[str] = (),
    inputs: Any = None,
    program_digest: str | None = None,
    progress: Progress | None = None,
    on_connect: Callable[[str], None] | None = None,
    listener: socket.socket | None = None,
    insecure_toy_field: bool = False,
    mascot: MascotParams | None = None,
    threads: int = 1,
) -> Mpc:
    """Connect to all parties of a parties file and open a session; use it as a context manager.

    config          path of parties.toml; this party's private key lies beside it
    party           this party's index in that file
    preprocessing   "mascot" (no trusted party) or "dealer" (the file's [dealer] knows every secret)
    args, inputs    handed to the program as `mpc.args` and `mpc.inputs`
    program_digest  text that must be the same at all parties, such as a hash of the program
    progress        called with (kind, made, wanted) while material is made
    on_connect      called with a line of text while connecting
    listener        a socket that listens already, instead of one at the address of the file
    insecure_toy_field  allow a field in which a cheater gets away with a probability that one can see
    mascot          which protocols the "mascot" generator runs; all parties must choose the same
    threads         how many threads this party's heavy loops may use, a matter of its own

    Raises UsageError for the file or the index, TransportError if a party cannot be reached or authenticated,
    ConfigurationMismatch if the parties' parameters differ.
    """
    parties = session_endpoints(load_parties(config), preprocessing)
    chosen = field if isinstance(field, Field) else field_by_name(field)
    if not insecure_toy_field:
        _refuse_toy_field(chosen)
    mascot = mascot or MascotParams()
    source = material_source(preprocessing, progress, mascot)
    require_integer(party, "party", 0, len(parties.parties) - 1)
    require_integer(threads, "threads", 1, MAX_THREADS)
    params = SessionParams(
        chosen.name,
        len(parties.parties),
        preprocessing,
        program_digest,
        network_digest=network_digest_of(parties),
        mascot=mascot,
    )
    transport = connect_tls(parties, party, listener=listener, on_progress=on_connect)
    state = SessionState(party, params.parties, chosen, params.security, SystemRandomness(), threads=threads)
    endpoints = len(parties.endpoints)
    driver = Party(state, transport, endpoints, timeout=parties.timeout_seconds)
    return Mpc(driver, params, source, endpoints=endpoints, args=args, inputs=inputs)


def serve_dealer(
    config: ConfigPath,
    *,
    field: Field | str = M127,
    on_connect: Callable[[str], None] | None = None,
    listener: socket.socket | None = None,
    insecure_toy_field: bool = False,
) -> None:
    """Be the trusted dealer of one session: deal until the parties say that they are done.

    Whoever runs this can learn every secret of the session. Errors as `connect`.
    """
    parties = session_endpoints(load_parties(config), "dealer")
    chosen = field if isinstance(field, Field) else field_by_name(field)
    if not insecure_toy_field:
        _refuse_toy_field(chosen)
    params = SessionParams(chosen.name, len(parties.parties), "dealer", network_digest=network_digest_of(parties))
    transport = connect_tls(parties, params.parties, listener=listener, on_progress=on_connect)
    run_dealer(params, transport)


def network_digest_of(parties: PartiesFile) -> str:
    """A hash of all certificates in their order: parties whose files differ find out in the hand-shake."""
    fingerprints = [endpoint.fingerprint for endpoint in parties.endpoints]
    return labelled_hash(Domain.SESSION_PARAMETERS, *fingerprints).hex()[:32]


def _refuse_toy_field(field: Field) -> None:
    wanted = SecurityParams().statistical_bits
    if field.bits < wanted:
        raise UsageError(
            f"{field.name} is a toy field: a cheater gets away with probability about 2^-{field.bits - 1}. Use M61 or "
            "M127; toy fields are for run_local and for tests"
        )


def session_endpoints(parties: PartiesFile, preprocessing: str) -> PartiesFile:
    """Without a dealer the network consists of the parties alone, whether or not the file names one."""
    if preprocessing != "dealer":
        return dataclasses.replace(parties, dealer=None)
    if parties.dealer is None:
        raise UsageError("preprocessing='dealer' needs a [dealer] in the parties file; see spdz init --dealer")
    return parties
