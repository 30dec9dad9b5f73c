"""The parties file: who takes part, where, and by which certificate each is known.

The file is the same at every party, so it can be compared byte by byte. Certificates lie where the file says; a party's
private key lies beside the file as `party-I.key` and the dealer's as `dealer.key`. Reading is strict: a misspelt key
is an error that names the nearest known one, because a setting that is silently ignored is found too late.
"""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import json
import math
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from spdz.errors import UsageError
from spdz.params import MAX_LINE, MAX_PARTIES, require_line
from spdz.transport.credentials import parse_certificate

DEFAULT_TIMEOUT_SECONDS = 120.0
"""How long a party waits for a message: longer than any local computation between two messages."""

DEFAULT_CONNECT_SECONDS = 60.0
"""How long a party waits for the others to appear: long enough to start them by hand."""

MAX_SECONDS = 7 * 86400.0
"""Characters of the label of a session."""

_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,252})")
_ENDPOINT_KEYS = ("address", "certificate", "fingerprint")
_NETWORK_KEYS = ("timeout_seconds", "connect_seconds")


@dataclass(frozen=True)
class Endpoint:
    """A party, or the dealer, as the parties file describes it."""

    index: int
    name: str
    """ "party 0" or "the dealer": how messages call it."""
    host: str
    port: int
    certificate: Path
    certificate_pem: str
    fingerprint: str

    @property
    def address(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return format_address(self.host, self.port)

    @property
    def file_stem(self) -> str:
        """How its key and certificate files are called: "party-0" or "dealer"."""
        return self.name.removeprefix("the ").replace(" ", "-")

    def __str__(self) -> str:
        return f"{self.name} ({self.address})"


@dataclass(frozen=True)
class PartiesFile:
    """A parties file that has been read and checked."""

    parties: tuple[Endpoint, ...]
    dealer: Endpoint | None
    timeout_seconds: float
    connect_seconds: float
    folder: Path
    session: str | None = None
    """What the user calls the sessions that are opened with this file; None for the addresses."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Everybody on the network in the order of the index; the dealer, if there is one, comes last."""
        return self.parties if self.dealer is None else (*self.parties, self.dealer)

    def endpoint(self, index: int) -> Endpoint:
        """The endpoint with this index."""
        if not 0 <= index < len(self.endpoints):
            raise UsageError(f"{self.folder}: there is no party {index}; the last index is {len(self.endpoints) - 1}")
        return self.endpoints[index]

    def private_key(self, index: int) -> Path:
        """The file with the private key of `index`, refused when anybody but its owner can read it."""
        path = self.folder / f"{self.endpoint(index).file_stem}.key"
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise UsageError(f"{path}: the private key cannot be read: {error.strerror}") from None
        if not stat.S_ISREG(mode):
            raise UsageError(f"{path}: the private key is not a regular file")
        if os.name == "posix" and mode & 0o077:
            raise UsageError(f"{path}: the private key is open to others than its owner; run: chmod 600 {path}")
        return path


# -- addresses --------------------------------------------------------------------------------------------------------


def parse_address(text: str) -> tuple[str, int]:
    """Split HOST:PORT; an IPv6 address stands in brackets. Raises ValueError saying what is wrong."""
    host, colon, port = text.rpartition(":")
    if not colon:
        raise ValueError(f"{text!r} is not of the form HOST:PORT")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise ValueError(f"{host!r} in brackets is not an IPv6 address") from None
    elif ":" in host:
        raise ValueError(f"{text!r}: write an IPv6 address in brackets, as in [::1]:7000")
    elif not _HOST.fullmatch(host):
        raise ValueError(f"{text!r} has no valid host name or address before the port")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise ValueError(f"{text!r}: the port must be a number from 1 to 65535")
    return host, int(port)


def format_address(host: str, port: int) -> str:
    """The inverse of `parse_address`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def repeated_address(addresses: Iterable[tuple[str, int]]) -> tuple[int, int] | None:
    """Positions of the first two addresses that are the same, or None."""
    seen: dict[tuple[str, int], int] = {}
    for position, (host, port) in enumerate(addresses):
        key = (ipaddress.IPv6Address(host).compressed if ":" in host else host.lower(), port)
        if key in seen:
            return seen[key], position
        seen[key] = position
    return None


# -- reading ----------------------------------------------------------------------------------------------------------


class _Table:
    """A TOML table whose keys must all be known. `where` names the file and the table in every error."""

    def __init__(self, where: str, values: object, known: tuple[str, ...]) -> None:
        self.where = where
        if not isinstance(values, dict):
            raise UsageError(f"{where}: must be a table")
        for key in values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
                raise UsageError(f"{where}: unknown key {key!r}; the nearest known key is {near!r}")
        self.values = values

    def text(self, key: str) -> str:
        if key not in self.values:
            raise UsageError(f"{self.where}: the key {key!r} is missing")
        value = self.values[key]
        if not isinstance(value, str):
            raise UsageError(f"{self.where}: {key} must be a string, not {type(value).__name__}")
        return value

    def seconds(self, key: str, default: float) -> float:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{self.where}: {key} must be a number, not {type(value).__name__}")
        if not math.isfinite(value) or not 0 < value <= MAX_SECONDS:
            raise UsageError(f"{self.where}: {key} must be above 0 and at most {MAX_SECONDS:.0f}, got {value}")
        return float(value)


def load_parties(path: str | os.PathLike[str]) -> PartiesFile:
    """Read and check a parties file. Raises UsageError with one line that names the file and the field."""
    file = Path(path)
    top = _Table(str(file), _read_toml(file), ("party", "dealer", "network", "session"))
    rows = top.values.get("party", [])
    if not isinstance(rows, list):
        raise UsageError(f"{file}: 'party' must be written as [[party]], once for each party")
    if not 2 <= len(rows) <= MAX_PARTIES:
        raise UsageError(f"{file}: 'party' must occur 2 to {MAX_PARTIES} times, got {len(rows)}")
    parties = tuple(_endpoint(file, row, index, f"party {index}") for index, row in enumerate(rows))
    dealer = _endpoint(file, top.values["dealer"], len(rows), "the dealer") if "dealer" in top.values else None
    network = _Table(f"{file}: network", top.values.get("network", {}), _NETWORK_KEYS)
    config = PartiesFile(
        parties,
        dealer,
        network.seconds("timeout_seconds", DEFAULT_TIMEOUT_SECONDS),
        network.seconds("connect_seconds", DEFAULT_CONNECT_SECONDS),
        file.absolute().parent,
        _session_name(file, top.values.get("session")),
    )
    _refuse_duplicates(file, config.endpoints)
    return config


def _session_name(file: Path, values: object) -> str | None:
    """`name` of the table [session]; None where there is no such table."""
    if values is None:
        return None
    try:
        return session_label(_Table(f"{file}: session", values, ("name",)).text("name"))
    except UsageError as error:
        raise UsageError(str(error) if str(error).startswith(str(file)) else f"{file}: session: {error}") from None


def session_label(text: object) -> str:
    """A label as parties compare it. Raises UsageError for what does not fit a line."""
    return require_line(text, "the label of a session")


def label_of_addresses(endpoints: Sequence[Endpoint]) -> str:
    """What a session is called that nobody has named: its addresses as the parties file has them."""
    text = " ".join(endpoint.address for endpoint in endpoints).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= MAX_LINE else f"addresses {hashlib.sha256(text.encode()).hexdigest()}"


def _read_toml(file: Path) -> object:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{file}: the parties file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: the parties file is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: not valid TOML: {error}") from None


def _endpoint(file: Path, values: object, index: int, name: str) -> Endpoint:
    table = _Table(f"{file}: {name}", values, _ENDPOINT_KEYS)
    try:
        host, port = parse_address(table.text("address"))
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(f"{table.where}: address: {error}") from None
    certificate = file.absolute().parent / table.text("certificate")
    try:
        found = parse_certificate(certificate.read_bytes())
    except OSError as error:
        raise UsageError(f"{table.where}: certificate: {certificate} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{table.where}: certificate: {certificate} {error}") from None
    now = datetime.now(UTC)
    if now > found.not_after:
        raise UsageError(f"{table.where}: certificate: {certificate} has expired on {found.not_after:%Y-%m-%d}")
    if now < found.not_before:
        raise UsageError(f"{table.where}: certificate: {certificate} is valid only from {found.not_before:%Y-%m-%d}")
    written = table.text("fingerprint")
    if written != found.fingerprint:
        raise UsageError(
            f"{table.where}: fingerprint: the file says {written[:80]!r}, but {certificate} has {found.fingerprint!r}"
        )
    return Endpoint(index, name, host, port, certificate, found.pem, found.fingerprint)


def _refuse_duplicates(file: Path, endpoints: tuple[Endpoint, ...]) -> None:
    twice = repeated_address((endpoint.host, endpoint.port) for endpoint in endpoints)
    if twice is not None:
        first, second = (endpoints[position] for position in twice)
        raise UsageError(f"{file}: {second.name}: address: {second.address} is also the address of {first.name}")
    owners: dict[str, Endpoint] = {}
    for endpoint in endpoints:
        other = owners.setdefault(endpoint.fingerprint, endpoint)
        if other is not endpoint:
            raise UsageError(f"{file}: {endpoint.name}: certificate: the same certificate as that of {other.name}")


# -- writing ----------------------------------------------------------------------------------------------------------


def parties_text(config: PartiesFile) -> str:
    """The parties file as TOML text. Certificates in `config.folder` are named relative to it."""
    lines = ["# The same file at every party. Compare the fingerprints by telephone, not through the network."]
    for endpoint in config.endpoints:
        lines += ["", "[dealer]" if endpoint is config.dealer else "[[party]]"]
        certificate = endpoint.certificate
        if certificate.is_relative_to(config.folder):
            certificate = certificate.relative_to(config.folder)
        lines.append(f"address = {_quoted(endpoint.address)}")
        lines.append(f"certificate = {_quoted(certificate.as_posix())}")
        lines.append(f"fingerprint = {_quoted(endpoint.fingerprint)}")
    if config.session is not None:
        lines += ["", "[session]", f"name = {_quoted(config.session)}"]
    lines += ["", "[network]"]
    lines.append(f"timeout_seconds = {_number(config.timeout_seconds)}")
    lines.append(f"connect_seconds = {_number(config.connect_seconds)}")
    return "\n".join(lines) + "\n"


def write_parties(path: str | os.PathLike[str], config: PartiesFile) -> None:
    """Write the parties file to `path`, replacing what is there."""
    Path(path).write_text(parties_text(config), encoding="utf-8", newline="\n")


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, except that TOML wants DEL escaped too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
