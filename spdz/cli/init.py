"""`spdz init`: keys, certificates and the parties file."""

from __future__ import annotations

import argparse

from spdz.transport.initialise import initialise


def run(options: argparse.Namespace) -> int:
    """Make the folders and say what to do with them."""
    folders = initialise(options.folder, options.parties, dealer=options.dealer)
    for folder in folders:
        print(folder)
    print()
    print("Hand each folder to its party over a channel that both of you trust: it holds that party's private key.")
    print("Keep no copy: whoever holds a party's key can take that party's place.")
    print("Each party then runs, with its own number I:")
    print("    spdz run PROGRAM.py --config party-I/parties.toml --party I")
    return 0
