"""Mutants: security checks taken out one by one, to show that the tests notice. See docs/mutants.md."""
