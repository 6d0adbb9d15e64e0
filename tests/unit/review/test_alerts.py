"""Alerts of other services for a replay."""

from pathlib import Path

import pytest

from tests.alerts import cap
from tests.networks import T0
from warnstream.model.errors import ArchiveError
from warnstream.review.alerts import read_alert_files


def test_a_folder_is_read_with_its_subfolders_in_the_order_of_sending(tmp_path: Path) -> None:
    (tmp_path / "later").mkdir()
    (tmp_path / "a.xml").write_text(cap(identifier="A2", sent_s=T0 + 1800), "utf-8")
    (tmp_path / "later" / "b.cap").write_text(cap(sent_s=T0 + 300), "utf-8")
    (tmp_path / "notes.txt").write_text("nothing", "utf-8")
    found = read_alert_files(tmp_path)
    assert [arrival.alert.identifier for arrival in found.arrived] == ["A1", "A2"]
    assert [arrival.source for arrival in found.arrived] == ["b.cap", "a.xml"]


def test_a_file_of_which_nothing_can_be_read_is_named_with_its_fault(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a/>", "utf-8")
    with pytest.raises(ArchiveError, match=r"a\.xml: no_alert: neither an alert nor a feed"):
        read_alert_files(tmp_path)


def test_a_feed_with_one_broken_alert_gives_the_others_and_counts_it(tmp_path: Path) -> None:
    broken = cap(identifier="A2").replace("<sent>", "<sent>yesterday ")
    (tmp_path / "feed.xml").write_text(f"<feed>{cap()}{broken}</feed>", "utf-8")
    found = read_alert_files(tmp_path / "feed.xml")
    assert [arrival.alert.identifier for arrival in found.arrived] == ["A1"]
    assert sum(found.n_refused.values()) == 1


@pytest.mark.parametrize("name", ["", "missing.xml"])
def test_nothing_to_read_is_a_fault(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match=str(tmp_path)):
        read_alert_files(tmp_path / name)
