"""The folder of a case: what it holds, what it says of itself, and what it leads to when judged again.

``case.json`` has the SHA-256 of every file and of the outcome (warnings.jsonl, bulletins.jsonl, levels.csv),
which equal inputs give byte for byte on any machine.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from warnstream.adapters.bundles.manifest import read_manifest, sha256_of
from warnstream.adapters.bundles.store import Bundle
from warnstream.config.settings import Configuration
from warnstream.delivery.render import render_bulletin
from warnstream.model.changes import LevelChange
from warnstream.model.errors import ArchiveError
from warnstream.model.grids import digest_of_points
from warnstream.model.network import Villages
from warnstream.model.radar.fields import Frame
from warnstream.model.times import iso_utc
from warnstream.review.archive import ArchiveReadings, read_archive
from warnstream.review.bulletins import bulletin_line
from warnstream.review.report import warning_lines
from warnstream.runners.build import bulletin_wording
from warnstream.runners.bundles.frozen import load_bundle
from warnstream.runners.intake.entries import GRID
from warnstream.runners.intake.grid_entries import decode_any
from warnstream.runners.replay.collected import Collected
from warnstream.runners.replay.replay import Replay

CASE = "case.json"
SCHEMA = "warnstream-case/1"
CONFIGURATION = "configuration"
READINGS, FRAMES, EVENTS, REVIEW = "readings.parquet", "frames.msgpack", "events.csv", "review.json"
EXPECTED = "expected"
"""Folder of the outcome."""

OUTCOME = ("levels.csv", "warnings.jsonl", "bulletins.jsonl")


class CaseManifest(msgspec.Struct, frozen=True):
    """Content of ``case.json``.

    Attributes
    ----------
    schema : str
    name, question : str
        Of the folder; what was asked for.
    begin, end : str
        The stretch, ISO 8601 UTC; readings of before it are warm-up.
    judged_from, judged_until : int
        Whole minutes, seconds since 1970 UTC.
    n_readings : int
    version : str
        Of the software that saved it.
    bundle : int
        Of the node; 0: CONFIG_DIR as it was when the case was saved.
    masked, left_out : list of str
        What of people is replaced by codes; what the node had and a case has not.
    files : dict of str to str
        SHA-256 by path.
    outcome : str
        SHA-256 over the outcome, in the order of `OUTCOME`.
    """

    schema: str
    name: str
    question: str
    begin: str
    end: str
    judged_from: int
    judged_until: int
    n_readings: int
    version: str
    bundle: int
    masked: list[str]
    left_out: list[str]
    files: dict[str, str]
    outcome: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case that was read."""

    folder: Path
    manifest: CaseManifest

    def configuration(self) -> Configuration:
        """As it was, without people. StoreError or ConfigError if it is not whole or not taken any more."""
        folder = self.folder / CONFIGURATION
        return load_bundle(Bundle(folder, read_manifest(folder)))

    def expected(self) -> dict[str, bytes]:
        """The outcome when it was saved, by name."""
        return {name: (self.folder / EXPECTED / name).read_bytes() for name in OUTCOME}


def is_case(folder: Path) -> bool:
    """Whether a folder is a case."""
    return (folder / CASE).is_file()


def read_case(folder: Path) -> Case:
    """A case, whole.

    Raises
    ------
    ArchiveError
        If it is none, or a file of it is gone or is not what was saved: all of them at once.
    """
    path = folder / CASE
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=CaseManifest)
    except OSError as error:
        raise ArchiveError(f"{path}: {error.strerror or error}: expected a folder of --save-case") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: no case ({error})") from error
    if manifest.schema != SCHEMA:
        raise ArchiveError(f"{path}: schema {manifest.schema!r}, expected {SCHEMA!r}")
    faults = []
    for name, digest in manifest.files.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            faults.append(f"{path}: {name!r} lies outside of the case")
            continue
        try:
            if sha256_of(folder / name) != digest:
                faults.append(f"{folder / name}: is not what was saved")
        except OSError as error:
            faults.append(f"{folder / name}: {error.strerror or error}")
    if faults:
        raise ArchiveError("\n".join(faults))
    return Case(folder, manifest)


def readings_of(case: Case, configuration: Configuration) -> ArchiveReadings:
    """Readings of a case that the stations of a configuration can use, and frames made for its places."""
    archive = read_archive(case.folder / READINGS, configuration.network.stations)
    return ArchiveReadings(
        archive.readings, archive.refused, archive.n_refused, tuple(_frames(case, configuration))
    )


def _frames(case: Case, configuration: Configuration) -> Iterator[Frame]:
    path = case.folder / FRAMES
    if not path.is_file():
        return
    points = digest_of_points(configuration.network)
    for entry in msgspec.msgpack.decode(path.read_bytes(), type=list[bytes | tuple[str, bytes]]):
        # Older cases have payloads alone: there were no fields.
        kind, payload = (GRID, entry) if isinstance(entry, bytes) else entry
        try:
            yield decode_any(kind, payload, points)
        except ValueError as error:
            raise ArchiveError(f"{path}: {error}") from error


def outcome_of(
    configuration: Configuration, archive: ArchiveReadings, from_s: int, until_s: int
) -> dict[str, bytes]:
    """What a configuration finds over readings, by name of `OUTCOME`; minute by minute."""
    replay = Replay(configuration, archive.readings, until_s, archive.frames, begin_s=from_s)
    found = Collected()
    for minute in replay.steps():
        found.collect(minute.step)
    wording, households = bulletin_wording(configuration), configuration.network.households
    bulletins = (
        bulletin_line(render_bulletin(bulletin, wording).record, len(households.of_village(bulletin.village)))
        for bulletin in found.bulletins
    )
    lines = {
        "levels.csv": _level_lines(found.changes, configuration.network.villages),
        "warnings.jsonl": warning_lines(found.messages, configuration),
        "bulletins.jsonl": bulletins,
    }
    return {name: "".join(f"{line}\n" for line in lines[name]).encode() for name in OUTCOME}


def digest_of_outcome(outcome: dict[str, bytes]) -> str:
    """One digest over an outcome."""
    whole = hashlib.sha256()
    for name in OUTCOME:
        whole.update(len(outcome[name]).to_bytes(8, "big") + outcome[name])
    return whole.hexdigest()


def _level_lines(changes: Sequence[LevelChange], villages: Villages) -> Iterator[str]:
    yield "time,crossed_at,village,hazard,kind,level,previous"
    for row in changes:
        times = iso_utc(row.at_s), iso_utc(row.crossed_at_s)
        words = villages.code[row.village], row.hazard, row.kind.value, row.level.word, row.previous.word
        yield ",".join((*times, *words))
