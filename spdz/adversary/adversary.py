"""The adversary: one mind behind all corrupted parties of a session, which decides what each of them sends."""

from __future__ import annotations

import difflib
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from spdz.adversary.cheats import Cheat, CopyHonest, Recording, Reorder, View
from spdz.adversary.message import Message
from spdz.errors import UsageError
from spdz.field import Field
from spdz.wire.steps import all_steps


class Adversary:
    """Holds the cheats of one session, what the coalition has seen, and whether each cheat has happened."""

    def __init__(
        self,
        cheats: Sequence[Cheat],
        parties: int,
        field: Field,
        *,
        corrupted: frozenset[int] = frozenset(),
        recording: Recording | None = None,
    ) -> None:
        self.cheats = tuple(cheats)
        self.corrupted = corrupted | {cheat.by for cheat in cheats}
        self.fired = [0] * len(self.cheats)
        """How many messages each cheat has changed, or how often altered code has run."""
        self._honest = frozenset(range(parties)) - self.corrupted
        self._field = field
        self._recording: Recording = recording or {}
        self._lock = threading.RLock()
        self._labels: list[list[bytes]] = [[] for _ in self.cheats]
        self._seen: dict[tuple[int, bytes], dict[int, Message]] = defaultdict(dict)
        self._sent: dict[tuple[int, int], list[Message]] = defaultdict(list)

    def saw(self, message: Message) -> None:
        """A message has reached a corrupted party."""
        with self._lock:
            if message.sender in self._honest:
                self._seen[(message.receiver, message.header.label)][message.sender] = message

    def shown(self, message: Message) -> Message | None:
        """What the corrupted party's own code is shown of a message that has come; None if it must wait."""
        with self._lock:
            for i, cheat in enumerate(self.cheats):
                if not isinstance(cheat, CopyHonest) or not cheat.pretend or message.sender not in self._honest:
                    continue
                if cheat.by != message.receiver or cheat.step != message.step:
                    continue
                own = self._sent_at(message.receiver, message.header.label)
                if own is None:
                    return None
                if self._fits(i, own):
                    return message.with_payload(own.payload)
            return message

    def _sent_at(self, sender: int, label: bytes) -> Message | None:
        """What the party's code wanted to send at a place of the program."""
        for honest in self._honest:
            for message in reversed(self._sent[(sender, honest)]):
                if message.header.label == label:
                    return message
        return None

    def holds(self, message: Message) -> bool:
        """Whether the message waits for the honest ones of its exchange."""
        with self._lock:
            rushing = any(cheat.rushing and self._fits(i, message) for i, cheat in enumerate(self.cheats))
            return rushing and not self._honest <= self._seen[(message.sender, message.header.label)].keys()

    def changed(self, message: Message) -> list[Message]:
        """What leaves instead of a message of a corrupted party."""
        with self._lock:
            messages = [message]
            for i, cheat in enumerate(self.cheats):
                if isinstance(cheat, Reorder) or not self._fits(i, message):
                    continue
                view = self._view(i, message)
                after = [new for old in messages for new in cheat.change(old, view)]
                self.fired[i] += after != messages
                messages = after
            self._sent[(message.sender, message.receiver)].append(message)
            return messages

    def reordered(self, batch: list[Message]) -> list[Message]:
        """The messages that leave together for one peer, in the order that the cheats want."""
        with self._lock:
            for i, cheat in enumerate(self.cheats):
                places = [place for place, message in enumerate(batch) if self._moves(i, cheat, message)]
                if places and len(batch) > 1:
                    moved = batch.pop(places[0])
                    batch.insert(0 if places[0] == len(batch) else len(batch), moved)
                    self.fired[i] += 1
            return batch

    def firing(self, index: int) -> Callable[[], None]:
        """What altered code calls when it does what it should not."""

        def fire() -> None:
            with self._lock:
                self.fired[index] += 1

        return fire

    def _moves(self, index: int, cheat: Cheat, message: Message) -> bool:
        return isinstance(cheat, Reorder) and self._fits(index, message)

    def _fits(self, index: int, message: Message) -> bool:
        cheat, labels = self.cheats[index], self._labels[index]
        if message.sender != cheat.by or (cheat.to is not None and message.receiver != cheat.to):
            return False
        if message.step == "control" or message.receiver in self.corrupted:
            return False
        begun = len(labels) > cheat.skip
        if message.step == cheat.step and message.header.label not in labels:
            labels.append(message.header.label)
        if cheat.lasting:
            return begun or len(labels) > cheat.skip
        place = labels.index(message.header.label) if message.header.label in labels else -1
        return place == cheat.skip or (cheat.every and place > cheat.skip)

    def _view(self, index: int, message: Message) -> View:
        seen: Mapping[int, Message] = self._seen[(message.sender, message.header.label)]
        earlier = self._sent[(message.sender, message.receiver)]
        occurrence = sum(1 for one in earlier if one.step == message.step)
        return View(self._field, seen, earlier, self._recording, occurrence)


def check_cheats(cheats: Sequence[Cheat], parties: int, endpoints: int, corrupted: frozenset[int]) -> None:
    """Refuse what cannot happen, naming the nearest thing that can: unknown steps and parties, nobody honest."""
    names = all_steps()
    for cheat in cheats:
        if cheat.step not in names:
            near = difflib.get_close_matches(cheat.step, names, 1, cutoff=0.0)
            raise UsageError(f"there is no step {cheat.step!r}; did you mean {near[0]!r}?")
        _check_party("by", cheat.by, endpoints)
        if cheat.to is not None:
            _check_party("to", cheat.to, endpoints)
        if cheat.to == cheat.by:
            raise UsageError(f"party {cheat.by} cannot cheat itself: choose another receiver")
    for party in corrupted:
        _check_party("corrupted", party, endpoints)
    bad = {party for party in corrupted | {cheat.by for cheat in cheats} if party < parties}
    if len(bad) >= parties:
        raise UsageError(f"all {parties} parties are corrupted; at least one must be honest")


def _check_party(name: str, party: int, endpoints: int) -> None:
    if not 0 <= party < endpoints:
        near = min(max(party, 0), endpoints - 1)
        raise UsageError(f"{name}={party!r}: there is no such party; the nearest is {near} (0 to {endpoints - 1})")
