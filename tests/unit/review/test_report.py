import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.unit.review.messages import REASON, T0, VILLAGES, course, message
from warnstream.model.changes import Change, LevelChange, Relayed
from warnstream.model.errors import ArchiveError
from warnstream.model.level import Level
from warnstream.model.network import Households, Network, Stations
from warnstream.model.rules.policies import MessagePolicy
from warnstream.model.rules.rules import CriticalRain, DowngradePolicy, HazardRule
from warnstream.model.times import HOUR_S, fixed_zone, iso_utc
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.review.events import Event
from warnstream.review.report import (
    ReplaySummary,
    read_warnings,
    same_warnings,
    write_levels,
    write_summary,
    write_warnings,
)
from warnstream.review.verification import VerificationPolicy, score_warnings


@dataclass(frozen=True)
class Wording:
    network: Network
    rules: tuple[HazardRule, ...]
    message: MessagePolicy


WORDING = Wording(
    network=Network(
        Stations(
            ("urca",),
            np.zeros(1),
            np.zeros(1),
            np.full(1, 900, np.int32),
            np.ones(1, bool),
            np.zeros(1, bool),
        ),
        VILLAGES,
        Households((), (), (), np.zeros(4, np.int32)),
        (),
    ),
    rules=(
        HazardRule(
            name="landslide",
            evaluator="critical_rainfall",
            title_zh="滑坡",
            title_en="Landslide",
            thresholds=CriticalRain(np.array([HOUR_S], np.int32), np.full((3, 1, 4), 40.0)),
            continues_mm_per_h=0.0,
            forecast_level_max=Level.YELLOW,
            lowering=DowngradePolicy(0.8, 1800, 3600, 0.8),
            source="siren rule",
        ),
    ),
    message=MessagePolicy(
        prefix="ws",
        sender="ws@example.org",
        sender_name="Example",
        status=MessageStatus.ACTUAL,
        time_zone=fixed_zone(-3 * HOUR_S),
        validity_s=6 * HOUR_S,
        renew_before_s=1800,
        web="http://example.org",
    ),
)
STORY = [
    *course(0, (T0, Level.YELLOW), (T0 + 900, Level.ORANGE), (T0 + 7200, Level.NONE)),
    message(2, Level.ORANGE, T0 + 60, reason=None),
]


def written(folder: Path, messages: list[WarningMessage], name: str = "warnings.jsonl") -> Path:
    write_warnings(folder / name, messages, WORDING)
    return folder / name


def test_messages_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    assert read_warnings(written(tmp_path, STORY), VILLAGES) == STORY


def test_whose_signal_a_relayed_warning_is_is_read_back(tmp_path: Path) -> None:
    said = Relayed(
        "县气象台", "Met office", "暴雨橙色预警", "orange rainstorm warning", T0, "met", "A1", "x", ""
    )
    why = STORY[0].reason
    assert why is not None
    story = [replace(STORY[0], reason=replace(why, indicator="relayed", relayed=said))]
    assert read_warnings(written(tmp_path, story), VILLAGES) == story
    line = json.loads((tmp_path / "warnings.jsonl").read_text(encoding="utf-8"))
    assert line["reason"]["relayed"]["sent"] == iso_utc(T0)


def test_same_messages_give_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path, STORY, "a").read_bytes() == written(tmp_path, STORY, "b").read_bytes()


def test_line_says_who_what_when_and_why_in_words(tmp_path: Path) -> None:
    line = json.loads(written(tmp_path, STORY).read_text("utf-8").splitlines()[1])
    assert (line["village"], line["hazard"], line["level"], line["previous"]) == (
        "west",
        "landslide",
        "orange",
        "yellow",
    )
    assert (line["msg_type"], line["issued_at"]) == ("Update", "2019-04-08T21:30:00Z")
    assert (line["reason"]["station"], line["reason"]["value"]) == ("urca", 41.2)
    assert [reference["issued_at"] for reference in line["references"]] == ["2019-04-08T21:15:00Z"]
    assert "滑坡" in line["text_zh"]
    assert "Landslide" in line["text_en"]


def test_unknown_number_is_null_in_the_file(tmp_path: Path) -> None:
    odd = message(0, Level.YELLOW, T0, reason=replace(REASON, coverage=math.nan))
    path = written(tmp_path, [odd])
    assert json.loads(path.read_text("utf-8"))["reason"]["coverage"] is None
    reason = read_warnings(path, VILLAGES)[0].reason
    assert reason is not None
    assert math.isnan(reason.coverage)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", r":2: not a line of JSON"),
        ("[]", r":2: not a warning message: expected a JSON object"),
        ('{"identifier": "x"}', r":2: not a warning message: 'reason' is missing"),
    ],
)
def test_line_that_is_no_message_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    path = written(tmp_path, STORY[:1])
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    with pytest.raises(ArchiveError, match=complaint):
        read_warnings(path, VILLAGES)


