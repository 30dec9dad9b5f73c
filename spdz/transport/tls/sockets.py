"""TCP underneath TLS: listening, connecting without waiting, and telling whether a peer has left."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from enum import Enum
from typing import Any

from spdz.errors import TransportError
from spdz.transport.parties_file import Endpoint, format_address

BACKLOG = 64

_IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY)


def prepare(sock: socket.socket) -> None:
    """Settings of every connection.

    Buffer sizes are left to the kernel: on Linux it grows them with the line up to tcp_rmem and tcp_wmem, and asking
    for a size switches that off and grants less (rmem_max) on most hosts.
    """
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Firewalls forget a connection that is silent during a long computation.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)


def listen(endpoint: Endpoint) -> socket.socket:
    """A listening socket for a party's own address.

    An address of this host is bound as it is. A host name may resolve here to a loopback address that nobody else can
    reach, and an address may belong to a gateway; then the socket listens on all interfaces. Strangers are refused by
    their certificates, not by the interface.
    """
    try:
        if _is_local(endpoint.host):
            family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
            try:
                return socket.create_server((endpoint.host, endpoint.port), family=family, backlog=BACKLOG)
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:
                    raise
        if socket.has_dualstack_ipv6():
            return socket.create_server(
                ("", endpoint.port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG
            )
        return socket.create_server(("", endpoint.port), backlog=BACKLOG)
    except OSError as error:
        address = format_address(endpoint.host, endpoint.port)
        reason = os.strerror(error.errno).lower() if error.errno else "no reason given"
        raise TransportError(f"{endpoint.name} cannot listen on {address}: {reason}") from None


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def resolve(endpoint: Endpoint, attempt: int) -> tuple[int, Any]:
    """Family and address to try in the given attempt: a name with several addresses has them tried in turn."""
    found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    family, _, _, _, address = found[attempt % len(found)]
    return family, address


def begin_connect(family: int, address: Any) -> socket.socket:
    """A socket that is connecting; it becomes writable when that has succeeded or failed."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        prepare(sock)
        code = sock.connect_ex(address)
        if code not in _IN_PROGRESS:
            raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise
    return sock


class Line(Enum):
    """What a connection looks like without reading from it."""

    SILENT = "nothing has come"
    TALKING = "bytes have come"
    DEAD = "the peer closed or reset it and had sent nothing before"


def look(sock: socket.socket) -> Line:
    """Look at a non-blocking connection."""
    try:
        return Line.TALKING if sock.recv(1, socket.MSG_PEEK) else Line.DEAD
    except (BlockingIOError, InterruptedError):
        return Line.SILENT
    except OSError:
        return Line.DEAD


def pending_error(sock: socket.socket) -> None:
    """Raise the OSError with which connecting has failed, if it has."""
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))
    if sock.getsockname() == sock.getpeername():
        # TCP connects a port to itself when nobody listens and the kernel happens to choose the same number.
        raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
