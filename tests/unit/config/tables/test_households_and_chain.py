from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError

FaultsAfter = Callable[[str, str, str], list[str]]
DEVICE_ADDRESS = (
    "address: expected an MQTT topic level: 1 to 1024 bytes, printable, without + and #,"
    " because of channel 'device'"
)
SMS_ADDRESS = (
    "address: expected an address of the gateway, such as a number: 1 to 256 printable characters,"
    " because of channel 'sms'"
)
FaultsWith = Callable[[str, str], list[str]]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("h9,02,device,h9", "village: unknown village '02': did you mean '002'? Known here: 001, 002, 003"),
        (
            "h9,002,devise,",
            "channel: unknown channel 'devise': did you mean 'device'? Known here: device, sms",
        ),
        ("h9,002,village_topic,", "channel: unknown channel 'village_topic'. Known here: device, sms"),
        ("h9,002,sms,", SMS_ADDRESS),
        ("h9,002,device,", DEVICE_ADDRESS),
        ("h9,002,device,doors/+", DEVICE_ADDRESS),
        ("h1,002,device,h1", "household: duplicate household 'h1', first on line 3"),
        (
            "h 9,002,device,h9",
            "household: expected a code of 1 to 64 characters of A-Z a-z 0-9 . _ -, got 'h 9'",
        ),
        (",002,device,h9", "household: expected a code of 1 to 64 characters of A-Z a-z 0-9 . _ -, got ''"),
        ("h9,002,device", "expected 4 cells as in the header, got 3"),
        (
            '"h9,002,device,',
            (
                'a quote (") opens in this row and does not close before a comma, up to line 6: close it, '
                "or write it twice inside a cell; the rest of the file was not read"
            ),
        ),
    ],
)
def test_a_wrong_household_is_named(row: str, expected: str, faults_after: FaultsAfter) -> None:
    assert faults_after("households.csv", "+8611\n", f"+8611\n{row}\n") == [f"households.csv:6: {expected}"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("p9,,1,001,device,p9", "role: expected text, got an empty cell"),
        ("p9,a,first,001,device,p9", "rank: expected a whole number, got 'first'"),
        ("p9,a,0,001,device,p9", "rank: expected a whole number from 1 to 100, got 0"),
        (
            "p9,a,1,Eastt,device,p9",
            (
                "area: unknown area 'Eastt': did you mean 'East'? Known here: *, 001, 002, 003, County, "
                "East, West"
            ),
        ),
        ("p9,a,1,,device,p9", "area: expected text, got an empty cell"),
        ("p9,a,1,001,mail,", "channel: unknown channel 'mail'. Known here: device, sms"),
        ("p9,a,1,001,sms,", SMS_ADDRESS),
        ("p1,a,1,001,device,p1", "post: duplicate post 'p1', first on line 2"),
        (
            "h1,a,1,001,device,h1",
            "post: 'h1' is a household already (households.csv:3): recipients share one list",
        ),
        (
            "p+,a,1,001,device,p9",
            "post: expected a code of 1 to 64 characters of A-Z a-z 0-9 . _ -, got 'p+'",
        ),
    ],
)
def test_a_wrong_post_is_named(row: str, expected: str, faults_after: FaultsAfter) -> None:
    assert faults_after("chain.csv", "County,device,p3\n", f"County,device,p3\n{row}\n") == [
        f"chain.csv:5: {expected}"
    ]


def test_every_wrong_cell_of_a_household_is_named(faults_after: FaultsAfter) -> None:
    assert faults_after("households.csv", "h4,002,sms,+8611", "h1,02,mail,") == [
        "households.csv:5: channel: unknown channel 'mail'. Known here: device, sms",
        "households.csv:5: household: duplicate household 'h1', first on line 3",
        "households.csv:5: village: unknown village '02': did you mean '002'? Known here: 001, 002, 003",
    ]


def test_doors_are_sorted_by_village_and_keep_their_order_within(config_dir: Path) -> None:
    households = load_configuration(config_dir).network.households
    assert households.code == ("h1", "h2", "h4", "h3")
    assert households.channel == ("sms", "device", "sms", "device")
    assert households.address == ("+8610", "h2", "+8611", "h3")
    assert households.first_of_village.tolist() == [0, 1, 3, 4]


