"""Setting up: who is let in, who is not, and what is said about it (PITFALLS row 16)."""

from __future__ import annotations

import dataclasses
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from spdz.errors import TransportError, UsageError
from spdz.transport.credentials import create_credentials, fingerprint
from spdz.transport.parties_file import Endpoint, PartiesFile
from spdz.transport.tls import connect as tls_connect
from spdz.transport.tls.attempt import HELLO, Verdict
from spdz.transport.tls.transport import TlsTransport, connect_tls
from tests.transport.support import JOIN_SECONDS, Network, Progress, Running

pytestmark = pytest.mark.network

SOON = 0.4
"""connect_seconds of a set-up in which nobody comes."""

LATER = 1.0
"""connect_seconds of a set-up that is meant to fail after something has come, however busy the machine."""


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Callable[..., Network]]:
    made: list[Network] = []

    def make(count: int, connect_seconds: float = 15.0) -> Network:
        made.append(Network(tmp_path / "net", count, connect_seconds))
        return made[-1]

    yield make
    for one in made:
        one.close()


def refused(running: Running) -> TransportError:
    with pytest.raises(TransportError) as caught:
        running.result()
    assert "\n" not in str(caught.value)
    return caught.value


def end(*transports: TlsTransport) -> None:
    for transport in transports:
        transport.close(0.0)


def with_seconds(config: PartiesFile, seconds: float) -> PartiesFile:
    return dataclasses.replace(config, connect_seconds=seconds)


