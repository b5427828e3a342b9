"""Data sets: from folders and arrays to batches."""
