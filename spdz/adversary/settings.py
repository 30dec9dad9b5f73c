"""The preprocessings that the matrix attacks, by name: each kind of generator with the parameters that change steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from spdz.adversary.ideal_base_ots import ideal_base_ots
from spdz.errors import UsageError
from spdz.params import MascotParams
from spdz.preprocessing.bits.links import BitPlan
from spdz.preprocessing.generators import Choice, Preprocessing, generators, preprocessing_of
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.vole.code import LpnParams, VolePlan
from spdz.protocols.material_source import MaterialSource

Config = tuple[str, int]
"""(name of a preprocessing in `PREPROCESSINGS`, number of parties)"""

SMALL_VOLES = VolePlan(LpnParams(6, 4, 4), LpnParams(24, 16, 6), 0)
"""LPN parameters of no security at all, with which a tiny program gets to silent VOLE."""


@dataclass(frozen=True)
class Attacked:
    """Who makes the material, and how."""

    choice: Choice
    vole_plan: VolePlan | None = None
    bit_plan: BitPlan | None = None
    ideal_base_ots: bool = False
    """Whether parties have ideal base OTs in the place of real ones."""
    bits: bool = False
    """Whether the suite's program is the one that computes with bits."""

    def __post_init__(self) -> None:
        params = self.preprocessing.params
        if self.vole_plan is not None and not (isinstance(params, MascotParams) and params.authentication == "vole"):
            raise UsageError('vole_plan= goes with preprocessing=MascotParams(authentication="vole")')

    @property
    def preprocessing(self) -> Preprocessing:
        """The generator, and what is chosen of it."""
        return preprocessing_of(self.choice)

    def maker(self) -> MaterialSource:
        """A new maker for one party."""
        source = self.preprocessing.source()
        if isinstance(source, MascotPreprocessing):
            source.protocols = replace(source.protocols, **self._protocols())
        return source

    def _protocols(self) -> dict[str, Any]:
        """What of the MASCOT generator's protocols is not as usual."""
        chosen: dict[str, Any] = {"vole_plan": self.vole_plan, "bit_plan": self.bit_plan}
        chosen["base_ots"] = ideal_base_ots if self.ideal_base_ots else None
        return {name: value for name, value in chosen.items() if value is not None}


SMALL_BITS = BitPlan(candidates=128, masks=16, samples=4, statistical_bits=8)
"""Batches of bits of no security at all, which take two layers."""

PREPROCESSINGS: dict[str, Attacked] = {
    "dealer": Attacked("dealer"),
    "mascot": Attacked(MascotParams(authentication="copee")),
    "vole": Attacked(MascotParams(authentication="vole"), SMALL_VOLES),
    "iknp": Attacked(MascotParams(ot_tree_bits=1, authentication="copee")),
    "dealt bits": Attacked("dealer", bits=True),
    "bits": Attacked(MascotParams(authentication="copee"), None, SMALL_BITS, bits=True),
}
"""COPEe with trees of the size that is usual; silent VOLE; an OT extension without trees; computing with bits."""


def attacked(name: str) -> Attacked:
    """The preprocessing with this name: of the table, or a generator with its defaults."""
    return PREPROCESSINGS.get(name) or Attacked(name)


CHEAPER: dict[str, tuple[str, ...]] = {
    "mascot": ("dealer",),
    "vole": ("dealer", "mascot"),
    "iknp": (),
    "dealt bits": ("dealer",),
    "bits": ("dealer", "dealt bits", "mascot", "vole"),
}
"""Where a step is attacked in the place of a dearer preprocessing that has it as well."""

ONLY: dict[str, tuple[str, ...]] = {"iknp": ("ot_extension.columns",)}
"""All that is attacked in a preprocessing whose other messages are those of another one."""

CONFIGS: tuple[Config, ...] = (("dealer", 2), ("dealer", 3), ("mascot", 2), ("mascot", 3))
OWN_CONFIGS: tuple[Config, ...] = (
    ("vole", 2),
    ("vole", 3),
    ("iknp", 2),
    ("dealt bits", 2),
    ("dealt bits", 3),
    ("bits", 2),
    ("bits", 3),
)
"""With the suite's own programs also these; the parameters of the VOLEs are too small for others."""


def configs_of(preprocessing: str, *, own_programs: bool) -> list[Config]:
    """The configurations to attack: those of one generator, or of "both", which means of all that there are."""
    known = (*CONFIGS, *(OWN_CONFIGS if own_programs else ()))
    listed = {PREPROCESSINGS[name].preprocessing.generator.name for name, _ in known}
    others = [(name, parties) for name in generators() if name not in listed for parties in (2, 3)]
    return [
        config
        for config in (*known, *others)
        if preprocessing in (attacked(config[0]).preprocessing.generator.name, "both")
    ]