def with_endpoint(config: PartiesFile, index: int, **changes: object) -> PartiesFile:
    parties = list(config.parties)
    parties[index] = dataclasses.replace(parties[index], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(config, parties=tuple(parties))


def new_identity(folder: Path, endpoint: Endpoint, valid_from: datetime | None = None, days: int = 30) -> Endpoint:
    """Give an endpoint another key and certificate, in `folder`."""
    folder.mkdir(exist_ok=True)
    key, pem = create_credentials(endpoint.file_stem, days, valid_from=valid_from)
    path = folder / f"{endpoint.file_stem}.crt"
    path.write_bytes(pem)
    key_path = path.with_suffix(".key")
    key_path.write_bytes(key)
    key_path.chmod(0o600)
    return dataclasses.replace(endpoint, certificate=path, certificate_pem=pem.decode(), fingerprint=fingerprint(pem))


def as_party(config: PartiesFile, identity: Endpoint) -> PartiesFile:
    """The parties file as its bearer sees it: with this identity at its index, and its key."""
    parties = list(config.parties)
    parties[identity.index] = identity
    return dataclasses.replace(config, parties=tuple(parties), folder=identity.certificate.parent)


LONG_AGO = datetime.now(UTC) - timedelta(days=400)


# -- certificates -----------------------------------------------------------------------------------------------------


def test_a_wrong_certificate_at_the_connecting_end(network: Callable[..., Network], tmp_path: Path) -> None:
    net = network(2)
    intruder = as_party(net.configs[1], new_identity(tmp_path / "new", net.configs[1].endpoint(1)))
    waiting = Running(lambda: net.connect(0, with_seconds(net.configs[0], LATER)))
    error = refused(Running(lambda: net.connect(1, intruder)))
    assert "refuses the certificate of party 1: it is not in the parties file over there" in str(error)
    assert error.peer == 0
    error = refused(waiting)
    assert "party 1" in str(error)
    assert "never connected" in str(error)
    assert "a connection from 127.0.0.1 was refused: its certificate is not in the parties file" in str(error)
    assert error.peer == 1


def test_a_wrong_certificate_at_the_accepting_end(network: Callable[..., Network], tmp_path: Path) -> None:
    net = network(2)
    impostor = as_party(net.configs[0], new_identity(tmp_path / "new", net.configs[0].endpoint(0)))
    waiting = Running(lambda: net.connect(0, with_seconds(impostor, LATER)))
    error = refused(Running(lambda: net.connect(1)))
    assert "party 0" in str(error)
    assert "was refused: its certificate is not in the parties file" in str(error)
    assert "does not accept this party's certificate" in str(refused(waiting))


def test_an_expired_certificate_at_the_connecting_end(network: Callable[..., Network], tmp_path: Path) -> None:
    net = network(2)
    expired = new_identity(tmp_path / "new", net.configs[1].endpoint(1), LONG_AGO)
    known = with_seconds(dataclasses.replace(net.configs[0], parties=(net.configs[0].parties[0], expired)), LATER)
    waiting = Running(lambda: net.connect(0, known))
    error = refused(Running(lambda: net.connect(1, as_party(net.configs[1], expired))))
    assert "refuses the certificate of party 1: it has expired" in str(error)
    assert "was refused: its certificate has expired" in str(refused(waiting))


@pytest.mark.parametrize(
    ("valid_from", "expected"),
    [(LONG_AGO, "its certificate has expired"), (datetime.now(UTC) + timedelta(days=9), "not yet valid")],
    ids=["expired", "future"],
)
def test_a_certificate_out_of_its_time_at_the_accepting_end(
    network: Callable[..., Network], tmp_path: Path, valid_from: datetime, expected: str
) -> None:
    net = network(2)
    dated = new_identity(tmp_path / "new", net.configs[0].endpoint(0), valid_from)
    waiting = Running(lambda: net.connect(0, with_seconds(as_party(net.configs[0], dated), LATER)))
    known = dataclasses.replace(net.configs[1], parties=(dated, net.configs[1].parties[1]))
    error = refused(Running(lambda: net.connect(1, known)))
    assert expected in str(error)
    assert error.peer == 0
    refused(waiting)


def test_swapped_addresses(network: Callable[..., Network]) -> None:
    net = network(3)
    first, second = net.configs[2].parties[:2]
    swapped = with_endpoint(net.configs[2], 0, host=second.host, port=second.port)
    swapped = with_endpoint(swapped, 1, host=first.host, port=first.port)
    waiting = [Running(lambda me=me: net.connect(me, with_seconds(net.configs[me], LATER))) for me in range(2)]  # type: ignore[misc]
    error = refused(Running(lambda: net.connect(2, swapped)))
    assert "it shows the certificate of party" in str(error)
    assert "swapped" in str(error)
    for one in waiting:
        assert "party 2" in str(refused(one))


def test_a_certificate_issued_by_a_party_is_no_party(network: Callable[..., Network], tmp_path: Path) -> None:
    """Party 1 signs a certificate for somebody else with its own key."""
    net = network(2)
    config = net.configs[1]
    issuer_key = serialization.load_pem_private_key(config.private_key(1).read_bytes(), None)
    issuer = x509.load_pem_x509_certificate(config.endpoint(1).certificate_pem.encode())
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "party-1")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(issuer.not_valid_before_utc)
        .not_valid_after(issuer.not_valid_after_utc)
        .sign(issuer_key, hashes.SHA256())  # type: ignore[arg-type]
    )
    chain = tmp_path / "chain.pem"
    chain.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(serialization.Encoding.PEM)
        + config.endpoint(1).certificate_pem.encode()
    )
    progress = Progress()
    waiting = Running(lambda: net.connect(0, with_seconds(net.configs[0], LATER), on_progress=progress))
    progress.seen("is waiting")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(chain)
    with net.dial_plain(0) as sock, context.wrap_socket(sock) as stranger, pytest.raises(ssl.SSLError, match="ALERT"):
        stranger.recv(1)
    assert "its certificate is not in the parties file" in str(refused(waiting))


def test_certificates_of_one_name_are_told_apart(network: Callable[..., Network], tmp_path: Path) -> None:
    """Certificates are compared as bytes; what they say about themselves does not matter."""
    net = network(2)
    twins = []
    for endpoint in net.configs[0].parties:
        twin = new_identity(tmp_path / f"new-{endpoint.index}", dataclasses.replace(endpoint, name="party 7"))
        twin.certificate.with_suffix(".key").rename(twin.certificate.parent / f"{endpoint.file_stem}.key")
        twins.append(dataclasses.replace(twin, name=endpoint.name))
    configs = [
        dataclasses.replace(net.configs[me], parties=tuple(twins), folder=twins[me].certificate.parent)
        for me in range(2)
    ]
    running = [Running(lambda me=me: net.connect(me, configs[me])) for me in range(2)]  # type: ignore[misc]
    end(*(one.result() for one in running))


# -- duplicates -------------------------------------------------------------------------------------------------------