def test_a_county_may_have_no_household_yet(config_dir: Path, faults_with: FaultsWith) -> None:
    assert faults_with("households.csv", "household,village,channel,address\n") == []
    assert load_configuration(config_dir).network.households.first_of_village.tolist() == [0, 0, 0, 0]


def test_posts_answer_for_village_township_or_county(config_dir: Path) -> None:
    network = load_configuration(config_dir).network
    assert [post.post for post in network.posts_of_village(0)] == ["p1", "p2", "p3"]
    assert [post.post for post in network.posts_of_village(2)] == ["p3"]


def test_a_post_may_answer_for_every_village(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert faults_after("chain.csv", "County,device", "*,device") == []
    assert load_configuration(config_dir).network.posts_of_village(2)[0].post == "p3"


def test_of_a_file_with_very_many_faults_50_are_shown_and_the_others_counted(faults_with: FaultsWith) -> None:
    rows = "".join(f"h{number},009,device,x\n" for number in range(1000))
    found = faults_with("households.csv", f"household,village,channel,address\n{rows}")
    assert len(found) == 51
    assert found[0] == "households.csv: 1000 faults, of which 50 are shown"
    assert found[1].startswith("households.csv:2: village: unknown village '009'")


def test_households_are_not_blamed_for_villages_that_cannot_be_read(
    config_dir: Path, faults: Callable[[], list[str]]
) -> None:
    (config_dir / "villages.csv").unlink()
    assert faults() == [f"villages.csv: no such file in {config_dir}"]


def test_recipients_are_not_blamed_for_channels_that_cannot_be_read(faults_with: FaultsWith) -> None:
    assert faults_with("channels.yaml", "channels\n") == [
        "channels.yaml:1: expected indented `key: value` lines"
    ]


def test_a_slip_in_one_channel_does_not_hide_a_wrong_row(config_dir: Path, faults_after: FaultsAfter) -> None:
    chain = config_dir / "chain.csv"
    chain.write_text(chain.read_text(encoding="utf-8").replace("p3,county leader,3", "p3,county leader,x"))
    assert faults_after("channels.yaml", "kind: mqtt", "kind: mqtt\n    rate: 5") == [
        "chain.csv:4: rank: expected a whole number, got 'x'",
        (
            "channels.yaml:4: channels.device.rate: unknown key 'rate'. "
            "Known here: for_silent, if_held, kind, late_after, next, rate_per_s, retry, timeout"
        ),
    ]


def test_a_post_may_have_a_duty_and_a_wrong_one_is_named(config_dir: Path) -> None:
    file = config_dir / "chain.csv"
    head, *rows = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([f"{head},duty", f"{rows[0]},lead", *(f"{row}," for row in rows[1:])]), "utf-8")
    network = load_configuration(config_dir).network
    assert [post.duty for post in network.chain] == ["lead", *[""] * (len(rows) - 1)]
    assert list(network.duties.values()) == ["lead"]
    file.write_text("\n".join([f"{head},duty", f"{rows[0]},leads"]), "utf-8")
    with pytest.raises(ConfigError) as error:
        load_configuration(config_dir)
    expected = "duty: expected warn, lead, fetch, gate, shelter or command, or nothing, got 'leads'"
    assert any(expected in str(fault) for fault in error.value.faults), error.value.faults


@pytest.mark.parametrize(
    ("deputy", "expected"),
    [
        ("POST", "deputy: expected another post than 'POST' itself"),
        ("nobody", "deputy: unknown deputy 'nobody'"),
    ],
)
def test_a_deputy_is_another_post_of_the_file(config_dir: Path, deputy: str, expected: str) -> None:
    file = config_dir / "chain.csv"
    head, first, second, *rows = file.read_text("utf-8").splitlines()
    code, other = first.partition(",")[0], second.partition(",")[0]

    def write(named: str) -> None:
        lines = [f"{head},deputy", f"{first},{named}", *(f"{row}," for row in (second, *rows))]
        file.write_text("\n".join(lines), "utf-8")

    write(other)
    assert load_configuration(config_dir).network.chain[0].deputy == other
    write(code if deputy == "POST" else deputy)
    with pytest.raises(ConfigError) as error:
        load_configuration(config_dir)
    expected = expected.replace("POST", code)
    assert any(expected in str(fault) for fault in error.value.faults), error.value.faults
