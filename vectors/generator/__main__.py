"""`python -m vectors.generator [--check] [--only NAME] [DIR]`: write vector files and index, or say what is stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vectors.generator.catalogue import FILES
from vectors.generator.envelope import INDEX, index

DATA = Path(__file__).parent.parent / "data"


def main() -> int:
    """Returns 1 if `--check` finds a difference."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(": ")[1])
    parser.add_argument("folder", metavar="DIR", type=Path, nargs="?", default=DATA)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a byte differs")
    parser.add_argument("--only", choices=FILES, metavar="NAME", help="this file, and the index of what is there")
    options = parser.parse_args()
    differing = []
    for name, text in _texts(options.folder, options.only).items():
        path = options.folder / name
        if path.is_file() and path.read_bytes() == text:
            continue
        differing.append(path)
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
    stray = [path for path in sorted(options.folder.glob("*.json")) if path.name not in (*FILES, INDEX)]
    for path in differing:
        print(f"{path} {'differs' if options.check else 'written'}")
    for path in stray:
        print(f"{path} is of no generator")
    return 1 if stray or (options.check and differing) else 0


def _texts(folder: Path, only: str | None) -> dict[str, bytes]:
    """What belongs into the folder, by name: its vector files, all or one of them made anew, then the index."""
    texts = {}
    for name, make in FILES.items():
        if only in (None, name):
            texts[name] = make().encode("ascii")
        elif (folder / name).is_file():
            texts[name] = (folder / name).read_bytes()
    return {**texts, INDEX: index(texts).encode("ascii")}


if __name__ == "__main__":
    sys.exit(main())