def test_village_of_another_configuration_is_named(tmp_path: Path) -> None:
    others = replace(VILLAGES, code=("a", "b", "c"))
    with pytest.raises(ArchiveError, match="'west' is missing or unknown"):
        read_warnings(written(tmp_path, STORY), others)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be read"):
        read_warnings(tmp_path / "nothing.jsonl", VILLAGES)


def test_same_warnings_issued_later_and_in_another_order_do_not_differ(tmp_path: Path) -> None:
    later = [
        replace(message, sent_s=message.sent_s + 7, identifier=f"{message.identifier}b")
        for message in reversed(STORY)
    ]
    assert same_warnings(written(tmp_path, STORY, "a"), written(tmp_path, later, "b")) == []


@pytest.mark.parametrize(
    "changed",
    [
        replace(STORY[0], village=1),
        replace(STORY[0], level=Level.RED),
        replace(STORY[0], crossed_at_s=T0 + 60),
        replace(STORY[0], hazard="flash_flood"),
        replace(STORY[0], reason=replace(REASON, value=41.3)),
    ],
)
def test_every_compared_field_makes_a_difference(tmp_path: Path, changed: WarningMessage) -> None:
    one, other = written(tmp_path, STORY, "a"), written(tmp_path, [changed, *STORY[1:]], "b")
    differences = same_warnings(one, other)
    assert [difference.split(":")[0] for difference in differences] == [f"only in {one}", f"only in {other}"]


def test_message_that_stands_there_twice_is_a_difference(tmp_path: Path) -> None:
    one, other = written(tmp_path, STORY, "a"), written(tmp_path, [STORY[0], *STORY], "b")
    (difference,) = same_warnings(one, other)
    assert difference.startswith(f"only in {other}")


def test_levels_are_rows_of_changes(tmp_path: Path) -> None:
    rise = LevelChange(Change.RISE, "landslide", 2, Level.ORANGE, Level.NONE, T0 + 60, T0, REASON)
    assert write_levels(tmp_path / "levels.parquet", [rise], VILLAGES) == 1
    (row,) = pq.read_table(tmp_path / "levels.parquet").to_pylist()
    assert row.pop("time").isoformat() == "2019-04-08T21:16:00+00:00"
    assert row.pop("crossed_at").isoformat() == "2019-04-08T21:15:00+00:00"
    assert row == {
        "village": "east",
        "hazard": "landslide",
        "kind": "rise",
        "level": "orange",
        "previous": "none",
    }


def test_levels_without_changes_are_an_empty_table(tmp_path: Path) -> None:
    write_levels(tmp_path / "levels.parquet", [], VILLAGES)
    assert pq.read_table(tmp_path / "levels.parquet").num_rows == 0


def summary(**changed: object) -> ReplaySummary:
    given: dict[str, object] = {
        "fingerprint": "abc",
        "code_version": "0.1.0",
        "n_readings": 5,
        "begin_s": T0,
        "end_s": T0 + 60,
        "messages": STORY,
        "villages": VILLAGES,
        "wall_s": 1.23456,
        "n_refused": {"bad time": 2},
    }
    return ReplaySummary(**(given | changed))  # type: ignore[arg-type]


def test_summary_names_the_first_warning_of_each_hazard_and_level() -> None:
    first = summary().as_dict()["warnings"]["first"]["landslide"]
    assert (first["yellow"]["village"], first["yellow"]["issued_at"]) == ("west", "2019-04-08T21:15:00Z")
    assert first["orange"]["village"] == "west"
    assert "red" not in first


def test_summary_counts_village_warnings_by_their_highest_level() -> None:
    counts = summary().as_dict()["warnings"]["by_highest_level"]
    assert counts == {"landslide": {"blue": 0, "yellow": 0, "orange": 2, "red": 0}}


def test_summary_file_is_strict_json_with_scores(tmp_path: Path) -> None:
    policy = VerificationPolicy(hazards=("landslide",))
    event = Event("e1", "2019-04-08T21:45:00Z", T0 + 1800, None, 0.0, 0.0, "landslide", ())
    verification = score_warnings(STORY, [event], VILLAGES, policy)
    write_summary(tmp_path / "summary.json", summary(verification=verification))
    text = (tmp_path / "summary.json").read_text("utf-8")
    assert "NaN" not in text
    content = json.loads(text)
    assert content["readings"]["refused"] == {"bad time": 2}
    orange = next(
        score
        for score in content["verification"]["scores"]
        if (score["hazard"], score["level_min"]) == ("landslide", "orange")
    )
    assert (orange["pod"], orange["far"], orange["lead_min_median"]) == (1.0, 0.5, 15.0)


def test_summary_of_an_empty_archive_has_no_times() -> None:
    readings = summary(begin_s=None, end_s=None, messages=[]).as_dict()["readings"]
    assert (readings["from"], readings["until"]) == (None, None)
