"""What is freed stays with the process, where the C library can be told so."""

import platform
import subprocess
import sys

import pytest

ROUNDS, ARRAYS, PAGES = 20, 20, 256
WORK = f"""
import resource
import numpy as np
from warnstream.adapters.memory import keep_freed_memory
print(keep_freed_memory() if {{}} else None)
for round in range({ROUNDS + 1}):
    if round == 1:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones({PAGES} * 512) for _ in range({ARRAYS})]
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*, is_kept: bool) -> tuple[str, int]:
    """What keeping answered, and page faults of a process that needs the same memory again and again."""
    done = subprocess.run(
        [sys.executable, "-c", WORK.format(is_kept)], capture_output=True, text=True, check=True
    )
    answer, count = done.stdout.split()
    return answer, int(count)


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_memory_that_was_used_before_is_used_again() -> None:
    every = ROUNDS * ARRAYS * PAGES
    assert faults(is_kept=False)[1] > every / 2
    answer, count = faults(is_kept=True)
    assert answer == "True"
    assert count < every / 20
