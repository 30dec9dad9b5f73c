"""Tools that keep the documents true."""
