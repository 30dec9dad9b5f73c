"""However a session ends, what must not survive it does not (PITFALLS 4 and 5); found by review."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

import spdz
from spdz.errors import MacCheckFailed, PeerAborted
from spdz.field import M61
from spdz.sharing.material import TRIPLES, Batch, MaterialStore
from spdz.sharing.shares import AuthShare


class Strange(Exception):
    """A foreign error whose attributes look like ours."""

    step = ["not", "hashable"]


@pytest.mark.parametrize("preprocessing", ["mascot", "dealer"])
def test_a_foreign_error_with_a_step_of_its_own_ends_the_session_all_the_same(preprocessing: str) -> None:
    sessions: dict[int, spdz.Mpc] = {}

    def program(mpc: spdz.Mpc) -> Any:
        sessions[mpc.party] = mpc
        mpc.prepare(triples=3)
        if mpc.party == 1:
            raise Strange("mine")
        return mpc.reveal(mpc.random(2))

    with pytest.raises(Strange, match="mine"):
        spdz.run_local(program, field=M61, preprocessing=preprocessing, timeout=20)
    for mpc in sessions.values():
        assert not mpc._party.session.key.alive
        assert not mpc._source.store._batches


def test_an_abort_that_is_interrupted_can_be_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def program(mpc: spdz.Mpc) -> None:
        mpc.prepare(triples=3)
        party = mpc._party
        if mpc.party == 1:
            return
        destroy = party._destroy_secrets

        def interrupted(steps: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(party, "_destroy_secrets", interrupted)
        with pytest.raises(KeyboardInterrupt):
            party.abort(ValueError())
        seen.extend((party.session.key.alive, party.over))
        monkeypatch.setattr(party, "_destroy_secrets", destroy)
        party.abort(ValueError())
        seen.extend((party.over, bool(mpc._source.store._batches)))

    # Party 1 may hear of the abort, or have finished.
    with contextlib.suppress(spdz.ProtocolAbort):
        spdz.run_local(program, field=M61, preprocessing="mascot")
    key_alive, over, over_at_last, material = seen
    assert not key_alive, "the key goes first"
    assert not over
    assert over_at_last
    assert not material


def test_shares_of_constants_do_not_keep_the_key() -> None:
    kept: dict[int, Any] = {}

    def program(mpc: spdz.Mpc) -> Any:
        x = mpc.random(2)
        one = mpc.constant([1])
        kept[mpc.party] = (one, x)
        mpc.reveal(x)
        if mpc.party == 1:
            x._node._result = AuthShare(x._node.share.value + 1, x._node.share.mac)
        return mpc.reveal(x)

    with pytest.raises(MacCheckFailed):
        spdz.run_local(program, field=M61, preprocessing="dealer")
    for one, _ in kept.values():
        assert one._node.share.mac.is_zero().all()


def test_a_batch_that_cannot_be_overwritten_does_not_keep_the_rest() -> None:
    store = MaterialStore()
    fixed = M61.from_bytes(bytes(16), 2)
    loose = M61.ones(2)
    for value in (fixed, loose):
        store.add(Batch(TRIPLES, (AuthShare(value, value.copy()),) * 3))
    store.destroy()
    assert loose.is_zero().all()
    with pytest.raises(spdz.UsageError, match="destroyed"):
        store.take(TRIPLES, 1)


@pytest.mark.parametrize("error", [BrokenPipeError("a pipe"), FileNotFoundError("a table"), EOFError("an end")])
@pytest.mark.network
def test_an_error_of_a_program_is_not_taken_for_a_lost_line(error: BaseException, tmp_path: Any) -> None:
    """An OSError of user code that runs while a frame is taken in over TLS leaves as it is."""
    import threading

    from spdz.sessions.network import connect
    from spdz.transport.initialise import initialise
    from tests.transport.support import _bound

    sockets = [_bound() for _ in range(2)]
    for one in sockets:
        one.listen()
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    folders = initialise(tmp_path / "group", addresses)
    errors: dict[int, BaseException] = {}

    def fails(share: AuthShare) -> AuthShare:
        raise error

    def party(index: int) -> None:
        try:
            with connect(folders[index] / "parties.toml", index, field=M61, listener=sockets[index]) as mpc:
                x = mpc.random(2)
                product = x * x
                mpc.reveal(mpc.local("negate", (2,), fails, product) if index == 1 else -product)
        except BaseException as caught:
            errors[index] = caught

    threads = [threading.Thread(target=party, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors[1] is error
    assert isinstance(errors[0], PeerAborted)
