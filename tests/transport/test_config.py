"""Parties files: what is written is read back, and each fault is named with its file and field."""

from __future__ import annotations

import dataclasses
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.errors import UsageError
from spdz.transport.credentials import create_credentials, fingerprint
from spdz.transport.initialise import initialise
from spdz.transport.parties_file import (
    Endpoint,
    PartiesFile,
    format_address,
    load_parties,
    parse_address,
    write_parties,
)

ADDRESSES = ["10.0.0.1:7001", "host-b.example:7002", "[fd00::1]:7003"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return initialise(tmp_path / "net", ADDRESSES, dealer="10.0.0.9:7009")[0]


def refusal(folder: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load_parties(folder / "parties.toml")
    text = str(caught.value)
    assert "\n" not in text
    assert "parties.toml" in text
    return text


def replace(folder: Path, old: str, new: str, count: int = 1) -> None:
    path = folder / "parties.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


# -- honest -----------------------------------------------------------------------------------------------------------


def test_what_initialise_writes_is_read(folder: Path) -> None:
    config = load_parties(folder / "parties.toml")
    assert [endpoint.address for endpoint in config.endpoints] == [*ADDRESSES, "10.0.0.9:7009"]
    assert [endpoint.index for endpoint in config.endpoints] == [0, 1, 2, 3]
    assert config.dealer is config.endpoint(3)
    assert [endpoint.file_stem for endpoint in config.endpoints] == ["party-0", "party-1", "party-2", "dealer"]
    assert str(config.endpoint(1)) == "party 1 (host-b.example:7002)"
    assert str(config.dealer) == "the dealer (10.0.0.9:7009)"
    assert (config.timeout_seconds, config.connect_seconds) == (120.0, 60.0)
    assert config.private_key(0) == folder / "party-0.key"


def test_writing_and_reading_is_the_identity(folder: Path) -> None:
    config = dataclasses.replace(load_parties(folder / "parties.toml"), timeout_seconds=7.5, connect_seconds=3.0)
    write_parties(folder / "again.toml", config)
    assert load_parties(folder / "again.toml") == config


def test_odd_file_names_survive(folder: Path) -> None:
    config = load_parties(folder / "parties.toml")
    odd = folder / 'a "b" \\ \x7f é \U0001f600.crt'
    odd.write_text(config.endpoint(0).certificate_pem)
    first = dataclasses.replace(config.endpoint(0), certificate=odd)
    config = dataclasses.replace(config, parties=(first, *config.parties[1:]))
    write_parties(folder / "again.toml", config)
    assert load_parties(folder / "again.toml") == config


def test_the_network_table_and_the_dealer_are_optional(folder: Path) -> None:
    text = (folder / "parties.toml").read_text()
    (folder / "parties.toml").write_text(text[: text.index("[dealer]")])
    config = load_parties(folder / "parties.toml")
    assert config.dealer is None
    assert len(config.endpoints) == 3
    assert config.timeout_seconds == 120.0


# -- faults -----------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("address =", "adress =", "party 0: unknown key 'adress'; the nearest known key is 'address'"),
        ("timeout_seconds", "timeout", "network: unknown key 'timeout'; the nearest known key is 'timeout_seconds'"),
        ("[network]", "[netwerk]", "unknown key 'netwerk'; the nearest known key is 'network'"),
        ("timeout_seconds = 120", 'timeout_seconds = "120"', "timeout_seconds must be a number, not str"),
        ("timeout_seconds = 120", "timeout_seconds = true", "timeout_seconds must be a number, not bool"),
        ("timeout_seconds = 120", "timeout_seconds = 0", "timeout_seconds must be above 0"),
        ("connect_seconds = 60", "connect_seconds = inf", "connect_seconds must be above 0"),
        ("connect_seconds = 60", "connect_seconds = nan", "connect_seconds must be above 0"),
        ('"10.0.0.1:7001"', "7001", "party 0: address must be a string, not int"),
        ('"10.0.0.1:7001"', '"10.0.0.1"', "party 0: address: '10.0.0.1' is not of the form HOST:PORT"),
        ("10.0.0.1:7001", "10.0.0.1:0", "party 0: address: '10.0.0.1:0': the port must be a number"),
        ("10.0.0.1:7001", "[fd00:0::1]:7003", "party 2: address: [fd00::1]:7003 is also the address of party 0"),
        ("10.0.0.1:7001", "HOST-B.example:7002", "also the address of party 0"),
        ("party-0.crt", "nowhere.crt", "nowhere.crt cannot be read"),
        ("party-0.crt", "parties.toml", "is not a certificate"),
        ("party-0.crt", "party-0.key", "holds a private key"),
        ("party-0.crt", "party-1.crt", "party 0: fingerprint: the file says"),
        ("[dealer]", "[[dealer]]", "the dealer: must be a table"),
        ("[[party]]", "[party", "not valid TOML"),
    ],
)
def test_each_fault_is_named(folder: Path, old: str, new: str, expected: str) -> None:
    replace(folder, old, new)
    assert expected in refusal(folder)


