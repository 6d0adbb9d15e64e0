"""An SMSC that other people have written (node-smpp), told what to do by a test.

Built by `tests/integration/clients/build.sh`; where it is not, the test is skipped, unless
WARNSTREAM_REQUIRE_CLIENTS is set.
"""

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BUILT = Path(__file__).resolve().parents[2] / "build" / "clients" / "smppjs"
PASSWORD = "rain1234"
WAIT_S = 30.0

Said = dict[str, Any]


def program() -> list[str]:
    """How it is run; the test is skipped where it was not built."""
    node = shutil.which("node")
    if node is not None and (BUILT / "node_modules" / "smpp").is_dir():
        return [node, str(BUILT / "smsc.js")]
    reason = "the SMSC is not built: tests/integration/clients/build.sh, which wants npm"
    if os.environ.get("WARNSTREAM_REQUIRE_CLIENTS"):
        pytest.fail(reason)
    pytest.skip(reason)


class Smsc:
    """A running SMSC and everything it has said."""

    def __init__(self, port: int, **rules: object) -> None:
        self.port = port
        self.said: list[Said] = []
        self._process = subprocess.Popen(
            [*program(), str(port), json.dumps({"password": PASSWORD, **rules})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self.wait(lambda: self.all("listening"))

    def _listen(self) -> None:
        assert self._process.stdout is not None
        self.said.extend(json.loads(line) for line in self._process.stdout)

    def all(self, word: str) -> list[Said]:
        """What it has said that has a word."""
        return [session for session in list(self.said) if word in session]

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, self.said[-5:]
            time.sleep(0.01)

    def tell(self, **command: object) -> None:
        """Give it other rules, or a message to deliver to us."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def reply(self, phone: str, text: str, **fields: int) -> None:
        """A person writes."""
        hexadecimal = text.encode("utf-16-be").hex()
        self.tell(deliver={"source_addr": phone, "data_coding": 8, "hex": hexadecimal, **fields})

    def kill(self) -> None:
        """It dies."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def smsc(port: int, **rules: object) -> Iterator[Smsc]:
    """An SMSC until the block ends."""
    running = Smsc(port, **rules)
    try:
        yield running
    finally:
        running.kill()
