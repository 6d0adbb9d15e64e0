"""WIS2 notification messages with inline content -> columns of readings.

A notification (WMO wis2-notification-message 1) may carry its data in
``properties.content``. Content that is flat JSON or SenML is read by those
decoders; BUFR, GRIB and whatever else is refused as unsupported, and so is a
notification that only links to its data: a node downloads nothing.

Limit: 4,096 bytes of content, as the standard says.
"""

import base64
import binascii
import gzip
import hashlib
import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from warnstream.ingest.flat_json.decoder import Decoder
from warnstream.ingest.flat_json.json_text import read_json
from warnstream.ingest.names import Decoded, RawMessage, Rows, exercise_mark, joined, refuse_if_too_large
from warnstream.ingest.senml import Moment, SenmlDecoder
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule
from warnstream.model.observations.refusals import RefusalReason

CONTENT_BYTES_MAX = 4096
UNPACKED_BYTES_MAX = 64 * 1024
"""Of gzip content; more is taken for an attack."""

_AROUND_JSON = b"\xef\xbb\xbf\0 \t\r\n"
_HASHES = frozenset({"sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"})


class ContentError(Exception):
    """Content that cannot be taken, with the reason."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Wis2Decoder:
    """Decodes notifications for one network's stations."""

    def __init__(
        self, stations: Stations, rule: DecoderRule, moment: Moment, *, takes_exercises: bool
    ) -> None:
        self._flat = Decoder(stations, rule, takes_exercises=takes_exercises)
        self._takes_exercises = takes_exercises
        self._senml, self._senml_cbor = (
            SenmlDecoder(stations, replace(rule, format=form), moment, takes_exercises=takes_exercises)
            for form in ("senml_json", "senml_cbor")
        )

    def decode(self, messages: Sequence[RawMessage]) -> Decoded:
        """Readings of all messages, in order; never raises for what a message contains."""
        return joined([self._decode(message) for message in messages])

    def _decode(self, message: RawMessage) -> Decoded:
        rows = Rows()
        too_large = refuse_if_too_large(message)
        if too_large is not None:
            rows.refusals.add(too_large)
            return rows.decoded()
        try:
            notification, unread = read_json(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            rows.refuse(RefusalReason.NOT_JSON, str(error), message)
            return rows.decoded()
        if unread:
            rows.refuse(RefusalReason.NOT_JSON, f"not read: {unread}", message)
        mark = _mark_of(notification)
        if mark is not None and not self._takes_exercises:
            rows.refuse(RefusalReason.EXERCISE, f"marked as {mark}, and this node warns for real", message)
            return rows.decoded()
        try:
            content = content_of(notification)
        except ContentError as error:
            rows.refuse(error.reason, str(error), message)
            return rows.decoded()
        found = self._decode_content(RawMessage(message.topic, content), message)
        return joined([rows.decoded(), found]) if unread else found

    def _decode_content(self, inner: RawMessage, message: RawMessage) -> Decoded:
        head = inner.payload.lstrip(_AROUND_JSON)[:1]
        if head in (b"{", b"["):
            first = inner.payload.lstrip(_AROUND_JSON + b"[")
            is_flat = b'"station"' in first[:4096]
            return _of_message((self._flat if is_flat else self._senml).decode([inner]), message)
        if head and (0x80 <= head[0] <= 0x9F or 0xC0 <= head[0] <= 0xDB):  # a CBOR array, or one with a tag
            return _of_message(self._senml_cbor.decode([inner]), message)
        kind = "BUFR" if inner.payload[:4] == b"BUFR" else "neither JSON nor SenML"
        rows = Rows()
        rows.refuse(RefusalReason.UNSUPPORTED_CONTENT, f"the content is {kind}", message)
        return rows.decoded()


def _of_message(decoded: Decoded, message: RawMessage) -> Decoded:
    """What is refused is the whole notification: that can be sent again, its content alone cannot."""
    refusals = [replace(refusal, payload=message.payload) for refusal in decoded.refusals]
    return replace(decoded, refusals=refusals)


def content_of(notification: object) -> bytes:
    """The inline data of a notification.

    Raises
    ------
    ContentError
        If there is none, or it is not what it says.
    """
    if not isinstance(notification, Mapping) or notification.get("type") != "Feature":
        raise ContentError(RefusalReason.WRONG_SHAPE, "expected a notification (a GeoJSON Feature)")
    properties = notification.get("properties")
    if not isinstance(properties, Mapping):
        raise ContentError(RefusalReason.WRONG_SHAPE, "expected properties")
    inline = properties.get("content")
    if not isinstance(inline, Mapping):
        raise ContentError(RefusalReason.UNSUPPORTED_CONTENT, _without_content(notification))
    value = inline.get("value")
    if not isinstance(value, str):
        raise ContentError(RefusalReason.WRONG_SHAPE, "expected text in content.value")
    content = _unpack(str(inline.get("encoding")), value)
    _check_integrity(properties.get("integrity"), content)
    return content


def _mark_of(notification: object) -> str | None:
    """The mark of an exercise on a notification or its properties."""
    inner = notification.get("properties") if isinstance(notification, Mapping) else None
    parts = (part for part in (notification, inner) if isinstance(part, Mapping))
    return next((mark for part in parts if (mark := exercise_mark(part)) is not None), None)


def _without_content(notification: Mapping[str, object]) -> str:
    """Why a notification without inline content gives nothing."""
    links = notification.get("links")
    listed = links if isinstance(links, list) else []
    kinds = [link.get("rel") for link in listed if isinstance(link, Mapping)]
    if "deletion" in kinds:
        return "the notification tells of a deletion and carries no data"
    if kinds:
        return "no inline content, only links to it: a node downloads nothing"
    return "neither inline content nor links to it"


def _unpack(encoding: str, value: str) -> bytes:
    try:
        content = value.encode() if encoding == "utf-8" else base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ContentError(RefusalReason.WRONG_SHAPE, "the content is not base64") from None
    if encoding not in ("utf-8", "base64", "gzip"):
        raise ContentError(RefusalReason.UNSUPPORTED_CONTENT, f"encoding {encoding!r:.40}")
    if len(content) > CONTENT_BYTES_MAX:
        detail = f"{len(content)} bytes of content, expected at most {CONTENT_BYTES_MAX}"
        raise ContentError(RefusalReason.TOO_LARGE, detail)
    return _gunzip(content) if encoding == "gzip" else content


def _gunzip(content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(UNPACKED_BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error):
        raise ContentError(RefusalReason.WRONG_SHAPE, "the content is not gzip") from None
    if len(unpacked) > UNPACKED_BYTES_MAX:
        raise ContentError(RefusalReason.TOO_LARGE, f"unpacks to more than {UNPACKED_BYTES_MAX} bytes")
    return unpacked


def _check_integrity(integrity: object, content: bytes) -> None:
    """A hash that is given must be right; it is that of the data."""
    if not isinstance(integrity, Mapping) or integrity.get("method") not in _HASHES:
        return
    digest = hashlib.new(str(integrity["method"]).replace("-", "_"), content).digest()
    if integrity.get("value") not in (base64.b64encode(digest).decode(), digest.hex()):
        raise ContentError(RefusalReason.BAD_CHECKSUM, "the content does not have the hash that is given")
