"""Weights that other programs saved, turned into artifacts."""
