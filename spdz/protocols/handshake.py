"""The first messages of a session: agree on the parameters and on a session id.

Everything that can differ by mistake is compared here, so that a wrong field or another program is a
`ConfigurationMismatch` naming both values and never looks like cheating (PITFALLS 19).

The session id is a hash of a nonce of every party: fresh if one of them is honest. It is part of every label, hash and
commitment from then on, so nothing of another session fits (PITFALLS 7).
"""

from __future__ import annotations

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import labelled_hash
from spdz.errors import BroadcastMismatch, ConfigurationMismatch, InternalError, MalformedMessage
from spdz.params import SessionParams, endpoint_name
from spdz.runtime.context import Context
from spdz.wire.codec import Blob
from spdz.wire.steps import Payload, declare

NONCE_BYTES = 32
SESSION_ID_BYTES = 32
_TEXT_BYTES = 1024

ADVICE = {
    "session": ". Either two sessions have been joined crosswise, or the parties write the addresses in different "
    "ways, as behind NAT: then give all of them one label (--session, session=..., or name in [session] of the "
    "parties file)"
}
"""What to do about a difference, where it is not plain."""

HELLO = declare(
    "handshake.hello",
    payload=Payload.BYTES,
    source="docs/wire, section 8",
    tampering=(ConfigurationMismatch, MalformedMessage, BroadcastMismatch),
)
CONFIRM = declare(
    "handshake.confirm", payload=Payload.BYTES, source="docs/wire, section 8", tampering=(BroadcastMismatch,)
)


async def agree_on_parameters(ctx: Context, params: SessionParams, endpoints: tuple[int, ...]) -> bytes:
    """Compare parameters with every other endpoint (the dealer included) and return the session id.

    Rounds:    2.  Sends: 1056 bytes, then 32 bytes, to each endpoint.
    Raises:    ConfigurationMismatch naming the first difference; BroadcastMismatch if somebody sent different nonces.
    """
    mine = params.describe()
    nonce = ctx.randomness.bytes(NONCE_BYTES)
    others = tuple(endpoint for endpoint in endpoints if endpoint != ctx.party)
    codec = Blob(NONCE_BYTES + _TEXT_BYTES)
    hello = nonce + _encode(mine)
    received = await ctx.swap(HELLO, codec, dict.fromkeys(others, hello), others)
    nonces = {ctx.party: nonce}
    for peer, payload in sorted(received.items()):
        nonces[peer] = bytes(payload[:NONCE_BYTES])
        name = endpoint_name(peer, ctx.parties)
        _compare(mine, _decode(peer, name, bytes(payload[NONCE_BYTES:])), name)
    session_id = labelled_hash(Domain.SESSION_ID, *(nonces[endpoint] for endpoint in sorted(nonces)))

    codec = Blob(SESSION_ID_BYTES)
    confirmed = await ctx.swap(CONFIRM, codec, dict.fromkeys(others, session_id), others)
    for peer, theirs in confirmed.items():
        if bytes(theirs) != session_id:
            me, other = (endpoint_name(endpoint, ctx.parties) for endpoint in (ctx.party, peer))
            raise BroadcastMismatch(
                f"{me} and {other} saw different nonces: somebody sent different values to different parties; who "
                "cannot be known",
                step=CONFIRM.name,
            )
    return session_id


def _encode(values: dict[str, str]) -> bytes:
    text = "\n".join(f"{name}={value}" for name, value in values.items()).encode()
    if len(text) > _TEXT_BYTES:
        raise InternalError("the session parameters do not fit the hello message")
    return text.ljust(_TEXT_BYTES, b"\0")


def _decode(peer: int, name: str, text: bytes) -> dict[str, str]:
    stripped = text.rstrip(b"\0")
    try:
        lines = stripped.decode("ascii").split("\n")
    except UnicodeDecodeError:
        lines = []
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    if (
        not lines
        or len(values) != len(lines)
        or not stripped.isascii()
        or not stripped.decode().replace("\n", "").isprintable()
    ):
        raise MalformedMessage(f"the hello message of {name} is not readable", step=HELLO.name, blamed=peer)
    return values


def _compare(mine: dict[str, str], theirs: dict[str, str], peer: str) -> None:
    for name in (*mine, *(name for name in theirs if name not in mine)):
        if name == "program" and (name not in mine or name not in theirs):
            continue  # a dealer, or a session without a program file, has none to compare
        if mine.get(name) != theirs.get(name):
            raise ConfigurationMismatch(
                f"the parties are configured differently: {name} is {mine.get(name, 'unknown')!r} here and "
                f"{theirs.get(name, 'unknown')!r} at {peer}{ADVICE.get(name, '')}"
            )
