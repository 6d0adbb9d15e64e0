"""Mixed speakers and gateways: the node, configured as we write it, reads all that flat JSON would say."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from station_sim.county.county import County, CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from station_sim.county.ground_inventory import write_ground_hazards
from station_sim.errors import SimulatorError
from station_sim.message import Message
from station_sim.sending.scenario import Scenario
from station_sim.stations.faults import HARSH_FAULTS
from station_sim.stations.mixed_formats import FORMS, MIXED, SL651, form_of, spoken, write_decoders
from station_sim.stations.varied_network import varied
from station_sim.topics import DIALLED_TOPIC, is_clock
from warnstream.config.load import load_configuration
from warnstream.ingest.flat_json.decoder import Decoded
from warnstream.ingest.names import RawMessage
from warnstream.model.observations.decoders import LISTENER_TOPIC_SL651
from warnstream.model.observations.readings import Variable
from warnstream.model.times import MINUTE_S
from warnstream.runners.build import build_decoder

pytestmark = pytest.mark.slow

SEED = 5
PORT = 18651
Rows = set[tuple[str, Variable, int, float]]


@pytest.fixture(scope="module")
def county() -> County:
    return varied(build_county(SEED, CountyPlan(n_stations=30, n_villages=60, n_gauges=6)), SEED)


@pytest.fixture(scope="module")
def sent(county: County) -> list[Message]:
    """Two hours with every kind of fault."""
    return list(Scenario(SEED, county, 2, fault_mix=HARSH_FAULTS).messages())


def decode(directory: Path, county: County, form: str, messages: Iterable[Message]) -> tuple[Decoded, Rows]:
    """What a node reads that is configured as `station-sim county --format` does it."""
    directory.mkdir()
    county.write(directory)
    write_demo_config(directory)
    assert county.ground is not None
    write_ground_hazards(directory, county.ground, county.villages.code)
    if form != "flat_json":
        write_decoders(directory, form, county.stations, sl651_port=PORT if form == MIXED else None)
    raw = [
        RawMessage(
            LISTENER_TOPIC_SL651 if message.topic.startswith(DIALLED_TOPIC) else message.topic,
            message.payload,
        )
        for message in messages
        if not is_clock(message.topic)
    ]
    decoded = build_decoder(load_configuration(directory)).decode(raw)
    batch = decoded.readings
    codes = county.stations.code
    rows = {
        (codes[station], Variable(variable), time_s, round(value, 6))
        for station, variable, time_s, value in zip(
            batch.station.tolist(),
            batch.variable.tolist(),
            batch.observed_at_s.tolist(),
            batch.value.tolist(),
            strict=True,
        )
    }
    return decoded, rows


def by_sl651(rows: Rows, county: County) -> Rows:
    """What remains where stations dial in: counters for amounts, whole minutes."""
    words = dict(zip(county.stations.code, county.stations.variables, strict=True))
    return {
        (code, variable, time_s - time_s % MINUTE_S, value)
        if form_of(SEED, code, words[code], dials_in=True) == SL651
        else (code, variable, time_s, value)
        for code, variable, time_s, value in rows
        if variable != Variable.RAIN or form_of(SEED, code, words[code], dials_in=True) != SL651
    }


@pytest.mark.parametrize("gateway_batch", [1, 20])
@pytest.mark.parametrize("form", FORMS)
def test_the_node_reads_every_report_in_every_form_and_batch(
    form: str, gateway_batch: int, county: County, sent: list[Message], tmp_path: Path
) -> None:
    arriving = list(
        spoken(sent, county.stations, SEED, form, gateway_batch=gateway_batch, dials_in=form == MIXED)
    )
    _, wanted = decode(tmp_path / "flat", county, "flat_json", sent)
    decoded, found = decode(tmp_path / form, county, form, arriving)
    assert len(found) > 2000
    assert found == (by_sl651(wanted, county) if form == MIXED else wanted)
    assert decoded.refusals, "broken payloads are refused, not swallowed"
    assert sum(message.n_readings for message in arriving) == sum(message.n_readings for message in sent)
    assert [message for message in arriving if is_clock(message.topic)] == [
        message for message in sent if is_clock(message.topic)
    ]
    if gateway_batch > 1:
        assert len(arriving) < 0.7 * len(sent)


def test_a_mixed_county_speaks_every_form_and_the_seed_says_who_speaks_which(county: County) -> None:
    table = county.stations

    def speakers(seed: int, *, dials_in: bool = True) -> list[str]:
        pairs = zip(table.code, table.variables, strict=True)
        return [form_of(seed, code, words, dials_in=dials_in) for code, words in pairs]

    assert Counter(speakers(SEED)).keys() == {"flat_json", "senml_json", "packed", SL651}
    assert speakers(SEED) == speakers(SEED) != speakers(SEED + 1)
    assert SL651 not in speakers(SEED, dials_in=False)


def test_the_same_seed_sends_the_same_bytes(county: County, sent: list[Message]) -> None:
    first, again = (
        list(spoken(sent, county.stations, SEED, MIXED, gateway_batch=20, dials_in=True)) for _ in range(2)
    )
    assert first == again


def test_stations_dial_in_from_mixed_counties_only(county: County, tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="where the format is mixed"):
        spoken([], county.stations, SEED, "packed", dials_in=True)
    with pytest.raises(SimulatorError, match="where the format is mixed"):
        write_decoders(tmp_path, "packed", county.stations, sl651_port=PORT)
    with pytest.raises(SimulatorError, match="1 or more reports"):
        spoken([], county.stations, SEED, MIXED, gateway_batch=0)
