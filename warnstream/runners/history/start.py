"""How a start goes on from what a node did before.

The log is gone through once for what people were told (`read_history`), and once
more for the state that readings led to. Under the same configuration the entries
after the last issued message are taken as if they had just come: what was lost
between an entry and its message is issued now, under the very same names. Under
any other configuration nothing of the past is issued: warnings stand as they were
told, and the entry of the new configuration, which is then due, lets levels go on
from there (`align_levels`).
"""

import itertools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs

from warnstream.adapters.outbox.history import OpenBulletin, OpenWarning, OutboxHistory
from warnstream.config.settings import Configuration
from warnstream.desk import Case, VillageCase
from warnstream.lifecycle.identity import Naming
from warnstream.lifecycle.machine import OPEN_STATES, State
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.model.bulletins import Standing
from warnstream.model.errors import StoreError, describe
from warnstream.model.network import Network
from warnstream.model.rules.hazard_names import under_name_now
from warnstream.model.times import parse_compact_utc
from warnstream.model.warning import MessageReference, MessageStatus, WarningMessage
from warnstream.runners.build import build_intake
from warnstream.runners.history.issued_history import Entries, IssuedHistory, read_history
from warnstream.runners.history.kept import KeptRows, keep_rows
from warnstream.runners.history.renamed import named_as_before
from warnstream.runners.intake.door_entries import OF_DOORS
from warnstream.runners.intake.history_entries import (
    ISSUED,
    SET_ASIDE,
    ConfigurationEntry,
    hazard_rows,
    village_rows,
)
from warnstream.runners.intake.intake import Intake
from warnstream.runners.intake.outcome import Outcome, Past
from warnstream.runners.intake.standby_entries import OF_STANDBY
from warnstream.runners.intake.state_file import StateFile

log = logging.getLogger(__name__)

OF_HISTORY = frozenset({ISSUED, SET_ASIDE, *OF_DOORS, *OF_STANDBY})
"""Kinds of entries that say what was done; they are read ahead of the others."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One entry taken again; `is_live` says that what it asks for was never issued."""

    number: int
    outcome: Outcome
    is_live: bool


@dataclass(slots=True)
class Poisoned:
    """An entry that could not be taken, and why."""

    number: int
    error: str


@dataclass(slots=True)
class Start:
    """One start of a node.

    Attributes
    ----------
    intake : Intake
        With the snapshot taken up, as far as it fits.
    kept : KeptRows
    present : ConfigurationEntry
    history : IssuedHistory
    is_changed : bool
        The entry of the present configuration is due after the replay.
    poisoned : list of Poisoned
        Entries that could not be taken in the replay.
    notes : list of str
        What of the snapshot begins anew under another configuration.
    """

    intake: Intake
    kept: KeptRows
    present: ConfigurationEntry
    history: IssuedHistory
    is_changed: bool
    poisoned: list[Poisoned] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _file: StateFile | None = None
    _reaches: int = 0
    _strangers: list[VillageCase] = field(default_factory=list)
    _strange_voices: list[OpenBulletin] = field(default_factory=list)
    _told_doors: list[OpenWarning] = field(default_factory=list)
    _is_rebuilt: bool = False

    @property
    def begins_after(self) -> int:
        """Number of the entry after which the log is needed again; 0: all of it."""
        return 0 if self._is_rebuilt else self._reaches

    def replay(self, entries: Entries) -> Iterator[Replayed]:
        """Take entries of the past, from `begins_after` on; the state is complete when it ends."""
        if not self._is_rebuilt:
            self._take_people()
        for number, kind, payload in entries:
            if self._is_rebuilt and number > self._reaches and self._file is not None:
                self._take_people()
            if kind in OF_HISTORY or number in self.history.set_aside:
                continue
            past = self._past_of(number)
            try:
                if past is None:
                    outcome = self.intake.consume(kind, payload)
                else:
                    outcome = self.intake.replay(kind, payload, past)
            except Exception as error:  # whatever it is, the entries after it count
                log.exception("entry cannot be taken", extra={"entry": number, "kind": kind})
                self.poisoned.append(Poisoned(number, describe(error)))
                continue
            if number > self._reaches:
                yield Replayed(number, outcome, is_live=past is None)
        self._take_people()
        desk = self.intake.engine.desk
        desk.adopt(self._strangers)
        for doors in self._strange_voices:
            desk.bulletins.resume(doors.village, doors.bulletin)
        self._take_told_doors()
        self.intake.owe_orders()

    def _take_told_doors(self) -> None:
        """Doors that had messages of warnings, as before there were bulletins, wait for an end."""
        desk = self.intake.engine.desk
        for known in self._told_doors:
            status = desk.status(known.message.warning)
            if status is not None and status.state in OPEN_STATES:
                message = known.message
                standing = Standing(status.hazard, status.level, message.status, message.reason)
                desk.bulletins.adopt([(status.village, standing)], message.sent_s)

    def _take_people(self) -> None:
        """Warnings and alarms as of the snapshot, once."""
        file, self._file = self._file, None
        if file is not None:
            self.intake.restore_people(file)

    def _past_of(self, number: int) -> Past | None:
        """How an entry is taken; None: as if it had just come."""
        history = self.history
        is_open = number > history.last_issued and number >= history.last_change
        if is_open and not self.is_changed and number > self._reaches:
            return None
        is_real = self.present.status is MessageStatus.ACTUAL
        return Past(
            issued=history.issued.get(number, ()),
            is_judged=not (is_real and history.was_exercise(number)),
            is_followed=number > self._reaches,
            is_unsettled=number > history.last_issued,
        )


