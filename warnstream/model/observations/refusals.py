"""Input that cannot be used: kept aside with the reason, counted, never dropped silently."""

from dataclasses import dataclass
from enum import StrEnum


class RefusalReason(StrEnum):
    """Why a message, or one reading of it, was kept aside."""

    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    TOO_LARGE = "too_large"
    UNKNOWN_STATION = "unknown_station"
    UNKNOWN_VARIABLE = "unknown_variable"
    WRONG_UNIT = "wrong_unit"
    BAD_TIME = "bad_time"
    BAD_VALUE = "bad_value"
    ERROR_VALUE = "error_value"
    NO_READING = "no_reading"
    FUTURE = "future"
    TOO_LATE = "too_late"
    OUT_OF_RANGE = "out_of_range"
    BAD_ANSWER = "bad_answer"
    BAD_SIGN = "bad_sign"
    BAD_REPORT = "bad_report"
    NO_DECODER = "no_decoder"
    WRONG_STATION = "wrong_station"
    NOT_CBOR = "not_cbor"
    BAD_FRAME = "bad_frame"
    BAD_CHECKSUM = "bad_checksum"
    TEST_REPORT = "test_report"
    EXERCISE = "exercise"
    PICTURE = "picture"
    UNSUPPORTED_CONTENT = "unsupported_content"
    DECODER_FAULT = "decoder_fault"
    BAD_GRID = "bad_grid"
    OVERLAP = "overlap"
    RUNNING_TOTAL = "running_total"
    SHIFTED = "shifted"
    NOT_XML = "not_xml"
    FORBIDDEN_XML = "forbidden_xml"
    NO_ALERT = "no_alert"
    LINK_ONLY = "link_only"
    NOT_ACTUAL = "not_actual"
    BAD_AREA = "bad_area"
    UNKNOWN_ISSUER = "unknown_issuer"
    NOT_RELAYED = "not_relayed"
    ELSEWHERE = "elsewhere"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused message or reading: the reason, what was expected, and what came."""

    reason: RefusalReason
    detail: str
    topic: str
    payload: bytes
