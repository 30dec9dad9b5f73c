"""Ring-LWE for triple generators: a ring, slots over F_{p^2}, encryption and its proofs. It knows no network.

From below: `words`, `modular` (arithmetic inside kernels); `primes`, `ring`, `slots`, `integers`, `fractions`;
`parameters`, and `noise`, which says what they promise; `scheme`, `encryption`, `proof`. docs/lattice.md is the tour.

Everything here is *computed by one party*: who sends what when, which toss comes after which message, and what happens
to a peer whose proof is refused, is the generator's.
"""
