"""Tests of spdz.bits against plain Python integers, and of its identities on the shared bits of several parties."""
