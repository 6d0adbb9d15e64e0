"""Several ways to a door: what a row may say, what is told of a wrong one, and that the others stay."""

from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.tables.ways import WAYS_MAX

FaultsAfter = Callable[[str, str, str], list[str]]

HEAD = "household,village,ways,stopped\n"
PHONE_EXPECTED = "a phone number: 3 to 15 digits, with + before a country's code"
EXPECTED = "expected ways such as device:d7; sms:+8613800001234, each a channel, a colon and an address on it"


@pytest.fixture
def written(config_dir: Path) -> Path:
    channels = config_dir / "channels.yaml"
    text = channels.read_text("utf-8")
    text += "  text:\n    kind: voice\n    url: http://127.0.0.1:1/\n    account: ac\n"
    text += "    token_file: thresholds.yaml\n"
    text += '    caller: "+8657812345678"\n'
    channels.write_text(text, "utf-8")
    return config_dir


def put(directory: Path, *rows: str, head: str = HEAD) -> Path:
    (directory / "households.csv").write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return directory


def village_of(directory: Path) -> str:
    return (directory / "villages.csv").read_text("utf-8").splitlines()[1].split(",")[0]


def test_ways_are_read_in_their_order_and_a_stopped_one_is_not_used(written: Path) -> None:
    village = village_of(written)
    put(
        written,
        f"h1,{village},device:d1; text:+8613800001234,",
        f"h2,{village},device:d2;text:+8613800001235;,device",
        f"h3,{village},device:d:3,",
    )
    doors = load_configuration(written).network.households
    assert doors.code == ("h1", "h2", "h3")
    assert doors.ways(0) == (("device", "d1"), ("text", "+8613800001234"))
    assert doors.ways(1) == (("text", "+8613800001235"),)
    assert doors.ways(2) == (("device", "d:3"),), "a colon in an address is part of it"
    assert "+8613800001234" in load_configuration(written).network.private_addresses()


def test_old_columns_go_on_working_beside_ways(written: Path) -> None:
    village = village_of(written)
    head = "household,village,channel,address,ways,persons\n"
    put(
        written,
        f"h1,{village},device,d1,,3",
        f"h2,{village},,,device:d2; text:+8613800001234,4",
        head=head,
    )
    doors = load_configuration(written).network.households
    assert (doors.ways(0), doors.ways(1)[0]) == ((("device", "d1"),), ("device", "d2"))
    assert doors.facts is not None
    assert list(doors.facts.persons) == [3, 4]


def test_nobody_with_several_ways_costs_nothing(written: Path) -> None:
    put(written, f"h1,{village_of(written)},device:d1,")
    assert load_configuration(written).network.households.further == ()


def test_every_wrong_way_is_told_with_its_line_and_addresses_are_not(
    written: Path, faults_after: FaultsAfter
) -> None:
    village = village_of(written)
    many = ";".join(f"device:d{number}" for number in range(WAYS_MAX + 1))
    put(
        written,
        f"h1,{village},device,",
        f"h2,{village},devise:d2; text:secret,",
        f"h3,{village},device:d3; device:d4,",
        f"h4,{village},device:d4,text",
        f"h5,{village},device:d5,device",
        f"h6,{village},{many},",
        f"h7,{village},,device",
        f"h8,{village},device:d8; ; text:+8613800001234,",
        f"h9,{village},device:d9,",
    )
    faults = faults_after("warnstream.yaml", "node:", "node:")
    assert [fault.replace("households.csv:", "") for fault in faults if "households" in fault] == [
        f"2: ways: {EXPECTED}: way 1 is none",
        "3: ways: unknown channel 'devise': did you mean 'device'? Known here: device, sms, text",
        f"3: ways: way 2: expected {PHONE_EXPECTED}, because of channel 'text'",
        "4: ways: channel 'device' twice: a door is told once on each channel",
        "5: stopped: unknown channel 'text'. Known here: device",
        "6: stopped: every way is stopped: take the row out, or leave one way",
        "7: ways: channel 'device' twice: a door is told once on each channel",
        f"7: ways: expected at most {WAYS_MAX} ways, got {WAYS_MAX + 1}",
        "8: stopped: expected an empty cell where `ways` is empty",
        f"9: ways: {EXPECTED}: way 2 is none",
    ]
    assert not [fault for fault in faults if "secret" in fault]


def test_a_row_says_it_once(written: Path, faults_after: FaultsAfter) -> None:
    village = village_of(written)
    head = "household,village,channel,address,ways\n"
    put(written, f"h1,{village},device,d1,device:d1", f"h2,{village},,,", head=head)
    faults = faults_after("warnstream.yaml", "node:", "node:")
    assert faults[0] == "households.csv:2: channel: expected an empty cell: `ways` says it, or neither does"
    assert faults[1].startswith("households.csv:3: channel: ")
