"""Trainings in genzoo and in what a person would take instead, for `race.py`: one file each.

Each reads its lap from the command line, trains until its processor seconds are spent, draws
samples, and leaves them with what it measured. What was changed of a toolkit is said in its file.
"""
