"""The MASCOT generator of a recording: its parameters, and choices that are no choice in a session of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spdz.params import MascotParams
from spdz.preprocessing.mascot.generator import MascotPreprocessing, MascotProtocols
from spdz.preprocessing.mascot.pipeline import make_triples_in_flight
from spdz.preprocessing.vole.code import PLAN, LpnParams, VolePlan
from spdz.runtime.context import Context
from spdz.runtime.party import Party
from spdz.sharing.material import Kind
from spdz.vectors.files import Case


def mascot_params(case: Case) -> MascotParams:
    """What the line of the hello message says."""
    bits, _, authentication = case.params["mascot"].partition(" bits per OT tree, ")
    return MascotParams(int(bits), authentication)


def _plan(case: Case) -> VolePlan:
    if "volePlan" not in case.params:
        return PLAN
    plan = case.params["volePlan"]
    return VolePlan(LpnParams(**plan["first"]), LpnParams(**plan["main"]), plan["threshold"])


class RecordedMascot(MascotPreprocessing):
    """Takes the plan of silent VOLE from the recording, and the sizes of batches in flight, if it says any."""

    def __init__(self, case: Case) -> None:
        super().__init__(None, mascot_params(case), MascotProtocols(vole_plan=_plan(case)))
        self._sizes = _sizes(case)

    async def produce(self, ctx: Context, demand: Mapping[Kind, int]) -> None:
        """As a session makes material, but for the sizes of batches."""
        if self._sizes:
            await make_triples_in_flight(ctx, self._links, self._sizes, self.store.add, self.protocols.make_candidates)
        else:
            await super().produce(ctx, demand)


def _sizes(case: Case) -> list[int]:
    entries = case.test["given"]["material"]
    for index, entry in enumerate(entries):
        if "batches" in entry and (len(entries) > 1 or sum(entry["batches"]) != entry["count"]):
            raise case.fault(f"given.material[{index}].batches", "must add up to the count of all there is to make")
    sizes: list[int] = entries[0].get("batches", [])
    return sizes


def run_material(case: Case, party: Party) -> dict[str, bytes]:
    """Set-up, then everything that is wanted."""
    source = RecordedMascot(case)
    party.on_end.append(source.destroy)
    demand = {_kind(entry): entry["count"] for entry in case.test["given"]["material"]}
    party.run(source.set_up, "set-up")
    party.run(lambda ctx: source.produce(ctx, demand), "prepare")
    result = {"macKey": party.session.key.share.to_bytes()}
    for kind, count in demand.items():
        batch = source.store.take(kind, count)
        for index, share in enumerate(batch.shares):
            result[f"{kind}, array {index}, value"] = share.value.to_bytes()
            result[f"{kind}, array {index}, mac"] = share.mac.to_bytes()
        if batch.clear is not None:
            result[f"{kind}, clear"] = batch.clear.to_bytes()
    return result


def _kind(entry: dict[str, Any]) -> Kind:
    return Kind(entry["kind"], entry.get("owner", -1), tuple(entry.get("dims", ())))
