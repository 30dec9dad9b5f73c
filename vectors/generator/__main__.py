"""`python -m vectors.generator [--check] [--only NAME] [DIR]`: write all vector files, or say which would change."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vectors.generator.catalogue import FILES

DATA = Path(__file__).parent.parent / "data"


def main() -> int:
    """Returns 1 if `--check` finds a difference."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(": ")[1])
    parser.add_argument("folder", metavar="DIR", type=Path, nargs="?", default=DATA)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a byte differs")
    parser.add_argument("--only", choices=FILES, metavar="NAME", help="one file")
    options = parser.parse_args()
    differing = []
    for name, make in FILES.items():
        if options.only not in (None, name):
            continue
        text, path = make().encode("ascii"), options.folder / name
        if path.is_file() and path.read_bytes() == text:
            continue
        differing.append(path)
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
    stray = [path for path in sorted(options.folder.glob("*.json")) if path.name not in FILES]
    for path in differing:
        print(f"{path} {'differs' if options.check else 'written'}")
    for path in stray:
        print(f"{path} is of no generator")
    return 1 if stray or (options.check and differing) else 0


if __name__ == "__main__":
    sys.exit(main())
