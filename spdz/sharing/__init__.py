"""Authenticated shares, the MAC key share, and the material in which the two phases meet."""
