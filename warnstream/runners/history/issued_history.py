"""What people were told, as the log knows it: configurations, issued messages, warnings that stand.

Read before anything is judged again, and without judging: a snapshot's warnings,
and every ``issued`` entry after it. A log of an earlier version has no such
entries; then the snapshot is all that is known here, and the outbox knows the rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warnstream.adapters.journal.conversion import FOLDER
from warnstream.adapters.journal.extents import find_extent, list_segments, read_entries
from warnstream.adapters.journal.snapshots import SnapshotFiles
from warnstream.desk import Case
from warnstream.desk.cases import decode_snapshot
from warnstream.lifecycle.voice import Voice, voices_in
from warnstream.model.rules.hazard_names import under_name_now
from warnstream.model.warning import MessageStatus
from warnstream.runners.intake.entries import CANCEL, decode_cancel
from warnstream.runners.intake.history_entries import (
    CONFIGURATION,
    ISSUED,
    SET_ASIDE,
    ConfigurationEntry,
    Issued,
    decode_configuration,
    decode_issued,
    decode_set_aside,
)
from warnstream.runners.intake.state_file import StateFile

Entries = Iterable[tuple[int, str, bytes]]


@dataclass(slots=True)
class IssuedHistory:
    """What is known of the past.

    Attributes
    ----------
    configuration : ConfigurationEntry or None
        The last one; None in a log of an earlier version.
    changes : list of (int, ConfigurationEntry)
        Configurations by the number of their entries, oldest first; a snapshot's has the number 0.
    cases : dict of (str, str) to Case
        By village code and hazard: the warning that stands, or the last one.
    voices : dict of str to Voice
        By village code: what its doors know.
    issued : dict of int to list of Issued
        By the entry that caused them.
    last_issued : int
        The newest entry that issued anything; what lies before it is settled.
    set_aside : set of int
        Entries that are not tried again.
    cancelled : set of str
        Warnings that were ended by hand, by an entry that perhaps no step has taken yet.
    told : set of str
        Codes of villages whose doors were issued something since the snapshot.
    """

    configuration: ConfigurationEntry | None = None
    changes: list[tuple[int, ConfigurationEntry]] = field(default_factory=list)
    cases: dict[tuple[str, str], Case] = field(default_factory=dict)
    voices: dict[str, Voice] = field(default_factory=dict)
    issued: defaultdict[int, list[Issued]] = field(default_factory=lambda: defaultdict(list))
    last_issued: int = 0
    set_aside: set[int] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)

    def open_cases(self) -> dict[tuple[str, str], Case]:
        """Warnings that stand, by village code and hazard."""
        return {key: case for key, case in self.cases.items() if case.warning.is_open}

    def open_voices(self) -> list[str]:
        """Codes of villages whose doors wait for an end."""
        return [code for code, voice in self.voices.items() if voice.is_open]

    @property
    def last_change(self) -> int:
        """Number of the last configuration's entry; 0 without any."""
        return self.changes[-1][0] if self.changes else 0

    def live_changes(self, after: int) -> list[tuple[int, ConfigurationEntry]]:
        """Configurations that a running node changed over to, by the number of their entries."""
        return [(number, change) for number, change in self.changes if number > after and change.is_live]

    def configuration_before(self, entry: int) -> ConfigurationEntry | None:
        """What judged the entry before one; None if that is not known."""
        before = [change for number, change in self.changes if number < entry]
        return before[-1] if before else None

    def call_villages(self, now: Mapping[str, str]) -> None:
        """What stands, by the codes of now; `now` has those of villages that had another one."""
        if now:
            self.cases = {(now.get(code, code), hazard): case for (code, hazard), case in self.cases.items()}
            self.voices = {now.get(code, code): voice for code, voice in self.voices.items()}
            self.told = {now.get(code, code) for code in self.told}

    def call_hazards(self, now: Mapping[str, str]) -> None:
        """What stands and was issued, by the names of now; `now` has those of hazards with another one."""
        if not now:
            return
        cases: dict[tuple[str, str], Case] = {}
        for (code, hazard), case in self.cases.items():
            key, called = (code, now.get(hazard, hazard)), under_name_now(case, Case, now)
            if key not in cases or _age(cases[key]) <= _age(called):
                cases[key] = called
        self.cases = cases
        self.voices = {code: under_name_now(voice, Voice, now) for code, voice in self.voices.items()}
        for entry, steps in self.issued.items():
            self.issued[entry] = [under_name_now(step, Issued, now) for step in steps]

    def take_earlier(self, earlier: "IssuedHistory") -> None:
        """What an earlier part of the log says of configurations, and of entries that are not tried again."""
        self.changes[:0] = earlier.changes
        self.set_aside |= earlier.set_aside

    def was_exercise(self, entry: int) -> bool:
        """Whether an entry came in while the node was in an exercise, as far as is known."""
        before = [change for number, change in self.changes if number <= entry]
        return bool(before) and before[-1].status is MessageStatus.EXERCISE


def _age(case: Case) -> tuple[int, int]:
    """Of two warnings of one village and hazard the greater is the newer."""
    latest = case.warning.latest
    return (-1 if latest is None else latest.sent_s), case.warning.version


def read_history(snapshot: StateFile | None, entries: Entries) -> IssuedHistory:
    """What is known by a snapshot and the entries after it.

    Raises
    ------
    ValueError
        If an entry of the history cannot be read.
    """
    history = IssuedHistory()
    if snapshot is not None:
        _take_snapshot(history, snapshot)
    for number, kind, payload in entries:
        if kind == CONFIGURATION:
            history.configuration = decode_configuration(payload)
            history.changes.append((number, history.configuration))
        elif kind == ISSUED:
            _take_issued(history, decode_issued(payload))
        elif kind == SET_ASIDE:
            history.set_aside.add(decode_set_aside(payload).entry)
        elif kind == CANCEL:
            history.cancelled.add(decode_cancel(payload).warning)
    return history


def read_history_of_folder(directory: Path) -> IssuedHistory:
    """What is known in a node's storage directory, whether the node runs or not; nothing is written.

    Raises
    ------
    StoreError, ValueError
        If the journal cannot be read.
    """
    folder = directory / FOLDER
    if not folder.is_dir() or not list_segments(folder):
        return IssuedHistory()
    extent = find_extent(folder)
    sequence, payload = next(SnapshotFiles(folder).newest_first(), (0, None))
    first = max(sequence + 1, extent.segments[0].first_sequence)
    snapshot = None if payload is None else StateFile(payload)
    return read_history(snapshot, read_entries(extent, first))


def _take_snapshot(history: IssuedHistory, snapshot: StateFile) -> None:
    if "configuration" in snapshot and (payload := snapshot.bytes_of("configuration")):
        history.configuration = decode_configuration(payload)
        history.changes.append((0, history.configuration))
    desk = decode_snapshot(snapshot.bytes_of("desk"))
    if desk.bulletins:
        history.voices.update(voices_in(desk.bulletins))
    for code, case in zip(desk.village_codes, desk.cases, strict=True):
        history.cases[code, case.warning.hazard] = case


def _take_issued(history: IssuedHistory, issued: Issued) -> None:
    history.issued[issued.of].append(issued)
    history.last_issued = max(history.last_issued, issued.of)
    for code, case in issued.cases:
        history.cases[code, case.warning.hazard] = case
    history.voices.update(issued.voices)
    history.told.update(code for code, _ in issued.bulletins)
