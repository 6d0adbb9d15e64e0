"""Commands of `warnstream` as processes that begin as forks of one that has loaded them.

An interpreter that loads a node takes 1.5 s of a processor before it does anything; a night of two boxes
begins six, and each change of their configuration two more. Here the loading is done once for each
environment (time zone, locale): a process is one of its own from the fork on, with its own folder,
environment, memory and end, and reads its command line anew. What only a new interpreter shows is shown by
the tests of the installation and of the first steps. `WARNSTREAM_FRESH=1` begins each with a new one.
"""

import atexit
import contextlib
import fcntl
import gc
import importlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol

from warnstream.runners.live.reloading import preparing

REPOSITORY = Path(__file__).resolve().parent.parent

LOADED = (
    "warnstream.cli",
    "warnstream.commands.bundles.prepare",
    "warnstream.commands.run",
    "warnstream.commands.standby.takeover",
    "warnstream.commands.standby.witness",
    "encodings.idna",
    "h11",
    "httpx",
    "numpy.ma",
    "uvicorn.lifespan.on",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.h11_impl",
)
OF_KAFKA = (
    "aiokafka",
    "warnstream.commands.kafka.bridge",
    "warnstream.commands.kafka.deliver",
    "warnstream.commands.kafka.judge",
)

WARNSTREAM, PREPARE = "warnstream.cli", "warnstream.commands.bundles.prepare"

PROGRAM = """\
import sys
sys.path.insert(0, {repository!r})
from tests.forks import serve
serve()
"""

REQUEST_BYTES_MAX = 1 << 20
ANSWER = 3
"""Descriptor that what prepares a change answers to."""
HIGH = 512
"""Descriptors of a parent with all of its forks are below it."""


class Running(Protocol):
    """What tests do with a process, whoever has begun it."""

    pid: int

    @property
    def returncode(self) -> int | None:
        """Status, once it has ended and somebody has looked."""

    def poll(self) -> int | None:
        """Status; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Status, once it has ended. subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Nothing where it has ended."""

    def kill(self) -> None:
        """SIGKILL."""


