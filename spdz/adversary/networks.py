"""The networks a session with cheaters can run over: in memory, or TLS on loopback."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from spdz.errors import UsageError
from spdz.runtime.transport import Transport
from spdz.transport.initialise import initialise
from spdz.transport.memory import MemoryTransport, memory_network
from spdz.transport.parties_file import load_parties
from spdz.transport.tls.transport import connect_tls

NETWORKS = ("memory", "tls")


@contextmanager
def open_network(name: str, endpoints: int, parties: int) -> Iterator[Sequence[Transport]]:
    """Connected transports of all endpoints, the dealer's last if there is one."""
    if name == "memory":
        yield memory_network(endpoints, parties)
    elif name == "tls":
        with tempfile.TemporaryDirectory(prefix="spdz-") as folder, ExitStack() as stack:
            yield _connect(Path(folder), endpoints, parties, stack)
    else:
        raise UsageError(f"transport must be one of {', '.join(NETWORKS)}, got {name!r}")


def undelivered(network: Sequence[Transport]) -> Callable[[int], bool]:
    """Says of an endpoint whether something waits for it; over TLS nobody can know, and it says no."""
    inboxes = [transport._inboxes[transport._party] for transport in network if isinstance(transport, MemoryTransport)]
    return lambda endpoint: bool(inboxes) and not inboxes[endpoint].empty()


def _connect(folder: Path, endpoints: int, parties: int, stack: ExitStack) -> list[Transport]:
    listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(endpoints)]
    addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
    dealer = addresses[parties] if endpoints > parties else None
    configs = [load_parties(place / "parties.toml") for place in initialise(folder, addresses[:parties], dealer)]
    found: dict[int, Transport] = {}
    errors: list[BaseException] = []

    def connect(index: int) -> None:
        try:
            found[index] = connect_tls(configs[index], index, listener=listeners[index])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=connect, args=(index,), daemon=True) for index in range(endpoints)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error
    return [found[index] for index in range(endpoints)]
