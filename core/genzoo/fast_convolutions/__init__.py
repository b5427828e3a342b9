"""Convolutions that compute what torch's do, quicker where oneDNN's are slow on a processor."""
