"""The console beside its node: it stands back."""

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_child_goes_behind_its_node_on_the_processor_and_where_memory_is_short() -> None:
    program = (
        "import os\n"
        "from warnstream.console.serve import FIRST_TO_GO, NICE, stand_back\n"
        "before = os.nice(0)\n"
        "stand_back()\n"
        "print(os.nice(0) - before == NICE or os.nice(0) == 19)\n"
        "print(open('/proc/self/oom_score_adj').read().strip() == str(FIRST_TO_GO))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True"]
