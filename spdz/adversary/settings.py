"""The preprocessings that the matrix attacks, by name: each kind of generator with the parameters that change steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spdz.errors import UsageError
from spdz.params import MascotParams, SessionParams
from spdz.preprocessing.generators import material_source
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.vole.code import LpnParams, VolePlan
from spdz.protocols.material_source import MaterialSource

Config = tuple[str, int]
"""(name of a preprocessing in `PREPROCESSINGS`, number of parties)"""

SMALL_VOLES = VolePlan(LpnParams(6, 4, 4), LpnParams(24, 16, 6), 0)
"""LPN parameters of no security at all, with which a tiny program gets to silent VOLE."""


@dataclass(frozen=True)
class Preprocessing:
    """Who makes the material, and how."""

    source: str
    mascot: MascotParams | None = None
    vole_plan: VolePlan | None = None

    def __post_init__(self) -> None:
        if self.mascot is not None and self.source != "mascot":
            raise UsageError(f"mascot= says how the mascot generator works, but the preprocessing is {self.source!r}")
        if self.vole_plan is not None and (self.mascot is None or self.mascot.authentication != "vole"):
            raise UsageError('vole_plan= goes with mascot=MascotParams(authentication="vole")')

    def maker(self) -> MaterialSource:
        """A new maker for one party."""
        source = material_source(self.source, mascot=self.mascot)
        if self.vole_plan is not None and isinstance(source, MascotPreprocessing):
            source.protocols = replace(source.protocols, vole_plan=self.vole_plan)
        return source

    def params(self, field_name: str, parties: int) -> SessionParams:
        """What the parties compare."""
        return SessionParams(field_name, parties, self.source, mascot=self.mascot or MascotParams())


PREPROCESSINGS: dict[str, Preprocessing] = {
    "dealer": Preprocessing("dealer"),
    "mascot": Preprocessing("mascot", MascotParams(authentication="copee")),
    "vole": Preprocessing("mascot", MascotParams(authentication="vole"), SMALL_VOLES),
    "iknp": Preprocessing("mascot", MascotParams(ot_tree_bits=1, authentication="copee")),
}
"""COPEe with trees of the size that is usual; silent VOLE; an OT extension without trees."""

CHEAPER: dict[str, tuple[str, ...]] = {"mascot": ("dealer",), "vole": ("dealer", "mascot"), "iknp": ()}
"""Where a step is attacked in the place of a dearer preprocessing that has it as well."""

ONLY: dict[str, tuple[str, ...]] = {"iknp": ("ot_extension.columns",)}
"""All that is attacked in a preprocessing whose other messages are those of another one."""

CONFIGS: tuple[Config, ...] = (("dealer", 2), ("dealer", 3), ("mascot", 2), ("mascot", 3))
OWN_CONFIGS: tuple[Config, ...] = (("vole", 2), ("vole", 3), ("iknp", 2))
"""With the suite's own programs also these; the parameters of the VOLEs are too small for others."""
