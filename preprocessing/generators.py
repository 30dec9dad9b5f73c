"""The registry of generators: everything that the suite knows of a maker of material stands in its one declaration.

Sessions, the command line, the parties' hand-shake, the attack harness, the vectors and the marks of exported material
read it. To add a generator, write its `MaterialSource`, its `GeneratorParams` if there is something to choose, and
declare it here.

Declarations are light: the code of a generator is imported when a session needs it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from spdz.errors import UsageError
from spdz.params import GeneratorParams, MascotParams, SessionParams

if TYPE_CHECKING:
    from spdz.protocols.material_source import MaterialPrices, MaterialSource
    from spdz.runtime.context import Context
    from spdz.sharing.material import Kind

Progress = Callable[["Kind", int, int], None]
"""(kind, made so far, to be made)"""
Service = Callable[["Context"], Coroutine[Any, Any, None]]
"""What an endpoint runs that is no party."""


class Code(NamedTuple):
    """What a generator runs."""

    source: Callable[[Any, Progress | None], MaterialSource]
    """(what was chosen, progress) to a new maker for one party."""
    service: Service | None = None
    """What the dealer runs, where there is one."""
    prices: Callable[[Context, Any], MaterialPrices] | None = None
    """(context, a new maker) to what this party will send, where that can be told."""


@dataclass(frozen=True)
class Generator:
    """The declaration of a generator."""

    name: str
    trust: str
    """Whom a user trusts, in words that fit into brackets: "no trusted party"."""
    code: Callable[[], Code]
    """Imports and returns what it runs."""
    trusts_nobody: bool
    """Whether its material is secure when all parties but one cheat, and nobody else is there to be trusted."""
    params: type[GeneratorParams] | None = None
    """What can be chosen, if anything can."""
    has_dealer: bool = False
    """Whether an endpoint of its own, after the last party, takes part."""

    @property
    def options(self) -> Mapping[str, Mapping[str, Any]]:
        """The choices by name: the type, the metavar and the help text of each option of the command line."""
        found = () if self.params is None else fields(self.params)  # type: ignore[arg-type]  # each is a dataclass
        return {one.name: {"type": type(one.default), **one.metadata} for one in found if "help" in one.metadata}


def _mascot() -> Code:
    from spdz.preprocessing.mascot.generator import MascotPreprocessing
    from spdz.preprocessing.mascot.price import MascotPrices

    return Code(lambda params, progress: MascotPreprocessing(progress, params), prices=MascotPrices)


def _dealer() -> Code:
    from spdz.preprocessing.dealer.dealer import DealerPreprocessing, dealer_service

    return Code(lambda _, progress: DealerPreprocessing(progress), dealer_service)


_GENERATORS: dict[str, Generator] = {}


def declare_generator(generator: Generator) -> Generator:
    """Enter a generator into the registry; every name once."""
    if generator.name in _GENERATORS:
        raise UsageError(f"there is a generator {generator.name!r} already")
    _GENERATORS[generator.name] = generator
    return generator


declare_generator(Generator("mascot", "no trusted party", _mascot, trusts_nobody=True, params=MascotParams))
declare_generator(
    Generator("dealer", "a TRUSTED DEALER, who can learn every secret", _dealer, trusts_nobody=False, has_dealer=True)
)

DEFAULT = "mascot"


def generators() -> Mapping[str, Generator]:
    """All generators by name, in the order in which they were declared."""
    return dict(_GENERATORS)


def import_all() -> None:
    """Import the code of every generator: from here on every step that there is has been declared."""
    for generator in generators().values():
        generator.code()


def generator_named(name: str) -> Generator:
    """The declaration with this name. Raises UsageError with the nearest name."""
    known = _GENERATORS.get(str(name))
    if known is not None:
        return known
    near = difflib.get_close_matches(str(name), _GENERATORS, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise UsageError(f"preprocessing must be one of {', '.join(_GENERATORS)}, got {name!r}{hint}")


# -- a generator and what was chosen of it ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Preprocessing:
    """A generator, and the user's choices."""

    generator: Generator
    params: GeneratorParams | None

    @property
    def choices(self) -> dict[str, Any]:
        """The choices by name, as `preprocessing_with` takes them."""
        return {name: getattr(self.params, name) for name in self.generator.options}

    def source(self, progress: Progress | None = None) -> MaterialSource:
        """A new maker for one party."""
        return self.generator.code().source(self.params, progress)

    def prices(self, ctx: Context) -> MaterialPrices | None:
        """What one party will send for its material; None where the generator does not say."""
        prices = self.generator.code().prices
        return None if prices is None else prices(ctx, self.source())

    @property
    def service(self) -> Service:
        """What the dealer runs. Raises UsageError where there is none."""
        service = self.generator.code().service
        if service is None:
            raise UsageError(f"the {self.generator.name} preprocessing has no dealer")
        return service

    def session(self, field_name: str, parties: int, **more: Any) -> SessionParams:
        """The parameters of a session with this preprocessing; `more` are further ones of `SessionParams`."""
        has_dealer = self.generator.has_dealer
        return SessionParams(
            field_name, parties, self.generator.name, generator=self.params, has_dealer=has_dealer, **more
        )


Choice = str | GeneratorParams
"""How a user names a generator: by its name, or by its parameters, such as MascotParams(authentication="copee")."""


def preprocessing_of(choice: Choice) -> Preprocessing:
    """What the user chose. Raises UsageError for anything else."""
    if isinstance(choice, GeneratorParams):
        return Preprocessing(generator_named(choice.generator), choice)
    generator = generator_named(choice)
    return Preprocessing(generator, None if generator.params is None else generator.params())


def preprocessing_with(name: str, values: Mapping[str, Any]) -> Choice:
    """The choice of a generator by name, with those `values` that are not None; another generator's are refused."""
    given = {key: value for key, value in values.items() if value is not None}
    generator = generator_named(name)
    for key in given:
        if key not in generator.options:
            raise UsageError(f"--{key.replace('_', '-')} has no meaning for the {name} preprocessing")
    return name if generator.params is None else generator.params(**given)