def entry_of(configuration: Configuration, version: str, at_s: int, bundle: int = 0) -> ConfigurationEntry:
    """The configuration as the log keeps it."""
    return ConfigurationEntry(
        fingerprint=configuration.fingerprint,
        version=version,
        at_s=at_s,
        status=configuration.message.status,
        villages=village_rows(configuration.network.villages),
        hazards=hazard_rows(configuration.rules),
        bundle=bundle,
        posts_were=dict(configuration.network.posts_were),
        hazards_were=dict(configuration.network.hazards_were),
    )


def known_to_outbox(outbox: OutboxHistory) -> tuple[list[OpenWarning], list[OpenBulletin]]:
    """What people were told and heard no end of, as far as the outbox knows."""
    try:
        return outbox.open_warnings(int(time.time())), outbox.open_bulletins()
    except StoreError as error:  # caught up with as soon as it can be read
        log.error("outbox cannot be read", extra={"error": str(error)})  # noqa: TRY400
        return [], []


def begin(  # noqa: PLR0913, PLR0917  # what is known of the past
    configuration: Configuration,
    present: ConfigurationEntry,
    snapshot: tuple[int, bytes] | None,
    entries_after: Callable[[int], Entries],
    open_warnings: list[OpenWarning],
    open_bulletins: Sequence[OpenBulletin] = (),
    waiting_doors: Sequence[str] = (),
    bundle_of: Callable[[int], Configuration] | None = None,
) -> Start:
    """Read the past of a node, and take up its snapshot as far as it fits.

    Parameters
    ----------
    configuration : Configuration
    present : ConfigurationEntry
        Of `configuration`.
    snapshot : (int, bytes) or None
        Number of the entry it reaches to, and content.
    entries_after : callable
        Entries of the log after a number (0: all that are kept).
    open_warnings : list of OpenWarning
        What people were told and, as far as the outbox knows, stands.
    open_bulletins : sequence of OpenBulletin
        What doors were told and, as far as the outbox knows, heard no end of.
    waiting_doors : sequence of str
        Codes of villages in which doors may be told something still.
    bundle_of : callable, optional
        The configuration of a bundle: changes of the running node are followed (`followed_changes`).
    """
    reaches, file = _opened(snapshot)
    history = read_history(file, entries_after(reaches))
    configuration, present = _named_by_log(configuration, present, history)
    if bundle_of is not None and snapshot is not None and history.live_changes(reaches):
        snapshot = followed_changes(configuration, snapshot, history, entries_after, bundle_of)
        reaches, file = _opened(snapshot)
        history = read_history(file, entries_after(reaches))
    code_now = configuration.network.villages.code_now
    history.call_villages(configuration.network.villages.was)
    history.call_hazards(configuration.network.hazards_were)
    open_warnings = [_called_now(known, configuration.network) for known in open_warnings]
    open_bulletins = [known._replace(village=code_now(known.village)) for known in open_bulletins]
    strangers = strange_cases(open_warnings, history)
    history.cases |= {(village, case.warning.hazard): case for village, case in strangers}
    doors = strange_voices(open_bulletins, history)
    waiting = [*history.open_voices(), *(known.village for known in doors), *history.told]
    waiting += map(code_now, waiting_doors)
    kept = keep_rows(configuration, history.open_cases(), history.configuration, waiting)
    intake, is_rebuilt, notes = _taken_up(configuration, kept.configuration.network, file)
    if is_rebuilt and file is not None:
        earlier = (entry for entry in entries_after(0) if entry[0] <= reaches)
        history.take_earlier(read_history(None, earlier))
    # A state that another configuration led to is followed, never gone on from: a crash soon after a change.
    is_strange = bool(strangers or doors) or (is_rebuilt and reaches > 0) or notes is not None
    is_changed = is_strange or not present.is_same_as(history.configuration)
    return Start(
        intake,
        kept,
        present,
        history,
        is_changed,
        notes=notes or [],
        _file=file,
        _reaches=reaches,
        _strangers=strangers,
        _strange_voices=doors,
        _told_doors=[known for known in open_warnings if _is_of_doors(known, history)],
        _is_rebuilt=is_rebuilt,
    )


