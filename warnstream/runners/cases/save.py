"""Save a case: from a node's journal and the bundle that ran, whole or not at all."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from warnstream import __version__
from warnstream.adapters.bundles.manifest import (
    MANIFEST,
    BundleFile,
    Manifest,
    digest_of,
    path_in_bundle,
    sha256_of,
)
from warnstream.adapters.private_files import make_private
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.model.errors import ArchiveError, ConfigError, WarnstreamError
from warnstream.model.grids import digest_of_points
from warnstream.model.times import MINUTE_S, iso_utc
from warnstream.review.archive import ArchiveReadings, write_archive
from warnstream.runners.afterwards.scope import Scope
from warnstream.runners.cases.case import (
    CASE,
    CONFIGURATION,
    EVENTS,
    EXPECTED,
    FRAMES,
    READINGS,
    REVIEW,
    SCHEMA,
    CaseManifest,
    digest_of_outcome,
    outcome_of,
    read_case,
    readings_of,
)
from warnstream.runners.cases.masking import masked, what_is_masked
from warnstream.runners.intake.grid_entries import encode_any
from warnstream.runners.replay.journal_archive import read_journal

_UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class Saving:
    """What is saved.

    Attributes
    ----------
    configuration : Configuration
        As it was; its stations and decoders read the journal.
    path_of_file : mapping of str to Path
        Where its files lie, by name.
    bundle : int
        Its number; 0: CONFIG_DIR as it is now.
    journal : Path
    scope : Scope
    question : str
    review : str
        review.json of the event, with people by number.
    events : Path or None
    """

    configuration: Configuration
    path_of_file: Mapping[str, Path]
    bundle: int
    journal: Path
    scope: Scope
    question: str
    review: str
    events: Path | None


def save_case(folder: Path, saving: Saving) -> CaseManifest:
    """Write a case into a folder that is not there yet; everything of the journal up to its end is warm-up.

    Raises
    ------
    ArchiveError
        If the folder is there, or the journal has no reading up to the end of the stretch.
    WarnstreamError
        If the files cannot be masked, or the configuration without people is not taken.
    StoreError, OSError
        If journal or disk refuse.
    """
    if folder.exists():
        raise ArchiveError(f"{folder}: is there already: a case is never written over")
    archive = _until(read_journal(saving.configuration, saving.journal), saving.scope.end_s)
    if len(archive.readings) == 0:
        raise ArchiveError(f"{saving.journal}: no reading up to {iso_utc(saving.scope.end_s)}")
    unfinished = folder.with_name(f"{_UNFINISHED}-{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
        manifest = _write(unfinished, folder.name, saving, archive)
        make_private(unfinished)
        _sync(unfinished)
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return manifest


def _until(archive: ArchiveReadings, end_s: int) -> ArchiveReadings:
    n = int(np.searchsorted(archive.readings.observed_at_s, end_s, side="right"))
    frames = tuple(frame for frame in archive.frames if frame.end_s <= end_s)
    return ArchiveReadings(
        archive.readings.select(slice(0, n)), archive.refused, archive.n_refused, frames, archive.alerts
    )


def _write(folder: Path, name: str, saving: Saving, archive: ArchiveReadings) -> CaseManifest:
    network, scope = saving.configuration.network, saving.scope
    _write_configuration(folder / CONFIGURATION, saving)
    write_archive(folder / READINGS, archive.readings, network.stations)
    if archive.frames:
        points = digest_of_points(network)
        payloads = [encode_any(frame, points) for frame in archive.frames]
        (folder / FRAMES).write_bytes(msgspec.msgpack.encode(payloads))
    if saving.events is not None:
        shutil.copyfile(saving.events, folder / EVENTS)
    (folder / REVIEW).write_text(saving.review, encoding="utf-8")
    from_s = -(-int(archive.readings.observed_at_s[0]) // MINUTE_S) * MINUTE_S
    manifest = CaseManifest(
        SCHEMA,
        name,
        saving.question,
        iso_utc(scope.begin_s),
        iso_utc(scope.end_s),
        from_s,
        max(from_s, scope.end_s // MINUTE_S * MINUTE_S),
        len(archive.readings),
        __version__,
        saving.bundle,
        what_is_masked(saving.path_of_file),
        [f"{len(archive.alerts)} alerts of other services"] if archive.alerts else [],
        {},
        "",
    )
    # What is written is read again: the outcome is that of the case, not of what was in memory.
    (folder / CASE).write_bytes(msgspec.json.encode(manifest))
    case = read_case(folder)
    try:
        configuration = case.configuration()
    except ConfigError as error:
        raise WarnstreamError(f"the configuration without people is not taken:\n{error}") from error
    outcome = outcome_of(
        configuration, readings_of(case, configuration), manifest.judged_from, manifest.judged_until
    )
    (folder / EXPECTED).mkdir()
    for part, content in outcome.items():
        (folder / EXPECTED / part).write_bytes(content)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CASE)
    digests = {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}
    manifest = msgspec.structs.replace(manifest, files=digests, outcome=digest_of_outcome(outcome))
    (folder / CASE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    return manifest


def _write_configuration(folder: Path, saving: Saving) -> None:
    """As a bundle, so that what it only names (passwords, keys) is not looked for."""
    files = []
    for number, (name, path) in enumerate(sorted(saving.path_of_file.items())):
        if name not in saving.configuration.sha256_of_file:
            continue  # tests of the folder: they may name people
        try:
            content = masked(name, path.read_bytes())
        except ValueError as error:
            raise WarnstreamError(str(error)) from error
        place = path_in_bundle(name, number)
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(content)
        files.append(BundleFile(name, place, sha256_of(folder / place), len(content)))
    digests = {file.name: file.sha256 for file in files}
    manifest = Manifest(
        1, 0, digest_of(digests), "", __version__, iso_utc(saving.scope.end_s), "", "case", "/case", files
    )
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    load_configuration(Path("/case"), frozen={file.name: folder / file.path for file in files})


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
