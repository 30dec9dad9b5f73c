"""One TLS connection over a non-blocking socket.

The TLS engine works on memory (`ssl.MemoryBIO`), and this class moves the encrypted bytes. Compared with
`ssl.SSLSocket` that means one system call for many TLS records instead of two for each, no data hidden inside OpenSSL
where a selector cannot see it, and one way to learn of the end of a connection in every Python version: the socket.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress

RECORD_BYTES = 16384
"""The most that one TLS record carries."""

HANDSHAKE_RECORD = 0x16


class TlsStream:
    """Encrypts and decrypts for one socket, which it owns. No method waits.

    Every method may raise OSError (ssl.SSLError is one): the connection is then unusable in that direction.
    """

    __slots__ = (
        "_cipher",
        "_fault",
        "_incoming",
        "_outgoing",
        "_tls",
        "first_byte",
        "received_bytes",
        "sent_bytes",
        "sock",
    )

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, *, server_side: bool) -> None:
        self.sock = sock
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=server_side)
        self._cipher = memoryview(b"")
        self._fault: ssl.SSLError | None = None
        self.first_byte: int | None = None
        """The first byte that came: a TLS peer begins with HANDSHAKE_RECORD, plain text does not."""
        self.received_bytes = 0
        self.sent_bytes = 0

    # -- set-up -------------------------------------------------------------------------------------------------

    def handshake(self) -> bool:
        """Go on with the handshake; True when it is done. What it produces, an alert included, is sent at once."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self.push()
        return True

    def peer_certificate(self) -> bytes:
        """The certificate of the peer in DER form, after the handshake."""
        return self._tls.getpeercert(binary_form=True) or b""

    # -- receiving ----------------------------------------------------------------------------------------------

    def pull(self, scratch: memoryview) -> bool:
        """Take what has arrived, up to the size of `scratch`; False when nothing has. EOFError at the end.

        The caller decrypts everything before it pulls again, so what came before the end is never lost.
        """
        try:
            count = self.sock.recv_into(scratch)
        except (BlockingIOError, InterruptedError):
            return False
        if not count:
            raise EOFError
        if self.first_byte is None:
            self.first_byte = scratch[0]
        self.received_bytes += count
        self._incoming.write(scratch[:count])
        return True

    def read_into(self, target: memoryview) -> int:
        """Decrypt into `target`, as much as has arrived; 0 when no whole record has."""
        if self._fault is not None:
            raise self._fault
        filled = 0
        size = target.nbytes
        tls, incoming = self._tls, self._incoming
        # Asking first spares an exception per call, which costs as much as decrypting a small record.
        while filled < size and (incoming.pending or tls.pending()):
            try:
                count = tls.read(size - filled, target[filled:])
            except ssl.SSLWantReadError:
                break
            except ssl.SSLError as error:
                if not filled:
                    raise
                self._fault = error  # What was good before it is delivered first.
                break
            if not count:  # the peer's close_notify; the end of the socket follows
                break
            filled += count  # type: ignore[operator]
        return filled

    # -- sending ------------------------------------------------------------------------------------------------

    def write(self, plain: bytes | memoryview) -> None:
        """Encrypt `plain`, all of it; `push` sends. Called when `push` has returned True."""
        self._tls.write(plain)

    def push(self) -> bool:
        """Send encrypted bytes; True when none are left, False when the socket takes no more."""
        while True:
            while self._cipher:
                try:
                    count = self.sock.send(self._cipher)
                except (BlockingIOError, InterruptedError):
                    return False
                self.sent_bytes += count
                self._cipher = self._cipher[count:]
            if not self._outgoing.pending:
                return True
            self._cipher = memoryview(self._outgoing.read())

    def finish(self) -> bool:
        """Say that nothing follows; True when it is sent. The other direction stays open."""
        # Raised until the peer has said the same; the alert of this side is queued all the same.
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        if not self.push():
            return False
        self.sock.shutdown(socket.SHUT_WR)
        return True

    def discard(self, scratch: memoryview) -> None:
        """Take some of what has arrived and throw it away. EOFError at the end."""
        try:
            count = self.sock.recv_into(scratch)
        except (BlockingIOError, InterruptedError):
            return
        if not count:
            raise EOFError

    def close(self) -> None:
        """Close the socket. What the operating system has taken is still delivered."""
        self.sock.close()
