"""Keeps freed memory in the process, where the next step finds it again."""

from __future__ import annotations

import ctypes
import platform

_M_TRIM_THRESHOLD = -1
_M_MMAP_MAX = -4


def keep_freed_memory() -> None:
    """Tell glibc's allocator neither to map large blocks one by one nor to give memory back.

    A training step frees and takes the same activations over and over; returning them to the
    kernel costs a page fault for every 4 KiB. Does nothing where the C library is another.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_MAX, 0)
    libc.mallopt(_M_TRIM_THRESHOLD, -1)
