"""The values that a user's program computes with."""
