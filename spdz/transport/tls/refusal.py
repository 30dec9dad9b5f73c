"""Why a handshake failed, in the words of somebody who has to mend it."""

from __future__ import annotations

import ssl

from spdz.transport.tls.stream import HANDSHAKE_RECORD, TlsStream

# X509_V_ERR_* of OpenSSL's x509_vfy.h; the numbers are part of its interface.
_NOT_YET_VALID = 9
_EXPIRED = 10

_OWN_CERTIFICATE_REFUSED = {
    "CERTIFICATE_EXPIRED": "has expired, by the clock over there",
    "UNKNOWN_CA": "is not in the parties file over there",
    "CERTIFICATE_UNKNOWN": "is not in the parties file over there",
    "BAD_CERTIFICATE": "is damaged or not yet valid, by what is known over there",
    "CERTIFICATE_REVOKED": "was revoked",
    "UNSUPPORTED_CERTIFICATE": "is of a kind that is not supported over there",
    "CERTIFICATE_REQUIRED": "did not arrive over there",
    "ACCESS_DENIED": "is not accepted over there",
}


def certificate_fault(error: BaseException) -> str | None:
    """What is wrong with the certificate the other end shows, or None when that is not what failed."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        if isinstance(error, ssl.SSLError) and error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
            return "it shows no certificate"
        return None
    if error.verify_code == _EXPIRED:
        return "its certificate has expired"
    if error.verify_code == _NOT_YET_VALID:
        return "its certificate is not yet valid; compare the clocks of both hosts"
    return "its certificate is not in the parties file"


def own_certificate_fault(error: BaseException) -> str | None:
    """Why the other end refuses this party's certificate, or None when that is not what failed."""
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    if "ALERT" in reason:
        for ending, what in _OWN_CERTIFICATE_REFUSED.items():
            if reason.endswith(ending):
                return what
    return None


def handshake_fault(error: BaseException, stream: TlsStream) -> str:
    """Why a handshake failed, whatever the reason; it reads on after "a connection from ... was refused: "."""
    fault = certificate_fault(error)
    if fault is not None:
        return fault
    if stream.first_byte not in (None, HANDSHAKE_RECORD, 0x15):  # 0x15: an alert, which only TLS sends
        return "it speaks plain text or another protocol, not TLS"
    own = own_certificate_fault(error)
    if own is not None:
        return f"it does not accept this party's certificate, which {own}"
    if isinstance(error, EOFError):
        return "it closed the connection during the handshake"
    if isinstance(error, ssl.SSLError):
        if error.reason and ("UNSUPPORTED_PROTOCOL" in error.reason or "PROTOCOL_VERSION" in error.reason):
            return "it does not speak TLS 1.3"
        return f"the TLS handshake failed ({error.reason or 'no reason given'})"
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return type(error).__name__
