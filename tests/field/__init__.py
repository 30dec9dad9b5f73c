"""Tests of spdz.field."""
