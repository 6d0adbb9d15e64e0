"""JSON that is nearly JSON: what programs of loggers really send, read as far as it can be.

Only what no parser took comes here, so this may be slow. Its faults are of two kinds:

- The wrapper: a byte order mark, UTF-16, zeros or a terminal's end of file around the text,
  bytes that are no UTF-8, several objects one after the other. The text is read without it.
- A value: bare ``nan``, ``-inf``, ``1.#IND``, ``ERR``, nothing at all. It becomes the text that stands
  there, which the decoders refuse by itself like any other text in the place of a number. ``+1.2``,
  ``001.2``, ``.5`` and ``5.`` are numbers.

Nothing is guessed: no quote, bracket or comma is put where there is none.
"""

import codecs
import json
import math
import re
from typing import Any

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_AROUND = "\0\x1a\ufeff \t\r\n"
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*+(?:"|\Z)'  # a text, perhaps one that is not closed
    r"|:(?=\s*[,}\]])"  # a place where a value is missing
    r'|[^\s{}\[\]:,"]+',  # a bare word
    re.DOTALL,
)
_NUMBER = re.compile(r"[+-]?[0-9]{0,300}(?:\.[0-9]{0,300})?(?:[eE][+-]?[0-9]{1,4})?")
_WORDS = frozenset({"true", "false", "null"})
_DECODER = json.JSONDecoder(strict=False)


class CannotBeMendedError(ValueError):
    """Nothing of a text can be read as JSON."""


def mended_json(payload: bytes) -> tuple[Any, str]:
    """Objects or lists of a text, and what around them is not read (empty if nothing).

    Several that follow each other come as one list.

    Raises
    ------
    CannotBeMendedError
        If there is none.
    """
    text, notes = _text(payload)
    text = _TOKEN.sub(_as_json, text)
    values: list[Any] = []
    at = 0
    while at < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        if not isinstance(value, dict | list):
            break
        values.append(value)
        at = end
        while at < len(text) and text[at] in _AROUND:
            at += 1
    if not values:
        raise CannotBeMendedError
    if at < len(text):
        notes.append(f"{len(text) - at} characters behind the JSON")
    unread = ", ".join(notes)
    if len(values) == 1:
        return values[0], unread
    return [item for value in values for item in (value if isinstance(value, list) else [value])], unread


def _text(payload: bytes) -> tuple[str, list[str]]:
    """The characters of a message, and what of its bytes is none of them."""
    notes = []
    mark, coding = next(((mark, name) for mark, name in _MARKS if payload.startswith(mark)), (b"", ""))
    if mark:
        notes.append(f"a byte order mark ({coding})")
    elif payload[1:2] == payload[3:4] == b"\0" and payload[:1] in (b"{", b"["):
        coding = "utf-16-le"
    elif payload[:1] == payload[2:3] == b"\0" and payload[1:2] in (b"{", b"["):
        coding = "utf-16-be"
    if coding not in ("", "utf-8") and not mark:
        notes.append(f"coded in {coding}, expected UTF-8")
    text = payload[len(mark) :].decode(coding or "utf-8", "replace")
    if "\ufffd" in text and "\ufffd".encode() not in payload:
        notes.append(f"bytes that are no {coding or 'utf-8'}")
    inner = text.strip(_AROUND)
    if "\0" in text[: len(text) - len(text.lstrip(_AROUND))] or "\0" in text[len(text.rstrip(_AROUND)) :]:
        notes.append("zeros around the text")
    return inner, notes


def _as_json(token: re.Match[str]) -> str:
    """A token as JSON: what is none becomes a text of the same characters."""
    text = token[0]
    if text[0] == '"':
        is_plain = text.isascii() and text.isprintable() and "\\" not in text
        is_closed = len(text) > 1 and text[-1] == '"'
        return text if is_plain or not is_closed else _as_text(text)
    if text == ":":
        return ':""'
    return text if text in _WORDS else _as_number(text) or json.dumps(text)


def _as_number(word: str) -> str:
    """A number as JSON writes it; empty if the word is none that a float can hold."""
    if _NUMBER.fullmatch(word) is None:
        return ""
    try:
        number = float(word)
    except ValueError:  # a sign or a point alone
        return ""
    if not math.isfinite(number):
        return ""
    return str(int(word)) if word.lstrip("+-").isdecimal() else repr(number)


def _as_text(text: str) -> str:
    """A text whose escapes can be read; characters that nothing can hold are replaced."""
    try:
        content = json.loads(text, strict=False)
    except ValueError:
        content = text[1:-1]
    return json.dumps(content.encode("utf-8", "replace").decode())
