"""The child process that prepares a change, for the node's thread that waits for it."""

import contextlib
import os
import subprocess
import sys
import threading

import msgspec

from warnstream.model.errors import WarnstreamError
from warnstream.runners.live.reloading.handover import Ask, Report, read_parts

PROGRAM = "import sys; from warnstream.commands.bundles.prepare import main; sys.exit(main(sys.argv[1:]))"

TIME_S_MAX = 900.0
"""Ten counties with their tests take minutes; what takes longer hangs."""

STOP_S = 5.0

TOLD_BYTES_MAX = 2_000
"""Of what a child said before it ended without an answer."""


def begin(answer: int) -> "subprocess.Popen[bytes]":
    """A new interpreter that prepares what it is asked for, and answers to a descriptor. OSError."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", PROGRAM, str(answer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(answer,),
    )


class Child:
    """One child at a time; `stop` ends it, from any thread."""

    def __init__(self, time_s_max: float = TIME_S_MAX) -> None:
        self._time_s_max = time_s_max
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = threading.Event()

    def stop(self) -> None:
        """End it; nothing is prepared any more."""
        self._is_stopped.set()
        process = self._process
        if process is not None:
            process.kill()

    def prepare(self, ask: Ask) -> tuple[Report, list[bytes]]:
        """What it found, and what it hands over.

        Raises
        ------
        WarnstreamError
            If it ended, or was ended, before it had answered.
        """
        ours, theirs = os.pipe()
        try:
            process = begin(theirs)
        except OSError as error:
            os.close(ours)
            raise WarnstreamError(f"no process can be started for it: {error.strerror or error}") from error
        finally:
            os.close(theirs)
        self._process = process
        said = _Said(process)
        late = threading.Timer(self._time_s_max, process.kill)
        late.start()
        try:
            with os.fdopen(ours, "rb") as answer:
                if self._is_stopped.is_set():
                    process.kill()
                self._ask(process, ask)
                found = read_parts(answer)
        finally:
            late.cancel()
            _end(process)
        if found is None:
            raise WarnstreamError(self._why(process.returncode, said.text()))
        return found

    def _ask(self, process: "subprocess.Popen[bytes]", ask: Ask) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(msgspec.json.encode(ask) + b"\n")
            process.stdin.flush()
        except OSError:  # it has ended already: reading its answer says so
            return

    def _why(self, status: int, said: str) -> str:
        if self._is_stopped.is_set():
            return "the node is stopping"
        if status == -9:  # SIGKILL
            return f"it took longer than {self._time_s_max:.0f} s or more memory than there is, and was ended"
        return f"what reads it has ended (status {status}) {said}".rstrip()


class _Said:
    """The end of what a child wrote on its standard error, so that it never waits for us."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process, self._end = process, b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        self._thread.join(STOP_S)
        return self._end.decode("utf-8", "replace").strip()

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            while content := stream.read(TOLD_BYTES_MAX):
                self._end = (self._end + content)[-TOLD_BYTES_MAX:]


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
