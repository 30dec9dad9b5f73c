"""A session that several threads ask: one at a time is served, the others are refused and do no harm."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from spdz.errors import UsageError
from spdz.field import M61
from spdz.online.session import Mpc
from spdz.sessions.local import run_local


def test_operations_of_another_thread_wait_for_a_reveal_of_its_own() -> None:
    """Regression: what a second thread asked for at some moment made the plans of the parties differ."""

    def program(mpc: Mpc) -> list[Any]:
        x = mpc.input([1, 2], owner=0, shape=2)
        mpc.reveal(x)
        asked: list[Any] = []

        def ask() -> None:
            asked.extend(x * x for _ in range(1 + 3 * mpc.party))  # another number at each party

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        return [mpc.reveal(x * x + i).tolist() for i in range(3)]

    assert run_local(program, 2, M61, "dealer") == [[[1, 4], [2, 5], [3, 6]]] * 2


def test_what_another_thread_has_asked_for_is_run_where_it_is_needed() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([1, 2], owner=0, shape=2)
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(x * x))
        thread.start()
        thread.join()
        return mpc.reveal(found[0] + 1).tolist()

    assert run_local(program, 2, M61, "dealer") == [[2, 5]] * 2


def test_threads_that_reveal_at_once_are_refused_but_for_the_first() -> None:
    """Regression: an operation added between the making of material and the run left the session dead."""

    def program(mpc: Mpc) -> list[str]:
        x = mpc.input([1, 2], owner=0, shape=2)
        outcomes: list[str] = []
        with mpc._alone("be tested"):  # as if another thread were in the middle of a reveal

            def request() -> None:
                try:
                    outcomes.append(str(mpc.reveal(x * x)))
                except UsageError as error:
                    outcomes.append(str(error))

            threads = [threading.Thread(target=request) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert mpc.reveal(x * x).tolist() == [1, 4]
        return outcomes

    for outcomes in run_local(program, 2, M61, "dealer"):
        assert len(outcomes) == 3
        assert all("this session is busy" in line for line in outcomes)


@pytest.mark.parametrize("parties", [2, 3])
def test_an_operation_from_within_a_reveal_is_refused_and_does_no_harm(parties: int) -> None:
    """Regression: asked for by a progress callback, it made the two ends count their messages differently."""

    def program(mpc: Mpc) -> Any:
        x, refused = mpc.input([1, 2], owner=0, shape=2), []

        def callback(*_: Any) -> None:
            if mpc.party == 0:
                with pytest.raises(UsageError, match="this session is busy: it runs a reveal") as error:
                    x + 1
                refused.append(str(error.value))
                with pytest.raises(UsageError, match="this session is busy"):
                    mpc.reveal(x)

        mpc._source._progress = callback
        return mpc.reveal(x * x).tolist(), len(refused) > 0

    results = run_local(program, parties, M61, "dealer")
    assert [values for values, _ in results] == [[1, 4]] * parties
    assert [refused for _, refused in results] == [True] + [False] * (parties - 1)


def test_what_would_harm_a_reveal_is_refused_from_within_it_and_from_beside_it() -> None:
    """Regression: material that a reveal was about to use could be thrown away by another thread."""

    def program(mpc: Mpc) -> Any:
        x, refused = mpc.input([1, 2], owner=0, shape=2), []

        def attempt() -> None:
            for harm in (mpc.discard_material, lambda: mpc.prepare(triples=1), lambda: mpc.publish(1, owner=0)):
                try:
                    harm()
                except UsageError as error:
                    refused.append(str(error))

        def callback(*_: Any) -> None:
            attempt()
            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join()

        mpc._source._progress = callback
        result = mpc.reveal(x * x).tolist()
        return result, {line.split(" cannot ")[1].split(" now")[0] for line in refused}, len(refused) % 6

    harms = {"discard material", "prepare material", "publish"}
    assert run_local(program, 2, M61, "dealer") == [([1, 4], harms, 0)] * 2
