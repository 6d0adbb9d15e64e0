"""What simulated posts report beside their answers."""

import json

from station_sim.people.answers import AnswerHabits
from station_sim.people.devices import Devices


def planned(recipient: str, **more: object) -> tuple[str, dict[str, object]]:
    notice = {"key": f"m|{recipient}|device", "message": "m", "recipient": recipient, **more}
    answer = Devices(AnswerHabits(off_share=0.0)).receive(json.dumps(notice).encode())
    assert answer is not None
    return answer.report_topic, json.loads(answer.report or b"{}")


def test_a_grid_member_tells_heads_that_add_up_and_is_on_duty() -> None:
    topic, report = planned("G331102901201", action="digest")
    assert topic == "ws/report/G331102901201"
    assert report["on_duty"] is True
    numbers = {word: report[word] for word in ("to_move", "moved", "refused")}
    assert all(isinstance(number, int) and number >= 0 for number in numbers.values())
    assert report["moved"] + report["refused"] <= report["to_move"]  # type: ignore[operator]


def test_an_officer_of_many_villages_signs_in_and_a_door_reports_nothing() -> None:
    assert planned("T0001", action="digest") == ("ws/report/T0001", {"on_duty": True})
    assert planned("H331102901201-001", action="leave") == ("", {})
    assert planned("G331102901201", action="leave") == ("", {})


def test_most_who_are_checked_repeat_the_code_and_some_answer_without_reading() -> None:
    text, habits = "…请应答。抽查：回复带上37。", AnswerHabits()
    codes = [habits.report("T0001", f"m{number}", text).get("code") for number in range(200)]
    assert set(codes) == {"37", None}
    assert codes.count("37") > 140