def test_a_second_connection_of_a_party_does_not_disturb_the_first(network: Callable[..., Network]) -> None:
    net = network(3)
    progress = Progress()
    zero = Running(lambda: net.connect(0, on_progress=progress))
    one = Running(lambda: net.connect(1))
    progress.seen("connected to party 1")
    spare = socket.create_server(("127.0.0.1", 0))
    error = refused(Running(lambda: connect_tls(net.configs[1], 1, listener=spare)))
    assert "party 0" in str(error)
    assert "connected already" in str(error)
    progress.seen("it is a second connection of party 1")
    two = Running(lambda: net.connect(2))
    end(zero.result(), one.result(), two.result())


def test_a_party_that_dies_during_the_set_up_may_come_back(network: Callable[..., Network]) -> None:
    net = network(3)
    progress = Progress()
    zero = Running(lambda: net.connect(0, on_progress=progress))
    progress.seen("is waiting")
    with net.dial(0, net.configs[1], me=1) as first_life:
        first_life.sendall(HELLO)
        assert first_life.recv(1) == bytes([Verdict.ACCEPTED])
    progress.seen("party 1 (127.0.0.1:")
    progress.seen("has left again")
    one, two = Running(lambda: net.connect(1)), Running(lambda: net.connect(2))
    end(zero.result(), one.result(), two.result())


def test_this_partys_own_certificate_is_refused(network: Callable[..., Network]) -> None:
    net = network(2)
    progress = Progress()
    zero = Running(lambda: net.connect(0, on_progress=progress))
    progress.seen("is waiting")
    with net.dial(0, net.configs[0], me=0) as thief:
        thief.sendall(HELLO)
        assert thief.recv(1) == bytes([Verdict.OWN_CERTIFICATE])
    progress.seen("it shows this party's own certificate")
    one = Running(lambda: net.connect(1))
    end(zero.result(), one.result())


def test_a_lower_index_does_not_connect(network: Callable[..., Network]) -> None:
    net = network(3)
    progress = Progress()
    one = Running(lambda: net.connect(1, on_progress=progress))
    progress.seen("is waiting")
    with net.dial(1, net.configs[0], me=0) as wrong_way:
        wrong_way.sendall(HELLO)
        assert wrong_way.recv(1) == bytes([Verdict.WRONG_DIRECTION])
    progress.seen("to whom this party connects")
    zero, two = Running(lambda: net.connect(0)), Running(lambda: net.connect(2))
    end(zero.result(), one.result(), two.result())


def test_two_files_with_another_order_of_parties(network: Callable[..., Network], tmp_path: Path) -> None:
    """Party 0's file has the parties in another order: it is told by the one it meets."""
    net = network(2)
    zero, one = net.configs[0].parties
    shuffled = dataclasses.replace(
        net.configs[0],
        parties=(dataclasses.replace(one, index=0, name="party 0"), dataclasses.replace(zero, index=1, name="party 1")),
        folder=tmp_path / "shuffled",
    )
    (tmp_path / "shuffled").mkdir()
    key = tmp_path / "shuffled" / "party-1.key"
    key.write_bytes(net.configs[0].private_key(0).read_bytes())
    key.chmod(0o600)
    # By its own file the bearer of party 0's key is party 1, and connects to the bearer of party 1's key.
    net.listeners[0].listen()
    other = dataclasses.replace(net.configs[1], connect_seconds=LATER)
    three = dataclasses.replace(
        zero, index=2, name="party 2", certificate_pem=create_credentials("x")[1].decode(), port=1
    )
    accepting = Running(lambda: net.connect(1, dataclasses.replace(other, dealer=three)))
    error = refused(Running(lambda: connect_tls(shuffled, 1)))
    assert "another order of parties" in str(error)
    refused(accepting)


@pytest.mark.parametrize("answer", [b"\x00", b"\xff"])
def test_an_unknown_answer_is_refused(network: Callable[..., Network], answer: bytes) -> None:
    net = network(2)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(net.configs[0].endpoint(0).certificate, net.configs[0].private_key(0))
    net.listeners[0].listen()
    one = Running(lambda: net.connect(1))
    sock, _ = net.listeners[0].accept()
    with context.wrap_socket(sock, server_side=True) as server:
        server.send(answer)
        assert "does not know" in str(refused(one))