def _called_now(known: OpenWarning, network: Network) -> OpenWarning:
    """What the outbox knows, by the code of its village and the name of its hazard now."""
    message = under_name_now(known.message, WarningMessage, network.hazards_were)
    return replace(known, village=network.villages.code_now(known.village), message=message)


def _taken_up(
    configuration: Configuration, people: Network, file: StateFile | None
) -> tuple[Intake, bool, list[str] | None]:
    """What readings led to as a snapshot has it, whether it has to be worked out, and what begins anew."""
    intake, notes = build_intake(configuration, people), None
    if file is None:
        return intake, True, None
    try:
        notes = intake.restore_judged(file)
    except (ValueError, LookupError) as error:
        log.warning("snapshot does not fit, the journal is replayed whole", extra={"error": str(error)})
        return build_intake(configuration, people), True, None
    for note in notes or ():
        log.warning("state carried to the changed configuration", extra={"note": note})
    return intake, False, notes


def _named_by_log(
    configuration: Configuration, present: ConfigurationEntry, history: IssuedHistory
) -> tuple[Configuration, ConfigurationEntry]:
    """Configuration and entry with the earlier codes that the log knows, beside their own."""
    named = named_as_before(configuration, [change for _, change in history.changes])
    if named is configuration:
        return configuration, present
    rows, network = village_rows(named.network.villages), named.network
    were = {"posts_were": dict(network.posts_were), "hazards_were": dict(network.hazards_were)}
    return named, structs.replace(present, villages=rows, **were)


def _is_of_doors(known: OpenWarning, history: IssuedHistory) -> bool:
    """Whether doors had messages of a warning, as before there were bulletins."""
    return known.is_households and known.village not in history.voices


def followed_changes(
    configuration: Configuration,
    snapshot: tuple[int, bytes],
    history: IssuedHistory,
    entries_after: Callable[[int], Entries],
    bundle_of: Callable[[int], Configuration],
) -> tuple[int, bytes]:
    """The state right before the last change that a running node has made, as that node carried it.

    What came before each change is judged by the configuration of then. The snapshot as it is where there was
    no change, or a bundle is gone, or the software does not take it any more: the state is carried at once
    then, and levels go on from what was told.
    """
    followed = snapshot
    try:
        for number, change in history.live_changes(snapshot[0]):
            before = history.configuration_before(number)
            old = bundle_of(before.bundle if before else 0)
            is_present = change.fingerprint == configuration.fingerprint
            new = configuration if is_present else bundle_of(change.bundle)
            state = _carried(old, before, new, followed, _entries_before(number, entries_after))
            followed = number - 1, state
            log.info("change of the running node followed", extra={"entry": number, "bundle": change.bundle})
    except Exception as error:  # whatever it is: no bundle of before keeps a node from starting
        log.warning(
            "a change of the running node cannot be followed", extra={"error": describe(error)}, exc_info=True
        )
        return snapshot
    return followed