class Fork:
    """A process that was forked for us: as a `subprocess.Popen`."""

    def __init__(
        self,
        pid: int,
        told: socket.socket,
        stdin: IO[bytes] | None = None,
        stderr: IO[bytes] | None = None,
    ) -> None:
        self.pid, self._told = pid, told
        self.stdin, self.stderr = stdin, stderr
        self.returncode: int | None = None

    def __del__(self) -> None:
        """Nobody asks any more what became of it."""
        for opened in (self._told, self.stdin, self.stderr):
            if opened is not None:
                with contextlib.suppress(OSError):
                    opened.close()

    def poll(self) -> int | None:
        """Status; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Status, once it has ended. subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._told.settimeout(timeout)
            try:
                said = self._told.recv(8)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("warnstream", timeout or 0.0) from None
            self.returncode = int.from_bytes(said, "big", signed=True) if said else -signal.SIGKILL
            self._told.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Nothing where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _fork(asked: socket.socket, request: dict[str, Any], fds: Sequence[int]) -> tuple[int, socket.socket]:
    """Ask for a process; its number, and where its end is told."""
    told, theirs = socket.socketpair()
    with theirs:
        socket.send_fds(asked, [json.dumps(request).encode()], [theirs.fileno(), *fds])
    pid = int.from_bytes(told.recv(8), "big")
    assert pid, "what processes are forked of has ended"
    return pid, told


class _Parent:
    """The process that processes of one environment are forked of; it ends with us."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = PROGRAM.format(repository=str(REPOSITORY))
        fds = (theirs.fileno(), self.asked.fileno())
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code, *map(str, fds)],
                stdin=subprocess.PIPE,
                pass_fds=fds,
                env=dict(environment),
            )
        atexit.register(self.end)

    def end(self) -> None:
        """With all that was forked of it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self.asked.close()


PARENTS = 2
"""Of each environment, by turns: a process that is begun again hashes strings otherwise than before."""

_parents: dict[tuple[tuple[str, str], ...], list[_Parent]] = {}


def _parent(place: Mapping[str, str]) -> _Parent:
    parents = _parents.setdefault(tuple(sorted(place.items())), [])
    parents.insert(0, parents.pop() if len(parents) == PARENTS else _Parent(os.environ | place))
    return parents[0]


def spawn(
    arguments: Sequence[str],
    stdout: IO[bytes],
    stderr: IO[bytes] | None = None,
    place: Mapping[str, str] | None = None,
) -> Running:
    """Begin ``warnstream ARGUMENTS``; `place`: what of the environment it has otherwise."""
    environment, errors = os.environ | (place or {}), stderr or stdout
    if os.environ.get("WARNSTREAM_FRESH"):
        words = [str(Path(sys.executable).parent / "warnstream"), *arguments]
        return subprocess.Popen(words, stdout=stdout, stderr=errors, env=environment)
    request = {
        "program": WARNSTREAM,
        "arguments": list(arguments),
        "directory": str(Path.cwd()),
        "environment": environment,
    }
    with Path(os.devnull).open("rb") as nothing:
        fds = [file.fileno() for file in (nothing, stdout, errors)]
        return Fork(*_fork(_parent(place or {}).asked, request, fds))


def run(
    arguments: Sequence[str], timeout: float, place: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The same, until it has ended; what it has said."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = spawn(arguments, out, errors, place)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        said = []
        for file in (out, errors):
            file.seek(0)
            said.append(file.read().decode())
    return subprocess.CompletedProcess(list(arguments), status, *said)


def begin_preparing(answer: int, asked: socket.socket | None = None) -> Fork:
    """In place of `preparing.begin`: what prepares a change, for a node in this process."""
    directory, environment = str(Path.cwd()), dict(os.environ)
    request = {
        "program": PREPARE,
        "arguments": [str(ANSWER)],
        "directory": directory,
        "environment": environment,
    }
    theirs_in, ours_in = os.pipe()
    ours_err, theirs_err = os.pipe()
    stdin, stderr = os.fdopen(ours_in, "wb"), os.fdopen(ours_err, "rb")
    with Path(os.devnull).open("wb") as nowhere:
        fds = [theirs_in, nowhere.fileno(), theirs_err, answer]
        pid, told = _fork(asked or _parent({}).asked, request, fds)
    os.close(theirs_in)
    os.close(theirs_err)
    return Fork(pid, told, stdin, stderr)


def serve() -> None:
    """Load, fork for whoever asks, tell them how each ended, until standard input is closed."""
    theirs, asked = (socket.socket(fileno=int(fd)) for fd in sys.argv[1:])
    _load()
    waiting = selectors.DefaultSelector()
    waiting.register(theirs, selectors.EVENT_READ)
    waiting.register(0, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fd == 0:
                _end_all(waiting)
                return
            if key.fileobj is not theirs:
                _tell_end(waiting, key)
                continue
            request, fds, _, _ = socket.recv_fds(theirs, REQUEST_BYTES_MAX, 5)
            pid = os.fork()
            if pid == 0:
                _be(json.loads(request), fds, waiting, asked)
            for fd in fds[1:]:
                os.close(fd)
            told = socket.socket(fileno=fds[0])
            _tell(told, pid)
            waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, told))


def _load() -> None:
    modules = LOADED + (OF_KAFKA if importlib.util.find_spec("aiokafka") else ())
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


def _be(
    request: dict[str, Any], fds: list[int], waiting: selectors.BaseSelector, asked: socket.socket
) -> None:
    """In the fork: as a new process would find itself, to its end."""
    for key in list(waiting.get_map().values()):
        if key.data:
            key.data[1].close()
        if isinstance(key.fileobj, socket.socket):
            key.fileobj.close()
    waiting.close()
    for number, fd in enumerate(fds[1:4]):
        os.dup2(fd, number)
    for name, number in (("stdout", 1), ("stderr", 2)):  # the parent's know where its own files stand
        like = getattr(sys, name)
        setattr(sys, name, os.fdopen(number, "w", 1, like.encoding, like.errors, closefd=False))
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH) for fd in (asked.detach(), *fds[4:])]
    os.closerange(3, HIGH)
    if fds[4:]:
        os.dup2(high[1], ANSWER)
        os.close(high[1])
    preparing.begin = partial(begin_preparing, asked=socket.socket(fileno=high[0]))  # type: ignore[assignment]
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["directory"])
    main = importlib.import_module(request["program"]).main
    sys.argv = [str(Path(sys.executable).parent / "warnstream"), *request["arguments"]]
    sys.exit(main(request["arguments"]))


def _tell(told: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # nobody waits for it any more
        told.send(number.to_bytes(8, "big", signed=True))


def _tell_end(waiting: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    pid, told = key.data
    waiting.unregister(key.fileobj)
    os.close(key.fd)
    _, status = os.waitpid(pid, 0)
    with told:
        _tell(told, os.waitstatus_to_exitcode(status))


def _end_all(waiting: selectors.BaseSelector) -> None:
    for key in list(waiting.get_map().values()):
        if key.data:
            os.kill(key.data[0], signal.SIGKILL)
            _tell_end(waiting, key)
