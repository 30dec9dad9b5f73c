"""Corrupted parties that run altered protocol code, and so believe what they say.

Each class replaces functions of the corrupted party's own objects (its maker of material, its context, its source of
random bytes); no other party of the process is touched. `step` names where the alteration shows first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from spdz.adversary.cheats import Cheat, View, add_to_element
from spdz.adversary.message import Message
from spdz.crypto.randomness import Randomness
from spdz.field import FieldArray
from spdz.params import COMPUTATIONAL_BITS
from spdz.preprocessing.mascot.generator import Maker, MascotPreprocessing
from spdz.preprocessing.mascot.links import Links
from spdz.preprocessing.ot.base import KEY_BYTES
from spdz.preprocessing.ot.extension import OtReceiver, ReceiverRows
from spdz.preprocessing.ot.rows import Bits
from spdz.protocols.material_source import MaterialSource
from spdz.runtime.context import Context
from spdz.runtime.party import Party
from spdz.sharing.field_domain import Opening
from spdz.sharing.mac_key import MacKey
from spdz.sharing.material import Batch, Kind, input_masks
from spdz.sharing.unverified import Opened, Unverified
from spdz.wire.codec import Codec
from spdz.wire.steps import Step

Fired = Callable[..., None]
"""Called when altered code has done something, with the peer that is cheated if it is a single one."""


@dataclass(frozen=True)
class Altered(Cheat):
    """A cheat in the code of the corrupted party; its messages leave as that code makes them."""

    def change(self, message: Message, view: View) -> list[Message]:
        return [message]

    def install(self, party: Party, source: MaterialSource, fired: Fired) -> MaterialSource:
        if isinstance(source, MascotPreprocessing):
            self.alter(source, fired)
        return source

    def alter(self, maker: MascotPreprocessing, fired: Fired) -> None:
        """Change the corrupted party's generator."""

    def targets(self, peers: tuple[int, ...]) -> list[int]:
        """The peers that are cheated."""
        return [peer for peer in peers if self.to is None or peer == self.to]


# -- oblivious transfer -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GuessBitsOfDelta(Cheat):
    """Selective failure: wrong sums of side 1 for the first `bits` base OTs; right if these bits of Delta are zero."""

    step: str = "setup.ot_trees"
    bits: int = 16

    def change(self, message: Message, view: View) -> list[Message]:
        data = bytearray(message.payload)
        for index in range(self.bits):
            data[(2 * index + 1) * KEY_BYTES] ^= 1
        return [message.with_payload(bytes(data))]


@dataclass(frozen=True)
class InconsistentChoiceBits(Altered):
    """Use another choice bit of the first OT in `columns` columns: a guess that these bits of Delta are zero.

    A tree of k base OTs has k columns, and all of them change together: `columns` is rounded up to whole trees.
    """

    step: str = "ot_extension.columns"
    columns: int = 16

    def alter(self, maker: MascotPreprocessing, fired: Fired) -> None:
        honest = maker.set_up

        async def set_up(ctx: Context) -> None:
            await honest(ctx)
            for peer in self.targets(ctx.peers):
                _flip_in_some_columns(maker._links[peer].ot_receiver, self.columns, partial(fired, peer))

        maker.set_up = set_up  # type: ignore[method-assign]

    def foresee(self, maker: MaterialSource) -> bool | None:
        """Trees of one bit only: the bits of the victim's Delta under the columns are all zero."""
        if not isinstance(maker, MascotPreprocessing) or maker.params.ot_tree_bits != 1 or self.columns > 1:
            return None
        link = maker._links.get(self.by)
        return None if link is None else not link.ot_sender.masks[: self.columns].any()


