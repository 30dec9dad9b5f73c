"""Protocols both phases stand on: broadcast, commit-and-open, coin toss, opening, MAC check, output, hand-shake."""
