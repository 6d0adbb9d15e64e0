"""Memory that a batch needed stays with the process for the next one.

numpy asks for some tens of arrays of a megabyte in every step of a busy node.
glibc gives such memory back to the system at once and asks for it again, page
by page: a fifth of the work of a node under load. Other C libraries are left as they are.
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of the settings in glibc's malloc.h."""

KEPT_BYTES_MAX = 64 * 1024 * 1024
"""Free memory at the heap's end beyond this is given back."""

FROM_HEAP_BYTES_MAX = 32 * 1024 * 1024
"""Larger pieces are mapped singly, and given back when they are free; glibc allows no more."""


def keep_freed_memory() -> bool:
    """Let the C library keep what is freed, up to the limits above; False where it cannot be told so."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_MMAP_THRESHOLD, FROM_HEAP_BYTES_MAX), (_TRIM_THRESHOLD, KEPT_BYTES_MAX))
    return all(mallopt(name, n_bytes) == 1 for name, n_bytes in settings)
