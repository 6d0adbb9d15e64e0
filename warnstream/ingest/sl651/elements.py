"""Elements of an SL 651-2014 body: observation times, stations and values (Annex C).

Traps that tests hold: an odd number of digits, negative numbers (FF in
front), values that are all F (missing), twelve cells of an hour of which FF
is invalid, a series whose header stands once (31H, 38H), several stations and
times in one body.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, second_of_day

TIME, STATION, MANUAL, PICTURE, STEP = 0xF0, 0xF1, 0xF2, 0xF3, 0x04
CELLS_RAIN, CELLS_STAGE_FIRST, CELLS_STAGE_LAST = 0xF4, 0xF5, 0xFC
CELLS_OF_HOUR = 12
FLOW_BATCH, USER = 0xFD, 0xFF
STATUS = 0x45
CELL_S = 5 * MINUTE_S

NAME_OF_LEAD: dict[int, str] = {
    0x02: "AI", 0x03: "C", 0x08: "FL", 0x0E: "H", 0x10: "M10", 0x11: "M20", 0x12: "M30", 0x13: "M40",
    0x14: "M50", 0x15: "M60", 0x16: "M80", 0x17: "M100", 0x18: "MST", 0x1A: "P1", 0x1B: "P2", 0x1C: "P3",
    0x1D: "P6", 0x1E: "P12", 0x1F: "PD", 0x20: "PJ", 0x21: "PN01", 0x22: "PN05", 0x23: "PN10", 0x24: "PN30",
    0x25: "PR", 0x26: "PT", 0x33: "UC", 0x35: "US", 0x38: "VT", 0x39: "Z", 0x3A: "ZB", 0x3B: "ZU",
    0x3C: "Z1", 0x3D: "Z2", 0x3E: "Z3", 0x3F: "Z4", 0x40: "Z5", 0x41: "Z6", 0x42: "Z7", 0x43: "Z8",
    0xF4: "DRP", 0xF5: "DRZ1", 0xF6: "DRZ2", 0xF7: "DRZ3", 0xF8: "DRZ4", 0xF9: "DRZ5", 0xFA: "DRZ6",
    0xFB: "DRZ7", 0xFC: "DRZ8",
}  # fmt: skip
"""Lead byte in HEX/BCD -> identifier in ASCII, of the elements that can be mapped; others are passed over."""

INTERVAL_S: dict[str, int] = {
    "P1": HOUR_S, "P2": 2 * HOUR_S, "P3": 3 * HOUR_S, "P6": 6 * HOUR_S, "P12": 12 * HOUR_S, "PD": DAY_S,
    "PN01": MINUTE_S, "PN05": 5 * MINUTE_S, "PN10": 10 * MINUTE_S, "PN30": 30 * MINUTE_S, "DRP": CELL_S,
}  # fmt: skip
"""How long before its time each amount of rain began to fall."""

TIME_S_MAX = 4_102_444_800 + DAY_S
"""Years have two digits: nothing is observed after 2099."""

DIGITS_MAX = 20
"""Of a decimal number in ASCII; Annex C has ten at most."""

_ADDRESS = re.compile(r"[0-9A-Fa-f]{1,10}")
SERIES_FUNCTIONS = frozenset({0x31, 0x38})
_MANUAL_HEADER = b"\xf2\xf2"


class BodyError(Exception):
    """A body cannot be read on; what was read before stays good."""


@dataclass(frozen=True, slots=True)
class Element:
    """One value; `name` is the ASCII identifier, `value` in the unit of Annex C.

    `cell` is the number of a 5-minute cell within its batch, whose time alone is told
    (`warnstream.ingest.sl651.cells` dates it); -1 for every other element.
    """

    station: str
    observed_at_s: int
    name: str
    value: float
    cell: int = -1
    n_cells: int = 0


def bcd_number(content: bytes, decimals: int) -> float | None:
    """A decimal number of BCD digits; None if it is missing (all F).

    Leading FF says negative (SL 651-2014, 6.6.3).

    >>> bcd_number(bytes.fromhex("FF0200"), 3), bcd_number(bytes.fromhex("FF012345"), 3)
    (-0.2, -12.345)

    Raises
    ------
    BodyError
        If a digit is none.
    """
    digits = content.hex()
    if not digits.strip("f"):
        return None
    sign = 1
    if digits.startswith("ff"):
        sign, digits = -1, digits[2:]
    if not digits.isdecimal():
        raise BodyError(f"{content.hex().upper()} is not a decimal number")
    return sign * int(digits) / float(10**decimals)


def parse_time(digits: str, utc_offset_s: int) -> int:
    """Seconds UTC of a local ``YYMMDDHHmm`` of this century (or ``YYMMDDHHmmSS``).

    Raises
    ------
    BodyError
        If it is no time.
    """
    if len(digits) not in (10, 12) or not digits.isdecimal():
        raise BodyError(f"{digits!r:.40} is not a time YYMMDDHHmm")
    year, month, day, hour, minute = (digits[at : at + 2] for at in range(0, 10, 2))
    second = digits[10:] or "00"
    try:
        day_s = int(np.datetime64(f"20{year}-{month}-{day}", "s").astype(np.int64))
        return day_s + second_of_day(int(hour), int(minute), int(second)) - utc_offset_s
    except ValueError:
        raise BodyError(f"{digits!r} is not a time YYMMDDHHmm") from None


@dataclass(slots=True)
class BodyReader:
    """Reads one body; `station` and time change as headers are met.

    Parameters
    ----------
    station : str
        Address of the frame, until the body names one.
    function : int
    utc_offset_s : int
        Of the stations' clocks.

    Attributes
    ----------
    faults : list of str
        Elements that were lost while the body could be read on.
    passed_over : list of str
        Elements that are none of those that can be mapped.
    """

    station: str
    function: int
    utc_offset_s: int
    observed_at_s: int | None = None
    step_s: int = 0
    other_content: str = ""
    faults: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    def read_hex(self, body: bytes) -> Iterator[Element]:
        """Values of a HEX/BCD body after serial number and time of sending.

        Raises
        ------
        BodyError
            Where the body cannot be read on.
        """
        position = 0
        while position < len(body):
            lead = body[position]
            if lead in (TIME, STATION):
                position = self._read_header(body, position)
                continue
            if lead in (MANUAL, PICTURE, FLOW_BATCH):
                # Their length is not told: they are the rest of the body.
                self.other_content = {MANUAL: "manual text", PICTURE: "picture"}.get(lead, "flow batch")
                return
            head = 3 if lead == USER else 2
            if position + head > len(body):
                raise BodyError("an element header is cut off")
            size, decimals = body[position + head - 1] >> 3, body[position + head - 1] & 7
            position += head
            if CELLS_RAIN <= lead <= CELLS_STAGE_LAST and not _is_definition_of_cells(lead, size, decimals):
                position = self._pass_over(body, position, lead, size)
                continue
            repeats = 1
            if self.function in SERIES_FUNCTIONS and self.step_s and lead != STEP and size:
                repeats = max((len(body) - position) // size, 1)
            for number in range(repeats):
                content = body[position : position + size]
                if len(content) < size:
                    raise BodyError(f"element {lead:02X} is cut off")
                yield from self._element(lead, content, decimals, number)
                position += size

    def _pass_over(self, body: bytes, position: int, lead: int, size: int) -> int:
        """Where the body goes on behind an element whose definition is none of the standard's.

        Its length is the standard's, or the one that it tells, or reaches to the next header: the first
        with which the rest can be read.
        """
        definition = body[position - 1]
        headers = (place for place in range(position, len(body)) if _is_header(body, place))
        for following in (position + CELLS_OF_HOUR * _cell_bytes(lead), position + size, *headers):
            if _can_be_read_on(body, following):
                self.faults.append(
                    f"{NAME_OF_LEAD[lead]} ({lead:02X}) with the definition {definition:02X}, "
                    f"expected {(CELLS_OF_HOUR * _cell_bytes(lead)) << 3:02X}: not read"
                )
                return following
        raise BodyError(f"element {lead:02X} with the definition {definition:02X}: nothing behind it is read")

    def _read_header(self, body: bytes, position: int) -> int:
        lead = body[position]
        if body[position + 1 : position + 2] != bytes([lead]):
            raise BodyError(f"expected {lead:02X}{lead:02X}")
        content = body[position + 2 : position + 7]
        if len(content) < 5:
            raise BodyError("a station or time is cut off")
        if lead == TIME:
            self.observed_at_s, self.step_s = parse_time(content.hex(), self.utc_offset_s), 0
            return position + 7
        self.station, self.observed_at_s, self.step_s = content.hex().upper(), None, 0
        following = body[position + 7 : position + 9]
        # Replies to settings have no class byte; reports have one, and then the time.
        return position + 8 if following[1:] in (b"\xf0", b"") or following[:1].isalpha() else position + 7

    def _element(self, lead: int, content: bytes, decimals: int, number: int) -> Iterator[Element]:
        if lead == STEP:
            self.step_s = _step_s(content)
        elif CELLS_RAIN <= lead <= CELLS_STAGE_LAST:
            yield from self.cells(NAME_OF_LEAD[lead], content, number)
        elif lead in NAME_OF_LEAD:
            try:
                value = bcd_number(content, decimals)
            except BodyError as error:  # its length is known: what follows is read
                self.faults.append(f"{NAME_OF_LEAD[lead]}: {error}")
                return
            if value is not None:
                yield self._observed(NAME_OF_LEAD[lead], value, number * self.step_s)
        else:
            self.passed_over.append(f"{lead:02X}")

    def _observed(
        self, name: str, value: float, after_s: int, *, cell: int = -1, n_cells: int = 0
    ) -> Element:
        if self.observed_at_s is None:
            raise BodyError(f"{name} has no observation time")
        at_s = self.observed_at_s + after_s
        if not 0 <= at_s < TIME_S_MAX:
            raise BodyError(f"{name} would be observed {after_s} s after {self.observed_at_s}")
        return Element(self.station, at_s, name, value, cell, n_cells)

    def cells(self, name: str, content: bytes, hour: int = 0) -> Iterator[Element]:
        """Cells of five minutes, binary; all ones is invalid. A series may go on for several hours."""
        width, per_unit = (1, 10) if name == "DRP" else (2, 100)
        n_cells = len(content) // width
        for number in range(n_cells):
            cell = content[number * width : (number + 1) * width]
            if cell != b"\xff" * width:
                place = hour * n_cells + number
                yield self._observed(name, int.from_bytes(cell) / per_unit, 0, cell=place, n_cells=n_cells)

    def read_ascii(self, body: bytes) -> Iterator[Element]:
        """Values of an ASCII body after serial number and time of sending; tokens between blanks.

        Raises
        ------
        BodyError
            Where the body cannot be read on.
        """
        try:
            tokens = body.decode("ascii").split()
        except UnicodeDecodeError:
            raise BodyError("the body is not ASCII") from None
        at = 0
        while at < len(tokens):
            name = tokens[at]
            following = tokens[at + 1] if at + 1 < len(tokens) else ""
            if name == "ST":
                if _ADDRESS.fullmatch(following) is None:
                    raise BodyError(f"{following!r:.40} is not a station's address")
                self.station, self.observed_at_s = following.upper().zfill(10), None
                at += 3  # the class of the station stands behind its address
            elif name == "TT":
                self.observed_at_s = parse_time(following, self.utc_offset_s)
                at += 2
            elif name in ("RGZS", "PIC", "DATA"):
                self.other_content = {"RGZS": "manual text", "PIC": "picture"}.get(name, "flow batch")
                return
            elif (
                name.startswith("DR")
                and name[2:3] in ("D", "H", "N")
                and len(name) == 5
                and name[3:].isdecimal()
            ):
                self.step_s = int(name[3:]) * {"D": DAY_S, "H": HOUR_S, "N": MINUTE_S}[name[2]]
                if self.function in SERIES_FUNCTIONS and self.step_s:
                    yield from self._ascii_series(tokens[at + 1 :])
                    return
                at += 1
            else:
                yield from self._ascii_element(name, following, 0)
                at += 2

    def _ascii_series(self, tokens: list[str]) -> Iterator[Element]:
        """Names once, then their values in turn, time after time; M is missing."""
        known = set(NAME_OF_LEAD.values())
        names: list[str] = []
        while len(names) < len(tokens) and tokens[len(names)] in known:
            names.append(tokens[len(names)])
        if not names:
            raise BodyError("a series names no element")
        for number, token in enumerate(tokens[len(names) :]):
            yield from self._ascii_element(
                names[number % len(names)], token, number // len(names) * self.step_s
            )

    def _ascii_element(self, name: str, text: str, after_s: int) -> Iterator[Element]:
        if name not in NAME_OF_LEAD.values():
            self.passed_over.append(name[:20])
            return
        if text == "M":
            return
        try:
            if name.startswith("DR"):
                yield from self.cells(name, bytes.fromhex(text))
            else:
                yield self._observed(name, _decimal(text), after_s)
        except ValueError:
            self.faults.append(f"{name} {text!r:.40} is not a number")


def _cell_bytes(lead: int) -> int:
    return 1 if lead == CELLS_RAIN else 2


def _is_definition_of_cells(lead: int, size: int, decimals: int) -> bool:
    """Whole cells and no decimals; the standard's own have twelve (60, C0)."""
    return decimals == 0 and size > 0 and size % _cell_bytes(lead) == 0


