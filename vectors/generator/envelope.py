"""The envelope of a vector file, and how it is written: the same bytes on every run."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from vectors.generator.hashing import PROTOCOL_VERSION

GENERATOR = "vectors/generator 1"
INDEX = "index.json"
"""The file that says which vector files belong into a folder."""
LINE = 400
"""What is no longer stands on one line: a message, for example."""
LONG = 100
"""Frames of more digits are worth sharing."""

Flag = tuple[str, str]
"""(kind, what a failure of its tests means)"""


def seed_of(name: str) -> bytes:
    """32 bytes from a name: nothing up the sleeve."""
    return hashlib.sha256(f"spdz test vectors: {name}".encode()).digest()


def big(number: int) -> str:
    """An integer in big-endian hexadecimal."""
    return f"{number:x}"


@dataclass
class Group:
    """Tests that share a type and parameters."""

    type: str
    source: str
    params: dict[str, Any] = field(default_factory=dict)
    tests: list[dict[str, Any]] = field(default_factory=list)

    def add(self, comment: str, flags: list[str] | str, content: dict[str, Any], *, valid: bool = True) -> None:
        """One more test; `document` numbers them."""
        names = [flags] if isinstance(flags, str) else flags
        test = {"comment": comment, "flags": names, **content, "result": "valid" if valid else "invalid"}
        self.tests.append(test)


def document(algorithm: str, schema: str, flags: dict[str, Flag], groups: list[Group]) -> str:
    """The text of a vector file."""
    number, listed, used = 0, [], set()
    for group in groups:
        tests = []
        for test in group.tests:
            number += 1
            used.update(test["flags"])
            tests.append({"tcId": number, **test})
        head = {"type": group.type, "source": group.source, "params": group.params}
        listed.append({**head, **_shared_frames(tests), "tests": tests})
    content = {
        "algorithm": algorithm,
        "schema": schema,
        "protocolVersion": PROTOCOL_VERSION,
        "generator": GENERATOR,
        "notes": {name: dict(zip(("kind", "description"), flags[name], strict=True)) for name in sorted(used)},
        "numberOfTests": number,
        "testGroups": listed,
    }
    return written(content) + "\n"


def index(texts: dict[str, bytes]) -> str:
    """The text of the index of vector files, given by name."""
    files = []
    for name, text in sorted(texts.items()):
        content = json.loads(text)
        counted = {key: content[key] for key in ("schema", "numberOfTests")}
        files.append({"name": name, **counted, "sha256": hashlib.sha256(text).hexdigest()})
    return written({"schema": "index_v1.json", "generator": GENERATOR, "files": files}) + "\n"


def _shared_frames(tests: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Long frames that occur in several tests of a group go into a list of the group; messages then name the place."""
    messages = [message for test in tests for message in test.get("messages", ())]
    counts = Counter(message["frame"] for message in messages if len(message["frame"]) > LONG)
    shared = [frame for frame, count in counts.items() if count > 1]
    places = {frame: place for place, frame in enumerate(shared)}
    for message in messages:
        message["frame"] = places.get(message["frame"], message["frame"])
    return {"frames": shared} if shared else {}


def written(value: Any, indent: int = 0) -> str:
    """JSON; what fits a line stands on one."""
    flat = json.dumps(value)
    if len(flat) + indent <= LINE or not isinstance(value, dict | list) or not value:
        return flat
    pad, end = " " * (indent + 1), " " * indent
    if isinstance(value, dict):
        rows = [f"{pad}{json.dumps(key)}: {written(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{end}}}"
    return "[\n" + ",\n".join(pad + written(item, indent + 1) for item in value) + f"\n{end}]"
