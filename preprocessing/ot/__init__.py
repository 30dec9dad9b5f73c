"""Oblivious transfer between two parties: base OTs, their trees, the extension and what is read from its rows."""
