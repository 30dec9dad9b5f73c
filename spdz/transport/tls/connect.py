"""Setting up the connections of one party.

One TCP connection joins each pair: the higher index connects, the lower accepts. Both ends must show the certificate
that the parties file pins to them. The accepting end finds out who has come from the certificate alone; nothing that a
connection says about itself is believed.

In TLS 1.3 the connecting end has finished its handshake before the other has looked at its certificate. So after the
handshake the connecting end says one byte when it is content, and the accepting end answers with one: whether it is.
Only then does the connection exist for either.

Everything happens in one thread on non-blocking sockets, so a stranger who connects and stays silent holds nobody up.
(Looking up a host name is the exception: the operating system may take its time over that.)
"""

from __future__ import annotations

import selectors
import socket
import ssl
from collections.abc import Callable
from time import monotonic

from spdz.errors import TransportError
from spdz.transport.parties_file import Endpoint, PartiesFile
from spdz.transport.tls.attempt import HELLO, LAST_PAUSE_SECONDS, VERDICTS, Attempt, Target, Verdict
from spdz.transport.tls.context import tls_context
from spdz.transport.tls.refusal import certificate_fault, handshake_fault, own_certificate_fault
from spdz.transport.tls.sockets import Line, begin_connect, listen, look, pending_error, prepare, resolve
from spdz.transport.tls.stream import TlsStream

HANDSHAKE_SECONDS = 10.0
"""How long one connection may take from its first packet to its end; then it is dropped."""

MAX_HANDSHAKES = 64
"""Connections in their handshake at one time; the oldest is dropped for a new one."""

MAX_REMEMBERED = 8
"""Refused connections that the final error mentions."""


def establish(
    config: PartiesFile,
    me: int,
    listener: socket.socket | None,
    on_progress: Callable[[str], None] | None,
) -> dict[int, tuple[Endpoint, TlsStream]]:
    """Connect to everybody, or raise TransportError (UsageError for a bad key file). Closes `listener` in any case."""
    try:
        setup = _Setup(config, me, listener, on_progress)
    except BaseException:
        if listener is not None:
            listener.close()
        raise
    try:
        return setup.run()
    except BaseException:
        setup.abandon()
        raise
    finally:
        setup.close()


