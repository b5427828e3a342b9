"""Sets the allocators up for loops that take and free the same large blocks over and over."""

from __future__ import annotations

import ctypes
import os
import platform

_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4

HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""The environment variable by which torch asks Linux for huge pages."""


def tune_allocators() -> None:
    """Keep freed memory in the process, and have large blocks in huge pages where there are any.

    A training step frees and takes the same activations over and over. Returning them to the
    kernel costs a page fault for every 4 KiB, and in pages of 4 KiB the processor has to look up
    where each is. Call it before the first tensor is made: torch reads the variable once. What the
    user has set stays. Where the C library or the system is another, nothing changes.
    """
    os.environ.setdefault(HUGE_PAGES, "1")
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_MAX, 0)
    libc.mallopt(_M_TRIM_THRESHOLD, -1)