def _flip_in_some_columns(receiver: OtReceiver, columns: int, fired: Fired) -> None:
    honest = receiver.extend

    def extend(choices: Bits, randomness: Randomness, threads: int = 1) -> tuple[Bits, ReceiverRows]:
        fired()
        message, rows = honest(choices, randomness, threads)
        depth = COMPUTATIONAL_BITS // len(message)
        message[: -(-columns // depth), 0] ^= 1
        return message, rows

    receiver.extend = extend  # type: ignore[method-assign]


@dataclass(frozen=True)
class WrongBitsOfA(Altered):
    """Use the bits of another `a` in the OTs, consistently in all columns: the products are of something else."""

    step: str = "ot_extension.columns"

    def alter(self, maker: MascotPreprocessing, fired: Fired) -> None:
        honest = maker.set_up

        async def set_up(ctx: Context) -> None:
            await honest(ctx)
            for peer in self.targets(ctx.peers):
                _flip_a_choice(maker._links[peer].ot_receiver, fired)

        maker.set_up = set_up  # type: ignore[method-assign]


def _flip_a_choice(receiver: OtReceiver, fired: Fired) -> None:
    honest = receiver.extend

    def extend(choices: Bits, randomness: Randomness, threads: int = 1) -> tuple[Bits, ReceiverRows]:
        fired()
        other = choices.copy()
        other[0] ^= 1
        return honest(other, randomness, threads)

    receiver.extend = extend  # type: ignore[method-assign]


@dataclass(frozen=True)
class GuessBitsOfA(Cheat):
    """Selective failure: use another b under the lowest `bits` bits of the peer's first `a`; right if all are zero."""

    step: str = "multiply.corrections"
    bits: int = 16

    def change(self, message: Message, view: View) -> list[Message]:
        for bit in range(self.bits):
            message = add_to_element(message, view.field, bit, 1)
        return [message]

    def foresee(self, maker: MaterialSource) -> bool | None:
        """The victim's `a` is what it chose in the extension that the message belongs to."""
        if self.bits > 1 or self.step != "multiply.corrections" or not isinstance(maker, MascotPreprocessing):
            return None
        link = maker._links.get(self.by)
        return None if link is None else not link.ot_receiver.open_rows[-1].choices[0] & 1


# -- the MAC key ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GuessKeyBits(Cheat):
    """Selective failure: another input under the lowest `bits` bits of the peer's key share; right if all are zero.

    Only where values are authenticated by COPEe; with silent VOLE that is the base of the first VOLEs.
    """

    step: str = "copee.corrections"
    bits: int = 16

    def change(self, message: Message, view: View) -> list[Message]:
        # The message is a matrix with a row for each bit of the key, lowest first.
        count = len(message.payload) // view.field.element_bytes // view.field.bits
        for bit in range(self.bits):
            message = add_to_element(message, view.field, bit * count, 1)
        return [message]

    def foresee(self, maker: MaterialSource) -> bool | None:
        if self.bits > 1 or not isinstance(maker, MascotPreprocessing):
            return None
        link = maker._links.get(self.by)
        return None if link is None else not link.key_holder._bits[0]


@dataclass(frozen=True)
class OtherKeyPerBatch(Altered):
    """Use another MAC key share from the second batch of material on."""

    step: str = "copee.corrections"

    def alter(self, maker: MascotPreprocessing, fired: Fired) -> None:
        batches: list[Kind] = []

        def wrapped(honest: Maker) -> Maker:
            async def make(ctx: Context, links: Links, kind: Kind, count: int) -> Batch:
                batches.append(kind)
                if len(batches) == 2:
                    fired()
                    ctx.session.field_domain.install(MacKey(ctx.session.key.share + 1))
                return await honest.make(ctx, links, kind, count)

            return dataclasses.replace(honest, make=make)

        makers = {name: wrapped(honest) for name, honest in maker.protocols.makers.items()}
        maker.protocols = dataclasses.replace(maker.protocols, makers=makers)


# -- openings and inputs ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ForgedMac(Cheat):
    """Open a share that is `delta` off in its first element, and a MAC share to fit if the key were `guess`.

    For three parties and more, add CopyHonest("broadcast.echo", by=..., pretend=True).
    """

    step: str = "output.open"
    delta: int = 1
    guess: int = 1

    replaces_context: ClassVar[bool] = True

    def change(self, message: Message, view: View) -> list[Message]:
        return [add_to_element(message, view.field, 0, self.delta)]

    def install(self, party: Party, source: MaterialSource, fired: Fired) -> MaterialSource:
        party.context = _ForgingContext(party.session, party.context.path, _ForgingLog(self))
        return source


class _ForgingLog(Unverified):
    """Logs what the forger has opened as it wishes it to be."""

    def __init__(self, cheat: ForgedMac) -> None:
        super().__init__()
        self.cheat = cheat

    def record_opening(self, domain: str, opening: Opened) -> None:
        if isinstance(opening, Opening) and opening.path.endswith(f".{self.cheat.step}"):
            value, forged = _with_added(opening.value, self.cheat.delta), self.cheat.delta * self.cheat.guess
            (mac, mask), *others = opening.macs
            opening = Opening(opening.path, value, ((_with_added(mac, forged), mask), *others))
        super().record_opening(domain, opening)


class _ForgingContext(Context):
    """A context all of whose children keep a forged log."""

    def child(self, name: str, unverified: Unverified | None = None) -> Context:
        log = self.unverified
        if unverified is not None and isinstance(log, _ForgingLog):
            log = _ForgingLog(log.cheat)
        return _ForgingContext(self.session, self._next_path(name), log)


def _with_added(values: FieldArray, delta: int) -> FieldArray:
    changed = values.copy().ravel()
    changed[0] = changed[0] + delta
    return changed.reshape(*values.shape)


@dataclass(frozen=True)
class OtherInput(Altered):
    """Input something else than the program says: every value `delta` higher. Everybody is free to do that."""

    step: str = "input.masked"
    delta: int = 1

    def install(self, party: Party, source: MaterialSource, fired: Fired) -> MaterialSource:
        honest = source.store.add

        def add(batch: Batch) -> None:
            if batch.kind == input_masks(self.by) and batch.clear is not None:
                fired()
                batch = dataclasses.replace(batch, clear=batch.clear - self.delta)
            honest(batch)

        source.store.add = add  # type: ignore[method-assign]
        return source


# -- going on where the honest code would stop ------------------------------------------------------------------------


@dataclass(frozen=True)
class IgnoreVoleCheck(Altered):
    """As the holder of a key, take every answer in the check of silent VOLEs for the right one, and go on.

    For a cheat in what the key holder sends there: its own code is the first to see that the VOLEs are wrong.
    """

    step: str = "vole.response"

    replaces_context: ClassVar[bool] = True

    def install(self, party: Party, source: MaterialSource, fired: Fired) -> MaterialSource:
        party.context = _UnmovedContext(party.session, party.context.path, party.context.unverified)
        fired()
        return source


class _UnmovedContext(Context):
    """A context in all of whose children the answers of a VOLE check equal whatever they are compared with."""

    def child(self, name: str, unverified: Unverified | None = None) -> Context:
        return _UnmovedContext(self.session, self._next_path(name), unverified or self.unverified)

    async def exchange(
        self, step: Step, sends: Mapping[int, tuple[Codec, Any]], receives: Mapping[int, Codec]
    ) -> dict[int, Any]:
        answers = await super().exchange(step, sends, receives)
        if step.name == "vole.response":
            answers = {peer: _EqualToAll(value.field, value.limbs) for peer, value in answers.items()}
        return answers


class _EqualToAll(FieldArray):
    __slots__ = ()

    def equals(self, other: FieldArray) -> bool:
        return True
