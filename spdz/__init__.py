"""Secure multi-party computation that stays secure when all parties but one cheat.

    import spdz

    def program(mpc):
        x = mpc.input(mpc.inputs, owner=0)
        y = mpc.input(mpc.inputs, owner=1)
        return mpc.reveal((x * y).sum())

    spdz.run_local(program, inputs=[[1, 2, 3], [4, 5, 6]])  # [array(32), array(32)]

`run_local` runs all parties in this process, `connect` makes this process one party of a network. Everything is
imported when it is first used: `import spdz` alone is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from spdz.errors import (
    AuthenticationFailed,
    BroadcastMismatch,
    CommitmentMismatch,
    ConfigurationMismatch,
    Desync,
    InternalError,
    MacCheckFailed,
    MalformedMessage,
    OtConsistencyFailed,
    PeerAborted,
    ProtocolAbort,
    RangeError,
    SacrificeFailed,
    SpdzError,
    TransportError,
    UsageError,
    ValidationFailed,
)
from spdz.version import __version__

if TYPE_CHECKING:
    from spdz.field import M5, M7, M13, M17, M19, M31, M61, M127, Field, FieldArray, field_by_name
    from spdz.online.cost import Cost
    from spdz.online.session import Mpc
    from spdz.online.values.array import SecretArray
    from spdz.online.values.bits_of_integers import from_bits
    from spdz.online.values.boolean import SecretBool
    from spdz.online.values.contracting import max_pool
    from spdz.online.values.fixed import SecretFixed
    from spdz.online.values.integer import SecretInt
    from spdz.online.values.looking_up import lookup
    from spdz.online.values.ordering import relu
    from spdz.online.values.rows import rows_equal
    from spdz.online.values.types import Bool, Fixed, Int
    from spdz.params import MascotParams
    from spdz.sessions.local import run_local
    from spdz.sessions.network import connect
    from spdz.sessions.planning import Plan, plan

_LAZY = {
    **dict.fromkeys(
        ("M5", "M7", "M13", "M17", "M19", "M31", "M61", "M127", "Field", "FieldArray", "field_by_name"), "spdz.field"
    ),
    "MascotParams": "spdz.params",
    "Cost": "spdz.online.cost",
    "Mpc": "spdz.online.session",
    "SecretArray": "spdz.online.values.array",
    "SecretBool": "spdz.online.values.boolean",
    "SecretFixed": "spdz.online.values.fixed",
    "SecretInt": "spdz.online.values.integer",
    **dict.fromkeys(("Bool", "Fixed", "Int"), "spdz.online.values.types"),
    "connect": "spdz.sessions.network",
    "from_bits": "spdz.online.values.bits_of_integers",
    "Plan": "spdz.sessions.planning",
    "lookup": "spdz.online.values.looking_up",
    "max_pool": "spdz.online.values.contracting",
    "plan": "spdz.sessions.planning",
    "relu": "spdz.online.values.ordering",
    "rows_equal": "spdz.online.values.rows",
    "run_local": "spdz.sessions.local",
}

__all__ = [
    "M5",
    "M7",
    "M13",
    "M17",
    "M19",
    "M31",
    "M61",
    "M127",
    "AuthenticationFailed",
    "Bool",
    "BroadcastMismatch",
    "CommitmentMismatch",
    "ConfigurationMismatch",
    "Cost",
    "Desync",
    "Field",
    "FieldArray",
    "Fixed",
    "Int",
    "InternalError",
    "MacCheckFailed",
    "MalformedMessage",
    "MascotParams",
    "Mpc",
    "OtConsistencyFailed",
    "PeerAborted",
    "Plan",
    "ProtocolAbort",
    "RangeError",
    "SacrificeFailed",
    "SecretArray",
    "SecretBool",
    "SecretFixed",
    "SecretInt",
    "SpdzError",
    "TransportError",
    "UsageError",
    "ValidationFailed",
    "__version__",
    "connect",
    "field_by_name",
    "from_bits",
    "lookup",
    "max_pool",
    "plan",
    "relu",
    "rows_equal",
    "run_local",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'spdz' has no attribute {name!r}")
    value = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
