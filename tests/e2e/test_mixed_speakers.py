"""A mixed county through a running node: every form, gateways, stations that dial in; nothing is lost."""

import json
from pathlib import Path

import pytest

from station_sim.cli import main
from station_sim.county.county import read_county
from station_sim.sending.scenario import Scenario
from station_sim.stations.faults import HARSH_FAULTS
from station_sim.stations.mixed_formats import SL651, form_of
from station_sim.topics import is_clock
from tests.conftest import free_port
from tests.e2e.live import LiveNode, kept_messages
from warnstream.config.load import load_configuration
from warnstream.ingest.names import RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.observations.decoders import LISTENER_TOPIC_SL651, DecoderRule
from warnstream.model.observations.readings import ReadingBatch, Variable
from warnstream.model.times import MINUTE_S
from warnstream.runners.build import build_decoder

pytestmark = [pytest.mark.server, pytest.mark.slow]
SEED = 5


def rows_of(batch: ReadingBatch) -> set[tuple[int, int, int, float]]:
    columns = (batch.station, batch.variable, batch.observed_at_s, batch.value.round(6))
    return set(zip(*(column.tolist() for column in columns), strict=True))


def test_every_report_of_a_mixed_county_is_in_the_journal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port, http_port, sl651_port = free_port(), free_port(), free_port()
    folder = str(tmp_path)
    speaking = ["--seed", str(SEED), "--format", "mixed", "--sl651-port", str(sl651_port)]
    size = ["--network", "varied", "--stations", "30", "--villages", "60", "--gauges", "6"]
    ports = ["--broker-port", str(port), "--http-port", str(http_port), "--sms-port", str(free_port())]
    assert main(["county", "--out", folder, "--clock", "simulated", *speaking, *size, *ports]) == 0
    node = LiveNode(tmp_path, http_port)
    node.start()
    try:
        capsys.readouterr()
        sending = ["--port", str(port), "--speed", "0", "--hours", "1", "--faults", "harsh", "--json"]
        people = ["--people", "--posts-absent", "0.5", "--posts-wrong-numbers", "0.2"]
        assert main(["run", "--config", folder, *speaking, *sending, *people, "--gateway-batch", "20"]) == 0
        summary = json.loads(capsys.readouterr().out)
        assert node.stop() == 0
    finally:
        node.end()

    configuration = load_configuration(tmp_path)
    kept = [message for message in kept_messages(tmp_path) if not is_clock(message.topic)]
    scenario = Scenario(SEED, read_county(tmp_path), 1, fault_mix=HARSH_FAULTS)
    sent = [RawMessage(m.topic, m.payload) for m in scenario.messages() if not is_clock(m.topic)]
    stations = configuration.network.stations
    flat = DecoderSelection(stations, [DecoderRule("ws/+/+/+/obs", "flat_json", {}, {})]).decode(sent)
    table = scenario.county.stations
    pairs = enumerate(zip(table.code, table.variables, strict=True))
    dials = {n for n, (code, words) in pairs if form_of(SEED, code, words, dials_in=True) == SL651}
    # SL 651 carries the counter, not the amount beside it, and whole minutes.
    wanted = {
        (station, variable, time_s - time_s % MINUTE_S if station in dials else time_s, value)
        for station, variable, time_s, value in rows_of(flat.readings)
        if station not in dials or variable != Variable.RAIN
    }
    assert summary["people"]["absent"] > 0
    assert summary["people"]["wrong_numbers"] > 0
    assert len(kept) == summary["messages"]
    dialled = [message for message in kept if message.topic == LISTENER_TOPIC_SL651]
    assert len(dialled) > 50
    assert rows_of(build_decoder(configuration).decode(kept).readings) == wanted
