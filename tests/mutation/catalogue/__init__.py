"""The list of mutants, by the part of the package that they are about."""

from __future__ import annotations

from pathlib import Path

from tests.mutation.catalogue import (
    bits,
    chains,
    checks,
    crypto,
    fields_and_hosts,
    hiding,
    late,
    masks,
    material,
    matrices,
    outputs,
    ranges,
    secrets,
    session,
    tosses,
    transfer,
    triples,
    vole,
)
from tests.mutation.mutant import Mutant, Span, spans
from tests.mutation.sites import Site, all_sites

AREAS: dict[str, tuple[Mutant, ...]] = {
    "checks of what parties say": checks.MUTANTS,
    "outputs": outputs.MUTANTS,
    "coin tosses": tosses.MUTANTS,
    "oblivious transfer": transfer.MUTANTS,
    "triples": triples.MUTANTS,
    "checks that hold for a while only": late.MUTANTS,
    "matrix triples": matrices.MUTANTS,
    "silent VOLE": vole.MUTANTS,
    "bits": bits.MUTANTS,
    "private masks": masks.MUTANTS,
    "bits over the field": chains.MUTANTS,
    "inputs in range": ranges.MUTANTS,
    "what hides statistically": hiding.MUTANTS,
    "cryptographic tools": crypto.MUTANTS,
    "the MAC key and its end": secrets.MUTANTS,
    "material": material.MUTANTS,
    "frames and the end of a session": session.MUTANTS,
    "fields and hosts": fields_and_hosts.MUTANTS,
}
"""The mutants by what they take a check from."""

MUTANTS: tuple[Mutant, ...] = tuple(mutant for mutants in AREAS.values() for mutant in mutants)

EXEMPT: dict[tuple[str, str], str] = {
    ("spdz/protocols/commit.py", "_different_commitments"): (
        "words the error; the comparison that raises it is mutated in `commit_and_open`"
    ),
    ("preprocessing/mascot/vole_check.py", "failed"): "words the error; the three places that raise it are mutated",
    ("spdz/runtime/mailbox.py", "Mailbox._malformed"): "words the error; every place that raises it is mutated",
    ("spdz/runtime/mailbox.py", "_aborted"): "words the error; `Mailbox.complete` and `Scheduler.run` are mutated",
    ("spdz/runtime/party.py", "Party._wait"): "passes on what `Party._too_late` made, which is mutated",
    ("spdz/transport/tls/connect.py", "_Setup.run"): "raises a `TransportError`, which accuses nobody of cheating",
    ("spdz/transport/tls/stream.py", "TlsStream.read_into"): "raises the `OSError` of the socket that it kept",
}
"""Sites that no mutant covers, by file and function, and why."""


def uncovered(root: Path) -> list[Site]:
    """Places that make an abort and are neither mutated nor exempt."""
    edited = [(mutant.path, span) for mutant in MUTANTS for span in _spans(root, mutant)]
    return [
        site
        for site in all_sites(root)
        if (site.path, site.scope) not in EXEMPT
        and not any(path == site.path and span.meets(site.guard) for path, span in edited)
    ]


def _spans(root: Path, mutant: Mutant) -> list[Span]:
    return spans(mutant, (root / mutant.path).read_text())
