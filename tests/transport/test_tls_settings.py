"""The TLS settings of both ends, one by one (PITFALLS 16)."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

import pytest

from spdz.transport.initialise import initialise
from spdz.transport.parties_file import PartiesFile, load_parties
from spdz.transport.tls.context import tls_context


@pytest.fixture
def config(tmp_path: Path) -> PartiesFile:
    initialise(tmp_path / "net", ["127.0.0.1:7000", "127.0.0.1:7001"])
    (file,) = (tmp_path / "net").glob("party-1/*.toml")
    return load_parties(file)


@pytest.mark.parametrize("server_side", [False, True])
def test_both_ends_verify_speak_1_3_only_and_trust_the_parties_file_alone(
    server_side: bool, config: PartiesFile
) -> None:
    context = tls_context(config, 1, server_side=server_side)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.maximum_version is ssl.TLSVersion.TLSv1_3
    assert context.verify_flags & ssl.VERIFY_X509_STRICT
    trusted = {ssl.DER_cert_to_PEM_cert(der).strip() for der in context.get_ca_certs(binary_form=True)}
    assert context.cert_store_stats()["x509"] == 2
    assert trusted <= {endpoint.certificate_pem.strip() for endpoint in config.endpoints}


def _connect(client_context: ssl.SSLContext, server_context: ssl.SSLContext) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for end in (client, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()


def test_a_peer_without_a_certificate_is_refused(config: PartiesFile) -> None:
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    nobody.check_hostname = False
    nobody.verify_mode = ssl.CERT_NONE
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        _connect(nobody, tls_context(config, 1, server_side=True))


def test_a_peer_that_speaks_an_older_version_is_refused(config: PartiesFile) -> None:
    old = tls_context(config, 1, server_side=False)
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match=r"UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION"):
        _connect(old, tls_context(config, 1, server_side=True))
