"""Without the extra every module can be imported, and a command says what brings it."""

import subprocess
import sys

WITHOUT = """
import pkgutil, importlib, sys
sys.modules["aiokafka"] = sys.modules["faust"] = None
import warnstream.adapters.kafka, warnstream.runners.kafka, warnstream.commands.kafka
for package in (warnstream.adapters.kafka, warnstream.runners.kafka, warnstream.commands.kafka):
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
from warnstream.cli import main
sys.exit(main(["judge", "no-such-folder"]))
"""


def test_a_command_names_the_extra_that_it_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "warnstream: this command needs aiokafka, which an extra brings: pip install 'warnstream[kafka]'\n"
    )
