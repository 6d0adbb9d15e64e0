"""Where a running node is asked for a change."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from warnstream.adapters.console.link import listen_privately, socket_address
from warnstream.runners.live.reloading import door as door_module
from warnstream.runners.live.reloading.door import SOCKET, ReloadDoor
from warnstream.runners.live.reloading.reloads import Wish


class Short:
    """A listening socket of a process that has no descriptor left for a while."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening, self.failures = listening, 3

    def accept(self) -> Any:
        if self.failures:
            self.failures -= 1
            raise OSError(24, "Too many open files")
        return self._listening.accept()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listening, name)


def test_a_node_that_had_no_descriptor_left_is_reached_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "AGAIN_S", 0.01)

    def ask(_wish: Wish, say: Callable[[str], None]) -> bool:
        say("taken")
        return True

    door = ReloadDoor(tmp_path, SimpleNamespace(ask=ask))  # type: ignore[arg-type]
    door._listening = Short(listen_privately(tmp_path, SOCKET))  # type: ignore[assignment]
    door._thread.start()
    with socket_address(tmp_path, SOCKET) as address, socket.socket(socket.AF_UNIX) as guest:
        guest.settimeout(20)
        guest.connect(address)
        guest.sendall(msgspec.json.encode(Wish()) + b"\n")
        with guest.makefile("rb") as said:
            lines = [json.loads(line) for line in said]
    assert lines == [{"line": "taken"}, {"is_live": True}]
    door.stop()
    door._thread.join(20)
    assert not door._thread.is_alive()
