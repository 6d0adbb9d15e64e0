"""The section ``release:`` and operators.csv: what is taken, and every fault at its place."""

import base64
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError
from warnstream.model.hands.orders import AUTOMATIC, MANUAL, Operator, Role

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""Public key of RFC 8032, section 7.1, test 1."""
HEADER = "person,name,role,area,phone,public_key\n"


def faults_of(directory: Path) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_configuration(directory)
    return [str(fault) for fault in error.value.faults]


def add(directory: Path, text: str) -> None:
    file = directory / "warnstream.yaml"
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def test_without_the_section_everything_goes_by_itself(config_dir: Path) -> None:
    configuration = load_configuration(config_dir)
    rule = configuration.bulletins.release.of("rainstorm")
    assert {*rule.rise, *rule.doubtful, *rule.clear} == {AUTOMATIC}
    assert configuration.operators == ()
    assert (configuration.hands.ceiling_red_s, configuration.hands.ceiling_s) == (1800, 7200)


def test_a_rule_says_who_releases_by_hazard_and_level(config_dir: Path) -> None:
    hazard = load_configuration(config_dir).rules[0].name
    add(
        config_dir,
        "\nrelease:\n  doubtful: {orange: 5min}\n  clear: {red: manual}\n"
        f"  hazards:\n    {hazard}: {{rise: {{yellow: manual}}}}\n  ceiling: {{red: 10min}}\n",
    )
    configuration = load_configuration(config_dir)
    release = configuration.bulletins.release
    assert release.of("another").doubtful == (0, 0, 0, 300, 0)
    assert release.of("another").clear[4] == MANUAL
    assert release.of(hazard).rise == (0, 0, MANUAL, 0, 0)
    assert release.of(hazard).clear[4] == AUTOMATIC, "a hazard's own rule stands alone"
    assert configuration.hands.ceiling_red_s == 600


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("rise: {red: manual}", "release.rise.red: expected automatic or a time up to 30min"),
        ("doubtful: {red: 31min}", "release.doubtful.red: expected automatic or a time up to 30min"),
        ("rise: {orange: never}", "release.rise.orange: expected automatic, manual or a time from 1min"),
        ("rise: {orange: 3h}", "release.rise.orange: expected automatic, manual or a time from 1min"),
        ("ceiling: {red: 31min}", "release.ceiling.red: expected a duration from 1min to 30min"),
        ("hazards: {snow: {}}", "release.hazards.snow: hazard 'snow' is not in thresholds.yaml"),
        ("hazards: {snow: {rise: {red: manual}}}", "release.hazards.snow.rise.red: expected automatic"),
    ],
)
def test_what_may_not_wait_is_a_fault_at_its_line(config_dir: Path, written: str, fault: str) -> None:
    add(config_dir, f"\nrelease:\n  {written}\n")
    found = faults_of(config_dir)
    assert any(fault in line for line in found), found
    assert all(line.startswith("warnstream.yaml:") for line in found)


def test_people_of_operators_csv_are_read(config_dir: Path) -> None:
    (config_dir / "operators.csv").write_text(f"{HEADER}zhang,张三,officer,*,+8613800000000,{KEY}\n", "utf-8")
    assert load_configuration(config_dir).operators == (
        Operator("zhang", "张三", Role.OFFICER, "*", "+8613800000000", KEY),
    )


def test_a_key_as_openssh_writes_it_is_the_same_key(config_dir: Path) -> None:
    raw = base64.b64decode(KEY)
    blob = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + raw
    public = f"ssh-ed25519 {base64.b64encode(blob).decode()} zhang@office"
    (config_dir / "operators.csv").write_text(f"{HEADER}zhang,张三,officer,*,,{public}\n", "utf-8")
    assert load_configuration(config_dir).operators[0].public_key == KEY


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (
            "zhang,张三,officer,*,,ssh-ed25519 AAAA zhang",
            "operators.csv:2: public_key: expected an Ed25519 key",
        ),
        ("zhang,张三,officer,*,,ssh-rsa AAAA zhang", "operators.csv:2: public_key: expected an Ed25519 key"),
        ("zhang,张三,king,*,,", "operators.csv:2: role: expected officer, second or reader, got 'king'"),
        ("zhang,张三,officer,Atlantis,,", "operators.csv:2: area: unknown"),
        ("zhang,张三,officer,*,call me,", "operators.csv:2: phone: expected 3 to 20 of + and 0-9"),
        ("zhang,张三,officer,*,,abc", "operators.csv:2: public_key: expected an Ed25519 key"),
        ("zh ang,张三,officer,*,,", "operators.csv:2: person: "),
        ("zhang,,officer,*,,", "operators.csv:2: name: expected text"),
        (
            "li,李四,officer,*,,\nli,李四,second,*,,",
            "operators.csv:3: person: duplicate person 'li', first on line 2",
        ),
    ],
)
def test_a_wrong_row_is_a_fault_at_its_line(config_dir: Path, row: str, fault: str) -> None:
    (config_dir / "operators.csv").write_text(f"{HEADER}{row}\n", "utf-8")
    found = faults_of(config_dir)
    assert any(line.startswith(fault) for line in found), found
    assert "call me" not in "".join(found), "numbers of people do not go to logs"
