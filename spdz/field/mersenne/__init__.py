"""The family of Mersenne primes: elements, and the loops over arrays of them."""