@pytest.mark.parametrize("key", ["address", "certificate", "fingerprint"])
def test_missing_keys_are_named(folder: Path, key: str) -> None:
    lines = (folder / "parties.toml").read_text().splitlines()
    lines.remove(next(line for line in lines if line.startswith(key)))
    (folder / "parties.toml").write_text("\n".join(lines))
    assert f"party 0: the key '{key}' is missing" in refusal(folder)


def test_bytes_that_are_not_text_are_refused(folder: Path) -> None:
    (folder / "parties.toml").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in refusal(folder)


@pytest.mark.parametrize("content", ["", "[[party]]\n", "party = 3\n", "[[party]]\n" * 17])
def test_the_number_of_parties_is_checked(folder: Path, content: str) -> None:
    (folder / "parties.toml").write_text(content)
    assert "'party' must" in refusal(folder)


def test_one_certificate_for_two_parties_is_refused(folder: Path) -> None:
    config = load_parties(folder / "parties.toml")
    (folder / "party-1.crt").write_text(config.endpoint(0).certificate_pem)
    replace(folder, config.endpoint(1).fingerprint, config.endpoint(0).fingerprint)
    assert "party 1: certificate: the same certificate as that of party 0" in refusal(folder)


@pytest.mark.parametrize(
    ("shift", "days", "expected"), [(-400, 30, "has expired on"), (10, 30, "is valid only from")], ids=["old", "new"]
)
def test_certificates_out_of_their_time_are_refused(folder: Path, shift: int, days: int, expected: str) -> None:
    before = load_parties(folder / "parties.toml").endpoint(1).fingerprint
    _, pem = create_credentials("party-1", days, valid_from=datetime.now(UTC) + timedelta(days=shift))
    (folder / "party-1.crt").write_bytes(pem)
    replace(folder, before, fingerprint(pem))
    text = refusal(folder)
    assert "party 1: certificate" in text
    assert expected in text


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_private_key_that_others_can_read_is_refused(folder: Path, mode: int) -> None:
    config = load_parties(folder / "parties.toml")
    (folder / "party-0.key").chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        config.private_key(0)


def test_a_private_key_must_be_a_file_that_exists(folder: Path) -> None:
    config = load_parties(folder / "parties.toml")
    with pytest.raises(UsageError, match=r"party-1\.key.*cannot be read"):
        config.private_key(1)
    (folder / "dealer.key").mkdir(mode=0o700)
    with pytest.raises(UsageError, match="not a regular file"):
        config.private_key(3)
    with pytest.raises(UsageError, match="no party 4"):
        config.private_key(4)


# -- addresses --------------------------------------------------------------------------------------------------------


@given(
    st.one_of(st.ip_addresses().map(str), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,30}", fullmatch=True)),
    st.integers(1, 65535),
)
def test_addresses_round_trip(host: str, port: int) -> None:
    assert parse_address(format_address(host, port)) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        ":1",
        "host:",
        "host:0",
        "host:65536",
        "host:-1",
        "host:1 ",
        "host:１",
        "a b:1",
        "::1:7",
        "[::1]",
        "[::1:7",
        "[1.2.3.4]:5",
        "[]:5",
        "http://host:1",
        "host/path:1",
        "-h:1",
        "h\n:1",
        "host:000001",
        "h\x00:1",
    ],
)
def test_bad_addresses_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_address(text)


# -- initialise -------------------------------------------------------------------------------------------------------


def test_every_party_gets_its_own_key_only_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        folders = initialise(tmp_path / "net", ADDRESSES, dealer="d:1")
    finally:
        os.umask(previous)
    assert [folder.name for folder in folders] == ["party-0", "party-1", "party-2", "dealer"]
    for folder in folders:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        keys = list(folder.glob("*.key"))
        assert [key.stem for key in keys] == [folder.name]
        assert stat.S_IMODE(keys[0].stat().st_mode) == 0o600
        assert len(list(folder.glob("*.crt"))) == 4
    assert len({(folder / "parties.toml").read_bytes() for folder in folders}) == 1


@pytest.mark.parametrize(
    ("addresses", "dealer", "expected"),
    [
        (["a:1"], None, "2 to 16 parties"),
        ([f"a:{port}" for port in range(1, 18)], None, "2 to 16 parties"),
        (["a:1", "b"], None, "bad address"),
        (["a:1", "A:1"], None, "given twice"),
        (["a:1", "b:1"], "b:1", "given twice"),
        (["a:1", "b:1"], "c:70000", "bad address"),
    ],
)
def test_bad_requests_write_nothing(tmp_path: Path, addresses: list[str], dealer: str | None, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        initialise(tmp_path / "net", addresses, dealer)
    assert not (tmp_path / "net").exists()


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    folder = initialise(tmp_path, ["a:1", "b:1"])[0]
    first = (folder / "party-0.key").read_bytes()
    with pytest.raises(UsageError, match="not empty"):
        initialise(tmp_path, ["a:1", "b:1"])
    assert (folder / "party-0.key").read_bytes() == first


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        initialise(tmp_path / "file" / "net", ["a:1", "b:1"])


def test_endpoints_are_plain_data() -> None:
    endpoint = Endpoint(0, "party 0", "h", 1, Path("c"), "pem", "sha256:0")
    assert PartiesFile((endpoint,), None, 1.0, 1.0, Path()).endpoints == (endpoint,)
