"""Security and session parameters, and the bounds that follow from them.

Everything in `SessionParams.describe` is compared between the parties before anything else is sent; a difference is a
`ConfigurationMismatch` that names both values, never a failed check later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import index
from typing import Any, ClassVar, SupportsIndex

from spdz.errors import UsageError
from spdz.version import PROTOCOL_VERSION

COMPUTATIONAL_BITS = 128
"""kappa: length of PRG keys, of the OT correlation and of a row of the OT extension."""

MAX_PARTIES = 16
"""A bound on what the wire and the configuration accept; cost grows with the square of the number of parties."""


MAX_THREADS = 256
"""A bound on what a party may be told to use."""


def require_integer(value: object, name: str, lowest: int, highest: int | None = None) -> int:
    """`value`, if it is an integer in the range; otherwise a UsageError that says what `name` may be."""
    number = integer_of(value)
    if number is not None and _within(number, lowest, highest):
        return number
    allowed = f"from {lowest} to {highest}" if highest is not None else f"of at least {lowest}"
    raise UsageError(f"{name} must be an integer {allowed}, got {shown(value)}")


def shown(value: object) -> str:
    """`repr`, also of integers that have more digits than Python writes."""
    try:
        return repr(value)
    except ValueError:
        return f"{type(value).__name__} with too many digits to be shown"


def integer_of(value: object) -> int | None:
    """`value` as a Python int if it is an integer of any kind, numpy's included; None for everything else and bools."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex) or hasattr(value, "__len__"):
        return None
    try:
        return index(value)
    except TypeError:
        return None


def _within(value: int, lowest: int, highest: int | None) -> bool:
    return lowest <= value and (highest is None or value <= highest)


def is_toy(field_bits: int) -> bool:
    """Whether a field is so small that a cheater gets away with a probability that one can see: for tests."""
    return field_bits < 60


@dataclass(frozen=True)
class SecurityParams:
    """Statistical security `s` in bits; the computational level is fixed at 128 bits."""

    statistical_bits: int = 60

    def __post_init__(self) -> None:
        if not 40 <= self.statistical_bits <= 128:
            raise UsageError(f"statistical_bits must be between 40 and 128, got {self.statistical_bits}")

    def combined_copies(self, field_bits: int, parties: int) -> int:
        """tau, the copies of `a` that MASCOT combines into one: the smallest tau >= 2 + 2 (s + log2(n - 1)) / k.

        The random combination of tau leaky copies is statistically close to uniform by the leftover hash lemma
        ([KOS16], section 5 and the parameter discussion after it). Deviation: [KOS16] has one honest party's `a` in
        mind; there may be n - 1, and the sum over them stays at about 2^-s (docs/security/triples.md).
        """
        bits = (((parties - 1) ** 2 << 2 * self.statistical_bits) - 1).bit_length()
        return 2 + -(-bits // field_bits)

    def require_field(self, name: str, field_bits: int) -> None:
        """A UsageError if a field cannot give this level; toy fields, which are below every level, are let through."""
        given = field_bits - 1
        if not is_toy(field_bits) and given < self.statistical_bits:
            raise UsageError(
                f"{name} gives {given} bits of statistical security at most, not the {self.statistical_bits} that are "
                "asked for; use a larger field"
            )


def require_seconds(value: object, name: str) -> float:
    """`value`, if it is a positive finite number; otherwise a UsageError that names it."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < float("inf"):  # type: ignore[operator]  # a number, as just seen
        raise UsageError(f"{name} must be a positive number of seconds, got {value!r}")
    return float(value)  # type: ignore[arg-type]


class GeneratorParams:
    """What a generator of material leaves to the user: the base of a frozen dataclass of choices, with defaults.

    `str` of it is compared between the parties. A field whose metadata have "help" is an option of the command line.
    """

    generator: ClassVar[str]
    """The generator's name in `spdz.preprocessing.generators`."""
    line: ClassVar[str]
    """What its text is called in the hello message."""


def choice(default: Any, metavar: str, text: str) -> Any:
    """A field of a `GeneratorParams`, and its option on the command line: what the value is called, and the help."""
    return field(default=default, metadata={"metavar": metavar, "help": text})


OT_TREE_BITS = (1, 2, 4, 8)
"""Sizes of the trees of the OT extension that there are; 1 is IKNP."""
AUTHENTICATION = ("copee", "vole")
"""How values get MAC shares."""


@dataclass(frozen=True)
class MascotParams(GeneratorParams):
    """Which protocols the MASCOT generator runs: the same guarantees, from assumptions that differ (SECURITY.md).

    All parties must choose the same.
    """

    generator: ClassVar[str] = "mascot"
    line: ClassVar[str] = "MASCOT"

    ot_tree_bits: int = choice(4, "K", "base OTs per tree of the OT extension")
    """Base OTs in one tree of the OT extension [Roy22]: 128 / ot_tree_bits bits are sent per OT."""
    authentication: str = choice("vole", "NAME", "how values get MAC shares: copee, vole")
    """"vole": one element is sent for each authenticated value, once a session has authenticated so much that extending
    silent VOLE pays; rests on LPN as well. "copee": k elements always [KOS16]."""

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("ot_tree_bits", self.ot_tree_bits, OT_TREE_BITS),
            ("authentication", self.authentication, AUTHENTICATION),
        ):
            if isinstance(value, bool) or value not in allowed:
                raise UsageError(f"{name} must be one of {', '.join(map(str, allowed))}, got {value!r}")

    def __str__(self) -> str:
        return f"{self.ot_tree_bits} bits per OT tree, {self.authentication}"


