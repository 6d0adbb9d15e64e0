"""A bundle from another box is whole or not there, and has the number that the log has."""

from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from warnstream.adapters.bundles.manifest import Manifest, sha256_of
from warnstream.adapters.bundles.receiving import Incoming, contents_of, held, manifest_of, settle_origins
from warnstream.adapters.bundles.store import Bundle, BundleStore, Freezing
from warnstream.adapters.bundles.uses import Use, note_use
from warnstream.model.errors import StoreError

FILES = {"a.yaml": b"x: 1\n" * 30_000, "tables/b.csv": b"", "tables/c.csv": b"1,2\n"}


def frozen(storage: Path, files: dict[str, bytes]) -> Bundle:
    origin = storage / "county"
    for name, content in files.items():
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        (origin / name).write_bytes(content)
    digests = {name: sha256_of(origin / name) for name in files}
    return BundleStore(storage).freeze(Freezing(origin, digests, "f" * 64, "1", "2026", "li", "reload"))


def taken(storage: Path, bundle: Bundle) -> Bundle:
    manifest = manifest_of(msgspec.json.encode(bundle.manifest))
    incoming = Incoming(BundleStore(storage), manifest, Path("/etc/here"))
    for part in contents_of(bundle):
        assert not incoming.is_whole
        incoming.take(part)
    assert incoming.is_whole
    return incoming.keep()


@pytest.fixture
def there(tmp_path: Path) -> Path:
    (tmp_path / "south").mkdir()
    return tmp_path / "south"


def test_it_is_the_same_byte_for_byte_and_names_files_beside_it_where_this_box_has_them(
    tmp_path: Path, there: Path
) -> None:
    first = frozen(tmp_path / "north", FILES)
    bundle = taken(there, first)
    assert bundle.faults() == []
    assert (bundle.number, bundle.manifest.digest) == (first.number, first.manifest.digest)
    assert bundle.manifest.origin == "/etc/here"
    assert (bundle.folder / "a.yaml").read_bytes() == FILES["a.yaml"]
    assert held(BundleStore(there), first.manifest) is not None
    settle_origins(BundleStore(there), Path("/srv/other"))
    assert BundleStore(there).bundle(1).manifest.origin == "/srv/other"


def test_a_part_that_was_not_announced_or_a_changed_byte_keeps_nothing(tmp_path: Path, there: Path) -> None:
    first = frozen(tmp_path / "north", FILES)
    incoming = Incoming(BundleStore(there), first.manifest, there)
    with pytest.raises(ValueError, match="does not have"):
        incoming.take(b"y" * (len(FILES["a.yaml"]) + 1))
    parts = [bytes([part[0] ^ 1]) + part[1:] for part in contents_of(first)]
    for part in parts:
        incoming.take(part)
    with pytest.raises(StoreError, match="is not what was frozen"):
        incoming.keep()
    assert BundleStore(there).bundles() == []
    assert held(BundleStore(there), first.manifest) is None


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "", "manifest.json", "a\x00b"])
def test_a_manifest_that_names_what_no_bundle_has_is_refused(tmp_path: Path, path: str) -> None:
    manifest = frozen(tmp_path, {"a.yaml": b"1"}).manifest
    changed = structs.replace(manifest, files=[structs.replace(manifest.files[0], path=path)])
    with pytest.raises(ValueError, match="outside"):
        manifest_of(msgspec.json.encode(changed))
    with pytest.raises(ValueError, match="a bundle 0"):
        manifest_of(msgspec.json.encode(structs.replace(manifest, number=0)))


def test_one_of_this_box_that_never_ran_gives_way_and_one_that_has_run_does_not(
    tmp_path: Path, there: Path
) -> None:
    own = frozen(there, {"a.yaml": b"own"})
    theirs = frozen(tmp_path / "north", {"a.yaml": b"theirs"})
    assert taken(there, theirs).manifest.digest == theirs.manifest.digest
    assert [bundle.manifest.digest for bundle in BundleStore(there).bundles()] == [theirs.manifest.digest]
    assert (there / "configurations" / f"replaced-{own.folder.name}").is_dir()
    note_use(there / "configurations", Use(1, 7, "", "", ""))
    other = frozen(tmp_path / "third", {"a.yaml": b"other"})
    with pytest.raises(StoreError, match="is another one, and has run"):
        taken(there, other)
    manifest: Manifest = BundleStore(there).bundle(1).manifest
    assert manifest.digest == theirs.manifest.digest
