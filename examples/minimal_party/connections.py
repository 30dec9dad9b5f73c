"""The parties file, TLS connections to every other endpoint, and frames over them (docs/wire, sections 1 and 2).

Blocking sockets, and a payload is written before the next is read: enough for messages that fit the kernel's buffers,
wrong for large ones (section 2, "Order").
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .wire import ABORT, BYE, DATA, HEADER, Frame, ProtocolError, labelled_hash, wire_id

HELLO, ACCEPTED, DUPLICATE, OWN_CERTIFICATE, WRONG_DIRECTION = b"S", b"\x01", b"\x02", b"\x03", b"\x04"
LARGEST_BYTES = 1 << 24
HANDSHAKE_SECONDS, CLOSE_SECONDS, PAUSE_SECONDS = 10.0, 5.0, 0.1


class Endpoint(NamedTuple):
    """A party, or the dealer, who comes last."""

    address: tuple[str, int]
    certificate: Path
    der: bytes
    fingerprint: str


class Network:
    """What a parties file with a dealer says."""

    def __init__(self, path: Path) -> None:
        content = tomllib.loads(path.read_text("utf-8"))
        self.folder = path.absolute().parent
        self.endpoints = [self._endpoint(row) for row in (*content["party"], content["dealer"])]
        self.digest = labelled_hash(b"session parameters", *(one.fingerprint for one in self.endpoints)).hex()[:32]
        self.label = " ".join(row["address"] for row in (*content["party"], content["dealer"]))
        if "session" in content:
            self.label = content["session"]["name"]
        self.timeout_seconds = float(content["network"]["timeout_seconds"])
        self.connect_seconds = float(content["network"]["connect_seconds"])

    def _endpoint(self, row: dict[str, str]) -> Endpoint:
        host, _, port = row["address"].rpartition(":")
        certificate = self.folder / row["certificate"]
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text("ascii"))
        fingerprint = "sha256:" + hashlib.sha256(der).hexdigest()
        if fingerprint != row["fingerprint"]:
            raise ProtocolError(f"{certificate} does not have the fingerprint of the parties file")
        return Endpoint((host.strip("[]"), int(port)), certificate, der, fingerprint)


class Connections:
    """One TLS connection to every other endpoint."""

    def __init__(self, network: Network, me: int) -> None:
        self._network, self._me = network, me
        self._sockets: dict[int, ssl.SSLSocket] = {}
        self._kept: dict[tuple[int, bytes], Frame] = {}
        deadline = time.monotonic() + network.connect_seconds
        with socket.create_server(network.endpoints[me].address) as listener:
            for index in range(me):
                self._sockets[index] = self._connect(index, deadline)
            while len(self._sockets) < len(network.endpoints) - 1:
                listener.settimeout(max(0.01, deadline - time.monotonic()))
                plain, _ = listener.accept()
                with suppress(OSError, ValueError):  # A stranger is no reason to stop waiting.
                    self._accept(plain)
        for connection in self._sockets.values():
            connection.settimeout(network.timeout_seconds)

    def _context(self, protocol: int) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        for endpoint in self._network.endpoints:
            context.load_verify_locations(endpoint.certificate)
        own = self._network.endpoints[self._me].certificate
        context.load_cert_chain(own, self._network.folder / f"party-{self._me}.key")
        return context

    def _connect(self, index: int, deadline: float) -> ssl.SSLSocket:
        """Connect to a lower index, who may not have started yet (section 1)."""
        endpoint, context = self._network.endpoints[index], self._context(ssl.PROTOCOL_TLS_CLIENT)
        plain = None
        while plain is None:
            if time.monotonic() > deadline:
                raise ProtocolError(f"endpoint {index} cannot be reached")
            time.sleep(PAUSE_SECONDS)
            with suppress(OSError):
                plain = socket.create_connection(endpoint.address, HANDSHAKE_SECONDS)
        connection = context.wrap_socket(plain)
        if connection.getpeercert(binary_form=True) != endpoint.der:
            raise ProtocolError(f"endpoint {index} shows another certificate than the parties file says")
        connection.sendall(HELLO)
        if (verdict := connection.recv(1)) != ACCEPTED:
            raise ProtocolError(f"endpoint {index} refuses the connection: {verdict!r}")
        return connection

    def _accept(self, plain: socket.socket) -> None:
        """Find out who has come, and answer (section 1)."""
        plain.settimeout(HANDSHAKE_SECONDS)
        context = self._context(ssl.PROTOCOL_TLS_SERVER)
        context.num_tickets = 0
        connection = context.wrap_socket(plain, server_side=True)
        known = [endpoint.der for endpoint in self._network.endpoints]
        index = known.index(connection.getpeercert(binary_form=True) or b"")
        verdict = DUPLICATE if index in self._sockets else ACCEPTED
        if index <= self._me:
            verdict = OWN_CERTIFICATE if index == self._me else WRONG_DIRECTION
        if connection.recv(1) == HELLO:
            connection.sendall(verdict)
            if verdict == ACCEPTED:
                self._sockets[index] = connection
                return
        connection.close()

    def send(self, to: int, frame: Frame) -> None:
        """Write a frame."""
        self._sockets[to].sendall(frame.encode())

    def receive(self, peer: int, label: bytes, step: str, round_: int, length: int) -> bytes:
        """The payload of the message of `peer` with that label; step, round and length must be as expected."""
        while (peer, label) not in self._kept:
            frame = self._read(peer)
            if frame.kind != DATA or (peer, frame.label) in self._kept:
                what = {ABORT: "has aborted", BYE: "has left"}.get(frame.kind, "sent a message twice")
                raise ProtocolError(f"endpoint {peer} {what}", step)
            self._kept[peer, frame.label] = frame
        frame = self._kept.pop((peer, label))
        if (frame.wire_id, frame.round, len(frame.payload)) != (wire_id(step), round_, length):
            raise ProtocolError(f"the message of endpoint {peer} has another step, round or length", step)
        return frame.payload

    def _read(self, peer: int) -> Frame:
        kind, step, label, round_, length = HEADER.unpack(self._exactly(peer, HEADER.size))
        if kind not in (DATA, ABORT, BYE) or length > LARGEST_BYTES or (kind != DATA and (any(label) or length)):
            raise ProtocolError(f"endpoint {peer} sent a frame that is none")
        return Frame(kind, step, label, round_, self._exactly(peer, length))

    def _exactly(self, peer: int, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._sockets[peer].recv(count - len(data))
            if not part:
                raise ProtocolError(f"endpoint {peer} closed the connection")
            data += part
        return data

    def close(self) -> None:
        """End an honest session: BYE to everyone and from everyone, and nothing left over."""
        for peer in self._sockets:
            self.send(peer, Frame(BYE))
        for peer in self._sockets:
            if self._read(peer).kind != BYE or self._kept:
                raise ProtocolError(f"endpoint {peer} says more than this party's program has")
        self._finish()

    def abort(self, step: str) -> None:
        """Tell everyone that the session is over, and where it failed."""
        for peer in self._sockets:
            with suppress(OSError):
                self.send(peer, Frame(ABORT, wire_id(step)))
        self._finish()

    def _finish(self) -> None:
        """Close both directions; what a peer still sends is read, for unread bytes would reset the connection."""
        for connection in self._sockets.values():
            connection.settimeout(CLOSE_SECONDS)
            with suppress(OSError):
                connection.unwrap()
            with suppress(OSError):
                while connection.recv(1 << 16):
                    pass
            connection.close()
