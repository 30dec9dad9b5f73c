"""Loops over bits and words: packing, words that authenticate bits, GF(2^64) and GF(2^128). It knows no protocol.

A bit is shared by one 64-bit word at each party: the XOR of the words is the bit times delta, the XOR of the parties'
key shares, whose lowest bit is 1; so the lowest bits of the words are XOR shares of the bit. Public bits are uint8
arrays with entries 0 or 1; packed bits lie eight to a byte, the first in the lowest place.

`arrays` checks what callers give; `clmul` multiplies polynomials over GF(2), `clmul_sums` adds up products, `gf64` and
`gf128` reduce them; `words`, `leaky_and` and `comparison` are the loops of products and comparisons; `word_hash` hashes
words for a check, and `proof` sums up the relations of a proof. Modules are imported one by one: all need numba.
"""
