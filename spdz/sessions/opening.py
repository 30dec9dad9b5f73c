"""How a session is put together: a party from its parameters and its transport, then a session of it.

In one process, over the network, on imported material, among cheaters and against recordings it is done here, so that
all of them run the same code in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from spdz.crypto.randomness import Randomness, SystemRandomness
from spdz.field import field_by_name
from spdz.online.session import Mpc
from spdz.params import SessionParams
from spdz.preprocessing.generators import Service, import_all
from spdz.protocols.handshake import agree_on_parameters
from spdz.protocols.material_source import MaterialSource
from spdz.runtime.context import SessionState
from spdz.runtime.party import Party
from spdz.runtime.trace import Trace
from spdz.runtime.transport import Transport

DEALER_PATIENCE_SECONDS = 7 * 24 * 3600.0

# What a peer sends is judged by the name of its step, also if it is a step of another generator.
import_all()


def make_party(
    params: SessionParams,
    index: int,
    transport: Transport,
    *,
    timeout: float,
    threads: int = 1,
    randomness: Randomness | None = None,
    trace: Trace | None = None,
    driver: type[Party] = Party,
) -> Party:
    """Endpoint `index` of a session, before its first message.

    timeout     seconds that it waits for a message
    threads     how many threads its heavy loops may use
    randomness  the system's, but in recordings
    driver      `Party`, or one that is watched
    """
    state = SessionState(
        index,
        params.parties,
        field_by_name(params.field_name),
        params.security,
        SystemRandomness() if randomness is None else randomness,
        threads=threads,
    )
    return driver(state, transport, params.endpoints, timeout=timeout, trace=trace)


def open_session(
    party: Party,
    params: SessionParams,
    source: MaterialSource,
    *,
    args: Sequence[str] = (),
    inputs: Any = None,
    view: Callable[..., Mpc] = Mpc,
) -> Mpc:
    """Agree with everybody on the parameters, set the generator up, and give the user's view of the session.

    Raises ConfigurationMismatch if the parameters differ; what the set-up finds.
    """
    mpc = view(party, source, args, inputs)
    mpc.open(params, tuple(range(params.endpoints)))
    return mpc


def serve(params: SessionParams, service: Service, transport: Transport, **party: Any) -> None:
    """Be the trusted dealer of one session: the endpoint after the last party.

    It waits as long as the parties compute; a party that aborts or disappears ends it at once. `party` is for
    `make_party`.
    """
    dealer = make_party(params, params.parties, transport, timeout=DEALER_PATIENCE_SECONDS, **party)
    endpoints = tuple(range(params.endpoints))
    dealer.session.session_id = dealer.run(lambda ctx: agree_on_parameters(ctx, params, endpoints), "handshake")
    dealer.run(service, "set-up")
    dealer.close()
