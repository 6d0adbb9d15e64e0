"""The word that a box is to lead, from a command to the process that stands by: two files in its storage.

And what the box that led notes then, on a disk that may refuse: a full disk is why people take over. A box
that ended with its handing over not noted would take itself for the one that leads at its next start.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec

from warnstream.adapters.journal.disk import disk_error
from warnstream.adapters.standby.away import AwayListener
from warnstream.adapters.standby.leadership import Leadership
from warnstream.adapters.standby.messages import Hello
from warnstream.model.errors import StoreError

ASKED, ANSWER = "takeover.ask", "takeover.answer"
AGAIN_S = 1.0
"""Between two attempts to note that this box has handed over."""

log = logging.getLogger(__name__)


class Answer(msgspec.Struct, frozen=True):
    """What became of it."""

    is_done: bool
    text: str


class Takeover:
    """The side of the process.

    Parameters
    ----------
    directory : Path
        The storage directory.
    """

    def __init__(self, directory: Path) -> None:
        self._asked, self._answer = directory / ASKED, directory / ANSWER

    @property
    def is_asked(self) -> bool:
        """Somebody wants this box to lead."""
        return self._asked.exists()

    def forget(self) -> None:
        """Whoever asked did not ask this process: a word that a crash has left may not make it lead."""
        if self.is_asked:
            log.warning("a takeover was asked for before this process began: it is not heeded")
        self._asked.unlink(missing_ok=True)

    def refuse(self, why: str) -> None:
        """It cannot."""
        self._say(Answer(False, why))

    def done(self, leadership: Leadership) -> None:
        """It leads."""
        if self.is_asked:
            entry = leadership.began[-1][1] if leadership.began else 0
            self._say(Answer(True, f"{leadership.box} leads: term {leadership.term}, from entry {entry} on"))

    def _say(self, answer: Answer) -> None:
        log.warning("takeover", extra={"done": answer.is_done, "text": answer.text})
        try:
            unfinished = self._answer.with_suffix(".new")
            unfinished.write_bytes(msgspec.json.encode(answer))
            unfinished.rename(self._answer)
            self._asked.unlink(missing_ok=True)
        except OSError as error:
            log.error("takeover cannot be answered", extra={"error": str(error)})  # noqa: TRY400


def ask(directory: Path) -> None:
    """Leave the word for the process. StoreError if the disk refuses."""
    try:
        (directory / ANSWER).unlink(missing_ok=True)
        with (directory / ASKED).open("wb") as file:
            file.write(str(int(time.time())).encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise disk_error(directory / ASKED, error) from error


def take_back(directory: Path) -> None:
    """Nobody wants it any more."""
    (directory / ASKED).unlink(missing_ok=True)


def is_waiting(directory: Path) -> bool:
    """Whether the word is still there."""
    return (directory / ASKED).exists()


def answer_of(directory: Path) -> Answer | None:
    """What the process has said; None while it has said nothing."""
    try:
        return msgspec.json.decode((directory / ANSWER).read_bytes(), type=Answer)
    except (OSError, msgspec.MsgspecError):
        return None


def still_leads(other: Hello, last: int, why: str) -> str:
    """That a box leads and another one, whose log ends with an entry, does not follow it, in words."""
    behind = max(0, other.last - last)
    reason = f" ({why})" if why else ""
    return (
        f"{other.box} is there and leads, and this box does not follow it{reason}: it lacks {behind} entries "
        f"or more. Mend that and try again, or stop {other.box} first: then this one leads without them"
    )


def note_until_kept(
    keep: Callable[[], None],
    show: Callable[[Callable[[], list[str]]], AwayListener | None],
    stopping: threading.Event,
    other: str,
) -> None:
    """Keep it, again and again until the disk takes it or this process is to end.

    Parameters
    ----------
    keep : callable
        StoreError where the disk refuses.
    show : callable
        Given what /readyz is to say; called once, when the disk has refused.
    stopping : Event
    other : str
        The box that leads now.
    """
    said: list[str] = []
    with ExitStack() as shown:
        while not stopping.is_set():
            try:
                keep()
            except StoreError as error:
                text = f"{other} leads; that this box stands by cannot be noted: {error}"
            else:
                return
            if not said:
                log.critical("handing over cannot be noted", extra={"why": text})
                if (away := show(lambda: list(said))) is not None:
                    shown.enter_context(closing(away))
            said[:] = [text]
            stopping.wait(AGAIN_S)
