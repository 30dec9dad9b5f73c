"""What is no vector file is refused with its path and field, and the command says so."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spdz.cli.main import main
from spdz.errors import UsageError
from spdz.vectors.check import check_folder
from spdz.vectors.files import FOLDER, read_file
from spdz.vectors.schema import Schemas

Change = Callable[[dict[str, Any]], object]


def _first(document: dict[str, Any]) -> Any:
    return document["testGroups"][0]["tests"][0]


def _written(folder: Path, source: str, change: Change) -> Path:
    document = json.loads((FOLDER / source).read_text())
    change(document)
    path = folder / source
    path.write_text(json.dumps(document))
    return path


def _put(*keys: str | int, value: Any) -> Change:
    """Set a value deep inside."""

    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return change


def _drop(*keys: str | int) -> Change:
    def change(document: Any) -> None:
        for key in keys[:-1]:
            document = document[key]
        del document[keys[-1]]

    return change


def _cut(message: dict[str, Any], kind: str = "") -> None:
    """Drop the last byte of the payload, or change the kind of the frame."""
    frame = message["frame"]
    message["frame"] = kind + frame[2:] if kind else frame[:-2]


TEST = ("testGroups", 0, "tests", 0)
REFUSED: list[tuple[str, str, Change, str, str]] = [
    ("unknown schema", "prg.json", _put("schema", value="prg_v9.json"), "schema", "not a known schema"),
    ("schema with a path", "prg.json", _put("schema", value="../x.json"), "schema", "not a known schema"),
    ("no schema", "prg.json", _drop("schema"), "schema", "not a known schema"),
    ("another schema", "prg.json", _put("schema", value="transcript_v1.json"), "testGroups[0].type", "must be one of"),
    ("part of a schema", "prg.json", _put("schema", value="common_v1.json"), "schema", "not a known schema"),
    ("flag not explained", "prg.json", _put(*TEST, "flags", value=["Random", "Nothing"]), "flags[1]", "not explained"),
    ("flag missing", "prg.json", _put(*TEST, "flags", value=[]), "tests[0].flags", "at least 1"),
    ("flags missing", "prg.json", _drop(*TEST, "flags"), "tests[0].flags", "is missing"),
    ("note missing", "prg.json", _drop("notes", "CheckValue"), "tests[0].flags[0]", "'CheckValue' is not explained"),
    ("note without a test", "prg.json", lambda d: d["notes"].update(Un=d["notes"]["Edge"]), "notes.Un", "no test"),
    ("too few", "prg.json", _put("numberOfTests", value=11), "numberOfTests", "is 11, but there are 10"),
    ("too many", "prg.json", _put("numberOfTests", value=9), "numberOfTests", "is 9, but there are 10"),
    ("numbered twice", "prg.json", _put(*TEST, "tcId", value=2), "tests[0].tcId", "1 is next"),
    ("another version", "prg.json", _put("protocolVersion", value=99), "protocolVersion", "is 99"),
    ("version as text", "prg.json", _put("protocolVersion", value="1"), "protocolVersion", "must be integer"),
    ("version as truth", "prg.json", _put("protocolVersion", value=True), "protocolVersion", "must be integer"),
    ("no tests", "prg.json", _put("testGroups", 0, "tests", value=[]), "testGroups[0].tests", "at least 1"),
    ("no groups", "prg.json", _put("testGroups", value=[]), "testGroups", "at least 1"),
    ("unknown type", "prg.json", _put("testGroups", 1, "type", value="prng"), "testGroups[1].type", "must be one of"),
    ("odd hexadecimal", "prg.json", _put(*TEST, "seed", value="0"), "tests[0].seed", "does not have the form"),
    ("upper case", "prg.json", _put(*TEST, "seed", value="AB" * 16), "tests[0].seed", "does not have the form"),
    ("more fields", "prg.json", _put(*TEST, "key", value=""), "tests[0].key", "not a field that belongs here"),
    ("unknown result", "prg.json", _put(*TEST, "result", value="fine"), "tests[0].result", "must be one of"),
    ("negative", "prg.json", _put(*TEST, "reads", value=[-1]), "tests[0].reads[0]", "at least 0"),
    ("much", "prg.json", _put(*TEST, "reads", value=[1 << 40]), "tests[0].reads[0]", "at most"),
    ("a line feed", "prg.json", _put(*TEST, "seed", value="00" * 16 + "\n"), "tests[0].seed", "does not have the form"),
    ("no element", "field.json", _put(*TEST, "a", value="1f" + "00" * 7), "tests[0].a", "not canonical"),
    ("half an element", "field.json", _put(*TEST, "a", value="01"), "tests[0].a", "1 bytes"),
    ("unknown tag", "labelled_hash.json", _put(*TEST, "domain", value="x"), "tests[0].domain", "no domain tag"),
    ("no macs", "output.json", _drop(*TEST, "given", "arrays", "x", "macs"), "arrays.x.macs", "is missing"),
    ("no array", "output.json", _drop(*TEST, "given", "arrays", "x"), "given.arrays.x", "is missing"),
    ("no arrays", "output.json", _drop(*TEST, "given", "arrays"), "given.arrays", "is missing"),
    ("one too many", "output.json", lambda d: _first(d)["given"]["macKey"].append("00" * 8), "macKey", "3 entries"),
    ("shape", "output.json", _put(*TEST, "given", "arrays", "x", "shape", value=[3]), "arrays.x.values", "32 bytes"),
    ("no outcome", "output.json", _put(*TEST, "outcomes", value=[{"party": 0}]), "outcomes[0].result", "is missing"),
    ("no place", "output.json", _put(*TEST, "outcomes", 0, "error", value="Desync"), "outcomes[0].step", "is missing"),
    ("short", "output.json", _put(*TEST, "messages", 0, "frame", value="00"), "messages[0].frame", "have the form"),
    ("sender", "output.json", _put(*TEST, "messages", 0, "from", value=2), "messages[0].from", "is 2, but there are 2"),
    ("to itself", "output.json", _put(*TEST, "messages", 0, "to", value=[0]), "messages[0].to", "other endpoints"),
    ("to it twice", "output.json", _put(*TEST, "messages", 0, "to", value=[1, 1]), "messages[0].to", "each once"),
    ("another round", "output.json", _put(*TEST, "messages", 0, "round", value=7), "messages[0].round", "is 7, but"),
    ("other path", "output.json", _put(*TEST, "messages", 0, "path", value="/000001.a"), "messages[0].path", "'a'"),
    (
        "cut off",
        "output.json",
        lambda d: _cut(_first(d)["messages"][0]),
        "messages[0].frame",
        "bytes of payload and has",
    ),
    ("of no kind", "output.json", lambda d: _cut(_first(d)["messages"][0], "05"), "messages[0].frame", "kind 5"),
    ("a BYE", "output.json", lambda d: _cut(_first(d)["messages"][-1], "03"), "frame", "BYE with a path"),
    ("not all", "output.json", lambda d: _first(d)["outcomes"].pop(), "tests[0].outcomes", "each of the 2 endpoints"),
    ("both", "output.json", _put(*TEST, "corrupted", value=[0]), "tests[0].outcomes", "that is not corrupted"),
    ("no b", "field.json", _drop(*TEST, "b"), "tests[0].b", "is missing"),
    ("half a row", "tweakable_hash.json", _put(*TEST, "rows", value="00" * 24), "tests[0]", "cannot reshape"),
    ("an index", "tweakable_hash.json", _put(*TEST, "firstIndex", value="f" * 17), "tests[0]", "between 0 and 2^64"),
    ("few keys", "copee.json", _put(*TEST, "keys", value="00" * 64), "tests[0]", "16 bytes"),
    ("no frame", "output.json", _put(*TEST, "messages", 0, "frame", value=0), "messages[0].frame", "no place in"),
    (
        "later",
        "sessions_dealer.json",
        _put(*TEST, "given", "program", 2, "of", value=[0, 3]),
        "program[2].of",
        "no array",
    ),
    ("owner", "sessions_dealer.json", _drop(*TEST, "given", "program", 1, "owner"), "program[1].owner", "is missing"),
]


@pytest.mark.parametrize(
    ("source", "change", "field", "text"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused_with_path_and_field(tmp_path: Path, source: str, change: Change, field: str, text: str) -> None:
    path = _written(tmp_path, source, change)
    with pytest.raises(UsageError) as caught:
        check_folder(tmp_path)
    assert str(path) in str(caught.value)
    assert field in str(caught.value)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b'{"a": 1, "a": 1}', "is not JSON: a field occurs twice"),
        (b"[" * 100000, "nested too deeply"),
        (b"[]", "must be a JSON object"),
    ],
    ids=["empty", "cut off", "no text", "a field twice", "deep", "a list"],
)
def test_what_is_no_object(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(UsageError, match=text) as caught:
        check_folder(tmp_path)
    assert "x.json" in str(caught.value)


def test_a_folder_without_vectors_is_not_a_success(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="no vector files"):
            check_folder(folder)
    (tmp_path / "x.json").mkdir()
    with pytest.raises(UsageError, match=r"x\.json: cannot be read"):
        check_folder(tmp_path)


def test_the_command_names_path_and_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _written(tmp_path, "prg.json", _put("numberOfTests", value=3))
    assert main(["vectors", "check", str(tmp_path)]) == 2
    assert f"{path}: numberOfTests: is 3, but there are 10" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_put("testGroups", 0, "params", "modulus", value="5"), "testGroups[0].params.modulus"),
        (_put("testGroups", 0, "tests", 0, "result", value="invalid"), "testGroups[0].tests[0].result"),
    ],
)
def test_a_recording_that_contradicts_itself(change: Change, field: str, tmp_path: Path) -> None:
    _written(tmp_path, "mac_check.json", change)
    with pytest.raises(UsageError, match=re.escape(field)):
        check_folder(tmp_path)


def _elsewhere(document: dict[str, Any], index: int) -> str:
    """Move a message to another path of the same step; returns the right one."""
    message = _first(document)["messages"][index]
    path: str = message["path"]
    head, _, step = path.rpartition("/")
    message["path"] = f"{head}/000077.{step.partition('.')[2]}"
    return path


MOVED = [
    ("output.json", 0),
    ("output.json", -1),
    ("triples.json", 5),
    ("sessions_dealer.json", 4),
    ("sessions_dealer.json", 30),
    ("sessions_default.json", 40),
]


@pytest.mark.parametrize(("source", "index"), MOVED)
def test_a_path_that_is_not_that_of_its_label(source: str, index: int, tmp_path: Path) -> None:
    document = json.loads((FOLDER / source).read_text())
    right = _elsewhere(document, index)
    (tmp_path / source).write_text(json.dumps(document))
    index %= len(_first(document)["messages"])
    with pytest.raises(
        UsageError, match=rf"tests\[0\]\.messages\[{index}\]\.path: '.*/000077\..*' has the label"
    ) as caught:
        check_folder(tmp_path)
    group = document["testGroups"][0]
    if "sessionId" in group["params"]:
        session_id = bytes.fromhex(group["params"]["sessionId"])
        label = hashlib.sha256(session_id + right.encode()).hexdigest()[:32]
        assert str(caught.value).endswith(f"but the frame says {label}")


def test_a_label_that_is_not_that_of_its_path(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        message = _first(document)["messages"][2]
        message["frame"] = message["frame"][:10] + "ab" * 16 + message["frame"][42:]

    _written(tmp_path, "mac_check.json", change)
    with pytest.raises(UsageError, match=rf"messages\[2\]\.path: .* but the frame says {'ab' * 16}"):
        check_folder(tmp_path)


def test_every_label_needs_the_nonces_of_the_hand_shake(tmp_path: Path) -> None:
    def other_nonce(document: dict[str, Any]) -> None:
        hello = _first(document)["messages"][0]
        hello["frame"] = hello["frame"][:66] + "00" * 32 + hello["frame"][130:]

    def no_hello(document: dict[str, Any]) -> None:
        del _first(document)["messages"][0]

    for change, words in (
        (other_nonce, r"messages\[6\]\.path: '/dealer/000001.dealer.seed' has the label"),
        (no_hello, r"messages\[5\]\.path: '/dealer/000001.dealer.seed' comes before the nonces of all 3 endpoints"),
    ):
        _written(tmp_path, "sessions_dealer.json", change)
        with pytest.raises(UsageError, match=words):
            check_folder(tmp_path)


def test_messages_between_corrupted_parties_alone(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        test = next(
            test
            for group in document["testGroups"]
            for test in group["tests"]
            if group["params"]["parties"] == 3 and test["corrupted"] == [0]
        )
        message = next(message for message in test["messages"] if message["from"] == 1)
        message["to"] = [0]
        test["corrupted"] = [0, 1]
        test["outcomes"] = [outcome for outcome in test["outcomes"] if outcome["party"] == 2]

    _written(tmp_path, "attack_wrong_share.json", change)
    with pytest.raises(UsageError, match=r"messages\[1\]\.to: names corrupted endpoints alone"):
        check_folder(tmp_path)


INPUTS = {"b", "point"}
"""Fields that are there or not by themselves; all others that a refused test lacks are outputs."""


def _refused_with_an_output(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """For each output of each type of test: (type, place of the output, a document whose refused test has it)."""
    for g, group in enumerate(document["testGroups"]):
        valid = next((test for test in group["tests"] if test["result"] == "valid"), {})
        refused = [(t, test) for t, test in enumerate(group["tests"]) if test["result"] == "invalid"]
        for t, test in refused[:1]:
            for name in sorted(set(valid) - set(test) - INPUTS):
                changed = copy.deepcopy(document)
                changed["testGroups"][g]["tests"][t][name] = valid[name]
                yield group["type"], f"testGroups[{g}].tests[{t}].{name}", changed


def test_what_is_refused_has_no_output(tmp_path: Path) -> None:
    kinds = set()
    for source in FOLDER.glob("*.json"):
        document = json.loads(source.read_text())
        if document["schema"] == "function_v1.json":
            for kind, place, changed in _refused_with_an_output(document):
                path = tmp_path / source.name
                path.write_text(json.dumps(changed))
                with pytest.raises(UsageError, match=re.escape(f"{place}: is not a field that belongs here")):
                    read_file(path, Schemas())
                kinds.add(kind)
    known = {"dealer request", "element encoding", "field arithmetic", "scalar multiplication", "signed integers"}
    assert kinds >= known


def test_what_is_not_refused_has_an_output(tmp_path: Path) -> None:
    for source in ("field.json", "group.json", "codec.json"):
        document = json.loads((FOLDER / source).read_text())
        for g, group in enumerate(document["testGroups"]):
            t, test = next((t, test) for t, test in enumerate(group["tests"]) if test["result"] == "valid")
            for name in {"out", "integers", "code", "owner", "dims"} & set(test):
                path = _written(tmp_path, source, _drop("testGroups", g, "tests", t, name))
                with pytest.raises(UsageError, match=re.escape(f"testGroups[{g}].tests[{t}].{name}: is missing")):
                    read_file(path, Schemas())


def test_a_flag_of_an_attack_in_an_honest_recording(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        document["notes"]["WrongShare"] = {"kind": "ATTACK", "description": "A share is changed."}
        _first(document)["flags"] = ["WrongShare"]

    _written(tmp_path, "mac_check.json", change)
    with pytest.raises(UsageError, match=re.escape("testGroups[0].tests[0].flags[0]")):
        check_folder(tmp_path)