class _Setup:
    """The connections of one party while they are being made."""

    def __init__(
        self,
        config: PartiesFile,
        me: int,
        listener: socket.socket | None,
        on_progress: Callable[[str], None] | None,
    ) -> None:
        self._me = config.endpoint(me)
        self._peers = {peer.index: peer for peer in config.endpoints if peer.index != me}
        self._by_certificate = {ssl.PEM_cert_to_DER_cert(peer.certificate_pem): peer for peer in config.endpoints}
        self._seconds = config.connect_seconds
        self._on_progress = on_progress
        self._contexts = {server: tls_context(config, me, server_side=server) for server in (False, True)}
        self._scratch = memoryview(bytearray(1 << 16))
        self._selector = selectors.DefaultSelector()
        self._attempts: list[Attempt] = []
        self._established: dict[int, TlsStream] = {}
        self._left: set[int] = set()
        self._refused: dict[str, None] = {}
        self._targets = {peer.index: Target(peer) for peer in self._peers.values() if peer.index < me}
        self._listener = listener
        self._deadline = 0.0

    # -- the loop -----------------------------------------------------------------------------------------------

    def run(self) -> dict[int, tuple[Endpoint, TlsStream]]:
        """Go on until everybody is connected."""
        self._deadline = monotonic() + self._seconds
        self._open_listener()
        while len(self._established) < len(self._peers):
            now = monotonic()
            if now >= self._deadline:
                raise self._timed_out()
            self._expire(now)
            self._start_due(now)
            for key, _ in self._selector.select(max(0.0, self._next_event() - monotonic())):
                self._serve(key.fileobj, key.data)
        return {peer: (self._peers[peer], self._established[peer]) for peer in sorted(self._established)}

    def _serve(self, fileobj: object, data: object) -> None:
        if isinstance(data, Attempt):
            # An earlier event of the same turn may have ended it.
            if data in self._attempts:
                self._advance(data)
        elif isinstance(data, Endpoint):
            self._watch_established(data)
        else:
            self._accept()

    def close(self) -> None:
        """Close what only the set-up needs."""
        for attempt in list(self._attempts):
            self._drop(attempt)
        self._selector.close()
        if self._listener is not None:
            self._listener.close()

    def abandon(self) -> None:
        """Close the connections that were made."""
        for stream in self._established.values():
            stream.close()

    def _open_listener(self) -> None:
        if self._me.index == max(*self._peers, self._me.index):
            return  # Nobody connects to the highest index.
        if self._listener is None:
            self._listener = listen(self._me)
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._say(f"{self._me} is waiting for the other parties")

    def _next_event(self) -> float:
        times = [self._deadline, *(attempt.deadline for attempt in self._attempts)]
        times += [target.due for target in self._targets.values() if self._is_idle(target)]
        return min(times)

    def _is_idle(self, target: Target) -> bool:
        return not target.running and target.endpoint.index not in self._established

    def _expire(self, now: float) -> None:
        for attempt in [attempt for attempt in self._attempts if attempt.deadline <= now]:
            self._failed(attempt, "it stayed silent during the handshake" if attempt.stream else "no answer")

    # -- connecting ---------------------------------------------------------------------------------------------

    def _start_due(self, now: float) -> None:
        for target in self._targets.values():
            if self._is_idle(target) and target.due <= now:
                self._start(target, now)

    def _start(self, target: Target, now: float) -> None:
        target.attempts += 1
        try:
            family, address = resolve(target.endpoint, target.attempts)
            sock = begin_connect(family, address)
        except OSError as error:
            self._retry(target, (error.strerror or type(error).__name__).lower())
            return
        target.running = True
        attempt = Attempt(sock, target.endpoint.address, now + HANDSHAKE_SECONDS, target.endpoint)
        self._attempts.append(attempt)
        self._selector.register(sock, selectors.EVENT_WRITE, attempt)

    def _retry(self, target: Target, failure: str) -> None:
        if target.failure != failure:
            self._say(f"{target.endpoint} cannot be reached yet: {failure}")
        target.failure = failure
        target.running = False
        target.due = monotonic() + target.pause
        target.pause = min(2 * target.pause, LAST_PAUSE_SECONDS)

    def _connected(self, attempt: Attempt) -> None:
        """The TCP connection stands, or it has failed."""
        pending_error(attempt.sock)
        attempt.stream = TlsStream(attempt.sock, self._contexts[False], server_side=False)
        self._selector.modify(attempt.sock, selectors.EVENT_READ, attempt)
        attempt.stream.handshake()

    # -- accepting ----------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            sock, address = self._listener.accept()
        except OSError:
            return  # It went away again before it was taken.
        attempt = Attempt(sock, str(address[0]), monotonic() + HANDSHAKE_SECONDS, None)
        try:
            prepare(sock)
            attempt.stream = TlsStream(sock, self._contexts[True], server_side=True)
        except OSError:
            sock.close()
            return
        strangers = [other for other in self._attempts if other.peer is None]
        if len(strangers) >= MAX_HANDSHAKES:
            self._failed(strangers[0], "too many connections at once")
        self._attempts.append(attempt)
        self._selector.register(sock, selectors.EVENT_READ, attempt)

    def _admit(self, attempt: Attempt, stream: TlsStream) -> None:
        """Decide on a connection that came in, has proved its certificate and has said that it is content."""
        peer = self._by_certificate.get(stream.peer_certificate())
        if peer is None:
            self._failed(attempt, "its certificate is not in the parties file")
            return
        if peer.index in self._established:
            self._watch_established(peer)
        verdict, fault = Verdict.ACCEPTED, ""
        if peer.index == self._me.index:
            verdict, fault = Verdict.OWN_CERTIFICATE, "it shows this party's own certificate"
        elif peer.index < self._me.index:
            verdict, fault = Verdict.WRONG_DIRECTION, f"it shows the certificate of {peer}, to whom this party connects"
        elif peer.index in self._established:
            verdict, fault = Verdict.DUPLICATE, f"it is a second connection of {peer}"
        stream.write(bytes([verdict]))
        stream.push()
        if verdict is Verdict.ACCEPTED:
            self._accept_as(attempt, stream, peer)
        else:
            self._failed(attempt, fault)

    # -- both ---------------------------------------------------------------------------------------------------

    def _advance(self, attempt: Attempt) -> None:
        """Serve an event of a connection that is being made."""
        try:
            if attempt.stream is None:
                self._connected(attempt)
            elif attempt.stream.pull(self._scratch):
                self._proceed(attempt, attempt.stream)
        except (OSError, EOFError) as error:
            if attempt.peer is not None:
                self._raise_if_final(attempt.peer, error)
            if attempt.stream is None:
                self._failed(attempt, (getattr(error, "strerror", None) or type(error).__name__).lower())
            else:
                self._failed(attempt, handshake_fault(error, attempt.stream))

    def _proceed(self, attempt: Attempt, stream: TlsStream) -> None:
        """Handshake, HELLO, verdict: as far as what has arrived allows."""
        if not attempt.shaken:
            if not stream.handshake():
                return
            attempt.shaken = True
            if attempt.peer is not None:
                self._pin(attempt.peer, stream)
                stream.write(HELLO)
                stream.push()
        said = bytearray(1)
        if not stream.read_into(memoryview(said)):
            return
        if attempt.peer is None:
            if said == HELLO:
                self._admit(attempt, stream)
            else:
                self._failed(attempt, "it speaks another version of this protocol")
        elif said[0] == Verdict.ACCEPTED:
            self._accept_as(attempt, stream, attempt.peer)
        else:
            what = VERDICTS.get(said[0], "gives an answer that this version does not know")
            raise TransportError(f"{attempt.peer} {what}", peer=attempt.peer.index)

    def _pin(self, peer: Endpoint, stream: TlsStream) -> None:
        """The connecting end's half: exactly the certificate of the party that lives at this address."""
        shown = self._by_certificate.get(stream.peer_certificate())
        if shown is peer:
            return
        if shown is None:
            what = "its certificate is not in the parties file"
        elif shown.index == self._me.index:
            what = "it shows this party's own certificate"
        else:
            what = f"it shows the certificate of {shown.name}; two addresses or certificates are swapped"
        raise TransportError(f"{peer} was refused: {what}", peer=peer.index)

    def _raise_if_final(self, peer: Endpoint, error: BaseException) -> None:
        """A wrong certificate at either end does not mend itself by trying again."""
        fault = certificate_fault(error)
        if fault is not None:
            raise TransportError(f"{peer} was refused: {fault}", peer=peer.index) from None
        own = own_certificate_fault(error)
        if own is not None:
            raise TransportError(
                f"{peer} refuses the certificate of {self._me.name}: it {own}", peer=peer.index
            ) from None

    def _accept_as(self, attempt: Attempt, stream: TlsStream, peer: Endpoint) -> None:
        self._attempts.remove(attempt)
        self._established[peer.index] = stream
        self._selector.modify(stream.sock, selectors.EVENT_READ, peer)
        if peer.index in self._targets:
            self._targets[peer.index].running = False
        self._say(f"connected to {peer}")

    def _watch_established(self, peer: Endpoint) -> None:
        """A peer that dies and is started again during the set-up may come back."""
        stream = self._established.get(peer.index)
        if stream is None:
            return
        line = look(stream.sock)
        if line is Line.SILENT:
            return
        self._unregister(stream.sock)
        if line is Line.TALKING:
            return  # Its set-up is complete; the transport will read this.
        stream.close()
        del self._established[peer.index]
        self._left.add(peer.index)
        self._say(f"{peer} has left again")
        if peer.index in self._targets:
            self._retry(self._targets[peer.index], "it closed the connection")

    def _failed(self, attempt: Attempt, fault: str) -> None:
        self._drop(attempt)
        if attempt.peer is not None:
            self._retry(self._targets[attempt.peer.index], fault)
            return
        text = f"a connection from {attempt.host} was refused: {fault}"
        if text not in self._refused and len(self._refused) < MAX_REMEMBERED:
            self._refused[text] = None
            self._say(text)

    def _drop(self, attempt: Attempt) -> None:
        self._attempts.remove(attempt)
        self._unregister(attempt.sock)
        attempt.sock.close()

    def _unregister(self, sock: socket.socket) -> None:
        if sock in self._selector.get_map():
            self._selector.unregister(sock)

    def _say(self, text: str) -> None:
        if self._on_progress is not None:
            self._on_progress(text)

    def _timed_out(self) -> TransportError:
        missing = [peer for peer in self._peers.values() if peer.index not in self._established]
        # Whoever has left may have given up for the same reason; the cause comes first.
        missing.sort(key=lambda peer: peer.index in self._left)
        texts = []
        for peer in missing:
            target = self._targets.get(peer.index)
            if peer.index in self._left:
                texts.append(f"{peer} was connected and has left again")
            elif target is None:
                texts.append(f"{peer} never connected")
            else:
                texts.append(f"{peer} could not be reached in {target.attempts} attempts ({target.failure})")
        refused = "".join(f"; {text}" for text in self._refused)
        return TransportError(
            f"{self._me} gave up after {self._seconds:g} seconds: {'; '.join(texts)}{refused}", peer=missing[0].index
        )