MAX_LINE = 200
"""Characters of a text that the parties compare."""


def require_line(text: object, name: str) -> str:
    """`text`, if it fits a line of the hello message; otherwise a UsageError that names it."""
    if isinstance(text, str) and 0 < len(text) <= MAX_LINE and text.isascii() and text.isprintable():
        return text
    raise UsageError(f"{name} is 1 to {MAX_LINE} printable ASCII characters, got {text!r:.80}")


def endpoint_name(endpoint: int, parties: int) -> str:
    """How messages call an endpoint: "party 0", or "the dealer", which comes after the last party."""
    return f"party {endpoint}" if endpoint < parties else "the dealer"


@dataclass(frozen=True)
class SessionParams:
    """What all parties of a session must have in common."""

    field_name: str
    parties: int
    preprocessing: str
    program_digest: str | None = None
    """Hash of the program text; None where there is no program to compare: a notebook, a dealer."""
    security: SecurityParams = SecurityParams()
    network_digest: str | None = None
    """Hash of the parties' certificates in order; None in memory."""
    session_label: str | None = None
    """Which session the user means: two that run at the same time cannot be joined crosswise. None in memory."""
    generator: GeneratorParams | None = None
    """What was chosen of the generator; None where there is nothing to choose."""
    has_dealer: bool = False
    """Whether an endpoint after the last party takes part, which deals."""

    def __post_init__(self) -> None:
        if not 2 <= self.parties <= MAX_PARTIES:
            raise UsageError(f"a session has 2 to {MAX_PARTIES} parties, got {self.parties}")
        if self.program_digest is not None:
            require_line(self.program_digest, "program_digest")

    @property
    def endpoints(self) -> int:
        """How many take part: the parties, and the dealer if there is one."""
        return self.parties + self.has_dealer

    def describe(self) -> dict[str, str]:
        """The parameters as short text, in the order in which a difference is reported."""
        values = {
            "protocol version": str(PROTOCOL_VERSION),
            "number of parties": str(self.parties),
            "field": self.field_name,
            "preprocessing": self.preprocessing,
            "statistical security": str(self.security.statistical_bits),
        }
        if self.generator is not None:
            values[self.generator.line] = str(self.generator)
        if self.network_digest is not None:
            values["certificates and their order"] = self.network_digest
        if self.session_label is not None:
            values["session"] = self.session_label
        return values if self.program_digest is None else {**values, "program": self.program_digest}
