"""A sharing domain: an algebra, this party's share of a MAC key over it, and how its openings are checked.

A session has several domains by name. Opening, MAC check and output work through this interface alone, so a new kind of
sharing is a new subclass of `SharingDomain`, given to `Domains.add`, and nothing else changes.

Every domain has a key of its own, but there is one check for all of them: it holds all keys of the session, so no two
checks run at once under any of them, and the first failure destroys all. No bit of a key may protect anything but MACs:
the difference that a failed check shows is a multiple of the key.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Generic, Protocol, TypeVar

from spdz.crypto.prg import Prg
from spdz.errors import InternalError
from spdz.sharing.mac_key import MacKey
from spdz.sharing.unverified import Opened
from spdz.wire.codec import Codec


class Values(Protocol):
    """An array of the domain's algebra. Reshaped or sliced it is a view."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def size(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...

    def reshape(self, shape: tuple[int, ...], /) -> Any: ...


ValuesT = TypeVar("ValuesT", bound=Values)
Values_co = TypeVar("Values_co", bound=Values, covariant=True)


class Share(Protocol[Values_co]):
    """One party's authenticated share of an array, in whatever form its domain keeps the MAC."""

    @property
    def value(self) -> Values_co:
        """This party's summand of the shared array: what it says when the array is opened."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def size(self) -> int: ...


ShareT = TypeVar("ShareT")
OpeningT = TypeVar("OpeningT", bound=Opened)


class SharingDomain(ABC, Generic[ShareT, ValuesT, OpeningT]):
    """One kind of sharing.

    name         how the session and the log of unverified openings call it
    coins_label  under which the coins of a check are expanded for it; no two domains share one
    """

    def __init__(self, name: str, coins_label: str) -> None:
        self.name = name
        self.coins_label = coins_label
        self._key: MacKey[Any] | None = None

    # ---- the key

    @property
    def key(self) -> MacKey[Any]:
        """The MAC key share; set-up makes it."""
        if self._key is None:
            raise InternalError("the MAC key share is used before set-up made it")
        return self._key

    @property
    def has_key(self) -> bool:
        """True from set-up on, even when the key is destroyed."""
        return self._key is not None

    def install(self, key: MacKey[Any]) -> None:
        """Take the key share that set-up has made."""
        self._key = key

    # ---- shares

    @abstractmethod
    def owns(self, share: object) -> bool:
        """Whether a share belongs to this domain. No share may belong to two domains of a session."""

    @abstractmethod
    def public(self, value: ValuesT) -> ShareT:
        """A share of a public constant. Local; needs the key."""

    @abstractmethod
    def nothing(self, shape: tuple[int, ...]) -> ShareT:
        """A share of an array without entries. Needs no key."""

    @abstractmethod
    def zeros(self, shape: tuple[int, ...]) -> ValuesT:
        """An array of zeros."""

    @abstractmethod
    def differences(self, *pairs: tuple[ShareT, ShareT]) -> ValuesT:
        """This party's summands of x - a for every pair (x, a), one after the other, flat."""

    # ---- opening

    @abstractmethod
    def codec(self, like: ValuesT) -> Codec:
        """How an array of the shape of `like` travels."""

    @abstractmethod
    def add_into(self, total: ValuesT, other: ValuesT) -> None:
        """Add `other` to `total` in place."""

    @abstractmethod
    def opening(self, path: str, value: ValuesT, *pieces: ShareT | tuple[ShareT, ShareT]) -> OpeningT:
        """What the log keeps of an opened array: shares of its consecutive pieces, or pairs (x, a) for a piece x - a.

        Views, not copies: the check reads them later.
        """

    # ---- check

    @property
    @abstractmethod
    def sigma_codec(self) -> Codec:
        """How a sigma is encoded. `decode` raises ValueError for what is none."""

    @abstractmethod
    def sigma(self, openings: Sequence[OpeningT], coins: Prg) -> Any:
        """This party's sigma of these openings: all sigma add up to zero if they fit their MACs.

        `coins` are public, and were unknown to everybody when the list was closed. A wrong opening must pass with a
        probability of about one over the number of keys only.
        """

    @abstractmethod
    def sum_is_zero(self, sigmas: Sequence[Any]) -> bool:
        """Whether the sigma of all parties add up to zero."""


AnyDomain = SharingDomain[Any, Any, Any]


class Domains:
    """The sharing domains of one party's session."""

    def __init__(self, *domains: AnyDomain) -> None:
        self._domains: dict[str, AnyDomain] = {}
        for domain in domains:
            self.add(domain)

    def add(self, domain: AnyDomain) -> None:
        """Make a domain known to the session. InternalError if its name or its label of coins is taken."""
        if domain.name in self._domains:
            raise InternalError(f"this session has a sharing domain named {domain.name} already")
        if domain.coins_label in {other.coins_label for other in self}:
            raise InternalError(f"another sharing domain expands coins under the label {domain.coins_label}")
        self._domains[domain.name] = domain

    def __iter__(self) -> Iterator[AnyDomain]:
        return iter(self._domains.values())

    def __getitem__(self, name: str) -> AnyDomain:
        if name not in self._domains:
            raise InternalError(f"this session has no sharing domain named {name}")
        return self._domains[name]

    def of(self, share: Share[ValuesT]) -> SharingDomain[Any, ValuesT, Any]:
        """The domain that a share belongs to. InternalError unless there is exactly one."""
        owners = [domain for domain in self if domain.owns(share)]
        if len(owners) != 1:
            raise InternalError(f"a {type(share).__name__} belongs to {len(owners)} sharing domains of this session")
        return owners[0]

    @property
    def alive(self) -> bool:
        """Whether any key can still be used."""
        return any(domain.has_key and domain.key.alive for domain in self)

    def destroy(self) -> None:
        """Overwrite and forget all key shares, each even if the destruction of another is interrupted."""
        with ExitStack() as steps:
            for domain in self:
                if domain.has_key:
                    steps.callback(domain.key.destroy)

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Hold all keys that set-up has made for one check; see `MacKey.checking`. A failure destroys all of them."""
        keys = [domain.key for domain in self if domain.has_key]
        if not keys:
            raise InternalError("a MAC check began before set-up made a key")
        try:
            with ExitStack() as held:
                for key in keys:
                    held.enter_context(key.checking())
                yield
        except BaseException:
            self.destroy()
            raise
