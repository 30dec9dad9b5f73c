"""What the set-up of connections keeps of each connection that is being made, and the answer that ends it."""

from __future__ import annotations

import socket
from enum import IntEnum

from spdz.transport.parties_file import Endpoint
from spdz.transport.tls.stream import TlsStream

FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.02, 0.5
"""Between two attempts to connect: the first pause, and where doubling it ends."""


HELLO = b"S"
"""What the connecting end says when it is content with the certificate it was shown."""


class Verdict(IntEnum):
    """What the accepting end answers to HELLO."""

    ACCEPTED = 1
    DUPLICATE = 2
    OWN_CERTIFICATE = 3
    WRONG_DIRECTION = 4


VERDICTS: dict[int, str] = {
    Verdict.DUPLICATE: "says that this party is connected already: it runs twice, or shares its key with another",
    Verdict.OWN_CERTIFICATE: "uses this party's certificate and key itself; every party needs its own",
    Verdict.WRONG_DIRECTION: "has another order of parties in its parties file: this party's index is lower there",
}


class Attempt:
    """A connection that is being made. `peer` is None while it is not known who has come."""

    __slots__ = ("deadline", "host", "peer", "shaken", "sock", "stream")

    def __init__(self, sock: socket.socket, host: str, deadline: float, peer: Endpoint | None) -> None:
        self.sock = sock
        self.host = host
        self.deadline = deadline
        self.peer = peer
        self.stream: TlsStream | None = None
        self.shaken = False
        """The handshake is complete."""


class Target:
    """A peer to connect to, and how that has gone so far."""

    __slots__ = ("attempts", "due", "endpoint", "failure", "pause", "running")

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.attempts = 0
        self.due = 0.0
        self.pause = FIRST_PAUSE_SECONDS
        self.running = False
        self.failure = "no answer"
