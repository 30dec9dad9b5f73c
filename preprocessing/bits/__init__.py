"""Authenticated bits from correlated OTs under one key of each party, and what is made of them."""
