"""A node keeps what it runs with: at every start, whatever the disk says, and for as long as it is needed."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local_http import LOCAL
from tests.simulation.changed_county import WAIT_S, County, phones
from tests.simulation.test_changed_configuration import lower_thresholds
from warnstream.adapters.bundles import store as store_module
from warnstream.adapters.bundles.store import BundleStore
from warnstream.cli import main
from warnstream.config.load import load_configuration
from warnstream.runners.history.issued_history import read_history_of_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with phones() as gateway:
        found = County(tmp_path / "county", gateway)
        found.write()
        yield found
        if found.node is not None:
            found.stop()


def metrics_of(county: County) -> str:
    assert county.node is not None
    return LOCAL.get(f"http://127.0.0.1:{county.node.http.port}/metrics").text


def bundle_number(county: County) -> int:
    assert county.node is not None
    return county.node.status.state().configuration.bundle


def test_every_start_is_under_a_bundle_that_state_metric_and_journal_name(
    county: County, capsys: pytest.CaptureFixture[str]
) -> None:
    county.start()
    assert bundle_number(county) == 1
    assert 'warnstream_configuration_info{bundle="1"' in metrics_of(county)
    county.stop()
    county.start()
    assert bundle_number(county) == 1, "the same files are the same bundle"
    county.stop()
    lower_thresholds(county)
    data = county.directory / "data"
    assert main(["diff", "live", str(county.directory)]) == 0
    assert "flash_flood: 4 villages, orange 1h: 40 -> 20 mm" in capsys.readouterr().out
    county.start()
    assert bundle_number(county) == 2
    county.stop()
    known = read_history_of_folder(data).configuration
    assert known is not None
    assert known.bundle == 2
    assert main(["diff", "2", "1", "--storage", str(data)]) == 0
    assert "flash_flood: 4 villages, orange 1h: 20 -> 40 mm" in capsys.readouterr().out
    assert main(["diff", "1", "7", "--storage", str(data)]) == 1
    assert "no bundle 7; kept: 1, 2" in capsys.readouterr().err


def test_a_bundle_is_read_as_it_was_though_the_folder_is_gone(
    county: County, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county.start()
    county.stop()
    before = load_configuration(county.directory)
    bundle = BundleStore(county.directory / "data").present()
    elsewhere = tmp_path / "stick"
    shutil.copytree(bundle.folder, elsewhere)
    shutil.rmtree(county.directory)
    assert load_configuration(elsewhere).fingerprint == before.fingerprint
    assert main(["run", str(elsewhere)]) == 2, "it is copied back first: its storage is not in it"
    assert "a bundle that a node has kept" in capsys.readouterr().err


def test_a_node_whose_disk_keeps_no_bundle_warns_says_so_and_keeps_it_later(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(store_module, "sync_directory", refuse)
        county.start()
        assert county.node is not None
        assert bundle_number(county) == 0
        county.rain(12)
        ready = county.node.status.ready()
        assert ready.ready
        (said,) = [reason for reason in ready.reasons if "not kept as a bundle" in reason]
        assert "the disk is full" in said
        assert len(county.open_warnings()) == 5
    county.stop()
    county.start()
    county.rain(1)
    assert bundle_number(county) == 1
    assert not [reason for reason in county.node.status.ready().reasons if "bundle" in reason]
    assert county.find_faults() == []


def test_a_bundle_that_could_not_be_kept_is_tried_again_after_a_snapshot(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(store_module, "sync_directory", lambda _path: (_ for _ in ()).throw(OSError(28, "full")))
        county.start()
        assert bundle_number(county) == 0
    assert county.node is not None
    monkeypatch.setattr(county.node._keeper.snapshots._pace, "is_due", lambda _now_s: True)
    deadline = time.monotonic() + WAIT_S
    while not bundle_number(county):
        assert time.monotonic() < deadline
        county.step()
    assert bundle_number(county) == 1
    assert 'warnstream_configuration_info{bundle="1"' in metrics_of(county)
