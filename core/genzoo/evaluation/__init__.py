"""Judging models: features, metrics, the protocol behind each number, and comparisons."""
