"""What a protocol coroutine can ask of the scheduler. This file holds the only `yield` of the package's runtime."""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spdz.wire.codec import Codec
from spdz.wire.steps import Step

if TYPE_CHECKING:
    from spdz.runtime.task import Task


class Trap:
    """Something to be awaited; the scheduler sends the answer. Its repr shows no payload."""

    def __await__(self) -> Generator[Trap, Any, Any]:
        return (yield self)


@dataclass(eq=False, repr=False)
class Exchange(Trap):
    """Send a payload to some peers and receive one from some peers, all under one label.

    Answer: a dictionary from peer to decoded payload.
    """

    step: Step
    path: str
    sends: Mapping[int, tuple[Codec, Any]]
    receives: Mapping[int, Codec]


@dataclass(eq=False, repr=False)
class Gather(Trap):
    """Run children side by side. Answer: the list of their results, in order."""

    children: tuple[Coroutine[Trap, Any, Any], ...]


@dataclass(eq=False, repr=False)
class Spawn(Trap):
    """Start a task that others may join. It begins at the depth of the task that starts it. Answer: the `Task`."""

    coroutine: Coroutine[Trap, Any, Any]


@dataclass(eq=False, repr=False)
class Join(Trap):
    """Wait for another task, which may have several that wait for it. Answer: its result."""

    task: Task


async def wait_for(task: Task | None) -> None:
    """Wait for a task, if there is one."""
    if task is not None:
        await Join(task)
