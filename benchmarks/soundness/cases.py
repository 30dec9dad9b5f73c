"""The protocols whose views are compared, and the leaky variants that the same tests must flag."""

from __future__ import annotations

from functools import partial

from .homogeneity import Case
from .privacy_bits import chains, comparisons, conjunctions, conversions, differences, mask_sums, selections
from .privacy_online import (
    inputs,
    matrix_products,
    outputs,
    private_outputs,
    products,
    random_bits,
    sacrifices,
    squared,
    squares_from_triples,
)
from .privacy_preprocessing import (
    authentications,
    coin_tosses,
    commitments,
    mac_checks,
    ot_digests,
    ot_products,
)
from .ranges import proofs

ARRAY = 2000
"""Repetitions per session where one run makes an array."""

HONEST = (
    Case("input", "input of two values", inputs, ARRAY),
    Case("multiply", "two multiplications", products, ARRAY),
    Case("square", "square", squared, ARRAY),
    Case("matmul", "matrix product", matrix_products, ARRAY),
    Case("output", "inputs, sum, output", outputs, ARRAY),
    Case("output-to", "output to one honest party", private_outputs, ARRAY),
    Case("mac-check", "output of one value with its MAC check", mac_checks, 150),
    Case("authenticate", "authenticate (COPEe and check)", authentications, 120),
    Case("ot-products", "multiply of MASCOT (columns, corrections d)", ot_products, 1920),
    Case("ot-check", "digests of the OT check", ot_digests, 300, parties=(2,)),
    Case("sacrifice", "sacrifice", sacrifices, ARRAY),
    Case("squares", "squares from triples", squares_from_triples, ARRAY),
    Case("bits", "random bits from triples", random_bits, ARRAY),
    Case("toss", "coin toss", coin_tosses, 200),
    Case("commit", "commit-and-open, before the opening", commitments, 200),
)

LEAKY = (
    Case("input!", "one mask for two inputs", partial(inputs, reuse_mask=True), ARRAY, leaky=True),
    Case("input-bias!", "masks that are zero a little too often", partial(inputs, biased=True), ARRAY, leaky=True),
    Case("multiply!", "one triple for two products", partial(products, reuse_triple=True), ARRAY, leaky=True),
    Case("output!", "masks not shared out (n = 3)", partial(outputs, reshare=False), ARRAY, leaky=True, parties=(3,)),
    Case("output-to!", "no mask", partial(private_outputs, masked=False), ARRAY, leaky=True),
    Case("authenticate!", "no mask in the combination", partial(authentications, masked=False), 60, leaky=True),
    Case("ot-check!", "no extra rows", partial(ot_digests, masked=False), 150, leaky=True, parties=(2,)),
    Case("sacrifice!", "a^ is zero", partial(sacrifices, masked=False), ARRAY, leaky=True),
    Case("squares!", "b is zero", partial(squares_from_triples, masked=False), ARRAY, leaky=True),
)

BIT_HONEST = (
    Case("compare", "comparison: the masked number and its tree", comparisons, ARRAY),
    Case("and", "AND of bits", conjunctions, ARRAY),
    Case("convert", "bits as elements", conversions, ARRAY),
    Case("select", "selection by a bit", selections, ARRAY),
    Case("buckets", "differences of buckets", differences, ARRAY),
    Case("mask-sums", "sums U of private masks", mask_sums, 512),
    Case("chains", "openings of chains", chains, 512),
)

BIT_LEAKY = (
    Case("compare!", "masks are zero", partial(comparisons, masked=False), ARRAY, leaky=True),
    Case("and!", "triples are zero", partial(conjunctions, masked=False), ARRAY, leaky=True),
    Case("convert!", "daBits are zero", partial(conversions, masked=False), ARRAY, leaky=True),
    Case("select!", "switches are zero", partial(selections, masked=False), ARRAY, leaky=True),
    Case("buckets!", "y that join are zero", partial(differences, masked=False), ARRAY, leaky=True),
    Case("mask-sums!", "sacrifices are zero", partial(mask_sums, masked=False), 256, leaky=True),
    Case("chains!", "w is zero", partial(chains, masked=False), 256, leaky=True),
)

RANGE_HONEST = (Case("range", "input in range: digits and the proof", proofs, 300),)

RANGE_LEAKY = (
    Case("range!", "one cover for two verifiers", partial(proofs, own_covers=False), 300, leaky=True, parties=(3,)),
)
