from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.config.look_at import people

FaultsAfter = Callable[[str, str, str], list[str]]
CHAIN = "post,role,rank,area,channel,address\n"


def _numbers(directory: Path, addresses: list[str], country: str = "") -> list[str]:
    """What is said of so many posts on the channel of numbers."""
    rows = "".join(f"q{n},leader,{n % 2 + 1},County,sms,{address}\n" for n, address in enumerate(addresses))
    (directory / "chain.csv").write_text(CHAIN + rows, "utf-8")
    if country:
        path = directory / "channels.yaml"
        path.write_text(path.read_text("utf-8") + f"    country: {country}\n", "utf-8")
    (directory / "households.csv").write_text(
        "household,village,channel,address\nh1,001,device,h1\n", "utf-8"
    )
    return list(people.odd_numbers(load_configuration(directory)))


def test_a_chain_of_one_rank_is_looked_at(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert list(people.chain_of_one_rank(load_configuration(config_dir))) == [
        "chain.csv: 1 village with one rank only, nobody is called after it: 003"
    ]
    assert faults_after("chain.csv", "p1,grid", "p0,all,9,*,device,p0\np1,grid") == []
    assert list(people.chain_of_one_rank(load_configuration(config_dir))) == []


def test_who_may_order_is_looked_at(config_dir: Path) -> None:
    said = list(people.nobody_may_order(load_configuration(config_dir)))
    assert said == [], "without rules of release nobody is needed"
    node = config_dir / "warnstream.yaml"
    node.write_text(node.read_text("utf-8") + "\nrelease: {clear: {red: 5min}}\n", "utf-8")
    said = list(people.nobody_may_order(load_configuration(config_dir)))
    assert said == ["release: doors wait for an officer, and operators.csv names nobody"]
    header = "person,name,role,area,phone\n"
    (config_dir / "operators.csv").write_text(
        f"{header}zhang,Zhang,officer,001,\nli,Li,second,002,\n", "utf-8"
    )
    without, alone = people.nobody_may_order(load_configuration(config_dir))
    assert without.startswith("operators.csv: no officer for 2 villages: 002")
    assert alone == "operators.csv: nobody can agree to red by hand in 1 village: 001"


def test_posts_that_share_a_phone_are_looked_at_and_the_phone_is_not_named(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert list(people.one_phone_for_many(load_configuration(config_dir))) == []
    assert faults_after("chain.csv", "sms,+8621", "sms,+8620") == []
    assert list(people.one_phone_for_many(load_configuration(config_dir))) == [
        "chain.csv: 2 posts share an address: p1, p2"
    ]


def test_one_phone_for_a_village_is_looked_at_and_one_for_a_family_is_not(config_dir: Path) -> None:
    path = config_dir / "households.csv"
    text = path.read_text("utf-8")
    path.write_text(text + "x1,001,sms,+8699\nx2,001,sms,+8699\nx3,001,sms,+8699\n", "utf-8")
    assert list(people.one_phone_for_many(load_configuration(config_dir))) == []
    path.write_text(text + "".join(f"x{n},001,sms,+8699\n" for n in range(4)), "utf-8")
    assert list(people.one_phone_for_many(load_configuration(config_dir))) == [
        "households.csv: 4 households share an address with more than 2 others: x0, x1, x2, x3"
    ]


def test_recipients_who_are_told_only_in_the_log_are_looked_at(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert faults_after("channels.yaml", "kind: mqtt", "kind: terminal") == []
    assert list(people.only_the_log(load_configuration(config_dir))) == [
        "3 recipients only in the log of this node (channel of kind terminal): p3, h2, h3"
    ]


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("1.38571E+10", "rounded by a spreadsheet"),
        ("13857012345.0", "rounded by a spreadsheet"),
        ("13857000000", "that end in zeros, as a spreadsheet leaves them"),
        ("1385701234", "that no phone of CN has"),
        ("138570123456", "that no phone of CN has"),
        ("+861385701234", "that no phone of its country has"),
        ("1385701234O", "that are no phone number"),
        ("13857012345,13957012345", "that are no phone number"),
        ("12", "that do not have 3 to 15 digits"),
    ],
)
def test_a_number_that_no_phone_has_is_looked_at(config_dir: Path, address: str, fault: str) -> None:
    good = ["13857012345", "+8613957012345", "0578-2091234"]
    cell = f'"{address}"'
    assert _numbers(config_dir, [*good, cell], "CN") == [f"channel sms: 1 address {fault}: q3"]


def test_without_a_country_a_number_of_another_length_than_all_others_is_looked_at(config_dir: Path) -> None:
    good = [f"138570{number:05d}" for number in range(11, 71)]
    assert _numbers(config_dir, good) == []
    assert _numbers(config_dir, [*good, "1385701234"]) == [
        "channel sms: 1 address of another length than the other numbers (11): q60"
    ]


def test_addresses_of_a_gateway_that_are_no_numbers_are_left_alone(config_dir: Path) -> None:
    assert _numbers(config_dir, ["duty-room", "siren/7", "radio A"]) == []


def test_a_number_of_nobody_is_right_in_an_exercise_and_looked_at_in_earnest(
    config_dir: Path, faults_after: FaultsAfter
) -> None:
    assert _numbers(config_dir, ["+0900000005", "+8613957012345"]) == []
    faults_after("warnstream.yaml", "county.example\nwindows", "county.example\n  status: Actual\nwindows")
    assert _numbers(config_dir, ["+0900000005", "+8613957012345"]) == [
        "channel sms: 1 address that no phone of its country has: q0"
    ]


def test_an_unknown_country_is_a_fault(config_dir: Path, faults_after: FaultsAfter) -> None:
    assert faults_after("channels.yaml", "kind: webhook", "kind: webhook\n    country: China") == [
        "channels.yaml:6: channels.sms.country: expected a country of two capitals such as CN, got 'China'"
    ]


def test_an_empty_address_of_a_device_is_a_fault(config_dir: Path, faults_after: FaultsAfter) -> None:
    (fault,) = faults_after("households.csv", "h3,003,device,h3", "h3,003,device,")
    assert fault.startswith("households.csv:4: address: expected an MQTT topic level")


def test_households_on_a_channel_for_posts_are_looked_at(
    config_dir: Path, faults_after: FaultsAfter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warnstream.config.channels.apprise.find_spec", lambda _name: object())
    (config_dir / "url").write_text("wecombot://key", encoding="utf-8")
    assert faults_after("channels.yaml", "kind: mqtt", "kind: apprise\n    url_file: url") == []
    assert list(people.doors_on_channels_for_posts(load_configuration(config_dir))) == [
        "2 households on a channel without receipts, meant for posts (device): h2, h3"
    ]


def test_posts_that_several_shards_tell_are_looked_at(config_dir: Path) -> None:
    assert list(people.posts_of_several_shards(load_configuration(config_dir))) == []
    node = config_dir / "warnstream.yaml"
    node.write_text(
        node.read_text("utf-8") + '\nkafka: {servers: ["127.0.0.1:9092"], partition: 0}\n', "utf-8"
    )
    (config_dir / "shards.csv").write_text("village,shard\n001,0\n002,0\n003,1\n", "utf-8")
    assert list(people.posts_of_several_shards(load_configuration(config_dir))) == [
        (
            "shards.csv: 1 post is told by several shards, in a digest of each, and each of them waits for "
            "an answer: p3"
        )
    ]
