"""The online phase: computes on authenticated shares with material that the preprocessing phase has made."""
