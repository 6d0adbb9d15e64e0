"""A storm over the night in which clocks are put back: every time that people read is that of its moment."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.in_process import STEP_S, T0, Storm, running, write_small_county
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.model.times import parse_iso

pytestmark = pytest.mark.slow

PUT_BACK_S = parse_iso("2026-10-25T01:00:00Z")
"""Europe/Berlin: 03:00 of summer becomes 02:00."""
_CAP_TIME = re.compile(r"<(sent|onset|expires)>(.*?)</")
_UNTIL = re.compile(r"Valid until (\d\d:\d\d)(?: \(UTC\+(\d)\))? on (\d+) Oct\.")


class Told(NamedTuple):
    """A message of a warning as the outbox has it."""

    sent_s: int
    expires_s: int
    cap_xml: str
    text_zh: str
    text_en: str

    def until(self) -> str:
        """By when it holds as its English text says, as an ISO time where it names the offset."""
        match = _UNTIL.search(self.text_en)
        assert match is not None, self.text_en
        clock, offset, day = match.groups()
        written = f"2026-10-{int(day):02d}T{clock}"
        return f"{written}+0{offset}:00" if offset else written


@pytest.fixture
def county(tmp_path: Path) -> Path:
    directory = write_small_county(tmp_path)
    settings = directory / "warnstream.yaml"
    text = settings.read_text(encoding="utf-8")
    for was, now in (('utc_offset: "+08:00"', "utc_offset: Europe/Berlin"), ("validity: 6h", "validity: 2h")):
        assert was in text
        text = text.replace(was, now)
    settings.write_text(text, encoding="utf-8")
    return directory


def number_at(time: str) -> int:
    """Number of the interval of a storm that ends at a time."""
    return (parse_iso(time) - T0) // STEP_S


def messages_of(directory: Path) -> list[Told]:
    with closing(sqlite3.connect(directory / "data" / "outbox.sqlite3")) as connection:
        rows = connection.execute(
            "SELECT sent_s, expires_s, cap_xml, text_zh, text_en FROM messages"
            " WHERE cap_xml != '' AND msg_type IN ('Alert', 'Update') ORDER BY number"
        ).fetchall()
    return [Told(*row) for row in rows]


def rain_through(directory: Path, begin: str, intervals: int) -> None:
    with running(load_configuration(directory)) as node:
        Storm(node).goes_on(8.0, intervals, first=number_at(begin))


def test_every_time_is_that_of_its_moment(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rain_through(county, "2026-10-24T23:35:00Z", 16)  # 01:35 to 02:50 of summer
    before = messages_of(county)
    rain_through(county, "2026-10-25T00:55:00Z", 10)  # a restart; to 02:40 of winter
    told = messages_of(county)
    assert told[: len(before)] == before, "nothing is told again in other words"
    assert any(message.sent_s < PUT_BACK_S < message.expires_s for message in before)
    assert any(message.sent_s >= PUT_BACK_S for message in told[len(before) :])

    for message in told:
        cap = dict(_CAP_TIME.findall(message.cap_xml))
        assert (parse_iso(cap["sent"]), parse_iso(cap["expires"])) == (message.sent_s, message.expires_s)
        for written in cap.values():
            assert written[-6:] == ("+02:00" if parse_iso(written) < PUT_BACK_S else "+01:00")
        until = message.until()
        is_twice = PUT_BACK_S - 3600 <= message.expires_s < PUT_BACK_S + 3600
        assert ("+" in until) == is_twice
        assert parse_iso(until if is_twice else f"{until}+01:00") == message.expires_s
        assert f"有效至25日{until[11:16]}" in message.text_zh
    assert any("+" in message.until() for message in told), "one holds until the hour that comes twice"

    capsys.readouterr()
    assert main(["who", str(county)]) == 0
    assert capsys.readouterr().out.startswith("as of 2026-10-25 02:40 (UTC+1)\n")
    village = load_configuration(county).network.villages.code[0]
    assert main(["explain", str(county), village, "2026-10-25T00:40:00Z"]) == 0
    assert "at 2026-10-25T02:40:00+02:00" in capsys.readouterr().out
    assert main(["warnings", str(county)]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {record["issued_at"][-1] for record in records} == {"Z"}, "records for machines are in UTC"