def test_an_unknown_greeting_is_refused(network: Callable[..., Network]) -> None:
    net = network(2)
    progress = Progress()
    zero = Running(lambda: net.connect(0, on_progress=progress))
    progress.seen("is waiting")
    with net.dial(0, net.configs[1], me=1) as newer:
        newer.sendall(b"T")
        assert newer.recv(1) == b""
    progress.seen("another version")
    end(Running(lambda: net.connect(1)).result(), zero.result())


# -- strangers --------------------------------------------------------------------------------------------------------


def test_strangers_are_dropped_and_nobody_is_held_up(network: Callable[..., Network]) -> None:
    net = network(2)
    progress = Progress()
    zero = Running(lambda: net.connect(0, on_progress=progress))
    progress.seen("is waiting")
    with net.dial_plain(0) as silent, net.dial_plain(0) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        progress.seen("a connection from 127.0.0.1 was refused: it speaks plain text")
        with net.dial(0) as nameless, pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
            nameless.recv(1)
        progress.seen("it shows no certificate")
        net.dial_plain(0).close()
        progress.seen("it closed the connection during the handshake")
        # The silent one is still there when the set-up is complete.
        one = Running(lambda: net.connect(1))
        end(zero.result(), one.result())
        assert silent.recv(1) == b""


def test_a_stranger_with_an_old_version_is_told_apart(network: Callable[..., Network]) -> None:
    net = network(2)
    progress = Progress()
    zero = Running(lambda: net.connect(0, on_progress=progress))
    progress.seen("is waiting")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with net.dial_plain(0) as sock, pytest.raises(ssl.SSLError):
        context.wrap_socket(sock)
    progress.seen("it does not speak TLS 1.3")
    end(Running(lambda: net.connect(1)).result(), zero.result())


