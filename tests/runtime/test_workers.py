"""Threads change when things are done, not what."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from spdz.field import M61, M127, Field
from spdz.preprocessing.triples import make_triples
from spdz.runtime.workers import run_jobs, spans
from tests.support.dealer import ideal_links
from tests.support.parties import make_sessions, run


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_job_is_run_once(threads: int, count: int) -> None:
    done: list[int] = []
    run_jobs([lambda at=at: done.append(at) for at in range(count)], threads)  # type: ignore[misc]
    assert sorted(done) == list(range(count))


def test_jobs_run_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=30)
    run_jobs([lambda: meeting.wait() and None] * 2, 2)


def test_an_error_comes_when_all_jobs_have_ended() -> None:
    done: list[int] = []

    def fail() -> None:
        raise ValueError("one of the jobs")

    jobs: list[Callable[[], None]] = [fail, lambda: done.append(1), lambda: done.append(2)]
    with pytest.raises(ValueError, match="one of the jobs"):
        run_jobs(jobs, 2)
    assert sorted(done) == [1, 2]


@pytest.mark.parametrize(("count", "pieces"), [(0, 3), (1, 3), (3, 3), (10, 3), (7, 1)])
def test_spans_cover_everything_once(count: int, pieces: int) -> None:
    cut = spans(count, pieces)
    assert [at for span in cut for at in span] == list(range(count))
    assert len(cut) == min(count, pieces)


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_triples_do_not_depend_on_the_threads(field: Field, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spdz.preprocessing.multiply.CHUNK_ROWS", 1)

    def made(threads: tuple[int, int]) -> list[bytes]:
        sessions = make_sessions(2, field, seed)
        for session, own in zip(sessions, threads, strict=True):
            session.threads = own
        links = ideal_links(sessions, seed)
        batches = run(sessions, lambda ctx: make_triples(ctx, links[ctx.party], 130)).results
        return [share.value.to_bytes() + share.mac.to_bytes() for batch in batches for share in batch.shares]

    assert made((1, 1)) == made((3, 1)) == made((2, 4))
