"""A new generator is one declaration: sessions, the hand-shake, the command line and the harness take it from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

import spdz
from spdz.adversary import matrix
from spdz.adversary.settings import configs_of
from spdz.adversary.verdict import DETECTED
from spdz.cli.main import _parser
from spdz.cli.run import chosen_preprocessing, security_model
from spdz.crypto.prg import Prg
from spdz.field import FieldArray
from spdz.params import GeneratorParams, choice
from spdz.preprocessing import generators
from spdz.preprocessing.generators import Code, Generator, declare_generator, preprocessing_of, preprocessing_with
from spdz.runtime.context import Context
from spdz.sharing.mac_key import MacKey
from spdz.sharing.material import DEALT, Batch, Kind, MaskSlack, MaterialStore
from spdz.sharing.shares import AuthShare

NAME = "insecure_toy"


@dataclass(frozen=True)
class ToyParams(GeneratorParams):
    """The public seed, and where the clear values are to be found."""

    generator: ClassVar[str] = NAME
    line: ClassVar[str] = "toy"

    seed_byte: int = choice(7, "B", "the byte that everything is made of")

    def __str__(self) -> str:
        return f"seed byte {self.seed_byte}"


class Toy:
    """Every party computes everything from one public seed: party 0 holds the values, the others hold zero."""

    name = NAME

    def __init__(self, params: ToyParams) -> None:
        self.store = MaterialStore()
        self._prg = Prg(bytes([params.seed_byte]) * 16)
        self._alpha: FieldArray | None = None

    async def set_up(self, ctx: Context) -> None:
        self._alpha = ctx.field.sample(self._prg.fill, ())
        ctx.session.field_domain.install(MacKey(self._mine(ctx, self._alpha).copy()))

    def mask_slack(self, parties: int) -> MaskSlack:
        return DEALT

    async def open_domain(self, ctx: Context, name: str) -> None:
        raise AssertionError(f"there are no {name}")

    def supports(self, kind: Kind) -> bool:
        return not kind.dims

    async def produce(self, ctx: Context, demand: Mapping[Kind, int]) -> None:
        for kind, count in sorted(demand.items()):
            self.store.add(self._make(ctx, kind, count - self.store.available(kind)))

    def _make(self, ctx: Context, kind: Kind, count: int) -> Batch:
        a, b, *_ = (ctx.field.sample(self._prg.fill, (count,)) for _ in range(2))
        bits = ctx.field.array([index % 2 for index in range(count)])
        values = {"triples": (a, b, a * b), "squares": (a, a * a), "random bits": (bits,)}.get(kind.name, (a,))
        assert self._alpha is not None
        shares = tuple(AuthShare(self._mine(ctx, value), self._mine(ctx, value * self._alpha)) for value in values)
        return Batch(kind, shares, a.copy() if kind.owner == ctx.party else None)

    def _mine(self, ctx: Context, value: FieldArray) -> FieldArray:
        return value if ctx.party == 0 else ctx.field.zeros(value.shape)

    def destroy(self) -> None:
        self.store.destroy()
        self._prg.wipe()

    async def finish(self, ctx: Context) -> None:
        pass


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Generator:
    monkeypatch.setattr(generators, "_GENERATORS", dict(generators._GENERATORS))
    code = Code(lambda params, progress: Toy(params))
    return declare_generator(
        Generator(NAME, "EVERYBODY knows everything", lambda: code, trusts_nobody=False, params=ToyParams)
    )


def products(mpc: spdz.Mpc) -> Any:
    x = mpc.input(mpc.inputs, owner=0)
    y = mpc.input(mpc.inputs, owner=1)
    return security_model(mpc), mpc.reveal(x * y, (y * y).sum()).__repr__(), mpc.preprocessing


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("chosen", [NAME, ToyParams(seed_byte=9)], ids=str)
def test_a_session_runs_on_it(chosen: Any) -> None:
    ended = spdz.run_local(products, preprocessing=chosen, inputs=[[1, 2, 3], [4, 5, 6]], field="M61")
    assert [result[1:] for result in ended] == [("(array([ 4, 10, 18]), array(77))", NAME)] * 2
    assert "insecure_toy preprocessing (EVERYBODY knows everything)" in ended[0][0]


@pytest.mark.usefixtures("toy")
def test_what_was_chosen_is_compared() -> None:
    said = [preprocessing_of(one).session("M61", 2).describe() for one in (NAME, ToyParams(9), "mascot", "dealer")]
    assert [params.get("toy") for params in said] == ["seed byte 7", "seed byte 9", None, None]
    assert [params["preprocessing"] for params in said] == [NAME, NAME, "mascot", "dealer"]


@pytest.mark.usefixtures("toy")
def test_the_command_line_offers_it() -> None:
    given = ["run", "p.py", "--config", "c", "--party", "0", "--preprocessing", NAME]
    assert chosen_preprocessing(_parser().parse_args([*given, "--seed-byte", "9"])) == ToyParams(9)
    with pytest.raises(spdz.UsageError, match="--authentication has no meaning for the insecure_toy preprocessing"):
        chosen_preprocessing(_parser().parse_args([*given, "--authentication", "vole"]))


@pytest.mark.usefixtures("toy")
def test_the_harness_attacks_it() -> None:
    assert configs_of(NAME, own_programs=True) == [(NAME, 2), (NAME, 3)]
    target = matrix.Target()
    surveys = matrix.survey(matrix.Target(), [(NAME, 2)])
    case = next(case for case in matrix.plan(target, surveys, full=False) if case.step == "output.open")
    assert matrix.run_case(target, case)[0].outcome == DETECTED


@pytest.mark.usefixtures("toy")
def test_another_process_is_told_of_it() -> None:
    chosen = preprocessing_of(ToyParams(11))
    assert preprocessing_with(chosen.generator.name, chosen.choices) == ToyParams(11)


def test_a_name_is_declared_once(toy: Generator) -> None:
    with pytest.raises(spdz.UsageError, match="there is a generator 'insecure_toy' already"):
        declare_generator(toy)


def test_every_generator_says_whom_to_trust() -> None:
    for generator in generators.generators().values():
        assert generator.trust
        assert generator.has_dealer == (generator.code().service is not None)
        assert generator.trusts_nobody == ("no trusted party" in generator.trust)
