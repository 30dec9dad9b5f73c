"""What the parties of MASCOT agree on: docs/wire, sections 8 and 13."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lpn:
    """One stage of silent VOLE: k, t, and blocks of 2^depth."""

    secret: int
    blocks: int
    depth: int

    @property
    def samples(self) -> int:
        """n"""
        return self.blocks << self.depth

    @property
    def base(self) -> int:
        """VOLEs that one extension takes."""
        return self.secret + self.blocks + 1


@dataclass(frozen=True)
class Plan:
    """Both stages, and how many values are authenticated by COPEe before."""

    first: Lpn
    main: Lpn
    threshold: int


PLAN = Plan(Lpn(5120, 2320, 4), Lpn(32768, 4096, 7), 32768)


@dataclass(frozen=True)
class MascotParams:
    """The line of the hello message, and the plan of silent VOLE, which is a constant outside of recordings."""

    tree_bits: int = 1
    authentication: str = "copee"
    plan: Plan = PLAN

    def __str__(self) -> str:
        return f"{self.tree_bits} bits per OT tree, {self.authentication}"


PLAINEST = MascotParams()
DEFAULT = MascotParams(4, "vole")
