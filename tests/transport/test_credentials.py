"""Certificates hold what strict verification asks for, and nothing that would make their owner an authority."""

from __future__ import annotations

import hashlib
import re
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from spdz.errors import UsageError
from spdz.transport.credentials import create_credentials, fingerprint, parse_certificate


def test_the_certificate_is_a_leaf_for_both_ends_of_a_connection() -> None:
    _, pem = create_credentials("party-0")
    certificate = x509.load_pem_x509_certificate(pem)
    extensions = certificate.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    roles = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {role._name for role in roles} == {"serverAuth", "clientAuth"}
    own = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == own


def test_it_is_valid_from_yesterday() -> None:
    _, pem = create_credentials("party-0", valid_days=10)
    found = parse_certificate(pem)
    now = datetime.now(UTC)
    assert found.not_before < now - timedelta(hours=23)
    assert found.not_after - found.not_before == timedelta(days=10)


def test_two_certificates_of_one_name_differ() -> None:
    first, second = (create_credentials("party-0") for _ in range(2))
    assert first[0] != second[0]
    serials = {x509.load_pem_x509_certificate(pem).serial_number for _, pem in (first, second)}
    assert len(serials) == 2


def test_the_fingerprint_is_sha256_over_der() -> None:
    _, pem = create_credentials("party-0")
    der = ssl.PEM_cert_to_DER_cert(pem.decode())
    assert fingerprint(pem) == fingerprint(pem.decode()) == "sha256:" + hashlib.sha256(der).hexdigest()
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", fingerprint(pem))


@pytest.mark.parametrize("days", [0, -1, 40000])
def test_absurd_lifetimes_are_refused(days: int) -> None:
    with pytest.raises(UsageError, match="days"):
        create_credentials("party-0", valid_days=days)


def test_a_file_with_a_private_key_is_no_certificate() -> None:
    key, pem = create_credentials("party-0")
    with pytest.raises(ValueError, match="holds a private key") as caught:
        parse_certificate(pem + key)
    assert key.splitlines()[1].decode() not in str(caught.value)


def test_two_certificates_in_a_file_are_refused() -> None:
    pems = b"".join(create_credentials("party-0")[1] for _ in range(2))
    with pytest.raises(ValueError, match="2 certificates"):
        parse_certificate(pems)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_rubbish_is_no_certificate(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a certificate"):
        parse_certificate(content)


def test_text_around_the_certificate_is_dropped() -> None:
    _, pem = create_credentials("party-0")
    assert parse_certificate(b"a comment\n" + pem + b"another\n").pem == pem.decode()
