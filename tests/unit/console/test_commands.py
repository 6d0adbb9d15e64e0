"""Who may sign in, by command: people of operators.csv, with passwords that nobody sees."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import profiles

from station_sim.county.county import CountyPlan, build_county
from station_sim.county.demo_config import write_demo_config
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.console.accounts import FILE, Accounts

GOOD = "correct horse battery"
QUICK = replace(profiles.RFC_9106_LOW_MEMORY, time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("county")
    build_county(1, CountyPlan(n_stations=9, n_villages=3, n_gauges=1)).write(directory)
    write_demo_config(directory)
    return directory


@pytest.fixture
def folder(county: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, and hashes that cost little: `test_accounts` asks for those that cost much."""
    monkeypatch.setattr("warnstream.console.accounts.profiles.RFC_9106_LOW_MEMORY", QUICK)
    shutil.copytree(county, tmp_path, dirs_exist_ok=True)
    return tmp_path


def give(monkeypatch: pytest.MonkeyPatch, folder: Path, person: str, password: str = GOOD) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return main(["console-user", "add", str(folder), person])


def test_a_person_of_operators_csv_gets_an_account_and_loses_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["console-user", "list", str(folder)]) == 0
    assert "nobody has an account" in capsys.readouterr().out
    assert give(monkeypatch, folder, "officer-1") == 0
    told = capsys.readouterr().out
    assert told.startswith("officer-1 (")
    assert GOOD not in told
    accounts = Accounts(folder / "data")
    assert accounts.proves("officer-1", GOOD)
    accounts.close()
    assert main(["console-user", "list", str(folder)]) == 0
    assert "officer-1: officer" in capsys.readouterr().out
    assert main(["console-user", "remove", str(folder), "officer-1"]) == 0
    assert main(["console-user", "remove", str(folder), "officer-1"]) == 1
    assert "'officer-1' has no account" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("person", "password", "said"),
    [("stranger", GOOD, "no person of operators.csv"), ("officer-1", "short", "10 to 200 characters")],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    person: str,
    password: str,
    said: str,
) -> None:
    assert give(monkeypatch, folder, person, password) == 1
    assert said in capsys.readouterr().err
    accounts = Accounts(folder / "data")
    assert accounts.people() == []
    accounts.close()
    assert (folder / "data" / FILE).exists()


@pytest.mark.parametrize("section", ["console:\n", "console: {}\n", "console:\n  # port: 1\n"])
def test_an_empty_section_asks_for_a_console_too(folder: Path, section: str) -> None:
    assert load_configuration(folder).console is None
    settings = folder / "warnstream.yaml"
    settings.write_text(f"{settings.read_text('utf-8')}\n{section}", "utf-8")
    console = load_configuration(folder).console
    assert console is not None
    assert (console.host, console.port) == ("127.0.0.1", 18_090)


def test_check_says_that_nobody_can_sign_in_without_operators_csv(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = folder / "warnstream.yaml"
    settings.write_text(f"{settings.read_text('utf-8')}\nconsole:\n", "utf-8")
    look = "look at: console: nobody can sign in without an operators.csv"
    assert main(["check", str(folder)]) == 0
    assert look not in capsys.readouterr().out
    (folder / "operators.csv").unlink()
    assert main(["check", str(folder)]) == 0
    assert look in capsys.readouterr().out


def test_a_second_factor_is_given_and_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["console-user", "factor", str(folder), "officer-1"]) == 1
    assert "'officer-1' has no account" in capsys.readouterr().err
    give(monkeypatch, folder, "officer-1")
    assert main(["console-user", "factor", str(folder), "officer-1"]) == 0
    told = capsys.readouterr().out
    assert "otpauth://totp/warnstream" in told
    paper = told.splitlines()[-1].strip()
    accounts = Accounts(folder / "data")
    assert accounts.factors.proves("officer-1", paper)
    accounts.close()
    assert main(["console-user", "list", str(folder)]) == 0
    assert "second factor, 7 recovery codes" in capsys.readouterr().out
    assert main(["console-user", "factor", str(folder), "officer-1", "--off"]) == 0
    assert main(["console-user", "factor", str(folder), "officer-1", "--off"]) == 1
    assert "no second factor" in capsys.readouterr().err
