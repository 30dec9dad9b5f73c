"""A cheating party for everyone: describe a cheat in a line, run it against any program, see who noticed.

    from spdz import adversary
    from spdz.adversary import AddTo

    report = adversary.run(program, parties=3, cheats=[AddTo("multiply.masked", "last", delta=1, by=2)])
    print(report)

Parties run the code of honest sessions, in memory or over TLS. Cheats change what a corrupted party sends (bytes,
values, equivocation, rushing, silence) or replace code that it runs. Several cheats with different `by` make a
coalition of up to n - 1 parties with one mind. Nothing in here weakens an honest party.
"""

from spdz.adversary.cheats import (
    AddTo,
    Cheat,
    CopyHonest,
    Drop,
    Duplicate,
    Equivocate,
    Extend,
    Flip,
    Reorder,
    Replay,
    ReplayFrame,
    Rush,
    SayGoodbye,
    Silence,
    SwapLabels,
    Truncate,
    View,
)
from spdz.adversary.coins import EarlyCoins, ReusedCoins
from spdz.adversary.generators import OtherKeyPerPeer, WrongTriples
from spdz.adversary.message import Message
from spdz.adversary.programs import (
    ForgedMac,
    GuessBitsOfA,
    GuessBitsOfDelta,
    GuessKeyBits,
    IgnoreVoleCheck,
    InconsistentChoiceBits,
    OtherInput,
    OtherKeyPerBatch,
    WrongBitsOfA,
)
from spdz.adversary.report import PartyEnd, Report
from spdz.adversary.runner import run, run_honestly

__all__ = [
    "AddTo",
    "Cheat",
    "CopyHonest",
    "Drop",
    "Duplicate",
    "EarlyCoins",
    "Equivocate",
    "Extend",
    "Flip",
    "ForgedMac",
    "GuessBitsOfA",
    "GuessBitsOfDelta",
    "GuessKeyBits",
    "IgnoreVoleCheck",
    "InconsistentChoiceBits",
    "Message",
    "OtherInput",
    "OtherKeyPerBatch",
    "OtherKeyPerPeer",
    "PartyEnd",
    "Reorder",
    "Replay",
    "ReplayFrame",
    "Report",
    "ReusedCoins",
    "Rush",
    "SayGoodbye",
    "Silence",
    "SwapLabels",
    "Truncate",
    "View",
    "WrongBitsOfA",
    "WrongTriples",
    "run",
    "run_honestly",
]
