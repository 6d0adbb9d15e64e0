"""A station dials in to a running node; what was confirmed survives a kill."""

from pathlib import Path

import pytest

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.stations.rtu import ESC, Rtu, exchange
from tests.conftest import Mosquitto, free_port
from tests.e2e.live import LiveNode, kept_messages
from warnstream.config.load import load_configuration
from warnstream.model.observations.decoders import LISTENER_TOPIC_SL651
from warnstream.model.observations.readings import Variable
from warnstream.runners.build import build_decoder

pytestmark = [pytest.mark.server, pytest.mark.slow]
AT_S = 1_781_769_900


def test_confirmed_reports_are_in_the_journal_of_a_killed_node(tmp_path: Path, mosquitto: Mosquitto) -> None:
    county = build_county(5, CountyPlan(n_stations=20, n_villages=40))
    county.write(tmp_path)
    http_port, port = free_port(), free_port()
    write_demo_config(
        tmp_path, broker_port=mosquitto.port, http_port=http_port, sms_port=free_port(), embedded_broker=False
    )
    code = county.stations.code[0]
    with (tmp_path / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(f'\nlisteners:\n  sl651:\n    port: {port}\n    stations: {{"0012345678": {code}}}\n')
    node = LiveNode(tmp_path, http_port)
    node.start()
    rtu = Rtu("0012345678")
    frames = [rtu.report(AT_S + 300 * step, 10.0 + step) for step in range(20)]
    replies = exchange("127.0.0.1", port, frames)
    node.kill()
    assert [reply[-3] for reply in replies] == [ESC] * 20

    configuration = load_configuration(tmp_path)
    kept = kept_messages(tmp_path)
    assert [message.payload for message in kept if message.topic == LISTENER_TOPIC_SL651] == frames
    readings = build_decoder(configuration).decode(kept).readings
    assert set(readings.variable.tolist()) == {Variable.RAIN_TOTAL}
    assert readings.value.tolist() == [10.0 + step for step in range(20)]
    node.start()
    assert node.stop() == 0