def test_a_silent_stranger_is_dropped_after_its_time(
    network: Callable[..., Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_connect, "HANDSHAKE_SECONDS", 0.05)
    net = network(2)
    progress = Progress()
    zero = Running(lambda: net.connect(0, with_seconds(net.configs[0], LATER), on_progress=progress))
    progress.seen("is waiting")
    with net.dial_plain(0) as silent:
        silent.settimeout(JOIN_SECONDS)
        assert silent.recv(1) == b""
    assert "it stayed silent during the handshake" in str(refused(zero))


def test_a_crowd_of_strangers_costs_bounded_memory(
    network: Callable[..., Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_connect, "MAX_HANDSHAKES", 3)
    net = network(2)
    progress = Progress()
    zero = Running(lambda: net.connect(0, on_progress=progress))
    progress.seen("is waiting")
    crowd = [net.dial_plain(0) for _ in range(6)]
    progress.seen("too many connections at once")
    end(Running(lambda: net.connect(1)).result(), zero.result())
    for one in crowd:
        one.close()


def test_a_server_that_speaks_plain_text_is_tried_again(network: Callable[..., Network]) -> None:
    net = network(2)
    net.listeners[0].listen()
    progress = Progress()
    one = Running(lambda: net.connect(1, on_progress=progress))
    sock, _ = net.listeners[0].accept()
    with sock:
        sock.sendall(b"220 mail.example ESMTP\r\n")
        progress.seen("cannot be reached yet: it speaks plain text or another protocol")
    end(Running(lambda: net.connect(0)).result(), one.result())


# -- time -------------------------------------------------------------------------------------------------------------


def test_a_late_party_is_waited_for(network: Callable[..., Network]) -> None:
    net = network(2)
    progress = Progress()
    one = Running(lambda: net.connect(1, on_progress=progress))
    progress.seen("cannot be reached yet: connection refused")
    end(Running(lambda: net.connect(0)).result(), one.result())


def test_parties_that_never_connect_are_named(network: Callable[..., Network]) -> None:
    net = network(3)
    error = refused(Running(lambda: net.connect(0, with_seconds(net.configs[0], SOON))))
    assert f"party 0 (127.0.0.1:{net.configs[0].endpoint(0).port}) gave up after {SOON:g} seconds" in str(error)
    assert all(f"{net.configs[0].endpoint(peer)} never connected" in str(error) for peer in (1, 2))
    assert error.peer == 1


def test_parties_that_cannot_be_reached_are_named(network: Callable[..., Network]) -> None:
    net = network(3)
    error = refused(Running(lambda: net.connect(2, with_seconds(net.configs[2], SOON))))
    for peer in (0, 1):
        assert f"{net.configs[2].endpoint(peer)} could not be reached in " in str(error)
    assert "connection refused" in str(error)
    assert error.peer == 0


def test_a_host_name_that_does_not_exist_is_named(network: Callable[..., Network]) -> None:
    net = network(2)
    nowhere = with_endpoint(with_seconds(net.configs[1], SOON), 0, host="no-such-host.invalid")
    error = refused(Running(lambda: net.connect(1, nowhere)))
    assert "party 0 (no-such-host.invalid:" in str(error)
    assert "could not be reached" in str(error)


def test_only_the_missing_party_is_named(network: Callable[..., Network]) -> None:
    net = network(3)
    running = [Running(lambda me=me: net.connect(me, with_seconds(net.configs[me], LATER))) for me in (0, 1)]  # type: ignore[misc]
    for one in running:
        error = refused(one)
        assert error.peer == 2
        assert str(net.configs[0].endpoint(2)) in str(error)


# -- one's own side ---------------------------------------------------------------------------------------------------


def test_without_a_listener_the_own_address_is_used(network: Callable[..., Network]) -> None:
    net = network(2)
    net.close()
    running = [Running(lambda me=me: connect_tls(net.configs[me], me)) for me in range(2)]  # type: ignore[misc]
    end(*(one.result() for one in running))


def test_a_host_name_of_ones_own_is_listened_for_on_all_interfaces(network: Callable[..., Network]) -> None:
    net = network(2)
    net.close()
    named = [with_endpoint(config, 0, host="a-name-behind-a-gateway") for config in net.configs]
    one = with_endpoint(named[1], 0, host="127.0.0.1")
    running = [Running(lambda: connect_tls(named[0], 0)), Running(lambda: connect_tls(one, 1))]
    end(*(each.result() for each in running))


def test_a_port_that_is_taken_is_named(network: Callable[..., Network]) -> None:
    net = network(2)
    net.listeners[0].listen()
    with pytest.raises(TransportError, match=r"party 0 cannot listen on 127\.0\.0\.1:\d+: address already in use"):
        connect_tls(net.configs[0], 0)


def test_the_private_key_must_belong_to_the_certificate(network: Callable[..., Network]) -> None:
    net = network(2)
    other, _ = create_credentials("party-0")
    net.configs[0].private_key(0).write_bytes(other)
    with pytest.raises(UsageError, match="does not belong to") as caught:
        net.connect(0)
    assert other.splitlines()[1].decode() not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"rubbish with a secret in it"])
def test_a_key_file_of_rubbish_is_named_but_not_quoted(network: Callable[..., Network], content: bytes) -> None:
    net = network(2)
    net.configs[0].private_key(0).write_bytes(content)
    with pytest.raises(UsageError, match=r"party-0\.key") as caught:
        net.connect(0)
    assert "secret" not in str(caught.value)


def test_an_encrypted_key_is_refused_without_a_prompt(network: Callable[..., Network]) -> None:
    net = network(2)
    path = net.configs[0].private_key(0)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    with pytest.raises(UsageError, match="encrypted"):
        net.connect(0)


def test_a_readable_key_is_refused(network: Callable[..., Network]) -> None:
    net = network(2)
    net.configs[0].private_key(0).chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        net.connect(0)


def test_there_is_no_such_party(network: Callable[..., Network]) -> None:
    net = network(2)
    with pytest.raises(UsageError, match="no party 2"):
        connect_tls(net.configs[0], 2, listener=net.listeners[0])


def test_the_dealer_is_the_last_index(network: Callable[..., Network]) -> None:
    net = network(3)
    configs = [
        dataclasses.replace(
            config, parties=config.parties[:2], dealer=dataclasses.replace(config.parties[2], name="the dealer")
        )
        for config in net.configs
    ]
    key = configs[2].folder / "party-2.key"
    key.rename(configs[2].folder / "dealer.key")
    running = [Running(lambda me=me: net.connect(me, configs[me])) for me in range(3)]  # type: ignore[misc]
    transports = [one.result() for one in running]
    assert [endpoint.name for endpoint in transports[0].peers] == ["party 1", "the dealer"]
    end(*transports)
