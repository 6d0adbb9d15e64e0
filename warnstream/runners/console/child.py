"""The console as a child of `warnstream run`: started, started again, never waited for.

It ends with its parent, whatever ends that: its standard input is a pipe that closes then.
"""

import contextlib
import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

from warnstream.model.alarms import AlarmPort

log = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
WAIT_S_MAX = 60.0
STEADY_S = 60.0
"""One that has lived for so long is started again at once."""

STOP_S = 5.0
ALARM = "console"
PROGRAM = "import sys; from warnstream.cli import main; sys.exit(main(sys.argv[1:]))"


class ConsoleChild:
    """One `warnstream console` beside a node.

    Parameters
    ----------
    directory : Path
        CONFIG_DIR.
    alarms : AlarmPort
    options : tuple of str
        Of its command line.
    """

    def __init__(self, directory: Path, alarms: AlarmPort, options: tuple[str, ...] = ()) -> None:
        self._command = [sys.executable, "-c", PROGRAM, "console", str(directory), "--child", *options]
        self._alarms = alarms
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="console child", daemon=True)

    def start(self) -> None:
        """Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End it; one that does not listen is killed."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._thread.ident is not None:
            self._thread.join(STOP_S)

    def _keep(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopping.is_set():
            began = time.monotonic()
            said = self._run()
            if self._stopping.is_set():
                return
            wait_s = FIRST_WAIT_S if time.monotonic() - began >= STEADY_S else min(2 * wait_s, WAIT_S_MAX)
            text = f"the console has ended ({said}); it is started again in {wait_s:.0f} s"
            self._alarms.raise_alarm(ALARM, text, is_blocking=False, zh=f"控制台退出，{wait_s:.0f}秒后重启")
            self._stopping.wait(wait_s)

    def _run(self) -> str:
        """Until it ends; why it did."""
        try:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603
        except OSError as error:
            return error.strerror or str(error)
        log.info("console started", extra={"pid": self._process.pid})
        assert self._process.stdin is not None
        with self._process.stdin:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return f"status {self._process.wait(STEADY_S)}"
            self._alarms.end_alarm(ALARM)
            return f"status {self._process.wait()}"
