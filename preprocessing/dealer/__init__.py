"""The trusted dealer: it knows every secret."""
