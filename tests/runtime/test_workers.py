"""Threads change when things are done, not what."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from time import sleep
from typing import Any

import pytest

from spdz.field import M61, M127, Field
from spdz.preprocessing.mascot.triples import make_triples
from spdz.runtime import workers
from spdz.runtime.workers import Shared, share_out
from tests.support.dealer import ideal_links
from tests.support.parties import make_sessions, run

PATIENCE = 30
"""Seconds after which a test that waits for another thread has failed."""


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_item_is_taken_once(threads: int, count: int) -> None:
    done: list[int] = []
    share_out(range(count), threads, done.extend)
    assert sorted(done) == list(range(count))


def test_threads_work_side_by_side() -> None:
    meeting, seen = threading.Barrier(3), set[int]()

    def work(items: Iterable[int]) -> None:
        for _ in items:
            seen.add(threading.get_ident())
            meeting.wait(PATIENCE)

    share_out(range(3), 3, work)
    assert len(seen) == 3
    assert threading.get_ident() in seen


def test_never_more_threads_than_asked_for() -> None:
    seen: set[int] = set()

    def work(items: Iterable[int]) -> None:
        seen.add(threading.get_ident())
        for _ in items:
            sleep(0.001)

    share_out(range(50), 2, work)
    assert len(seen) <= 2


def test_helpers_are_used_again() -> None:
    helpers: set[threading.Thread] = set()
    for _ in range(20):
        meeting = threading.Barrier(2)

        def work(items: Iterable[int], meeting: threading.Barrier = meeting) -> None:
            for _ in items:
                meeting.wait(PATIENCE)
                helpers.add(threading.current_thread())

        share_out(range(2), 2, work)
    # Kept here, so that no thread's place is taken by a later one.
    assert len(helpers - {threading.current_thread()}) < 20


def test_after_an_error_no_item_is_given_out_and_all_threads_have_ended() -> None:
    meeting, failed = threading.Barrier(2), threading.Event()
    here, late, ended = threading.get_ident(), list[int](), list[bool]()

    def work(items: Shared[int]) -> None:
        next(items)
        meeting.wait(PATIENCE)
        if threading.get_ident() == here:
            failed.set()
            raise ValueError("in the middle")
        assert failed.wait(PATIENCE)
        while not items._over:
            sleep(0.001)
        late.extend(items)
        ended.append(True)

    with pytest.raises(ValueError, match="in the middle"):
        share_out(range(10), 2, work)
    assert (late, ended) == ([], [True])


def test_the_error_of_a_helper_is_raised() -> None:
    meeting, here = threading.Barrier(2), threading.get_ident()

    def work(items: Iterable[int]) -> None:
        for _ in items:
            meeting.wait(PATIENCE)
            if threading.get_ident() != here:
                raise ValueError("in a helper")

    with pytest.raises(ValueError, match="in a helper"):
        share_out(range(2), 2, work)


def test_helpers_that_come_late_find_nothing() -> None:
    """A pool that starts its work when the loop is over, as if all helpers had been busy."""
    late: list[tuple[Callable[..., None], Any]] = []

    class Busy:
        def submit(self, function: Callable[..., None], *arguments: Any) -> None:
            late.append((function, arguments))

    done: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "_helpers", Busy)
        share_out(range(3), 3, done.extend)
    for function, arguments in late:
        function(*arguments)
    assert (len(late), done) == (2, [0, 1, 2])


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), KeyboardInterrupt()], ids=repr)
def test_nothing_is_done_afterwards_if_no_thread_can_be_started(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool has queued the work before it fails; it does it when another helper is free."""
    queued: list[tuple[Callable[..., None], Any]] = []

    class Full:
        def submit(self, function: Callable[..., None], *arguments: Any) -> None:
            queued.append((function, arguments))
            raise error

    monkeypatch.setattr(workers, "_helpers", Full)
    done: list[int] = []
    if isinstance(error, RuntimeError):
        share_out(range(3), 3, done.extend)
    else:
        with pytest.raises(KeyboardInterrupt):
            share_out(range(3), 3, done.extend)
    before = list(done)
    for function, arguments in queued:
        function(*arguments)
    assert done == before == ([0, 1, 2] if isinstance(error, RuntimeError) else [])


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_waits_for_the_helpers() -> None:
    meeting, here, ended = threading.Barrier(2), threading.get_ident(), list[bool]()
    assert here == threading.main_thread().ident, "signals go to the main thread"

    def work(items: Iterator[int]) -> None:
        next(items)
        meeting.wait(PATIENCE)
        if threading.get_ident() != here:
            sleep(0.05)
            signal.pthread_kill(here, signal.SIGINT)
            sleep(0.05)
            ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        share_out(range(2), 2, work)
    assert ended == [True]


def test_loops_may_be_shared_out_inside_of_others() -> None:
    done: list[int] = []
    share_out(range(4), 3, lambda outer: [share_out(range(3), 3, done.extend) for _ in outer] and None)
    assert sorted(done) == sorted([0, 1, 2] * 4)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_helpers_of_its_own() -> None:
    meeting = threading.Barrier(2)

    def meet(items: Iterable[int]) -> None:
        for _ in items:
            meeting.wait(PATIENCE)

    share_out(range(2), 2, meet)
    child = multiprocessing.get_context("fork").Process(target=share_out, args=(range(2), 2, meet))
    child.start()
    child.join(2 * PATIENCE)
    assert child.exitcode == 0


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_triples_do_not_depend_on_the_threads(field: Field, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spdz.preprocessing.mascot.multiply.CHUNK_ROWS", 1)

    def made(threads: tuple[int, int]) -> list[bytes]:
        sessions = make_sessions(2, field, seed)
        for session, own in zip(sessions, threads, strict=True):
            session.threads = own
        links = ideal_links(sessions, seed)
        batches = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 130)).results
        return [share.value.to_bytes() + share.mac.to_bytes() for batch in batches for share in batch.shares]

    assert made((1, 1)) == made((3, 1)) == made((2, 4))
