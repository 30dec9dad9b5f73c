"""Self-signed certificates: a party's identity on the network.

There is no certificate authority. Every party holds the certificates of all others, and a certificate vouches for
nothing but itself: it is no CA, so a party cannot issue one that another party would accept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from spdz.errors import UsageError

MAX_VALID_DAYS = 36500


@dataclass(frozen=True)
class Certificate:
    """What the parties file needs to know of a certificate."""

    pem: str
    """Exactly this one certificate, re-encoded: no comments, no second certificate, no key."""
    fingerprint: str
    not_before: datetime
    not_after: datetime


def create_credentials(name: str, valid_days: int = 3650, *, valid_from: datetime | None = None) -> tuple[bytes, bytes]:
    """A new private key and its self-signed certificate for `name`, both as PEM.

    ECDSA over P-256 rather than Ed25519: every build of OpenSSL takes it, also under restrictive system policies. The
    extensions are those that VERIFY_X509_STRICT asks for. `valid_from` defaults to yesterday, because the clocks of
    two hosts differ.
    """
    if not 1 <= valid_days <= MAX_VALID_DAYS:
        raise UsageError(f"a certificate is valid for 1 to {MAX_VALID_DAYS} days, got {valid_days}")
    start = valid_from if valid_from is not None else datetime.now(UTC) - timedelta(days=1)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _builder(name, key.public_key(), start, start + timedelta(days=valid_days)).sign(key, hashes.SHA256())
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem, certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    name: str, public_key: ec.EllipticCurvePublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key_id = x509.SubjectKeyIdentifier.from_public_key(public_key)
    signing_only = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    # Either end of a connection may be the TLS server: the index decides, not the role.
    both_roles = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(signing_only, critical=True)
        .add_extension(both_roles, critical=False)
        .add_extension(key_id, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
    )


def parse_certificate(pem: bytes) -> Certificate:
    """Read a PEM file that holds one certificate. Raises ValueError saying what is wrong with it."""
    if b"PRIVATE KEY" in pem:
        raise ValueError("holds a private key, but certificates are given to everybody")
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise ValueError("is not a certificate in PEM form") from None
    if len(found) != 1:
        raise ValueError(f"holds {len(found)} certificates instead of one")
    encoded = found[0].public_bytes(serialization.Encoding.PEM)
    return Certificate(
        encoded.decode("ascii"), fingerprint(encoded), found[0].not_valid_before_utc, found[0].not_valid_after_utc
    )


def fingerprint(cert_pem: bytes | str) -> str:
    """SHA-256 over the DER form, as "sha256:" and 64 hexadecimal digits. Parties compare it by another channel."""
    data = cert_pem.encode("ascii") if isinstance(cert_pem, str) else cert_pem
    der = x509.load_pem_x509_certificate(data).public_bytes(serialization.Encoding.DER)
    return "sha256:" + hashlib.sha256(der).hexdigest()
