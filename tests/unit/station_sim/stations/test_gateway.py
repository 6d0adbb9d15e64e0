import json

from station_sim.message import Message, beacon
from station_sim.sending.scenario import Scenario
from station_sim.stations.gateway import gather


def report(station: str, time_s: int, county: str = "liandu") -> Message:
    return Message(
        time_s,
        f"ws/{county}/rain/{station}/obs",
        json.dumps({"station": station, "time": time_s}).encode(),
        1,
    )


def test_the_reports_of_a_county_travel_together_before_the_clock() -> None:
    stream = [report("R1", 60), report("R2", 60), beacon("ws", 60), report("R1", 120), beacon("ws", 120)]
    gathered = list(gather(stream))
    assert [message.topic for message in gathered] == [
        "ws/liandu/rain/gateway/obs",
        "ws/clock",
        "ws/liandu/rain/gateway/obs",
        "ws/clock",
    ]
    assert [row["station"] for row in json.loads(gathered[0].payload)] == ["R1", "R2"]


def test_no_report_is_lost_and_none_comes_twice() -> None:
    stream = [report(f"R{i}", 60, county=f"c{i % 3}") for i in range(100)] + [beacon("ws", 60)]
    gathered = [message for message in gather(stream, reports_max=7) if message.n_readings]
    stations = [row["station"] for message in gathered for row in json.loads(message.payload)]
    assert sorted(stations) == sorted(f"R{i}" for i in range(100))
    assert max(message.n_readings for message in gathered) == 7


def test_a_broken_payload_travels_as_it_came() -> None:
    broken = Message(60, "ws/liandu/rain/R1/obs", b"\x80", 0)
    assert broken in list(gather([report("R2", 60), broken, beacon("ws", 60)]))


def test_a_backlog_that_is_an_array_does_not_become_an_array_in_an_array(scenario: Scenario) -> None:
    contents = [json.loads(message.payload) for message in gather(scenario.messages()) if message.n_readings]
    assert any(message.payload.startswith(b"[") for message in scenario.messages())
    assert all(isinstance(row, dict) for content in contents for row in content)