def _carried(
    old: Configuration,
    before: ConfigurationEntry | None,
    new: Configuration,
    snapshot: tuple[int, bytes],
    entries_after: Callable[[int], Entries],
) -> bytes:
    """The state that `old` led to at the end of the entries, taken over by `new`, as a snapshot."""
    start = begin(old, before or entry_of(old, "", 0), snapshot, entries_after, [])
    new = named_as_before(new, [start.present])
    for _ in start.replay(entries_after(start.begins_after)):
        pass
    history = start.history
    history.call_villages(new.network.villages.was)
    history.call_hazards(new.network.hazards_were)
    kept = keep_rows(new, history.open_cases(), before, [*history.open_voices(), *history.told])
    intake = build_intake(new, kept.configuration.network)
    intake.take_over(start.intake)
    return intake.snapshot()


def _entries_before(until: int, entries_after: Callable[[int], Entries]) -> Callable[[int], Entries]:
    """The same entries, up to one."""
    return lambda number: itertools.takewhile(lambda entry: entry[0] < until, entries_after(number))


def _opened(snapshot: tuple[int, bytes] | None) -> tuple[int, StateFile | None]:
    if snapshot is None:
        return 0, None
    try:
        return snapshot[0], StateFile(snapshot[1])
    except ValueError as error:
        log.warning("snapshot cannot be read", extra={"error": str(error)})
        return 0, None


def strange_cases(open_warnings: list[OpenWarning], history: IssuedHistory) -> list[VillageCase]:
    """Warnings that people know and the log does not: of an earlier version, or of a log that was lost."""
    found, of_name = [], {case.warning.warning: case for case in history.cases.values()}
    for known in open_warnings:
        # By its name where its village or hazard has another one since the outbox has heard of it.
        case = history.cases.get((known.village, known.message.hazard)) or of_name.get(known.message.warning)
        if case is not None and _is_not_older(case.warning, known):
            continue
        found.append(VillageCase(known.village, _case_of(known)))
    return found


def strange_voices(open_bulletins: Sequence[OpenBulletin], history: IssuedHistory) -> list[OpenBulletin]:
    """Bulletins that doors know and the log does not: of a log that was lost."""
    found = []
    for known in open_bulletins:
        voice = history.voices.get(known.village)
        if voice is None or (voice.opened_s, voice.n) < (known.bulletin.opened_s, known.bulletin.n):
            found.append(known)
    return found


def _is_not_older(warning: VillageWarning, known: OpenWarning) -> bool:
    if warning.warning == known.message.warning:
        return warning.version >= known.message.version
    return warning.is_open or (warning.latest is not None and warning.latest.sent_s >= known.message.sent_s)


def _case_of(known: OpenWarning) -> Case:
    """A warning as the outbox knows it."""
    message = known.message
    opened_s, repeats = _opened_as(message.warning)
    warning = VillageWarning(
        village=message.village,
        hazard=message.hazard,
        state=State.HELD if message.blind else State.ACTIVE,
        level=message.level,
        warning=message.warning,
        version=message.version,
        crossed_at_s=message.crossed_at_s,
        onset_s=message.onset_s,
        expires_s=message.expires_s,
        reason=message.reason,
        sent=(*message.references, MessageReference(message.identifier, message.sent_s)),
        latest=message,
        naming=Naming(opened_s, repeats),
        affirmed_s=message.sent_s,
        status=message.status,
    )
    return Case(warning)


def _opened_as(warning: str) -> tuple[int, int]:
    """Crossing that a name was made of, and how many repeats it counts; -1 where it says neither."""
    stamp, _, repeat = warning.rpartition(".")[2].partition("-")
    try:
        return parse_compact_utc(stamp), int(repeat or 1) - 1
    except ValueError:
        return -1, 0
