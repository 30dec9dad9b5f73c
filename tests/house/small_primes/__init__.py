"""A family of fields for tests: primes below 2^31, in numpy, with no fused loops. The parameter is the prime."""
