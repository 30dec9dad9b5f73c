"""Vectors of functions without messages: each computes from a test what the test says comes out.

A function returns the fields of the test that it computes, or None if the input is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from spdz.crypto import group
from spdz.crypto.commitment import verify_opening
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import Part, labelled_hash, labelled_xof
from spdz.crypto.prg import Prg
from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.crypto.tweakable_hash import TweakableHash
from spdz.crypto.universal_hash import UniversalHash
from spdz.errors import UsageError
from spdz.field import FieldArray, field_by_name
from spdz.preprocessing.dealer.wire import RequestCodec
from spdz.preprocessing.vole.copee import CopeeInputter, CopeeKeyHolder
from spdz.runtime.scheduler import Scheduler
from spdz.runtime.trace import Trace
from spdz.vectors import bit_functions, tree_functions
from spdz.vectors.files import Case, VectorFault
from spdz.vectors.given import elements
from spdz.wire.codec import Elements
from spdz.wire.frames import HEADER_BYTES, Header
from spdz.wire.steps import all_steps

Computed = dict[str, Any] | None


def check(case: Case) -> list[str]:
    """What differs from the vector, as sentences; empty if nothing does."""
    try:
        computed = FUNCTIONS[case.kind](case)
    except VectorFault:
        raise
    except ValueError as error:
        # An input that no vector has: not what is to be refused, which the functions below tell apart themselves.
        raise VectorFault(f"{case.file}: {case.place}: {error}") from None
    if case.test["result"] == "invalid":
        return [] if computed is None else ["is accepted, but it is not valid"]
    if computed is None:
        return ["is refused, but it is valid"]
    return [f"{name} differs: {value!r}" for name, value in computed.items() if case.test.get(name) != value]


def _hex(case: Case, name: str) -> bytes:
    return bytes.fromhex(case.test[name])


# -- fields and codecs ------------------------------------------------------------------------------------------------

_BINARY: Mapping[str, Callable[[FieldArray, FieldArray], FieldArray]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
}
_UNARY: Mapping[str, Callable[[FieldArray], FieldArray]] = {
    "negate": lambda a: -a,
    "inverse": FieldArray.inverse,
    "square root": FieldArray.sqrt,
}


def _arithmetic(case: Case) -> Computed:
    field, operation = field_by_name(case.params["field"]), case.test["operation"]
    names = ("a", "b") if operation in _BINARY else ("a",)
    if names[-1] not in case.test:
        raise case.fault(names[-1], "is missing")
    operands = [elements(case, name, field, case.test[name], (1,)) for name in names]
    try:
        out = _BINARY[operation](*operands) if operation in _BINARY else _UNARY[operation](*operands)
    except UsageError:
        return None
    return {"out": out.to_bytes().hex()}


def _signed(case: Case) -> Computed:
    field = field_by_name(case.params["field"])
    try:
        return {"out": field.signed([int(case.test["value"])]).to_bytes().hex()}
    except UsageError:
        return None


def _sampling(case: Case) -> Computed:
    field, stream = field_by_name(case.params["field"]), Prg(_hex(case, "seed"))
    out = field.sample(stream.fill, case.test["count"])
    return {"out": out.to_bytes().hex(), "next": stream.bytes(8).hex()}


def _encoding(case: Case) -> Computed:
    codec = Elements(field_by_name(case.params["field"]), (case.test["count"],))
    data = _hex(case, "bytes")
    try:
        decoded = codec.decode(memoryview(bytearray(data)))
    except ValueError:
        return None
    return {"bytes": bytes(codec.encode(decoded)).hex(), "integers": [f"{value:x}" for value in decoded.to_ints()]}


def _header(case: Case) -> Computed:
    header = Header.decode(_hex(case, "bytes")[:HEADER_BYTES])
    return {
        "bytes": header.encode().hex(),
        "kind": header.kind,
        "wireId": header.wire_id.to_bytes(4, "little").hex(),
        "label": header.label.hex(),
        "round": header.round,
        "length": f"{header.length:x}",
    }


def _request(case: Case) -> Computed:
    codec = RequestCodec(field_by_name(case.params["field"]), case.params["parties"])
    data = _hex(case, "bytes")
    if len(data) != codec.byte_count:
        return None
    try:
        request = codec.decode(memoryview(data))
    except ValueError:
        return None
    kind = request.kind
    return {
        "bytes": bytes(codec.encode(request)).hex(),
        "code": kind.declaration.code if kind else 0,
        "owner": kind.owner if kind and kind.owner >= 0 else None,
        "dims": list(kind.dims) if kind else [],
        "count": f"{request.count:x}",
    }


# -- hashes and streams -----------------------------------------------------------------------------------------------


def _parts(case: Case) -> list[Part]:
    readers: Mapping[str, Callable[[str], Part]] = {"B": bytes.fromhex, "S": str, "I": lambda text: int(text, 16)}
    return [readers[part["type"]](part["value"]) for part in case.test["parts"]]


def _domain(case: Case) -> Domain:
    try:
        return Domain(case.test["domain"].encode())
    except ValueError:
        raise case.fault("domain", f"there is no domain tag {case.test['domain']!r}") from None


def _hash(case: Case) -> Computed:
    where = {"session_id": _hex(case, "sessionId"), "party": case.test["party"]}
    return {"out": labelled_hash(_domain(case), *_parts(case), **where).hex()}


def _stream(case: Case) -> Computed:
    where = {"session_id": _hex(case, "sessionId"), "party": case.test["party"]}
    return {"out": labelled_xof(_domain(case), case.test["length"], *_parts(case), **where).hex()}


def _label(case: Case) -> Computed:
    scheduler = Scheduler(Trace())
    scheduler.session_id = _hex(case, "sessionId")
    return {"out": scheduler.label(case.test["path"]).hex()}


def _wire_id(case: Case) -> Computed:
    step = all_steps().get(case.test["step"])
    return None if step is None else {"out": step.wire_id.to_bytes(4, "little").hex()}


def _commitment(case: Case) -> Computed:
    fits = verify_opening(
        _hex(case, "sessionId"),
        case.test["party"],
        case.test["place"].encode(),
        _hex(case, "payload"),
        _hex(case, "nonce"),
        _hex(case, "commitment"),
    )
    return {} if fits else None


def _prg(case: Case) -> Computed:
    stream = Prg(_hex(case, "seed"))
    return {"out": [stream.bytes(count).hex() for count in case.test["reads"]]}


def _seeded(case: Case) -> Computed:
    stream = deterministic_randomness_for_tests(_hex(case, "seed"), case.test["label"])
    return {"out": stream.bytes(case.test["length"]).hex()}


def _tweakable(case: Case) -> Computed:
    rows = np.frombuffer(_hex(case, "rows"), np.uint64).reshape(-1, 2).copy()
    out = np.empty_like(rows)
    TweakableHash(_hex(case, "key")).hash_rows(rows, int(case.test["firstIndex"], 16), out)
    return {"out": out.tobytes().hex()}


def _universal(case: Case) -> Computed:
    data = _hex(case, "data")
    return {"out": UniversalHash(_hex(case, "key"), len(data)).digest(data).hex()}


# -- group ------------------------------------------------------------------------------------------------------------


def _to_group(case: Case) -> Computed:
    place = [case.test[name] for name in ("receiver", "sender", "index", "slot")]
    point = group.hash_to_point("base ot", *place, _hex(case, "point"), session_id=_hex(case, "sessionId"))
    return {"out": point.hex()}


def _point(case: Case) -> Computed:
    return {} if group.validate(_hex(case, "point")) else None


def _multiple(case: Case) -> Computed:
    scalar = _hex(case, "scalar")
    try:
        out = group.multiply(scalar, _hex(case, "point")) if "point" in case.test else group.base_multiply(scalar)
    except UsageError:
        return None
    return {"out": out.hex()}


# -- COPEe ------------------------------------------------------------------------------------------------------------


def _copee(case: Case) -> Computed:
    """Both ends, several arrays one after the other under the same keys."""
    field = field_by_name(case.params["field"])
    keys = [_hex(case, "keys")[start : start + 16] for start in range(0, 32 * field.bits, 16)]
    pairs = list(zip(keys[::2], keys[1::2], strict=True))
    alpha = elements(case, "alpha", field, case.test["alpha"], (1,)).bits()[0].copy()
    inputter = CopeeInputter(field, pairs)
    holder = CopeeKeyHolder(field, alpha, [pair[bit] for pair, bit in zip(pairs, alpha.tolist(), strict=True)])
    rounds = []
    for index, entry in enumerate(case.test["extensions"]):
        x = elements(case, f"extensions[{index}].x", field, entry["x"], (entry["size"],))
        message, t = inputter.extend(x)
        q = holder.extend(message)
        found = {"u": message.to_bytes().hex(), "t": t.to_bytes().hex(), "q": q.to_bytes().hex()}
        rounds.append({**entry, **found})
    return {"extensions": rounds}


def _ot_extension(case: Case) -> Computed:
    randomness = deterministic_randomness_for_tests(_hex(case, "seed"), "extra rows")
    return tree_functions.ot_extension(case, randomness)


FUNCTIONS: Mapping[str, Callable[[Case], Computed]] = {
    "field arithmetic": _arithmetic,
    "signed integers": _signed,
    "field sampling": _sampling,
    "element encoding": _encoding,
    "frame header": _header,
    "dealer request": _request,
    "labelled hash": _hash,
    "labelled stream": _stream,
    "message label": _label,
    "wire id": _wire_id,
    "commitment": _commitment,
    "prg": _prg,
    "test randomness": _seeded,
    "tweakable hash": _tweakable,
    "universal hash": _universal,
    "hash to group": _to_group,
    "point": _point,
    "scalar multiplication": _multiple,
    "copee": _copee,
    "ggm tree": tree_functions.tree,
    "ot trees": tree_functions.dealt_trees,
    "ot trees received": tree_functions.held_trees,
    "ot extension": _ot_extension,
    "ot extension check": tree_functions.ot_extension_check,
    "seed expansion": tree_functions.seed_expansion,
    "lpn code": tree_functions.lpn_code,
    "packed bits": bit_functions.packed,
    "word hash": bit_functions.word_hash,
    "sigma of bits": bit_functions.sigma,
    "bit proof, prover": bit_functions.prover,
    "bit proof, verifier": bit_functions.verifier,
    "range proof": bit_functions.range_proof,
}
