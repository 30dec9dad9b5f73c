"""Runs protocols: traps, scheduler, context, trace, and the two ways to drive a scheduler."""
