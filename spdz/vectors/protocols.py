"""The protocols that are recorded on their own, on shares that the vector gives. All run under the path `main`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from spdz.field import Field, FieldArray
from spdz.online.operations.inputs import share_input
from spdz.online.operations.matrices import matmul, matmul_by_triples
from spdz.online.operations.products import multiply, square
from spdz.online.operations.publish import publish
from spdz.preprocessing.ot.base import base_ots
from spdz.protocols.coin_toss import toss
from spdz.protocols.commit import commit_and_open
from spdz.protocols.mac_check import OPENING_CHECK, check_openings
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT, output, output_to
from spdz.runtime.context import Context, SessionState
from spdz.runtime.traps import Trap
from spdz.sharing.material import InputMasks, Squares, Triples
from spdz.sharing.shares import AuthShare
from spdz.vectors.files import Case
from spdz.wire.plain import decode_plain, encode_plain

Result = dict[str, bytes]
Recorded = Callable[[Context, "Given"], Coroutine[Trap, Any, Result]]


def elements(case: Case, place: str, field: Field, text: str, shape: tuple[int, ...]) -> FieldArray:
    """An array of a test. Raises UsageError naming the field of the file."""
    try:
        return field.from_bytes(bytearray.fromhex(text), shape)
    except ValueError as error:
        raise case.fault(place, str(error)) from None


class Given:
    """What a vector gives to one party."""

    def __init__(self, case: Case, state: SessionState) -> None:
        self._case = case
        self._field = state.field
        self._party = state.party
        self._given = case.test["given"]

    def _array(self, place: str, text: str, shape: tuple[int, ...]) -> FieldArray:
        return elements(self._case, place, self._field, text, shape)

    def _of_party(self, place: str, texts: list[str]) -> str:
        if len(texts) != self._case.params["parties"]:
            raise self._case.fault(place, f"has {len(texts)} entries for {self._case.params['parties']} parties")
        return texts[self._party]

    def _entry(self, name: str) -> Any:
        if name not in self._given:
            raise self._case.fault(f"given.{name}", "is missing")
        return self._given[name]

    @property
    def mac_key(self) -> FieldArray | None:
        """alpha_i, where there are shares."""
        if "macKey" not in self._given:
            return None
        return self._array("given.macKey", self._of_party("given.macKey", self._given["macKey"]), ())

    def share(self, name: str) -> AuthShare:
        """This party's share of the array `name`."""
        arrays = self._entry("arrays")
        if name not in arrays:
            raise self._case.fault(f"given.arrays.{name}", "is missing")
        place, entry = f"given.arrays.{name}", arrays[name]
        value, mac = (
            self._array(f"{place}.{part}", self._of_party(f"{place}.{part}", entry[part]), tuple(entry["shape"]))
            for part in ("values", "macs")
        )
        return AuthShare(value, mac)

    def masks(self, owner: int) -> InputMasks:
        """Input masks `r`, in clear at their owner."""
        share = self.share("r")
        clear = self._array("given.clear", self._entry("clear"), share.shape)
        return InputMasks(share, clear if self._party == owner else None)

    def values(self, shape: tuple[int, ...]) -> FieldArray:
        """What an owner puts in."""
        return self._array("given.values", self._entry("values"), shape)

    def published(self) -> Any:
        """The plain value that an owner publishes."""
        return decode_plain(bytes.fromhex(self._entry("values")))

    def number(self, name: str) -> int:
        """An integer."""
        return int(self._entry(name))

    def payload(self) -> bytes:
        """What this party commits to."""
        return bytes.fromhex(self._of_party("given.payloads", self._entry("payloads")))

    def choices(self) -> dict[int, list[int]]:
        """This party's choice bits towards each peer."""
        rows = [row for row in self._entry("choices") if row["receiver"] == self._party]
        return {row["sender"]: row["bits"] for row in rows}


def _shares(share: AuthShare) -> Result:
    return {"value": share.value.to_bytes(), "mac": share.mac.to_bytes()}


async def _commit_and_open(ctx: Context, given: Given) -> Result:
    payloads = await commit_and_open(ctx, OPENING_CHECK.sigma, given.payload())
    return {f"payload {party}": payload for party, payload in enumerate(payloads)}


async def _toss(ctx: Context, given: Given) -> Result:
    del given
    coins = await toss(ctx, OPENING_CHECK.coins, after=None)
    return {"key": coins.key("a use"), "elements": coins.elements("another use", (5,)).to_bytes()}


async def _open_and_check(ctx: Context, given: Given) -> Result:
    """Two openings, then the check."""
    opened = {name: await partial_open(ctx, OUTPUT, given.share(name)) for name in ("x", "y")}
    await check_openings(ctx)
    return {name: value.to_bytes() for name, value in opened.items()}


async def _input(ctx: Context, given: Given) -> Result:
    owner = given.number("owner")
    masks = given.masks(owner)
    values = given.values(masks.share.shape) if ctx.party == owner else None
    return _shares(await share_input(ctx, owner, values, masks))


def _triple(given: Given) -> Triples:
    return Triples(*(given.share(name) for name in "abc"))


async def _multiply(ctx: Context, given: Given) -> Result:
    return _shares(await multiply(ctx, given.share("x"), given.share("y"), _triple(given)))


async def _square(ctx: Context, given: Given) -> Result:
    return _shares(await square(ctx, given.share("x"), Squares(given.share("a"), given.share("b"))))


async def _matmul(ctx: Context, given: Given) -> Result:
    return _shares(await matmul(ctx, given.share("x"), given.share("y"), _triple(given)))


async def _matmul_by_triples(ctx: Context, given: Given) -> Result:
    return _shares(await matmul_by_triples(ctx, given.share("x"), given.share("y"), _triple(given)))


async def _output(ctx: Context, given: Given) -> Result:
    return {"opened": (await output(ctx, given.share("x"))).to_bytes()}


async def _output_to(ctx: Context, given: Given) -> Result:
    receiver = given.number("receiver")
    opened = await output_to(ctx, given.share("x"), receiver, given.masks(receiver))
    return {} if opened is None else {"opened": opened.to_bytes()}


async def _publish(ctx: Context, given: Given) -> Result:
    owner = given.number("owner")
    told = await publish(ctx, owner, given.published() if ctx.party == owner else None)
    return {"value": encode_plain(told)}


async def _base_ots(ctx: Context, given: Given) -> Result:
    keys = await base_ots(ctx, given.choices())
    result = {}
    for peer, found in keys.items():
        result[f"chosen, sender {peer}"] = b"".join(found.chosen)
        result[f"pairs, receiver {peer}"] = b"".join(first + second for first, second in found.pairs)
    return result


PROTOCOLS: Mapping[str, Recorded] = {
    "commit and open": _commit_and_open,
    "coin toss": _toss,
    "open and check": _open_and_check,
    "input": _input,
    "multiply": _multiply,
    "square": _square,
    "matmul": _matmul,
    "matmul by triples": _matmul_by_triples,
    "output": _output,
    "output to": _output_to,
    "publish": _publish,
    "base ot": _base_ots,
}
