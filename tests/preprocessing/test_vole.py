"""Silent VOLE: what is made fits, is used once, is made when it is due, and is gone at the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spdz.crypto.prg import Prg
from spdz.crypto.randomness import Randomness, deterministic_randomness_for_tests
from spdz.errors import InternalError
from spdz.field import M5, M7, M13, M17, M19, M31, M61, M127, Field, FieldArray
from spdz.field.fused.code import ROW_WORDS, add_code_rows
from spdz.online.session import Mpc
from spdz.params import AUTHENTICATION, MascotParams, SessionParams
from spdz.preprocessing.mascot.authenticate import authenticate
from spdz.preprocessing.mascot.generator import MascotPreprocessing, MascotProtocols
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.vole_extend import end, make_base, replenish, stretch, vole_of
from spdz.preprocessing.ot.extension import Bits
from spdz.preprocessing.vole import single_point as vole_trees
from spdz.preprocessing.vole.code import CHUNK_ROWS, PLAN, LpnParams, VolePlan, add_code, code_seed
from spdz.preprocessing.vole.ends import VoleEnd
from spdz.runtime.context import Context, SessionState
from spdz.sessions.local import run_local
from spdz.sharing.material import TRIPLES
from spdz.sharing.shares import AuthShare
from tests.support.dealer import ideal_links, mac_key_of, reconstruct
from tests.support.links import set_up_links
from tests.support.parties import make_sessions, run
from tests.support.statistics import assert_uniform
from tests.support.vole import TINY, TINY_PROTOCOLS, use_small_voles, with_vole

ALL_FIELDS = pytest.mark.parametrize("field", [M5, M7, M13, M17, M19, M31, M61, M127], ids=str)
Made = list[dict[tuple[int, int], tuple[FieldArray, ...]]]


def keys(sessions: list[SessionState]) -> list[FieldArray]:
    return [session.key.share.copy() for session in sessions]


def assert_voles(alphas: list[FieldArray], made: Made, pairs: int) -> None:
    """w = v + u alpha for every ordered pair, under the key share of its key holder."""
    assert len({pair for own in made for pair in own}) == pairs
    for inputter, own in enumerate(made):
        for pair, vectors in own.items():
            if pair[0] == inputter:
                u, v = vectors
                (w,) = made[pair[1]][pair]
                assert w.equals(v + u * alphas[pair[1]])


@ALL_FIELDS
@pytest.mark.parametrize(("parties", "inputters"), [(2, (0, 1)), (3, (0, 1, 2)), (3, (1,)), (3, (0, 2))], ids=str)
def test_a_base_and_what_is_stretched_from_it(
    field: Field, parties: int, inputters: tuple[int, ...], seed: bytes
) -> None:
    sessions = make_sessions(parties, field, seed)
    links = with_vole(ideal_links(sessions, seed))
    alphas = keys(sessions)

    async def main(ctx: Context) -> object:
        base = await make_base(ctx.child("base"), links[ctx.party], inputters, TINY.first.base)
        made = await stretch(ctx.child("first"), links[ctx.party], inputters, TINY.first, "first", base)
        return base, made

    results = run(sessions, main).results
    pairs = len(inputters) * (parties - 1)
    assert_voles(alphas, [base for base, _ in results], pairs)
    assert_voles(alphas, [made for _, made in results], pairs)
    for base, made in results:
        assert all(array.size == TINY.first.base for vectors in base.values() for array in vectors)
        assert all(array.size == TINY.first.samples for vectors in made.values() for array in vectors)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_trees_of_any_depth(depth: int, seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    params = LpnParams(5, 3, depth)
    links = with_vole(ideal_links(sessions, seed))
    alphas = keys(sessions)

    async def main(ctx: Context) -> object:
        base = await make_base(ctx.child("base"), links[ctx.party], (0, 1), params.base)
        return await stretch(ctx.child("only"), links[ctx.party], (0, 1), params, "only", base)

    assert_voles(alphas, run(sessions, main).results, 2)


def test_the_stages_that_sessions_use(seed: bytes) -> None:
    """A first and a second extension with the real parameters; the base of the second comes from the first."""
    sessions = make_sessions(2, M61, seed)
    links = with_vole(ideal_links(sessions, seed), PLAN)
    alphas = keys(sessions)
    per_extension = PLAN.main.samples - PLAN.main.base

    async def main(ctx: Context) -> object:
        await replenish(ctx, links[ctx.party], (0,), per_extension + 1)
        pair = (0, 1)
        return {pair: end(links[ctx.party], ctx.party, pair).take(2 * per_extension)}

    results = run(sessions, main).results
    assert_voles(alphas, results, 1)
    u = results[0][0, 1][0]
    assert len(np.unique(u.limbs)) > u.size - 10, "pseudorandom elements of a large field hardly ever repeat"


def test_the_parameters_fit_together() -> None:
    assert PLAN.first.samples >= PLAN.main.base
    assert PLAN.main.samples > 10 * PLAN.main.base
    assert 1 << 19 <= PLAN.main.samples <= 1 << 20
    assert PLAN.main.secret * 16 <= 1 << 19, "the secret vector stays in the second-level cache"


def test_entries_stand_at_the_drawn_places(seed: bytes) -> None:
    """Every level's bit counts, and every place is hit equally often."""
    params = LpnParams(1, 4000, 3)
    paths = vole_trees.random_paths(params, deterministic_randomness_for_tests(seed, "paths"))
    assert paths.shape == (4000, 3)
    assert_uniform((paths @ np.array([1, 2, 4], np.uint8)).tolist(), 8)
    packed = vole_trees.packed_choices(params, paths, deterministic_randomness_for_tests(seed, "choices"))
    assert len(packed) * 8 == vole_trees.ot_rows(params) >= 12000
    bits = np.unpackbits(packed, bitorder="little")
    assert np.array_equal(bits[:12000] ^ 1, paths.ravel())


