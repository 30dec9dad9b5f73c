"""The TLS settings of a party: version 1.3, both ends show a certificate, nobody but the parties file is trusted."""

from __future__ import annotations

import ssl

from spdz.errors import UsageError
from spdz.transport.parties_file import PartiesFile


def tls_context(config: PartiesFile, me: int, *, server_side: bool) -> ssl.SSLContext:
    """A context for one end. Raises UsageError when this party's key cannot be used.

    The system's certificate authorities are not loaded. Host names are not compared: a certificate is pinned to a
    party by its bytes, and addresses change.
    """
    own = config.endpoint(me)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    # Defaults of create_default_context since Python 3.13, here in every version. A partial chain makes each
    # certificate of the parties file an anchor of its own.
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata="".join(endpoint.certificate_pem for endpoint in config.endpoints))
    if server_side:
        # Sessions are not resumed, and a ticket that is never read would turn a close into a reset.
        context.num_tickets = 0
    key = config.private_key(me)

    def refuse_passphrase() -> str:
        raise UsageError(f"{key}: the private key is encrypted, and there is nobody to ask for the passphrase")

    try:
        context.load_cert_chain(own.certificate, key, password=refuse_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UsageError(f"{key}: the private key does not belong to {own.certificate}") from None
        reason = f" ({error.reason})" if error.reason else ""
        raise UsageError(f"{key}: not a private key in PEM form, or unusable{reason}") from None
    except OSError as error:
        raise UsageError(f"{key} or {own.certificate}: cannot be read: {error.strerror}") from None
    return context
