"""The building blocks of this machine that bound every protocol from below: AES, GMAC, memory, TLS; one core each.

AES and memory are measured on buffers that stay in the second-level cache, as the package works: so they are bounds.
TLS is OpenSSL and the loopback device without the package's transport: one thread that sends and receives in turn,
each direction timed by itself.
"""

from __future__ import annotations

import os
import platform
import socket
import ssl
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB

from spdz.measuring.request import Figures, Request, median_of_runs
from spdz.transport.initialise import PARTIES_FILE, initialise
from spdz.transport.parties_file import load_parties
from spdz.transport.tls.context import tls_context

BLOCK_BYTES = 1 << 16
LARGE_BYTES = 1 << 26
SECONDS = 0.1
"""How long one building block is measured."""
SLICES = 9
"""The median of this many parts counts, so that an interruption does not."""


def bench_machine(request: Request) -> Figures:
    """GB/s of each building block, and what the machine is."""
    return {"benchmark": "machine", "machine": description()} | median_of_runs(_gigabytes, request.runs)


def _gigabytes() -> Figures:
    return {f"{name}_gigabytes_per_second": speed / 1e9 for name, speed in speeds().items()}


def description() -> str:
    """Processor, number of cores, interpreter."""
    model = platform.processor() or platform.machine()
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        lines = (line for line in cpu_info.read_text().splitlines() if line.startswith("model name"))
        model = next(lines, f": {model}").partition(":")[2].strip()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {ssl.OPENSSL_VERSION}"


def speeds() -> dict[str, float]:
    """Bytes per second: of memory those read and written, of all others those processed."""
    block, out = bytes(BLOCK_BYTES), bytearray(BLOCK_BYTES + 15)
    counter = Cipher(AES128(bytes(16)), CTR(bytes(16))).encryptor()
    blocks = Cipher(AES128(bytes(16)), ECB()).encryptor()  # noqa: S305 - the bare permutation is what is measured
    gcm, nonce = AESGCM(bytes(16)), bytes(12)
    source, target = np.zeros(BLOCK_BYTES, np.uint8), np.empty(BLOCK_BYTES, np.uint8)
    large_source, large_target = np.zeros(LARGE_BYTES, np.uint8), np.zeros(LARGE_BYTES, np.uint8)
    view = memoryview(out)
    return {
        "aes_ctr": _speed(lambda: counter.update_into(block, view[:BLOCK_BYTES]), BLOCK_BYTES),
        "aes_ecb": _speed(lambda: blocks.update_into(block, view), BLOCK_BYTES),
        "gmac": _speed(lambda: gcm.encrypt(nonce, b"", block), BLOCK_BYTES),
        "memory": _speed(lambda: np.copyto(target, source), 2 * BLOCK_BYTES),
        "large_memory": _speed(lambda: np.copyto(large_target, large_source), 2 * LARGE_BYTES),
        **tls_speeds(),
    }


def _speed(work: Callable[[], Any], size: int) -> float:
    """Bytes per second of `work`, which processes `size` of them."""
    work()
    started = perf_counter()
    work()
    repeats = max(1, int(SECONDS / SLICES / max(perf_counter() - started, 1e-7)))
    seconds = []
    for _ in range(SLICES):
        started = perf_counter()
        for _ in range(repeats):
            work()
        seconds.append((perf_counter() - started) / repeats)
    return size / median(seconds)


class _TlsEnd:
    """One end of a TLS connection over loopback, with the time that it spends."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, *, server: bool) -> None:
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server)
        self.seconds = 0.0

    def send(self, data: bytes) -> int:
        started = perf_counter()
        self.tls.write(data)
        cipher = self.outgoing.read()
        self.sock.sendall(cipher)
        self.seconds += perf_counter() - started
        return len(cipher)

    def receive(self, size: int, scratch: memoryview) -> None:
        started = perf_counter()
        while size:
            count = self.sock.recv_into(scratch)
            self.incoming.write(scratch[:count])
            size -= count
        while self.incoming.pending or self.tls.pending():
            self.tls.read(len(scratch), scratch)
        self.seconds += perf_counter() - started

    def shake(self) -> None:
        """One step of the handshake."""
        with suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        if self.outgoing.pending:
            self.sock.sendall(self.outgoing.read())


def tls_speeds() -> dict[str, float]:
    """Plain bytes per second of TLS 1.3 on loopback: encrypting and sending; receiving and decrypting."""
    with tempfile.TemporaryDirectory(prefix="spdz-") as folder:
        places = initialise(Path(folder) / "parties", ["127.0.0.1:1", "127.0.0.1:2"])
        contexts = [
            tls_context(load_parties(place / PARTIES_FILE), own, server_side=not own)
            for own, place in enumerate(places)
        ]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far, _ = listener.accept()
    with near, far:
        client, server = _TlsEnd(near, contexts[1], server=False), _TlsEnd(far, contexts[0], server=True)
        _handshake(client, server)
        return _transfer(client, server)


def _handshake(client: _TlsEnd, server: _TlsEnd) -> None:
    scratch = memoryview(bytearray(BLOCK_BYTES))
    for _ in range(2):  # two flights of the client are all of TLS 1.3
        for own, other in ((client, server), (server, client)):
            own.shake()
            other.sock.setblocking(False)
            with suppress(BlockingIOError):
                other.incoming.write(scratch[: other.sock.recv_into(scratch)])
            other.sock.setblocking(True)
    client.seconds = server.seconds = 0.0


def _transfer(client: _TlsEnd, server: _TlsEnd) -> dict[str, float]:
    chunk, scratch = bytes(BLOCK_BYTES), memoryview(bytearray(2 * BLOCK_BYTES))
    sending, receiving = [], []
    for _ in range(SLICES):
        client.seconds = server.seconds = 0.0
        size = 0
        while client.seconds + server.seconds < 2 * SECONDS / SLICES:
            server.receive(client.send(chunk), scratch)
            size += len(chunk)
        sending.append(size / client.seconds)
        receiving.append(size / server.seconds)
    return {"tls_send": median(sending), "tls_receive": median(receiving)}