def _is_header(body: bytes, position: int) -> bool:
    return (
        body[position] in (TIME, STATION)
        and body[position + 1 : position + 2] == body[position : position + 1]
    )


def _can_be_read_on(body: bytes, position: int) -> bool:
    """Whether from here headers and elements follow each other to the very end."""
    while 0 <= position < len(body):
        if body[position] in (MANUAL, PICTURE, FLOW_BATCH):
            return True
        position = _behind_header(body, position) if _is_header(body, position) else _behind(body, position)
    return position == len(body)


def _behind_header(body: bytes, position: int) -> int:
    """Where a station's or time's header ends; -1 if it is none."""
    lead, digits = body[position], body[position + 2 : position + 7].hex()
    if len(digits) < 10 or (lead == TIME and not digits.isdecimal()):
        return -1
    has_class = lead == STATION and body[position + 8 : position + 9] in (b"\xf0", b"")
    return position + 7 + has_class


def _behind(body: bytes, position: int) -> int:
    """Where an element ends; -1 if none begins here."""
    lead = body[position]
    head = 3 if lead == USER else 2
    if lead in (TIME, STATION) or CELLS_STAGE_LAST < lead < USER or position + head > len(body):
        return -1
    size, decimals = body[position + head - 1] >> 3, body[position + head - 1] & 7
    if CELLS_RAIN <= lead <= CELLS_STAGE_LAST:
        is_one = _is_definition_of_cells(lead, size, decimals)
    else:
        digits = body[position + head : position + head + size].hex().strip("f")
        is_one = lead not in NAME_OF_LEAD or (size > 0 and (not digits or digits.isdecimal()))
    return position + head + size if is_one else -1


def _decimal(token: str) -> float:
    """A plain decimal number; ValueError for anything else that float() would take (inf, nan, 1_0)."""
    if len(token) > DIGITS_MAX or not token.lstrip("+-").replace(".", "", 1).isdecimal():
        raise ValueError(token)
    return float(token)


def _step_s(content: bytes) -> int:
    digits = content.hex()
    if len(digits) != 6 or not digits.isdecimal():
        raise BodyError(f"{content.hex()} is not a time step")
    days, hours, minutes = (int(digits[at : at + 2]) for at in (0, 2, 4))
    return days * DAY_S + hours * HOUR_S + minutes * MINUTE_S
