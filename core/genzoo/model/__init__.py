"""Built models: sampling, encoding, decoding."""
