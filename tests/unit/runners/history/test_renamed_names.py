"""Hazards with another name: which names the log gives, what is read under them, and what is left alone."""

import msgspec
import numpy as np

from warnstream.desk import Case
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.rules.hazard_names import called_now, under_name_now
from warnstream.model.warning import MessageStatus
from warnstream.runners.history.issued_history import IssuedHistory
from warnstream.runners.history.renamed import _one_thing
from warnstream.runners.intake.history_entries import ConfigurationEntry, HazardRow
from warnstream.runners.intake.outcome import Outcome
from warnstream.runners.intake.said import real_actions
from warnstream.runners.intake.state_file import StateCopy, StateFile

NOW = {"flood": "torrent"}


def entry(*hazards: str) -> ConfigurationEntry:
    rows = [HazardRow(name, name, name) for name in hazards]
    return ConfigurationEntry("f", "1", 0, MessageStatus.ACTUAL, [], rows)


def test_two_hazards_of_one_configuration_are_never_one() -> None:
    assert _one_thing(NOW, [entry("flood"), entry("torrent")]) == NOW
    assert _one_thing(NOW, [entry("flood", "torrent")]) == {}


def test_names_are_found_as_keys_in_lists_and_in_states_within_states() -> None:
    inner = msgspec.msgpack.encode({"standing": {"flood": 3}, "ended": ["flood", "storm"]})
    state = msgspec.msgpack.encode(
        {"hazard": "flood", "chains": {"Actual": inner}, "reason": {"hazard": "flood"}}
    )
    found = msgspec.msgpack.decode(called_now(state, NOW))
    assert msgspec.msgpack.decode(found["chains"]["Actual"]) == {
        "standing": {"torrent": 3},
        "ended": ["torrent", "storm"],
    }
    assert found["hazard"] == found["reason"]["hazard"] == "torrent"


def test_what_people_wrote_and_longer_words_are_left_alone() -> None:
    content = {"note": "flood", "author": "flood", "hazard": "flood_2", "warning": "ws.V1.flood.2026"}
    state = msgspec.msgpack.encode(content)
    assert msgspec.msgpack.decode(called_now(state, NOW)) == content


def test_bytes_that_are_no_state_are_left_alone() -> None:
    state = msgspec.msgpack.encode({"key": b"\xc1flood"})
    assert called_now(state, NOW) == state


def test_an_object_without_the_name_is_that_very_object() -> None:
    case = Case(VillageWarning(0, "storm"))
    assert under_name_now(case, Case, NOW) is case


def test_of_two_warnings_under_both_names_the_newer_one_stands() -> None:
    old, new = Case(VillageWarning(0, "flood")), Case(VillageWarning(0, "torrent"))
    old.warning.warning, old.warning.version, old.warning.level = "w", 2, Level.YELLOW
    new.warning.warning, new.warning.version, new.warning.level = "w", 3, Level.RED
    for cases in (
        {("V1", "flood"): old, ("V1", "torrent"): new},
        {("V1", "torrent"): new, ("V1", "flood"): old},
    ):
        history = IssuedHistory(cases=dict(cases))
        history.call_hazards(NOW)
        assert list(history.cases) == [("V1", "torrent")]
        assert history.cases["V1", "torrent"].warning.level is Level.RED


def test_parts_of_a_state_are_a_hazard_s_by_its_name_now() -> None:
    arrays = {
        "level.flood/level": np.array([2]),
        "late.flood/level": np.array([1]),
        "level.floods/level": np.array([3]),
        "desk": np.frombuffer(msgspec.msgpack.encode({"hazard": "flood"}), dtype=np.uint8),
    }
    file = StateFile(StateCopy(arrays, b"", MessageStatus.ACTUAL, ""))
    parts = file.under_names_now(NOW).arrays_by_part()
    assert set(parts) == {"level.torrent", "late.torrent", "level.floods"}
    assert parts["level.torrent"]["level"].tolist() == [2]
    assert msgspec.msgpack.decode(file.bytes_of("desk")) == {"hazard": "torrent"}
    assert file.under_names_now(NOW).arrays_by_part().keys() == parts.keys(), "twice is as once"


def test_an_order_by_the_earlier_name_is_one_on_the_hazard() -> None:
    order = HandOrder("o1", OrderKind.RAISE, "zhang", "flood", villages=("V1",), hazard="flood")
    (taken,) = real_actions([order], 0, Outcome(), NOW)
    assert isinstance(taken, HandOrder)
    assert taken.hazard == "torrent"
    assert taken.reason == "flood", "what people wrote stays"
    assert real_actions([order], 0, Outcome()) == [order]
