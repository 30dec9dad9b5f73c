"""A recording frame owner, and networks of parties as threads of the test process."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spdz.runtime.transport import Transport
from spdz.transport.initialise import initialise
from spdz.transport.parties_file import PartiesFile, load_parties
from spdz.transport.tls.transport import TlsTransport, connect_tls
from spdz.wire.frames import LABEL_BYTES, FrameReader, Header, Kind

JOIN_SECONDS = 30.0
PATIENCE_SECONDS = 20.0


class Recorder:
    """Accepts every frame and keeps it; raises `error` when a frame of kind `refuse` is complete."""

    def __init__(self, refuse: Kind | None = None, error: Exception | None = None) -> None:
        self.frames: list[tuple[int, Header, bytes]] = []
        self.received_bytes = 0
        self.refuse = refuse
        self.error = error

    def admit(self, peer: int, header: Header) -> memoryview:
        return memoryview(bytearray(header.length))

    def complete(self, peer: int, header: Header, payload: memoryview) -> None:
        if self.error is not None and header.kind == self.refuse:
            raise self.error
        self.received_bytes += payload.nbytes
        self.frames.append((peer, header, bytes(payload) if payload.nbytes < 1 << 20 else payload))  # type: ignore[arg-type]

    def payloads(self, peer: int) -> list[bytes]:
        return [payload for sender, _, payload in self.frames if sender == peer]


def attach(transport: Transport, peers: Sequence[int], owner: Recorder | None = None) -> Recorder:
    owner = owner or Recorder()
    transport.attach({peer: FrameReader(peer, owner) for peer in peers})
    return owner


def data_frame(payload: bytes | memoryview) -> list[bytes | memoryview]:
    length = memoryview(payload).nbytes
    return [Header(Kind.DATA, 1, bytes(LABEL_BYTES), 1, length).encode(), payload]


def wait_for(transport: Transport, condition: Callable[[], bool]) -> None:
    while not condition():
        assert transport.wait(PATIENCE_SECONDS), "no frame came"


class Network:
    """Parties files, credentials and listening sockets on free ports of 127.0.0.1."""

    def __init__(self, folder: Path, count: int, connect_seconds: float = 15.0) -> None:
        self.listeners = [_bound() for _ in range(count)]
        addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in self.listeners]
        folders = initialise(folder, addresses)
        self.folder = folder
        self.configs = [
            dataclasses.replace(load_parties(path / "parties.toml"), connect_seconds=connect_seconds)
            for path in folders
        ]

    def connect(
        self, me: int, config: PartiesFile | None = None, on_progress: Callable[[str], None] | None = None
    ) -> TlsTransport:
        """Connect party `me`; from now on its port is open."""
        listener = self.listeners[me]
        listener.listen()
        return connect_tls(config or self.configs[me], me, listener=listener, on_progress=on_progress)

    def connect_all(self) -> list[TlsTransport]:
        return together([lambda me=me: self.connect(me) for me in range(len(self.configs))])  # type: ignore[misc]

    def dial(self, to: int, identity: PartiesFile | None = None, me: int = 0) -> ssl.SSLSocket:
        """A connection of a stranger, who shows the certificate of `identity` (none without) and trusts anybody."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if identity is not None:
            context.load_cert_chain(identity.endpoint(me).certificate, identity.private_key(me))
        return context.wrap_socket(self.dial_plain(to))

    def dial_plain(self, to: int) -> socket.socket:
        return socket.create_connection(self.listeners[to].getsockname(), timeout=JOIN_SECONDS)

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()


def _bound() -> socket.socket:
    """A socket with a port of its own that refuses connections until somebody listens."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    return sock


class Running:
    """A function in a thread; `result` gives what it returned or raises what it raised."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._value: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._function()
        except BaseException as error:
            self._error = error

    def result(self) -> Any:
        self._thread.join(JOIN_SECONDS)
        assert not self._thread.is_alive(), "still running: a deadlock"
        if self._error is not None:
            raise self._error
        return self._value


def together(functions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run functions as threads and return their results in order."""
    running = [Running(function) for function in functions]
    return [thread.result() for thread in running]


class Progress:
    """Collects progress lines; `seen` waits until one holds a text."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()

    def __call__(self, line: str) -> None:
        with self._changed:
            self.lines.append(line)
            self._changed.notify_all()

    def seen(self, text: str) -> None:
        with self._changed:
            found = self._changed.wait_for(lambda: any(text in line for line in self.lines), JOIN_SECONDS)
        assert found, f"{text!r} was never said: {self.lines}"
