"""The command `spdz`: its arguments and its exit codes. Nothing heavy is imported before a command is chosen."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from spdz.errors import EXIT_CODES, SpdzError, exit_code
from spdz.preprocessing.generators import DEFAULT, generator_named, generators
from spdz.version import __version__

FIELDS = ("M61", "M127")
WITH_PROGRAM = ("run", "plan", "interop", "attack")
"""Commands that run a program, which may have arguments of its own."""
BROKEN_PIPE = 141
"""The exit code when nobody reads the output any more: what a shell gives for SIGPIPE."""

_EPILOG = "exit codes:\n  0   done\n  1   the program itself failed\n" + "\n".join(
    f"  {code:<3} {meaning}" for _, code, meaning in EXIT_CODES
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _open_closed_streams()
    try:
        try:
            return _run(list(sys.argv[1:] if argv is None else argv))
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _run(argv: list[str]) -> int:
    parser = _parser()
    arguments, rest = _split(argv)
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    options.rest = rest
    if rest and options.command not in WITH_PROGRAM:
        parser.error(f"arguments after -- are for spdz {', '.join(WITH_PROGRAM)}")
    try:
        command = importlib.import_module(f"spdz.cli.{options.command}")
        return int(command.run(options) or 0)
    except SpdzError as error:
        place = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        print(f"spdz: {type(error).__name__}: {error}{place}", file=sys.stderr)
        return exit_code(error)
    except KeyboardInterrupt:
        print("spdz: interrupted", file=sys.stderr)
        return 130


def _open_closed_streams() -> None:
    """Services may start a command with its output closed; Python then has None in the place of the stream."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What is for spdz, and what follows `--` for the program."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spdz",
        description="Secure multi-party computation that stays secure when all parties but one cheat.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"spdz {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_init(
        commands.add_parser("init", help="make keys, certificates and the parties file for a new group of parties")
    )
    _add_run(commands.add_parser("run", help="run a program as one party"))
    _add_plan(commands.add_parser("plan", help="what a program will cost, without running it"))
    _add_dealer(commands.add_parser("dealer", help="be the trusted dealer of one session"))
    _add_demo(commands.add_parser("demo", help="see it work: real data, real processes, no trusted party"))
    _add_bench(commands.add_parser("bench", help="measure this machine"))
    _add_attack(commands.add_parser("attack", help="cheat in every step and see that it is found"))
    _add_interop(commands.add_parser("interop", help="exchange material with MP-SPDZ"))
    _add_vectors(commands.add_parser("vectors", help="check this implementation against the test vectors"))
    return parser


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.description = "Make one folder for each party: parties.toml, everyone's certificates, its own private key."
    parser.add_argument("folder", metavar="DIR", help="a new or empty folder")
    parser.add_argument(
        "--parties", nargs="+", required=True, metavar="HOST:PORT", help="address of each party, in order"
    )
    parser.add_argument("--dealer", metavar="HOST:PORT", help="also prepare a trusted dealer at this address")


def _add_field(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--field", default=default, choices=FIELDS, metavar="FIELD", help=f"{', '.join(FIELDS)} ({default})"
    )


def _add_preprocessing(parser: argparse.ArgumentParser, what: str = "") -> None:
    parser.add_argument(
        "--preprocessing", choices=tuple(generators()), default=DEFAULT, help=f"{what} ({DEFAULT})".strip()
    )


def _add_choices(parser: argparse.ArgumentParser, generator: str, where: str) -> None:
    """The options that a generator's declaration names."""
    for name, option in generator_named(generator).options.items():
        text = f"{where}: {option['help']}"
        parser.add_argument(f"--{name.replace('_', '-')}", type=option["type"], metavar=option["metavar"], help=text)


def _add_session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--session", metavar="LABEL", help="which session this is, the same at all parties (addresses of the file)"
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.description = "Run main(mpc) of PROGRAM.py as one party. What follows -- is mpc.args."
    parser.add_argument("program", metavar="PROGRAM.py")
    parser.add_argument("--config", required=True, metavar="FILE", help="the parties.toml in this party's folder")
    parser.add_argument("--party", required=True, type=int, metavar="I", help="index of this party")
    _add_session(parser)
    _add_preprocessing(parser, "who makes the material")
    _add_field(parser, "M127")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads for the heavy loops (1)")
    for name in generators():
        _add_choices(parser, name, name)
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary of the cost")


def _add_plan(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Rounds, bytes and material that main(mpc) of PROGRAM.py will take online, from shapes and types alone: "
        "nothing is sent or computed. What follows -- is mpc.args."
    )
    parser.add_argument("program", metavar="PROGRAM.py")
    parser.add_argument("--parties", type=int, default=2, metavar="N", help="2 to 16 (2)")
    parser.add_argument("--party", type=int, default=0, metavar="I", help="as which party the program runs (0)")
    _add_preprocessing(parser, "who makes the material")
    _add_field(parser, "M127")
    for name in generators():
        _add_choices(parser, name, name)
    parser.add_argument("--round-trip-ms", type=float, default=1.0, metavar="T", help="of the network (1)")
    parser.add_argument("--mbit-per-second", type=float, default=1000.0, metavar="R", help="of the network (1000)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _add_dealer(parser: argparse.ArgumentParser) -> None:
    parser.description = "Deal material to the parties of one session. The dealer can learn every secret of it."
    parser.add_argument("--config", required=True, metavar="FILE", help="the parties.toml in the dealer's folder")
    _add_session(parser)
    _add_field(parser, "M127")


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Parties that must not see each other's columns of the Wisconsin breast-cancer table compute a classifier."
    )
    parser.add_argument("--parties", type=int, default=2, metavar="N", choices=range(2, 6), help="2 to 5 (2)")
    parser.add_argument("--field", default="M61", choices=("M61", "M127"), help="(M61)")
    _add_preprocessing(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Benchmarks. All but `field` and `machine` run real processes over TLS on this machine, with every check on."
    )
    parser.add_argument(
        "what",
        choices=("field", "machine", "triples", "multiply", "compare", "relu", "fixed", "sort", "latency", "matmul"),
    )
    _add_field(parser, "M127")
    parser.add_argument("--count", type=int, metavar="N", help="how many elements, triples, rounds or products")
    parser.add_argument("--parties", type=int, default=2, metavar="N", choices=range(2, 6), help="2 to 5 (2)")
    parser.add_argument("--runs", type=int, metavar="N", help="medians of N runs, with the least and the greatest (1)")
    parser.add_argument(
        "--profile",
        action="store_true",
        help="triples, multiply, latency, matmul (its material): where one party's time goes",
    )
    parser.add_argument("--over-field", action="store_true", help="compare: results are field elements, not bits")
    parser.add_argument("--dims", metavar="M,L,N", help="matmul: an M x L matrix times an L x N matrix (64,64,64)")
    _add_choices(parser, "mascot", "triples, matmul")
    parser.add_argument("--threads", type=int, metavar="N", help="triples, matmul: threads of each party (1)")
    parser.add_argument("--round-trip-ms", type=float, metavar="T", help="delay messages by T / 2 in each direction")
    parser.add_argument("--mbit-per-second", type=float, metavar="R", help="limit each connection to R each way")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _add_interop(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write fresh material as another system reads it, or compute on what it has written."
    systems = parser.add_subparsers(dest="system", required=True, metavar="SYSTEM")
    system = systems.add_parser("mp-spdz", help="MP-SPDZ, its files for -F")
    actions = system.add_subparsers(dest="action", required=True, metavar="export|import")
    export = actions.add_parser("export", help="make fresh material with the other parties and write this party's part")
    export.description = "Every party runs its own export. What is exported is spent: spdz never uses it again."
    load = actions.add_parser("import", help="run a program on material from files, which are spent by it")
    load.description = "Run main(mpc) of a program on one party's files, once. What follows -- is mpc.args."
    for one in (export, load):
        one.add_argument("folder", metavar="DIR", help="the folder that holds, or will hold, <n>-p-<bits>")
    use = load.add_mutually_exclusive_group(required=True)
    use.add_argument("--program", metavar="PROGRAM.py", help="the program that uses the material, and spends all of it")
    use.add_argument("--check", action="store_true", help="look at the files only; nothing is spent")
    for one in (export, load):
        one.add_argument("--config", required=True, metavar="FILE", help="the parties.toml in this party's folder")
        _add_session(one)
        one.add_argument("--party", required=True, type=int, metavar="I", help="index of this party")
        _add_field(one, "M127")
        one.add_argument("--quiet", action="store_true", help="no progress, no summary")
    _add_preprocessing(export)
    for name, what in (
        ("triples", "triples"),
        ("squares", "squares"),
        ("bits", "random bits"),
        ("inputs", "input masks of every party"),
    ):
        text = f"{what}, rounded up to a multiple of 101 (0)"
        export.add_argument(f"--{name}", type=int, default=0, metavar="N", help=text)
    export.add_argument("--force", action="store_true", help="replace this party's files in DIR")
    load.add_argument(
        "--trust-unmarked-material",
        action="store_true",
        help="use material that no mark says to be made with malicious security",
    )


def _add_vectors(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Replay every recorded session, one endpoint against the recorded others, and compare every byte; compute "
        "every recorded function. Where the folder has an index.json, a file that is missing, changed or not listed "
        "differs too. The exit code is 1 if anything differs, 2 for a file that is not a vector file."
    )
    check = parser.add_subparsers(dest="action", required=True, metavar="check").add_parser("check", help="check files")
    check.add_argument("path", metavar="PATH", nargs="?", help="a folder of files, or one file (those of the package)")
    check.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")


def _add_attack(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Run the attack matrix: cheats at every step, by every party, against every victim. Without PROGRAM.py it "
        "attacks a program that touches every step there is. What follows -- is mpc.args of all parties. The exit code "
        "is 1 if a cheat was not detected, or a step not attacked."
    )
    parser.add_argument("program", metavar="PROGRAM.py", nargs="?", help="attack main(mpc) of this file instead")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="every step, some kinds, parties and victims (the default)")
    size.add_argument(
        "--full", action="store_true", help="everything; base OTs are ideal where another step is attacked"
    )
    _add_field(parser, "M61")
    parser.add_argument(
        "--preprocessing", choices=(*generators(), "both"), default="both", help="what to attack (both)"
    )
    parser.add_argument("--transport", choices=("memory", "tls"), default="memory", help="how parties talk (memory)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes at a time (2)")
    parser.add_argument("--write-table", metavar="FILE", help="also write the table of docs/attacks.md to FILE")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else")
