"""`spdz dealer`: be the trusted dealer of one session."""

from __future__ import annotations

import argparse
import sys

from spdz.sessions.network import serve_dealer


def run(options: argparse.Namespace) -> int:
    """Serve one session and end."""
    print("trusted dealer: whoever controls this process can learn every secret of the session", file=sys.stderr)
    serve_dealer(
        options.config,
        field=options.field,
        session=options.session,
        on_connect=lambda line: print(line, file=sys.stderr),
    )
    return 0
