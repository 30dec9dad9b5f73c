"""`spdz interop mp-spdz export|import`: material to and from the files of MP-SPDZ."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from spdz.cli.run import print_result
from spdz.errors import UsageError
from spdz.field import field_by_name
from spdz.interop.export import check_target, export_session
from spdz.interop.importing import ImportedMaterial
from spdz.interop.mp_spdz_format import Layout
from spdz.interop.session import connect_imported, read_for
from spdz.measuring.progress import ProgressLine
from spdz.params import require_integer
from spdz.sessions.network import connect
from spdz.sessions.programs import load_program
from spdz.transport.parties_file import load_parties


def run(options: argparse.Namespace) -> int:
    """Export or import as one party."""
    return _export(options) if options.action == "export" else _import(options)


def _export(options: argparse.Namespace) -> int:
    if options.rest:
        raise UsageError("export takes no arguments after --")
    asked = {name: getattr(options, name) for name in ("triples", "squares", "bits", "inputs")}
    for name, count in asked.items():
        require_integer(count, f"--{name}", 0)
    if not any(asked.values()):
        raise UsageError("nothing to export: give --triples, --squares, --bits or --inputs")
    # Before anybody is kept waiting, and before any work is done in vain.
    field, parties = field_by_name(options.field), len(load_parties(options.config).parties)
    check_target(options.folder, Layout(field, parties, options.party), force=options.force)

    progress = ProgressLine(enabled=not options.quiet)
    with connect(
        options.config,
        options.party,
        field=field,
        preprocessing=options.preprocessing,
        session=options.session,
        program_digest="spdz interop mp-spdz export",
        progress=progress.material,
        on_connect=progress.text,
    ) as mpc:
        exported = export_session(
            mpc,
            options.folder,
            triples=options.triples,
            squares=options.squares,
            random_bits=options.bits,
            masks_of_each=options.inputs,
            force=options.force,
        )
    progress.end()
    counts = ", ".join(f"{count} {kind}" for kind, count in exported.counts.items())
    print(f"{exported.folder}: {counts}; share {options.party} of {parties}, secret, and the MAC key share with it")
    print(
        "This material is spent here: the session that made it is closed, and spdz keeps none of it. Use the files in "
        "one run of MP-SPDZ, or import them once, never both: values masked twice by the same material are revealed."
    )
    return 0


def _import(options: argparse.Namespace) -> int:
    material = read_for(
        options.config,
        options.party,
        options.folder,
        field=options.field,
        trust_unmarked=options.trust_unmarked_material,
    )
    if options.check:
        material.destroy()
        print(f"{material.place}: {material.inventory}; {origin(material)}")
        print("Nothing was spent.")
        return 0
    main, digest = load_program(Path(options.program))
    progress = ProgressLine(enabled=not options.quiet)
    with connect_imported(
        options.config,
        options.party,
        material,
        args=options.rest,
        session=options.session,
        program_digest=digest,
        on_connect=progress.text,
    ) as mpc:
        progress.text(f"party {mpc.party} of {mpc.parties}: {mpc.field.name}; {mpc.transport}; {origin(material)}")
        result = main(mpc)
    progress.end()
    print_result(result)
    if not options.quiet:
        print(f"{material.place}: this party's files are spent and removed", file=sys.stderr)
    return 0


def origin(material: ImportedMaterial) -> str:
    """One line that says what using the material relies on."""
    if material.provenance is None:
        return "material without a mark, trusted at your word: if it was made insecurely, nothing here is secure"
    made = material.provenance.origin
    if not made.is_malicious:
        return f"material made by a trusted {made.protocol}, who can learn every secret, in session {made.session}"
    return f"material made by {made.protocol}, s = {made.statistical_bits}, in session {made.session}, as its mark says"
