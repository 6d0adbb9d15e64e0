"""JSON of a message -> values; what is nested too deeply is refused, at a depth that never varies.

A parser's own limit depends on how deep the caller's stack is, so the same
message could be taken live and refused in a replay. Ours does not.
"""

import contextlib
import re
from typing import Any

import msgspec
import numpy as np

from warnstream.ingest.flat_json.mending import CannotBeMendedError, mended_json

DEPTH_MAX = 64
"""Objects and lists inside each other; no format of ours has more than eight."""

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)

_STEP = np.zeros(256, dtype=np.int8)
_STEP[list(b"[{")] = 1
_STEP[list(b"]}")] = -1


def decode_json(payload: bytes) -> Any:
    """Values of a JSON text.

    Brackets inside of texts count too: a text with more than `DEPTH_MAX` open ones is refused.

    Raises
    ------
    msgspec.DecodeError
        If it is no JSON or nested too deeply; says where.
    UnicodeDecodeError
        If a text is no UTF-8.
    """
    if payload.count(b"[") + payload.count(b"{") > DEPTH_MAX and _depth(payload) > DEPTH_MAX:
        raise msgspec.DecodeError(f"JSON is nested more than {DEPTH_MAX} deep")
    return msgspec.json.decode(payload)


def read_json(payload: bytes) -> tuple[Any, str]:
    """Values of a JSON text or of what is nearly one, and what around it was not read (empty if nothing).

    A bare word in the place of a value, such as ``nan``, comes as text (`mending`).

    Raises
    ------
    msgspec.DecodeError, UnicodeDecodeError
        If nothing of it can be read, or it is nested too deeply; says where.
    """
    try:
        return decode_json(payload), ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        if _depth(payload) > DEPTH_MAX:
            raise
        with contextlib.suppress(CannotBeMendedError):
            return mended_json(payload)
        raise


def _depth(payload: bytes) -> int:
    """The greater of two: brackets in texts count, but closing ones there close nothing."""
    return max(_open_at_once(payload), _open_at_once(_TEXT.sub(b"", payload)))


def _open_at_once(payload: bytes) -> int:
    return int(np.cumsum(_STEP[np.frombuffer(payload, dtype=np.uint8)], dtype=np.int64).max(initial=0))
