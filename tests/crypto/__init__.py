"""Tests of spdz.crypto against published vectors and against slow, plain versions of the same tools."""
