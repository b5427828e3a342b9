"""Layers that compute what torch's do, quicker where torch's are slow."""
