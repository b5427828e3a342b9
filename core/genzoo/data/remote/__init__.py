"""Data sets that lie on other machines and are read from there, shard by shard."""

WINDOW = 4
"""Shards that are mixed at a time, where nobody says how many."""
