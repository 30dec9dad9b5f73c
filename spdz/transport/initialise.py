"""Make a folder per party: the parties file, all certificates, and the party's own private key.

Whoever runs this holds every private key for a moment, so it suits parties of one operator, tests and demonstrations.
Parties who do not trust each other create their own credentials and exchange only the certificates.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from spdz.errors import UsageError
from spdz.params import MAX_PARTIES
from spdz.transport.credentials import create_credentials, fingerprint
from spdz.transport.parties_file import (
    DEFAULT_CONNECT_SECONDS,
    DEFAULT_TIMEOUT_SECONDS,
    Endpoint,
    PartiesFile,
    format_address,
    parse_address,
    parties_text,
    repeated_address,
)

PARTIES_FILE = "parties.toml"


def initialise(folder: str | os.PathLike[str], addresses: Sequence[str], dealer: str | None = None) -> list[Path]:
    """Write `folder`/party-I (and `folder`/dealer) and return these folders. A key is never overwritten."""
    root = Path(folder)
    places = _check_addresses(addresses, dealer)
    try:
        if root.exists() and any(root.iterdir()):
            raise UsageError(
                f"{root} is not empty, and keys are never overwritten: name a new folder, or remove this one yourself"
            )
        return _write_all(root, places, has_dealer=dealer is not None)
    except OSError as error:
        raise UsageError(f"{error.filename or root}: cannot be written: {error.strerror}") from None


def _check_addresses(addresses: Sequence[str], dealer: str | None) -> list[tuple[str, int]]:
    if not 2 <= len(addresses) <= MAX_PARTIES:
        raise UsageError(f"a session has 2 to {MAX_PARTIES} parties, got {len(addresses)} addresses")
    places = []
    for text in [*addresses, *([dealer] if dealer is not None else [])]:
        try:
            places.append(parse_address(text))
        except ValueError as error:
            raise UsageError(f"bad address: {error}") from None
    twice = repeated_address(places)
    if twice is not None:
        raise UsageError(f"the address {format_address(*places[twice[0]])} is given twice")
    return places


def _write_all(root: Path, places: Sequence[tuple[str, int]], *, has_dealer: bool) -> list[Path]:
    last = len(places) - 1
    names = ["the dealer" if has_dealer and index == last else f"party {index}" for index in range(len(places))]
    keys, endpoints = [], []
    for index, (name, (host, port)) in enumerate(zip(names, places, strict=True)):
        stem = name.removeprefix("the ").replace(" ", "-")
        key_pem, cert_pem = create_credentials(stem)
        keys.append(key_pem)
        certificate = root / f"{stem}.crt"
        endpoints.append(
            Endpoint(index, name, host, port, certificate, cert_pem.decode("ascii"), fingerprint(cert_pem))
        )
    config = PartiesFile(
        tuple(endpoints[:last] if has_dealer else endpoints),
        endpoints[last] if has_dealer else None,
        DEFAULT_TIMEOUT_SECONDS,
        DEFAULT_CONNECT_SECONDS,
        root,
    )
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [_write_one(root, config, endpoint, key) for endpoint, key in zip(endpoints, keys, strict=True)]


def _write_one(root: Path, config: PartiesFile, owner: Endpoint, key_pem: bytes) -> Path:
    folder = root / owner.file_stem
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    _create(folder / f"{owner.file_stem}.key", key_pem, 0o600)
    for endpoint in config.endpoints:
        _create(folder / f"{endpoint.file_stem}.crt", endpoint.certificate_pem.encode("ascii"), 0o644)
    _create(folder / PARTIES_FILE, parties_text(config).encode("utf-8"), 0o644)
    return folder


def _create(path: Path, content: bytes, mode: int) -> None:
    """Write a new file that has its mode from the first moment: a key is never readable by others, not even briefly."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
