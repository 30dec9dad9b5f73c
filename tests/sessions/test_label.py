"""Which session the user means is compared: two that run at the same time cannot be joined crosswise (PITFALLS 27)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import spdz
from spdz.errors import ConfigurationMismatch, UsageError
from spdz.transport.initialise import initialise
from spdz.transport.parties_file import load_parties, session_label, write_parties

JOIN_SECONDS = 60.0


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    """Four ports that are listened at."""
    found = [socket.socket() for _ in range(4)]
    for listener in found:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
    yield found
    for listener in found:
        listener.close()


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


class Group:
    """Two parties whose certificates serve for several sessions, each at ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folders = initialise(folder, ["127.0.0.1:7001", "127.0.0.1:7002"])

    def file(self, party: int, ports: tuple[int, int], session: str | None = None) -> Path:
        """This party's file for a session at these ports."""
        path = self.folders[party] / "parties.toml"
        lines = path.read_text()
        for old, new in zip((7001, 7002), ports, strict=True):
            lines = lines.replace(f"127.0.0.1:{old}", f"127.0.0.1:{new}")
        other = self.folders[party] / f"parties-{ports[0]}-{ports[1]}.toml"
        other.write_text(lines + ("" if session is None else f'\n[session]\nname = "{session}"\n'))
        return other


def meet(group: Group, files: list[Path], listeners: list[socket.socket], **more: Any) -> list[Any]:
    """Open a session with these files and listening sockets; results or errors, by party."""
    outcomes: list[Any] = [None, None]

    def be(party: int) -> None:
        own = {name: values[party] if isinstance(values, list) else values for name, values in more.items()}
        try:
            with spdz.connect(
                files[party], party, field="M61", preprocessing="mascot", listener=listeners[party], **own
            ) as mpc:
                outcomes[party] = mpc.reveal(mpc.constant(7))
        except spdz.SpdzError as error:
            outcomes[party] = error

    threads = [threading.Thread(target=be, args=(party,), daemon=True) for party in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(JOIN_SECONDS)
    return outcomes


@pytest.mark.network
def test_sessions_that_are_joined_crosswise_end_and_name_both(tmp_path: Path, listeners: list[socket.socket]) -> None:
    """Whoever carries packets leads party 1 of the second session to party 0 of the first."""
    group = Group(tmp_path / "g")
    first, second = (port_of(listeners[0]), port_of(listeners[1])), (port_of(listeners[2]), port_of(listeners[3]))
    files = [group.file(0, first), group.file(1, second)]
    outcomes = meet(group, files, [listeners[2], listeners[3]])
    for outcome, here, there in zip(outcomes, (first, second), (second, first), strict=True):
        assert isinstance(outcome, ConfigurationMismatch)
        labels = [" ".join(f"127.0.0.1:{port}" for port in ports) for ports in (here, there)]
        assert f"session is {labels[0]!r} here and {labels[1]!r} at party" in str(outcome)
        assert "--session" in str(outcome)


@pytest.mark.network
@pytest.mark.parametrize("said", ["argument", "file"])
def test_one_label_joins_parties_that_write_addresses_in_different_ways(
    said: str, tmp_path: Path, listeners: list[socket.socket]
) -> None:
    """As behind NAT: the addresses differ on purpose."""
    group = Group(tmp_path / "g")
    name = "monthly figures" if said == "file" else None
    files = [
        group.file(0, (port_of(listeners[0]), port_of(listeners[1])), name),
        group.file(1, (port_of(listeners[2]), port_of(listeners[3])), name),
    ]
    more = {"session": "monthly figures"} if said == "argument" else {}
    assert meet(group, files, [listeners[2], listeners[3]], **more) == [7, 7]


@pytest.mark.network
def test_labels_that_differ_are_named(tmp_path: Path, listeners: list[socket.socket]) -> None:
    group = Group(tmp_path / "g")
    ports = (port_of(listeners[0]), port_of(listeners[1]))
    outcomes = meet(group, [group.file(party, ports) for party in (0, 1)], listeners, session=["one", "two"])
    assert all(isinstance(outcome, ConfigurationMismatch) for outcome in outcomes)
    assert "session is 'one' here and 'two' at party 1" in str(outcomes[0])


@pytest.mark.parametrize("label", ["", "a\nb", "ä", "x" * 201, 5, None], ids=repr)
def test_what_is_no_label_is_refused(label: Any) -> None:
    with pytest.raises(UsageError, match="label of a session is 1 to 200 printable ASCII"):
        session_label(label)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[session]\n", "the key 'name' is missing"),
        ("[session]\nname = 3\n", "name must be a string"),
        ('[session]\nname = ""\n', "1 to 200 printable ASCII"),
        ('[session]\nlabel = "x"\n', "unknown key 'label'"),
        ("session = 3\n", "must be a table"),
    ],
)
def test_a_table_that_does_not_fit_is_named(text: str, words: str, tmp_path: Path) -> None:
    group = Group(tmp_path / "g")
    path = group.file(0, (7001, 7002))
    path.write_text(f"{text}{path.read_text()}" if text.startswith("session") else f"{path.read_text()}\n{text}")
    with pytest.raises(UsageError, match=words) as caught:
        load_parties(path)
    assert str(path) in str(caught.value)


def test_a_label_survives_writing_the_file(tmp_path: Path) -> None:
    group = Group(tmp_path / "g")
    path = group.file(0, (7001, 7002), 'of "May"'.replace('"', "'"))
    config = load_parties(path)
    write_parties(path, config)
    assert load_parties(path).session == config.session == "of 'May'"
