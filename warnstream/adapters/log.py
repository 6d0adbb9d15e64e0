"""Log lines: one event per line, ``key=value`` or JSON, and never a recipient's address.

Callers write ``logger.info("what happened", extra={"sequence": 7})``; the extra
fields follow the event. Fields that are private by name are hidden, and so is
every word of a line that is a known address, wherever it came from: a
traceback or a library's message too. An address with a space in it is not
recognised there.
"""

import json
import logging
import re
import sys
import time
import unicodedata
from collections.abc import Collection, Mapping
from typing import TextIO

HIDDEN = "(hidden)"

PRIVATE_FIELDS = {"address", "phone", "token", "password", "secret"}
"""Field names whose values never reach a log."""

TOKEN_PATH = re.compile(r"/a/[A-Za-z0-9_-]{24}")
"""An answer link; whoever has it can answer for the recipient."""

PATTERNS = (
    re.compile(r"[^\s\"'=,;|<>()\[\]{}]+"),  # a word
    re.compile(r"[^\s\"'=,;|<>()\[\]{}/:]+"),  # a level of a topic or URL
    re.compile(r"[^\s\"'=,;|<>()\[\]{}/:@]+"),  # either side of an @
    re.compile(r"\+?\d+"),  # a number, whatever it is glued to
)
"""Stretches of a line that may be an address, from long to short."""

SENTENCE_END = ".:!?"

HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories of characters that are not shown but obeyed, or nothing to anybody."""

STANDARD_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

QUIET_LIBRARIES = ("httpx", "httpcore", "uvicorn", "asyncio")
"""Libraries whose messages below a warning are about themselves, or about every request."""


def hide_private(line: str, addresses: Collection[str]) -> str:
    """The line without answer links and without any of the given addresses."""
    line = TOKEN_PATH.sub(f"/a/{HIDDEN}", line)
    if not addresses:
        return line

    def hide(match: re.Match[str]) -> str:
        stretch = match.group()
        core = stretch.rstrip(SENTENCE_END)
        return HIDDEN + stretch[len(core) :] if core in addresses else stretch

    for pattern in PATTERNS:
        line = pattern.sub(hide, line)
    return line


def visible(line: str) -> str:
    r"""The line with every character written out that would be obeyed by a terminal instead of shown.

    Control characters, marks of direction (a name may turn the line around) and of other formats, line and
    paragraph separators, halves of surrogate pairs. What is written is an escape of JSON too.

    >>> visible("R1\x1b[2J \u202egnp.exe")
    'R1\\u001b[2J \\u202egnp.exe'
    """
    return line if line.isprintable() else "".join(map(_visible_character, line))


def _visible_character(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN_CATEGORIES:
        return character
    encoded = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{encoded[at : at + 2].hex()}" for at in range(0, len(encoded), 2))


class EventFormatter(logging.Formatter):
    """Time (UTC), level, logger, event and the extra fields of a record.

    Parameters
    ----------
    as_json : bool
    addresses : collection of str
        Words to hide; a set, since every word is looked up.
    """

    def __init__(self, *, as_json: bool, addresses: Collection[str]) -> None:
        super().__init__()
        self._as_json = as_json
        self._addresses = addresses

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the record holds."""
        fields = self._fields(record)
        if self._as_json:
            return visible(json.dumps(fields, ensure_ascii=False, default=str))
        return visible(" ".join(f"{key}={_plain(value)}" for key, value in fields.items()))

    def _fields(self, record: logging.LogRecord) -> dict[str, object]:
        milliseconds = int(record.msecs)
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        fields: dict[str, object] = {
            "time": f"{moment}.{milliseconds:03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        # The line's own level says who must look; a field of that name stands beside it.
        extra = _extra_fields(record.__dict__)
        fields.update({f"{key}_" if key in fields else key: value for key, value in extra.items()})
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return {key: self._hidden(value) for key, value in fields.items()}

    def _hidden(self, value: object) -> object:
        """The value itself, so that numbers stay numbers, unless something in it must be hidden."""
        text = str(value)
        shown = hide_private(text, self._addresses)
        return value if shown == text else shown


def _extra_fields(attributes: Mapping[str, object]) -> dict[str, object]:
    extra = {key: value for key, value in attributes.items() if key not in STANDARD_FIELDS}
    return {key: HIDDEN if key in PRIVATE_FIELDS else value for key, value in extra.items()}


def _plain(value: object) -> str:
    text = str(value)
    if text and re.fullmatch(r"[^\s\"=]+", text):
        return text
    return json.dumps(text, ensure_ascii=False)


def configure_logging(
    *, as_json: bool, level: str = "INFO", stream: TextIO | None = None, addresses: Collection[str] = ()
) -> None:
    """Send every log record of the process to one stream, in one form.

    Parameters
    ----------
    as_json : bool
        JSON lines instead of ``key=value``.
    level : str
        Lowest level written: DEBUG, INFO, WARNING, ERROR.
    stream : text file, optional
        Standard error if absent.
    addresses : collection of str
        Addresses of households and posts, to be hidden wherever they turn up.

    Raises
    ------
    ValueError
        If `level` is not a level.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(EventFormatter(as_json=as_json, addresses=frozenset(addresses)))
    root = logging.getLogger()
    root.setLevel(level)
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
