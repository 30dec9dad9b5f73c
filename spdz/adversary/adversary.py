"""The adversary: one mind behind all corrupted parties of a session, which decides what each of them sends."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from spdz.adversary.cheats import Cheat, CopyHonest, Recording, Reorder, View
from spdz.adversary.message import Message
from spdz.field import Field
from spdz.protocols.material_source import MaterialSource


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
        self.foreseen: list[bool] = []
        """Of guesses at single bits: whether each is right."""
        self.makers: dict[int, MaterialSource] = {}
        """Everybody's makers of material, from which the harness reads whether a guess is right."""
        self._honest = frozenset(range(parties)) - self.corrupted
        self._eyes = frozenset(range(parties)) & self.corrupted
        self._field = field
        self._recording: Recording = recording or {}
        self._lock = threading.RLock()
        self._labels: list[list[bytes]] = [[] for _ in self.cheats]
        self._seen: dict[tuple[int, bytes], dict[int, Message]] = defaultdict(dict)
        self._sent: dict[tuple[int, int], list[Message]] = defaultdict(list)
        self._heard: dict[bytes, dict[tuple[int, int], Message]] = defaultdict(dict)
        self._wanted: dict[bytes, dict[tuple[int, int], Message]] = defaultdict(dict)

    def wants(self, message: Message) -> None:
        """The code of a corrupted party wants to send a message; from now on the whole coalition knows."""
        with self._lock:
            self._wanted[message.header.label][message.sender, message.receiver] = message

    def saw(self, message: Message) -> None:
        """A message has reached a corrupted party."""
        with self._lock:
            self._heard[message.header.label][message.sender, message.receiver] = message
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

    def rushes(self, message: Message) -> bool:
        """Whether a rushing cheat is about the message: then it is held, at least until the party waits."""
        with self._lock:
            return any(cheat.rushing and self._fits(i, message) for i, cheat in enumerate(self.cheats))

    def holds(self, message: Message) -> bool:
        """Whether a held message waits for honest ones of its exchange, or for what the coalition wants to send."""
        with self._lock:
            label = message.header.label
            speakers = {sender for sender, _ in self._wanted[label]}
            heard = all(self._honest <= self._seen[(eyes, label)].keys() for eyes in self._eyes)
            return not (heard and self._eyes <= speakers)

    def changed(self, message: Message) -> list[Message]:
        """What leaves instead of a message of a corrupted party."""
        with self._lock:
            messages = [message]
            for i, cheat in enumerate(self.cheats):
                if isinstance(cheat, Reorder) or not self._fits(i, message):
                    continue
                view = self._view(i, message)
                after = [new for old in messages for new in cheat.change(old, view)]
                if after != messages:
                    self._fire(i, message.receiver)
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

    def firing(self, index: int) -> Callable[..., None]:
        """What altered code calls when it does what it should not, with the peer that is cheated if it is one."""

        def fire(towards: int | None = None) -> None:
            with self._lock:
                self._fire(index, towards)

        return fire

    def _fire(self, index: int, towards: int | None) -> None:
        self.fired[index] += 1
        maker = self.makers.get(towards) if towards is not None else None
        right = self.cheats[index].foresee(maker) if maker is not None else None
        if right is not None:
            self.foreseen.append(right)

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
        label = message.header.label
        return View(
            self._field,
            seen,
            earlier,
            self._recording,
            occurrence,
            message.receiver,
            self._heard[label],
            self._wanted[label],
        )
