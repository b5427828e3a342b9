"""Tells what goes wrong in a training run, from what the run leaves behind."""
