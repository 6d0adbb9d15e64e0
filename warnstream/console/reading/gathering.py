"""The tables of each page, gathered from the situation, the configuration and what the node says."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from warnstream.adapters.console.past import decode_record
from warnstream.adapters.http.models.county import StateRecord
from warnstream.adapters.http.models.transfers import TransfersRecord
from warnstream.config.settings import Configuration
from warnstream.config.summary import lints
from warnstream.console.access import Visitor
from warnstream.console.accounts import Accounts
from warnstream.console.county import Area
from warnstream.console.hub import Hub
from warnstream.console.reading import tables
from warnstream.console.reading.models import Cell, Table
from warnstream.console.reading.past import acts_of
from warnstream.delivery.texts import clean
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.hands.orders import Role

decode_state = msgspec.json.Decoder(StateRecord).decode
decode_transfers = msgspec.json.Decoder(TransfersRecord).decode

PAGES: dict[str, tuple[str, ...]] = {
    "situation": ("towns", "villages"),
    "assessment": ("villages", "thresholds"),
    "control": ("towns", "transfers"),
    "stations": ("alarms", "channels", "stations"),
    "thresholds": ("thresholds",),
    "acts": ("acts",),
    "transfers": ("transfers",),
    "admin": ("people",),
}
"""Tables of a page, or of a sheet that an office asks for (研判一张单 `assessment`, 管控一张表 `control`)."""

OF_OFFICERS = frozenset({"transfers", "people"})
"""Tables that readers are not shown."""

EVERYWHERE_ONLY = frozenset({"people", "alarms", "channels"})
"""Tables of the whole node: for those who answer for everything."""

Content = TypeVar("Content")
Found = tuple[list[list[Cell]], list[str]]


class NotForThemError(WarnstreamError):
    """A person may not read that."""


class Gathering:
    """Makes tables.

    Parameters
    ----------
    hub : Hub
    accounts : Accounts
    """

    def __init__(self, hub: Hub, accounts: Accounts) -> None:
        self._hub, self._accounts = hub, accounts
        self._lints: tuple[str, list[str]] = "", []

    async def sheet(self, page: str, visitor: Visitor, language: str) -> list[Table]:
        """Tables of a page that a person may read.

        Raises
        ------
        KeyError
            If there is no such page.
        NotForThemError
            If none of its tables is for that person.
        StoreError
            If the node does not answer.
        """
        area = self._hub.situation.county.area(visitor.operator.area)
        allowed = [name for name in PAGES[page] if self._may(name, visitor, area)]
        if not allowed:
            raise NotForThemError("that is not for your role or area")
        self._hub.state(area.name)  # StoreError before the first frame
        found = await asyncio.gather(*(self._rows(name, visitor, area, language) for name in allowed))
        return [
            self._table(name, visitor, language, rows, notes)
            for name, (rows, notes) in zip(allowed, found, strict=True)
        ]

    @staticmethod
    def _may(name: str, visitor: Visitor, area: Area) -> bool:
        is_reader = visitor.operator.role is Role.READER
        return not (is_reader and name in OF_OFFICERS) and (area.is_everything or name not in EVERYWHERE_ONLY)

    def _table(
        self, name: str, visitor: Visitor, language: str, rows: list[list[Cell]], notes: Sequence[str]
    ) -> Table:
        view = self._hub.situation.view(self._hub.situation.county.area(visitor.operator.area))
        speaker = tables.Speaker(language)
        return Table(
            name=name,
            title=speaker.title(name),
            node=view.head.node,
            mode=view.head.mode,
            by=clean(visitor.operator.name) or visitor.operator.person,
            made_s=self._hub.clock().now_s,
            utc_offset_s=view.head.utc_offset_s,
            columns=speaker.columns(name),
            rows=rows,
            notes=list(notes),
        )

    async def _rows(self, name: str, visitor: Visitor, area: Area, language: str) -> Found:
        speaker = tables.Speaker(language)
        if name in ("towns", "villages", "people"):
            return self._shown(name, area, speaker), []
        if name == "thresholds":
            configuration = self._hub.situation.county.configuration
            return tables.thresholds(configuration, speaker), await self._warned(configuration)
        if name == "acts":
            record = read(decode_record, await self._hub.ask("record"))
            found = acts_of(record.lines, area, self._hub.situation.county, visitor.operator.role)
            return tables.acts(found), [] if record.is_whole else [speaker.word("older")]
        if name == "transfers":
            lists = read(decode_transfers, await self._hub.ask("transfers"))
            return tables.transfers(lists, self.inside(area), speaker), []
        return self._told(name, area, read(decode_state, await self._hub.ask("state")), speaker)

    async def _warned(self, configuration: Configuration) -> list[str]:
        """What `warnstream check` warns of; looked for once a configuration."""
        fingerprint, found = self._lints
        if fingerprint != configuration.fingerprint:
            found = await asyncio.to_thread(lints, configuration)
            self._lints = configuration.fingerprint, found
        return found

    def _shown(self, name: str, area: Area, speaker: tables.Speaker) -> list[list[Cell]]:
        """What the console knows by itself."""
        situation = self._hub.situation
        if name == "towns":
            return tables.towns(situation.view(area), area)
        if name == "villages":
            return tables.villages(situation.view(area), area, situation.county, speaker)
        return self._people(speaker)

    def _told(self, name: str, area: Area, state: StateRecord, speaker: tables.Speaker) -> Found:
        """What the node says of itself."""
        if name == "channels":
            return tables.channels(state), []
        if name == "alarms":
            return tables.alarms(state, speaker), _state_notes(state, speaker)
        situation = self._hub.situation
        return tables.stations(situation.view(area), area, situation.county, state, speaker), []

    def inside(self, area: Area) -> Callable[[str], bool]:
        """Whether a village of that code lies in an area; one that the register has lost, for everywhere."""
        county = self._hub.situation.county
        numbers = set(area.villages.tolist())
        return lambda code: area.is_everything or county.number_of(code) in numbers

    def _people(self, speaker: tables.Speaker) -> list[list[Cell]]:
        accounts = {person for person, _ in self._accounts.people()}
        sessions = self._accounts.sessions()
        head = self._hub.situation.head
        on_duty = {shift.person: shift.since_s for shift in head.shifts} if head is not None else {}
        yes, no = speaker.word("yes"), speaker.word("no")
        return [
            [
                operator.person,
                clean(operator.name),
                speaker.word(str(operator.role)),
                operator.area,
                operator.post,
                yes if operator.person in accounts else no,
                yes if self._accounts.factors.has(operator.person) else no,
                sessions.get(operator.person, 0),
                on_duty.get(operator.person),
            ]
            for operator in self._hub.operators.values()
        ]


def _state_notes(state: StateRecord, speaker: tables.Speaker) -> list[str]:
    """The audit's newest hash, to be noted elsewhere, and what the node runs with."""
    word, runs, audit = speaker.word, state.configuration, state.audit
    found = [f"{word('configuration')} {runs.fingerprint[:12]} · {word('bundle')} {runs.bundle}"]
    if audit:
        entry = f"{word('entry')} {audit.entry}"
        found.append(f"{word('audit')} {audit.file} · {entry} · {audit.head[:16]}")
    return found


def read(decode: Callable[[bytes], Content], content: bytes) -> Content:
    """What the node has said. StoreError if it cannot be read."""
    try:
        return decode(content)
    except msgspec.MsgspecError as error:
        raise StoreError(f"the node's answer cannot be read: {error}", retryable=False) from error
