"""Bundles: whole or not there, the same for the same content, forgotten when no entry needs them."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from warnstream.adapters.bundles import store as store_module
from warnstream.adapters.bundles.manifest import read_manifest
from warnstream.adapters.bundles.store import Bundle, BundleStore, Freezing
from warnstream.adapters.bundles.uses import USES, Use, note_use, read_uses
from warnstream.model.errors import StoreError

FILES = {"warnstream.yaml": b"node: {}\n", "tests/rain.yaml": b"tests: []\n"}


@pytest.fixture
def county(tmp_path: Path) -> Path:
    folder = tmp_path / "county"
    (folder / "tests").mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "secret.key").write_bytes(b"a private key")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "data")


def freezing(county: Path, *names: str) -> Freezing:
    digests = {
        name: hashlib.sha256((county / name).read_bytes()).hexdigest() for name in names or sorted(FILES)
    }
    return Freezing(county, digests, "f" * 64, "1.0", "2026-06-18T00:00:00Z", "zhang", "start")


def use(store: BundleStore, bundle: Bundle, entry: int) -> None:
    note_use(store.folder, Use(bundle.number, entry, "", "", ""))


def test_a_bundle_has_the_files_byte_for_byte_for_its_user_alone(county: Path, store: BundleStore) -> None:
    bundle = store.freeze(freezing(county))
    assert {name: (bundle.folder / name).read_bytes() for name in FILES} == FILES
    paths = [bundle.folder, *bundle.folder.rglob("*")]
    assert {path.name for path in paths[1:]} == {"warnstream.yaml", "tests", "rain.yaml", "manifest.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o700, 0o600}
    assert bundle.folder.name == f"1-{bundle.manifest.digest[:12]}"
    assert (bundle.manifest.parent, bundle.manifest.who) == (0, "zhang")
    assert bundle.faults() == []


def test_the_same_content_is_the_same_bundle_and_another_has_the_next_number(
    county: Path, store: BundleStore
) -> None:
    first = store.freeze(freezing(county))
    use(store, first, 0)
    assert store.freeze(freezing(county)) == first
    (county / "warnstream.yaml").write_bytes(b"node: {name: other}\n")
    second = store.freeze(freezing(county))
    assert (second.number, second.manifest.parent) == (2, 1)
    assert [bundle.number for bundle in store.bundles()] == [1, 2]


def test_a_file_that_was_changed_after_it_was_read_leaves_no_bundle(county: Path, store: BundleStore) -> None:
    what = freezing(county)
    (county / "warnstream.yaml").write_bytes(b"node: {name: other}\n")
    with pytest.raises(StoreError, match=r"warnstream\.yaml: was changed after it was read"):
        store.freeze(what)
    assert list(store.folder.iterdir()) == []


def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(county: Path, store: BundleStore) -> None:
    what = freezing(county)
    (county / "warnstream.yaml").unlink()
    os.mkfifo(county / "warnstream.yaml")
    with pytest.raises(StoreError, match="no regular file"):
        store.freeze(what)
    assert list(store.folder.iterdir()) == []


def test_a_disk_that_refuses_leaves_no_half_bundle(
    county: Path, store: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module, "sync_directory", refuse)
    with pytest.raises(StoreError, match="the disk is full"):
        store.freeze(freezing(county))
    assert store.bundles() == []
    monkeypatch.undo()
    assert store.freeze(freezing(county)).number == 1


def test_what_a_crash_left_is_no_bundle_and_is_cleared_away(county: Path, store: BundleStore) -> None:
    left = store.folder / ".unfinished-1"
    left.mkdir(parents=True)
    (left / "warnstream.yaml").write_bytes(b"half")
    assert store.bundles() == []
    assert store.freeze(freezing(county)).number == 1
    assert not left.exists()


def test_a_table_outside_of_the_folder_is_in_the_bundle_too(county: Path, store: BundleStore) -> None:
    (county.parent / "shared.csv").write_bytes(b"village\n")
    bundle = store.freeze(freezing(county, "warnstream.yaml", "../shared.csv"))
    (outside,) = [file for file in bundle.manifest.files if file.name == "../shared.csv"]
    assert (bundle.folder / outside.path).read_bytes() == b"village\n"
    assert bundle.folder in (bundle.folder / outside.path).resolve().parents


def test_a_bundle_that_somebody_changed_is_named_and_not_taken_for_the_same(
    county: Path, store: BundleStore
) -> None:
    bundle = store.freeze(freezing(county))
    (bundle.folder / "warnstream.yaml").write_bytes(b"changed")
    (bundle.folder / "tests/rain.yaml").unlink()
    first, second = sorted(bundle.faults())
    assert "rain.yaml: No such file" in first
    assert "warnstream.yaml: is not what was frozen" in second
    assert store.freeze(freezing(county)).number == 2


def test_bundles_go_when_the_journal_has_no_entry_of_theirs_and_numbers_are_not_given_again(
    county: Path, store: BundleStore
) -> None:
    bundles = []
    for number in range(3):
        (county / "warnstream.yaml").write_text(f"node: {{name: n{number}}}\n", encoding="utf-8")
        bundles.append(store.freeze(freezing(county)))
        use(store, bundles[-1], 100 * number)
    assert store.prune(first_entry=1) == []
    assert store.prune(first_entry=101) == [1]
    assert store.prune(first_entry=1000) == [2], "the present one stays"
    (county / "warnstream.yaml").write_text("node: {name: again}\n", encoding="utf-8")
    assert store.freeze(freezing(county)).number == 4
    with pytest.raises(StoreError, match=r"no bundle 1; kept: 3, 4"):
        store.bundle(1)


def test_beyond_the_limit_the_oldest_go_whoever_needs_them(
    county: Path, store: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (county / "warnstream.yaml").write_text(f"node: {{name: n{number}}}\n", encoding="utf-8")
        use(store, store.freeze(freezing(county)), 100 * number)
    monkeypatch.setattr(store_module, "BUNDLES_MAX", 2)
    assert store.prune(first_entry=1) == [1]
    monkeypatch.setattr(store_module, "BYTES_MAX", 1)
    assert store.prune(first_entry=1) == [2], "the present one stays, whatever its size"
    assert store.present().number == 3


def test_a_line_of_uses_that_a_crash_cut_off_is_passed_over(county: Path, store: BundleStore) -> None:
    use(store, store.freeze(freezing(county)), 7)
    with (store.folder / USES).open("ab") as file:
        file.write(b'\n{"number": 2, "ent')
    note_use(store.folder, Use(3, 9, "", "", ""))
    assert [(use.number, use.entry) for use in read_uses(store.folder)] == [(1, 7), (3, 9)]


def test_a_manifest_that_points_outside_of_its_bundle_is_no_bundle(county: Path, store: BundleStore) -> None:
    bundle = store.freeze(freezing(county))
    manifest = bundle.folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace("tests/rain.yaml", "../rain.yaml"), "utf-8")
    with pytest.raises(StoreError, match=r"'\.\./rain\.yaml' lies outside of the bundle"):
        read_manifest(bundle.folder)
    assert store.bundles() == []
    assert store.freeze(freezing(county)).number == 2, "its number is taken"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"number": 1'])
def test_a_manifest_that_cannot_be_read_is_no_bundle(
    county: Path, store: BundleStore, content: bytes
) -> None:
    bundle = store.freeze(freezing(county))
    (bundle.folder / "manifest.json").write_bytes(content)
    with pytest.raises(StoreError, match="no manifest of a configuration"):
        read_manifest(bundle.folder)


@pytest.mark.parametrize("digest", ["0" * 64, "no digest"])
def test_a_manifest_that_lists_another_file_is_not_the_one_that_was_signed(
    county: Path, store: BundleStore, digest: str
) -> None:
    """A signature is over the digest of the manifest: so that has to be the digest of what it lists."""
    bundle = store.freeze(freezing(county))
    changed = b"node: {name: other}\n"
    (bundle.folder / "warnstream.yaml").write_bytes(changed)
    path = bundle.folder / "manifest.json"
    was = hashlib.sha256(FILES["warnstream.yaml"]).hexdigest()
    now = hashlib.sha256(changed).hexdigest() if digest != "no digest" else digest
    path.write_text(path.read_text("utf-8").replace(was, now), encoding="utf-8")
    faults = Bundle(bundle.folder, read_manifest(bundle.folder)).faults()
    assert any("its digest is not that of its files" in fault for fault in faults)
