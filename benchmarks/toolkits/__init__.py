"""Training in other toolkits, and in genzoo, for `rivals.py` to time side by side."""
