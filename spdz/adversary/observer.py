"""What the harness sees of a party besides its messages: what is released to it, its first error, what outlives that.

Nothing of an honest party is weakened: its session, driver and generator are the honest ones with eyes added.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spdz.crypto.prg import Prg
from spdz.errors import ConfigurationMismatch, ProtocolAbort, TransportError
from spdz.field import Field, FieldArray
from spdz.online.session import Mpc
from spdz.preprocessing.ot.extension import Place
from spdz.preprocessing.ot.instance import OtInstance
from spdz.protocols.material_source import MaterialSource
from spdz.runtime.context import SessionState
from spdz.runtime.party import Party, Protocol

_LASTING = ("_links", "_stream")
"""Where makers of material keep what lasts for a session: the links of MASCOT, the stream of the dealer's client."""


@dataclass(frozen=True)
class Released:
    """One value that the library gave to a program: to everybody, or to one party (None at the others)."""

    to: int | None
    value: Any


class Secrets:
    """References to what must not outlive a session, kept from the moment that it is made."""

    def __init__(self, state: SessionState, source: MaterialSource) -> None:
        self._state = state
        self._source = source
        self._kept: dict[str, list[Any]] = {name: _keep_all(source, name) for name in _LASTING if name in vars(source)}

    @property
    def key_alive(self) -> bool:
        """Whether the MAC key share can still be used."""
        return self._state.domains.alive

    @property
    def material_alive(self) -> bool:
        """Whether material can still be taken."""
        return any(self._source.store.available(kind) for kind in self._source.store.made)

    def remains(self) -> list[str]:
        """What is not overwritten: bits of alpha, Deltas, streams, VOLEs, by name."""
        return sorted({name for what, kept in self._kept.items() for name in _remains(kept, what, set())})


def _keep_all(owner: object, attribute: str) -> list[Any]:
    """Remember everything that is ever stored in an attribute of one object."""
    kept = [getattr(owner, attribute)]
    kind = type(owner)
    seen = property(lambda _: kept[-1], lambda _, value: kept.append(value))
    owner.__class__ = type(kind.__name__, (kind,), {attribute: seen})
    return kept


def _remains(thing: Any, name: str, seen: set[int]) -> Iterator[str]:
    """Names of arrays below `thing` that hold something but zeros, and of streams that still run."""
    if id(thing) in seen or isinstance(thing, Field | Place | OtInstance | str | int | None):
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray | FieldArray):
        if (thing.limbs if isinstance(thing, FieldArray) else thing).any():
            yield name
    elif isinstance(thing, bytes | bytearray):
        if any(thing):
            yield name
    elif isinstance(thing, Prg):
        if thing._stream is not None:
            yield name
    elif isinstance(thing, Mapping | list | tuple | set):
        for inner in thing.values() if isinstance(thing, Mapping) else thing:
            yield from _remains(inner, name, seen)
    if type(thing).__module__.startswith("spdz."):
        for slot in _attributes(thing):
            yield from _remains(getattr(thing, slot, None), f"{name}.{slot.lstrip('_')}", seen)


def _attributes(thing: object) -> list[str]:
    slots = [slot for kind in type(thing).__mro__ for slot in getattr(kind, "__slots__", ())]
    return [*vars(thing), *slots] if hasattr(thing, "__dict__") else slots


class Observer:
    """The eyes on one party."""

    def __init__(self, state: SessionState, source: MaterialSource) -> None:
        self.secrets = Secrets(state, source)
        self.released: list[Released] = []
        self.first_error: BaseException | None = None
        """The first error that left the library, whatever the program did with it."""
        self.key_alive = self.material_alive = False
        self.remains: list[str] = []

    def error_left(self, error: BaseException) -> None:
        """An error has left the library: from now on no secret may be there."""
        if self.first_error is None:
            self.first_error = error
            self.look()

    def look(self) -> None:
        """See what is left of the secrets; what was there once is not forgotten."""
        self.key_alive |= self.secrets.key_alive
        self.material_alive |= self.secrets.material_alive
        self.remains = sorted({*self.remains, *self.secrets.remains()})


class ObservedParty(Party):
    """The honest driver, whose errors are seen before the program can catch them."""

    observer: Observer

    def run(self, protocol: Protocol, name: str) -> Any:
        try:
            return super().run(protocol, name)
        except BaseException as error:
            self.observer.error_left(error)
            raise

    def close(self) -> None:
        try:
            super().close()
        except BaseException as error:
            self.observer.error_left(error)
            raise


class ObservedMpc(Mpc):
    """The honest session; what it releases is copied before the program sees it."""

    def reveal(self, *arrays: Any) -> Any:
        return self._seen(None, super().reveal(*arrays))

    def reveal_to(self, *arrays: Any, party: int) -> Any:
        return self._seen(party, super().reveal_to(*arrays, party=party))

    def _seen(self, to: int | None, value: Any) -> Any:
        if isinstance(self._party, ObservedParty):
            self._party.observer.released.append(Released(to, copy.deepcopy(value)))
        return value


def is_consequence(error: BaseException | None) -> bool:
    """Whether a corrupted party may end like this because of its cheat. Anything else is a fault of the cheat."""
    return isinstance(error, ProtocolAbort | TransportError | ConfigurationMismatch)
