"""`connect`: make this process one party of a network, over mutually authenticated TLS."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import labelled_hash
from spdz.errors import UsageError
from spdz.field import M127, Field, field_by_name
from spdz.online.session import Mpc
from spdz.params import MAX_THREADS, is_toy, require_integer
from spdz.preprocessing.generators import Choice, Generator, Progress, preprocessing_of
from spdz.sessions.opening import make_party, open_session, serve
from spdz.transport.parties_file import PartiesFile, label_of_addresses, load_parties, session_label
from spdz.transport.tls.transport import connect_tls

ConfigPath = str | os.PathLike[str]


def connect(
    config: ConfigPath,
    party: int,
    *,
    field: Field | str = M127,
    preprocessing: Choice = "mascot",
    args: Sequence[str] = (),
    inputs: Any = None,
    session: str | None = None,
    program_digest: str | None = None,
    progress: Progress | None = None,
    on_connect: Callable[[str], None] | None = None,
    listener: socket.socket | None = None,
    insecure_toy_field: bool = False,
    threads: int = 1,
) -> Mpc:
    """Connect to all parties of a parties file and open a session; use it as a context manager.

    config          path of parties.toml; this party's private key lies beside it
    party           this party's index in that file
    preprocessing   "mascot" (no trusted party) or "dealer" (the file's [dealer] knows every secret), or a generator
                    with its parameters, such as MascotParams(authentication="copee"); the same at all parties
    args, inputs    handed to the program as `mpc.args` and `mpc.inputs`
    session         which session this is, the same text at all parties; without it the file's [session], or else its
                    addresses: two sessions that run at the same time must differ in it
    program_digest  text that must be the same at all parties, such as a hash of the program
    progress        called with (kind, made, wanted) while material is made
    on_connect      called with a line of text while connecting
    listener        a socket that listens already, instead of one at the address of the file
    insecure_toy_field  allow a field in which a cheater gets away with a probability that one can see
    threads         how many threads this party's heavy loops may use, a matter of its own

    Raises UsageError for the file or the index, TransportError if a party cannot be reached or authenticated,
    ConfigurationMismatch if the parties' parameters differ.
    """
    maker = preprocessing_of(preprocessing)
    parties = session_endpoints(load_parties(config), maker.generator)
    chosen = _secure_field(field, allow_toy=insecure_toy_field)
    party = require_integer(party, "party", 0, len(parties.parties) - 1)
    threads = require_integer(threads, "threads", 1, MAX_THREADS)
    params = maker.session(
        chosen.name, len(parties.parties), program_digest=program_digest, **identity_of(parties, session)
    )
    transport = connect_tls(parties, party, listener=listener, on_progress=on_connect)
    driver = make_party(params, party, transport, timeout=parties.timeout_seconds, threads=threads)
    return open_session(driver, params, maker.source(progress), args=args, inputs=inputs)


def serve_dealer(
    config: ConfigPath,
    *,
    field: Field | str = M127,
    preprocessing: Choice = "dealer",
    session: str | None = None,
    on_connect: Callable[[str], None] | None = None,
    listener: socket.socket | None = None,
    insecure_toy_field: bool = False,
) -> None:
    """Be the trusted dealer of one session: deal until the parties say that they are done.

    Whoever runs this can learn every secret of the session. Errors as `connect`.
    """
    maker = preprocessing_of(preprocessing)
    service = maker.service
    parties = session_endpoints(load_parties(config), maker.generator)
    chosen = _secure_field(field, allow_toy=insecure_toy_field)
    params = maker.session(chosen.name, len(parties.parties), **identity_of(parties, session))
    transport = connect_tls(parties, params.parties, listener=listener, on_progress=on_connect)
    serve(params, service, transport)


def identity_of(parties: PartiesFile, session: str | None) -> dict[str, str]:
    """What tells this session from others: who takes part, and what it is called."""
    label = session_label(session) if session is not None else parties.session or label_of_addresses(parties.endpoints)
    return {"network_digest": network_digest_of(parties), "session_label": label}


def network_digest_of(parties: PartiesFile) -> str:
    """A hash of all certificates in their order: parties whose files differ find out in the hand-shake."""
    fingerprints = [endpoint.fingerprint for endpoint in parties.endpoints]
    return labelled_hash(Domain.SESSION_PARAMETERS, *fingerprints).hex()[:32]


def session_endpoints(parties: PartiesFile, generator: Generator | None) -> PartiesFile:
    """Without a dealer the network consists of the parties alone, whether or not the file names one."""
    if generator is None or not generator.has_dealer:
        return dataclasses.replace(parties, dealer=None)
    if parties.dealer is None:
        raise UsageError(
            f"preprocessing={generator.name!r} needs a [dealer] in the parties file; see spdz init --dealer"
        )
    return parties


def _secure_field(field: Field | str, *, allow_toy: bool) -> Field:
    chosen = field if isinstance(field, Field) else field_by_name(field)
    if not allow_toy and is_toy(chosen.bits):
        raise UsageError(
            f"{chosen.name} is a toy field: a cheater gets away with probability about 2^-{chosen.bits - 1}. Use M61 "
            "or M127; toy fields are for run_local and for tests"
        )
    return chosen
