"""Carry-less products, GF(2^64) and GF(2^128) equal arithmetic on Python integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llvmlite import binding as llvm
from llvmlite import ir

from spdz.bits import clmul, gf64, gf128
from spdz.bits.arrays import Words
from spdz.errors import UsageError
from spdz.field.jit import kernel

from . import references as ref

WORD = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2, 2**63, 2**64 - 1, 0x1B, 0x87])
ELEMENT = st.integers(0, 2**128 - 1) | st.sampled_from([0, 1, 2, 2**64, 2**127, 2**128 - 1, 0x87])


@kernel
def _portable(a: Words, b: Words, low: Words, high: Words) -> None:
    for i in range(a.shape[0]):
        low[i], high[i] = clmul.clmul_portable(a[i], b[i])


@kernel
def _chosen(a: Words, b: Words, low: Words, high: Words) -> None:
    for i in range(a.shape[0]):
        low[i], high[i] = clmul.clmul(a[i], b[i])


@pytest.mark.parametrize("loop", [_portable, _chosen])
def test_products_equal_those_of_integers(loop: Callable[..., Any]) -> None:
    edges = [0, 1, 2, 3, 2**32, 2**63, 2**63 + 1, 2**64 - 1] + [1 << place for place in range(64)]
    pairs = [(a, b) for a in edges for b in edges]
    random = ref.random_words(1, 2, 1000)
    a = np.concatenate([np.array([first for first, _ in pairs], np.uint64), random[0]])
    b = np.concatenate([np.array([second for _, second in pairs], np.uint64), random[1]])
    low, high = np.empty_like(a), np.empty_like(a)
    loop(a, b, low, high)
    for i in range(len(a)):
        assert int(low[i]) | int(high[i]) << 64 == ref.carryless(int(a[i]), int(b[i]))


def test_the_instruction_is_chosen_by_the_target_that_is_compiled_for() -> None:
    x86, arm = clmul._product_x86, clmul._product_aarch64
    for triple, features, expected in (
        ("x86_64-unknown-linux-gnu", "+sse2,+pclmul,+avx", x86),
        ("x86_64-unknown-linux-gnu", "+sse2,-pclmul", None),
        ("x86_64-unknown-linux-gnu", "+vpclmulqdq", None),
        ("x86_64-pc-windows-msvc", "", None),
        ("aarch64-unknown-linux-gnu", "+neon,+aes", arm),
        ("arm64-apple-darwin22.1.0", "+aes", arm),
        ("aarch64-unknown-linux-gnu", "+neon,-aes", None),
        ("riscv64-unknown-linux-gnu", "+aes,+pclmul", None),
    ):
        assert clmul._choice(triple, features) is expected, (triple, features)
    assert (clmul.clmul is clmul.clmul_fast) == clmul.HAVE_CLMUL


def test_what_the_choice_depends_on_is_part_of_the_key_of_the_cache() -> None:
    cache, codegen = gf64._multiply._cache, gf64._multiply.targetctx.codegen()  # type: ignore[attr-defined]
    triple, features = clmul._target()
    key = cache._index_key("signature", codegen)
    assert key[1][0] == triple
    assert key[1][2] == features


def test_the_code_for_arm_is_one_instruction_a_product() -> None:
    """Compiled for that machine, wherever the test runs."""
    triple, module = "aarch64-unknown-linux-gnu", ir.Module()
    function = ir.Function(module, ir.FunctionType(clmul.PAIR, [clmul.PAIR, clmul.PAIR]), "product")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(clmul._product_aarch64(builder, function.args[0], 1, function.args[1], 1))
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        target = llvm.Target.from_triple(triple)
    except RuntimeError:
        pytest.skip("this LLVM knows no AArch64")
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    code = target.create_target_machine(cpu="generic", features="+neon,+aes").emit_assembly(parsed)
    assert code.count("pmull") == 1


@given(st.lists(st.tuples(WORD, WORD), max_size=20))
@settings(deadline=None)
def test_products_in_gf64(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array([pair[place] for pair in pairs], np.uint64) for place in range(2))
    expected = [ref.gf64(first, second) for first, second in pairs]
    assert gf64.multiply(a, b).tolist() == expected
    out = a.copy()
    assert gf64.multiply(out, b, out) is out
    assert out.tolist() == expected


@given(ELEMENT, ELEMENT)
@settings(deadline=None)
def test_products_in_gf128(a: int, b: int) -> None:
    product = gf128.multiply(a.to_bytes(16, "little"), b.to_bytes(16, "little"))
    assert int.from_bytes(product, "little") == ref.gf128(a, b)


def test_a_published_product() -> None:
    """The hash point of test case 2 of GCM and its square, as GHASH has them, with the bits of each byte turned."""

    def turned(element: int) -> bytes:
        return (
            int(f"{element:0128b}", 2)
            .to_bytes(16, "big")
            .translate(bytes(int(f"{b:08b}"[::-1], 2) for b in range(256)))
        )

    h, x, y = "66e94bd4ef8a2c3b884cfa59ca342b2e", "0388dace60b6a392f328c2b971b2fe78", "5e2ec746917062882c85b0685353deb7"
    # GCM specification, test case 2: X_1 = C H.
    assert gf128.multiply(turned(int(h, 16)), turned(int(x, 16))) == turned(int(y, 16))


@given(st.lists(WORD, max_size=130))
@settings(deadline=None)
def test_words_composed(words: list[int]) -> None:
    array = np.array(words, np.uint64)
    total = 0
    for place, word in enumerate(words):
        total ^= word << place
    assert int(gf64.compose(array)) == ref.reduced(total, 64, 0x1B)
    assert int.from_bytes(gf128.compose(array), "little") == ref.reduced(total, 128, 0x87)


@pytest.mark.parametrize("count", [64, 128])
def test_composed_words_are_composed_bits_times_delta(count: int) -> None:
    delta = ref.random_words(1, 1)[0] | np.uint64(1)
    bits = ref.random_bits(2, count)
    packed = np.packbits(bits, bitorder="little").tobytes()
    words = bits * delta
    if count == 64:
        assert gf64.compose(words) == gf64.multiply(np.frombuffer(packed, np.uint64), np.array([delta]))[0]
    else:
        assert gf128.compose(words) == gf128.multiply(packed, gf128.from_word(delta))


def test_elements_of_another_length_are_refused() -> None:
    for length in (0, 15, 17):
        with pytest.raises(UsageError, match="16 bytes"):
            gf128.multiply(bytes(16), bytes(length))
