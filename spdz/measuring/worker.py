"""The process of one party of a local cluster; `spdz.measuring.cluster` starts it and reads what it says."""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from types import TracebackType
from typing import Any

from spdz.errors import PeerAborted, SpdzError, TransportError, exit_code
from spdz.preprocessing.generators import Choice, preprocessing_with
from spdz.sessions.network import connect, serve_dealer
from spdz.sharing.material import Kind


def say(**values: Any) -> None:
    """One line of JSON to whoever started this process."""
    print(json.dumps(values), flush=True)


def main(settings: dict[str, Any]) -> int:
    """Be one party, or the dealer."""
    try:
        if settings["dealer"]:
            serve_dealer(settings["config"], field=settings["field"], preprocessing=_preprocessing(settings))
        else:
            say(result=_party(settings))
    except SpdzError as error:
        say(
            error=f"{type(error).__name__}: {error}",
            code=exit_code(error),
            echo=isinstance(error, PeerAborted | TransportError),
        )
        return exit_code(error)
    return 0


def _party(settings: dict[str, Any]) -> Any:
    module, function = settings["task"].split(":")
    task = getattr(importlib.import_module(module), function)
    with connect(
        settings["config"],
        settings["party"],
        field=settings["field"],
        preprocessing=_preprocessing(settings),
        program_digest=settings["task"],
        progress=_material,
        on_connect=_connecting,
        threads=settings["threads"],
    ) as mpc:
        return task(mpc, settings["options"], say)


def _preprocessing(settings: dict[str, Any]) -> Choice:
    return preprocessing_with(settings["preprocessing"], settings["choices"])


def _connecting(text: str) -> None:
    say(phase=text)


def _material(kind: Kind, made: int, wanted: int) -> None:
    say(material=str(kind), made=made, wanted=wanted)


def _report_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Any other error ends the process: the place goes to standard error, the line to whoever started us."""
    traceback.print_exception(kind, error, trace)
    say(error=f"{kind.__name__}: {error}", code=1, echo=False)


if __name__ == "__main__":
    sys.excepthook = _report_fault
    sys.exit(main(json.load(sys.stdin)))