def test_each_peer_is_given_other_voles_and_places(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two key holders together must not learn more than each alone."""
    drawn: list[bytes] = []

    def spy(params: LpnParams, randomness: Randomness) -> Bits:
        paths = vole_trees.random_paths(params, randomness)
        drawn.append(paths.tobytes())
        return paths

    monkeypatch.setattr("spdz.preprocessing.mascot.vole_extend.random_paths", spy)
    sessions = make_sessions(3, M61, seed)
    links = with_vole(ideal_links(sessions, seed))
    run(sessions, lambda ctx: replenish(ctx, links[ctx.party], (0,), 10))
    assert len(drawn) == len(set(drawn)) == 4
    first, second = (links[0][peer].vole.inputter for peer in (1, 2))  # type: ignore[union-attr]
    assert not (first._ready[0] == second._ready[0]).any()
    assert not (first._base[0] == second._base[0]).any()


def test_codes_differ_between_sessions_and_stages(seed: bytes) -> None:
    seeds = set()
    for session_id in (b"one", b"two"):
        (session, _) = make_sessions(2, M61, seed, session_id)
        seeds |= {code_seed(Context(session), stage) for stage in ("first", "main")}
    assert len(seeds) == 4


def test_voles_are_used_once_and_refilled(seed: bytes) -> None:
    """Whatever is asked for, as often as it is: MACs fit, nothing is given twice, all ends have the same left."""
    sessions = make_sessions(3, M61, seed)
    links = with_vole(ideal_links(sessions, seed))
    alpha = mac_key_of(sessions)
    counts = [(40, (0, 1, 2)), (200, (0, 1, 2)), (0, (1,)), (300, (1,)), (500, (0, 2)), (1, (0, 1, 2))]
    seen: list[np.ndarray] = []
    original = VoleEnd.take

    def spy(self: VoleEnd, count: int) -> tuple[FieldArray, ...]:
        taken = original(self, count)
        seen.extend(array.limbs.ravel().copy() for array in taken)
        return taken

    async def main(ctx: Context) -> list[AuthShare]:
        made = []
        for count, contributors in counts:
            value = ctx.random(count) if ctx.party in contributors else None
            macs = await authenticate(ctx.child("authenticate"), links[ctx.party], count, contributors, value)
            made.append(AuthShare(ctx.field.zeros((count,)) if value is None else value, macs))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VoleEnd, "take", spy)
        results = run(sessions, main).results
    for shares in zip(*results, strict=True):
        reconstruct(alpha, shares)
    everything = np.concatenate(seen)
    assert len(everything) == len(set(everything.tolist()))
    for inputter in range(3):
        left = {
            end(links[party], party, (inputter, peer) if party == inputter else (inputter, party)).available
            for party in range(3)
            for peer in range(3)
            if inputter not in (peer,) and (party == inputter or peer == party)
        }
        assert len(left) == 1


@pytest.mark.parametrize("threshold", [0, 29, 30, 31, 59, 60])
def test_voles_begin_where_the_plan_says_and_then_stay(threshold: int, seed: bytes) -> None:
    """What is authenticated is counted, masks of checks included: 10 at a time here."""
    sessions = make_sessions(2, M61, seed)
    links = with_vole(ideal_links(sessions, seed), replace(TINY, threshold=threshold))

    async def main(ctx: Context) -> None:
        for contributors in ((0, 1), (0,), (1,)) * 2:
            value = ctx.random(9) if ctx.party in contributors else None
            await authenticate(ctx.child("authenticate"), links[ctx.party], 9, contributors, value)

    ended = run(sessions, main)
    assert ended.results == [None, None]
    steps = ended.outcomes[0].trace.steps
    by_vole = steps["vole.corrections"].exchanges if "vole.corrections" in steps else 0
    assert by_vole == 6 - threshold // 10


def test_a_session_that_authenticates_little_makes_no_voles(seed: bytes) -> None:
    params = MascotParams(authentication="vole")
    sessions = make_sessions(3, M61, seed)
    makers = [MascotPreprocessing(params=params) for _ in sessions]

    async def main(ctx: Context) -> None:
        await makers[ctx.party].set_up(ctx.child("set_up"))
        await makers[ctx.party].produce(ctx.child("produce"), {TRIPLES: 3})

    assert not any(step.startswith("vole.") for step in run(sessions, main).trace.steps)


@pytest.mark.parametrize(("parties", "field"), [(2, M61), (3, M127), (2, M5)], ids=str)
def test_triples_of_the_generator(parties: int, field: Field, seed: bytes) -> None:
    sessions = make_sessions(parties, field, seed)
    params = MascotParams(authentication="vole")
    makers = [MascotPreprocessing(params=params, protocols=TINY_PROTOCOLS) for _ in sessions]

    async def main(ctx: Context) -> object:
        maker = makers[ctx.party]
        await maker.set_up(ctx.child("set_up"))
        await maker.produce(ctx.child("produce"), {TRIPLES: 70})
        await maker.produce(ctx.child("produce"), {TRIPLES: 140})
        return maker.store.take(TRIPLES, 140), ctx.session.key.share.copy()

    results = run(sessions, main).results
    alpha = results[0][1]
    for _, share in results[1:]:
        alpha = alpha + share
    batches = [batch for batch, _ in results]
    a, b, c = (reconstruct(alpha, [batch.shares[i] for batch in batches]) for i in range(3))
    assert (a * b).equals(c)


def test_without_voles_a_link_has_none(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    links = run(sessions, lambda ctx: set_up_links(ctx, MascotParams(authentication="copee"))).results
    assert links[0][1].vole is None
    with pytest.raises(InternalError, match="without VOLEs"):
        vole_of(links[0], 1)


def test_set_up_takes_the_plan_of_all_sessions(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    makers = [MascotPreprocessing(params=MascotParams(authentication="vole")) for _ in sessions]
    assert run(sessions, lambda ctx: makers[ctx.party].set_up(ctx)).results == [None] * 2
    assert makers[0]._links[1].vole.plan is PLAN
    assert MascotProtocols().vole_plan is PLAN


def secrets_of(link: Link) -> list[FieldArray]:
    assert link.vole is not None
    return [array for side in (link.vole.inputter, link.vole.key_holder) for array in (*side._base, *side._ready)]


def test_wiping_a_link_leaves_nothing(seed: bytes) -> None:
    sessions = make_sessions(3, M61, seed)
    links = with_vole(ideal_links(sessions, seed))
    run(sessions, lambda ctx: replenish(ctx, links[ctx.party], (0, 1, 2), 10))
    for link in links[0].values():
        arrays = secrets_of(link)
        assert len(arrays) == 6
        assert not any(array.is_zero().all() for array in arrays)
        link.wipe()
        assert all(array.is_zero().all() for array in arrays)
        assert secrets_of(link) == []


def test_what_was_taken_and_replaced_is_overwritten(seed: bytes) -> None:
    side, params = VoleEnd(), LpnParams(2, 1, 3)
    randomness = deterministic_randomness_for_tests(seed, "arrays")
    made = [(M61.sample(randomness.fill, (8,)),) for _ in range(3)]
    expected = FieldArray.concatenate([made[1][0][4:], made[2][0][4:]])
    side.start(made[0], params)
    assert made[0][0].is_zero().all()
    old_base = side.base[0]
    side.add(made[1], params)
    assert old_base.is_zero().all()
    ready = side._ready[0]
    side.add(made[2], params)
    assert ready.is_zero().all()
    assert made[2][0].is_zero().all()
    held = side._ready[0]
    (taken,) = side.take(3)
    assert taken.equals(expected[:3])
    assert held[:3].is_zero().all()
    assert side.available == 5
    with pytest.raises(InternalError, match="more VOLEs"):
        side.take(6)
    with pytest.raises(InternalError, match="less than the base"):
        side.add((M61.zeros((3,)),), params)


def test_plans_are_no_choice_of_users() -> None:
    with pytest.raises(TypeError):
        MascotParams(plan=TINY)  # type: ignore[call-arg]
    assert isinstance(TINY, VolePlan)
    assert str(MascotParams(authentication="vole")).endswith("vole")


@pytest.mark.parametrize("parties", [2, 3])
def test_a_program_computes_with_it(parties: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the public face down: every value of a whole session goes through VOLEs."""
    use_small_voles(monkeypatch, replace(TINY, main=LpnParams(24, 16, 6)))

    def program(mpc: Mpc) -> list[int]:
        x, y = mpc.input([3, 4, 5], owner=0, shape=3), mpc.input([6, 7, 8], owner=1, shape=3)
        return [int(value) for value in mpc.reveal(x * y + x**2)]

    outputs = run_local(program, parties, preprocessing=MascotParams(authentication="vole"))
    assert outputs == [[27, 44, 65]] * parties


def test_parties_that_authenticate_differently_do_not_start() -> None:
    described = [
        SessionParams("M61", 2, "mascot", generator=MascotParams(authentication=name)) for name in AUTHENTICATION
    ]
    first, second = (params.describe()["MASCOT"] for params in described)
    assert first != second


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_the_code_does_not_depend_on_the_threads(field: Field) -> None:
    secret, found = field.array(range(1, 50)), set()
    for threads in (1, 2, 5):
        outputs = field.zeros(2 * CHUNK_ROWS + 7)
        add_code(field, b"one public seed.", [(secret, outputs), (secret, outputs)], threads)
        found.add(outputs.to_bytes())
    assert len(found) == 1


def test_chunks_of_the_code_are_one_stream() -> None:
    """Rows that shared words with rows of another chunk would have differences of little weight: a weak code."""
    secret, seed, count = M61.array(range(1, 50)), b"one public seed.", 2 * CHUNK_ROWS + 7
    outputs, expected = M61.zeros(count), M61.zeros(count)
    add_code(M61, seed, [(secret, outputs)])
    words = np.frombuffer(Prg(seed).bytes(8 * ROW_WORDS * count), np.uint64).reshape(count, ROW_WORDS)
    add_code_rows(M61, secret, words, expected)
    assert outputs.equals(expected)
