"""Whose turn it is with the global random generators. Imports no torch."""

from __future__ import annotations

import threading

random_turn = threading.RLock()
"""Held while a thread uses the global generators, or puts them back as they were.

Two at a time would each bring back what the other had made of them.
"""
