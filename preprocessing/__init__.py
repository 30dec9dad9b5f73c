"""Makers of material: the trusted dealer, and the MASCOT generator, which trusts nobody."""
