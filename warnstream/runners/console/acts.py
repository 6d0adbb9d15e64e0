"""Acts of officers at consoles: checked by the rules of every order, made entries, answered; in the loop.

Nothing here changes the engine: an act becomes an entry of the journal, and the next step carries it out.
Until then nobody else acts on the same village: the second of two is told what the first one does.
"""

import logging
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol

import msgspec

from warnstream.adapters.console.acts import DOORS_PAGE, Done, Rehearsed, Said, decode_said
from warnstream.adapters.console.frame import Act
from warnstream.adapters.ledger.listing import DoorState
from warnstream.config.settings import Configuration
from warnstream.config.yaml.quantities import parse_duration_s
from warnstream.desk import WarningDesk
from warnstream.engine import Engine
from warnstream.lifecycle.orders import may_act, needs_second, wants_second
from warnstream.model.digests import HelpAssign, HelpClose
from warnstream.model.errors import StoreError
from warnstream.model.hands.duty import COUNTY, DutyAct, DutyKind, Urgency
from warnstream.model.hands.orders import HandOrder, Operator, OrderKind
from warnstream.model.hands.requests import OrderFaultsError
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus
from warnstream.runners.console import drills as of_drills
from warnstream.runners.console.moves import CONFIRM, mark_of
from warnstream.runners.console.requested import agreed_to, request_of, row_of
from warnstream.runners.console.versions import standing_of, version_of
from warnstream.runners.intake.duty import place_of
from warnstream.runners.intake.entries import (
    ACT,
    DRILL,
    HELP,
    MARK,
    ORDER,
    encode_act,
    encode_drill,
    encode_help,
    encode_mark,
    encode_order,
)
from warnstream.runners.intake.intake import Intake
from warnstream.runners.orders.preview import Preview
from warnstream.runners.orders.rehearsal import doors_of
from warnstream.runners.orders.request import agreement_faults, order_of, outside_of

log = logging.getLogger(__name__)

KNOWN_MAX = 2_000
"""Acts that are answered again as before; the desk knows its orders beyond that."""

HELP_KINDS = ("assign", "close")
DUTY_KINDS = ("see", "take_shift", "hand_over", "read")
KINDS = frozenset([*(str(kind) for kind in OrderKind), *HELP_KINDS, *DUTY_KINDS, CONFIRM, *of_drills.KINDS])
STALE = ("version:", "villages: no doors wait")
"""Begins of faults that mean: others were quicker than who looks at an old state."""

Answer = Callable[[Done], None]


class Requests(Protocol):
    """The queue of entries from any thread to the loop."""

    wake: Callable[[], None]

    def ask(
        self,
        kind: str,
        payload: bytes,
        *,
        is_last: bool = False,
        told: Callable[[int], None] | None = None,
    ) -> Future[None]:
        """Done once it is durable, after `told` has its number; StoreError while the node stops."""


class Situation(Protocol):
    """What is read of the keeper."""

    @property
    def engine(self) -> Engine:
        """The engine of the moment."""

    @property
    def people(self) -> Configuration:
        """With villages and hazards of removed rows."""

    @property
    def intake(self) -> Intake:
        """What entries have led to, and what waits for a step."""


class Acts:
    """Acts on one node.

    Parameters
    ----------
    configuration : Configuration
    keeper : Situation
    requests : Requests
        Takes entries.
    doors : callable
        Every door of a village, who needs somebody first.
    drills : DrillsPort
    rates : callable, optional
        Doors a second of channels, as far as they are known.
    count : callable, optional
        Takes kind and status of what was done.
    """

    def __init__(
        self,
        configuration: Configuration,
        keeper: Situation,
        requests: Requests,
        doors: Callable[[int], list[DoorState]],
        drills: of_drills.DrillsPort,
        rates: Callable[[], Mapping[str, float]] = dict,
        count: Callable[[str, str], None] = lambda _kind, _status: None,
    ) -> None:
        self._count, self._doors, self._rates, self._drills = count, doors, rates, drills
        self._keeper, self._requests = keeper, requests
        self.go_by(configuration)
        self._under_way: dict[str, HandOrder] = {}
        self._known: OrderedDict[str, tuple[int, Done]] = OrderedDict()

    def go_by(self, configuration: Configuration) -> None:
        """People, places and texts are those of this configuration from now on; in the loop's thread."""
        self._configuration = configuration
        self._operators = {operator.person: operator for operator in configuration.operators}
        self._preview: Preview | None = None

    def take(self, act: Act, answer: Answer) -> None:
        """Make an act an entry, or say what is wrong with it; `answer` is called once, from any thread."""
        try:
            said = decode_said(act.content)
        except msgspec.MsgspecError as error:
            answer(Done("refused", problems=[str(error)]))
            return
        answer = self._counted(said.kind, answer)
        operator = self._operators.get(act.person)
        if operator is None:
            answer(Done("forbidden", problems=[f"{act.person!r} is no person of operators.csv"]))
            return
        if not may_act(operator.role, said.kind):
            problem = f"{act.person!r} is {operator.role}: that role may not {said.kind}"
            answer(Done("forbidden", problems=[problem]))
            return
        key = _key_of(act)
        if not said.rehearse and (known := self._known.get(key)) is not None:
            is_same = known[0] == zlib.crc32(act.content)
            another = f"Idempotency-Key: {act.key} was used for another act"
            answer(known[1] if is_same else _refused([another]))
        elif said.kind in HELP_KINDS:
            self._help(operator, said, act, answer)
        elif said.kind in DUTY_KINDS:
            self._duty(operator, said, act, answer)
        elif said.kind == CONFIRM:
            self._mark(operator, said, act, answer)
        elif said.kind in of_drills.KINDS:
            self._drill(operator, said, act, answer)
        else:
            self._order(act, said, key, answer)

    def _counted(self, kind: str, answer: Answer) -> Answer:
        known = kind if kind in KINDS else "unknown"

        def counted(done: Done) -> None:
            self._count(known, done.status)
            answer(done)

        return counted

    # Orders.

    def _order(self, act: Act, said: Said, key: str, answer: Answer) -> None:
        try:
            order = order_of(request_of(said, act.person, key), self._configuration)
        except OrderFaultsError as error:
            answer(_refused(error.faults))
            return
        desk = self._keeper.engine.desk
        if not said.rehearse and (faults := desk.identity_faults(order)):
            answer(_refused(faults))
            return
        if not said.rehearse and desk.knows_order(order):
            answer(self._remember(act, Done("taken", order=order.identifier)))
            return
        if problems := self._stale(act, order):
            answer(Done("stale", problems=problems))
            return
        order = self._for_two(order, desk)
        faults = [*desk.order_faults(order), *agreement_faults(order, desk, self._configuration)]
        if not faults and order.kind is OrderKind.RELEASE and order.order:
            faults = self._faults_of_agreed(order, desk)
        if faults:
            answer(_refused(faults))
        elif said.rehearse:
            answer(Done("rehearsed", rehearsal=self._rehearsed(order)))
        else:
            self._give(order, act, answer)

    def _give(self, order: HandOrder, given: Act, answer: Answer) -> None:
        """An order becomes an entry; until it is one it is under way."""
        done = Done("waits" if needs_second(order) else "taken", order=order.identifier)
        self._under_way[order.identifier] = order

        def told(sequence: int) -> None:
            self._under_way.pop(order.identifier, None)
            answer(self._remember(given, msgspec.structs.replace(done, sequence=sequence)))
            log.warning("order taken", extra={"order": order.identifier, "author": order.author})

        self._hand_over(
            ORDER, encode_order(order), told, answer, lambda: self._under_way.pop(order.identifier, None)
        )

    def _hand_over(
        self,
        kind: str,
        payload: bytes,
        told: Callable[[int], None],
        answer: Answer,
        undo: Callable[[], object] = lambda: None,
    ) -> None:
        def ended(future: Future[None]) -> None:
            if (error := future.exception()) is not None:
                undo()
                answer(_refused([str(error)]))

        try:
            self._requests.ask(kind, payload, told=told).add_done_callback(ended)
        except StoreError as error:
            undo()
            answer(_refused([str(error)]))

    def _stale(self, act: Act, order: HandOrder) -> list[str]:
        """What has changed since the person looked, or is being changed by another."""
        concerned = set(order.villages)
        waiting = [*self._under_way.values(), *self._keeper.intake.orders_waiting]
        for other in waiting:
            if other.identifier != order.identifier and concerned & set(other.villages):
                what = f"{other.author} orders {other.kind} there right now ({other.reason})"
                return [f"version: {what}: look again"]
        if len(order.villages) != 1 or not act.seen:
            return []
        villages = self._keeper.people.network.villages
        village = villages.index_of_code()[order.villages[0]]
        if version_of(self._keeper.engine.desk, village) == act.seen:
            return []
        zone = self._configuration.message.time_zone
        return [f"now: {line}" for line in standing_of(self._keeper.engine.desk, village, zone)]

    def _for_two(self, order: HandOrder, desk: WarningDesk) -> HandOrder:
        """With what the desk needs to know of it: the message seen, and that it waits for a second person."""
        number = self._keeper.people.network.villages.index_of_code()
        hidden = Level.NONE
        for code in order.villages:
            for status, _ in desk.of_village(number[code]):
                if order.hazard in ("", status.hazard):
                    is_extension = order.kind is OrderKind.EXTEND and status.bound is None
                    hidden = hidden if is_extension else max(hidden, status.level, status.found)
        return replace(order, asks_second=wants_second(order.kind, order.level, hidden))

    @staticmethod
    def _faults_of_agreed(order: HandOrder, desk: WarningDesk) -> list[str]:
        """What has come to stand in the way of a return since it was asked for."""
        asked = agreed_to(order, desk)
        is_return = asked.kind is OrderKind.RETURN
        return desk.order_faults(replace(asked, second=order.author)) if is_return else []

    def _rehearsed(self, order: HandOrder) -> Rehearsed:
        desk = self._keeper.engine.desk
        shown = agreed_to(order, desk)
        if self._preview is None:
            self._preview = Preview(self._configuration, self._keeper.people)
        words, posts = self._preview.of(self._keeper.engine, shown)
        doors, seconds = doors_of(shown, self._configuration, self._rates())
        return Rehearsed(
            villages=len(shown.villages),
            doors=doors,
            seconds=seconds,
            posts=posts,
            words=words,
            more=max(len(shown.villages) - len(words), 0),
            is_for_two=shown is order and needs_second(replace(order, is_alone=False)),
            is_exercise=self._configuration.message.status is MessageStatus.EXERCISE,
        )

    # Calls for help.

    def _help(self, operator: Operator, said: Said, given: Act, answer: Answer) -> None:
        desk, villages = self._keeper.engine.desk, self._keeper.people.network.villages
        action: HelpAssign | HelpClose = HelpAssign(said.help, operator.person, said.person.strip())
        if said.kind == "close":
            action = HelpClose(said.help, operator.person, said.person.strip(), said.reason.strip())
        call = next((call for call in desk.chains.calls if call.name == said.help), None)
        if call is not None and outside_of(operator, [villages.code[call.village]], villages):
            answer(Done("forbidden", problems=[f"the call lies outside the area of {operator.person!r}"]))
            return
        if call is not None and said.kind == "assign" and call.assigned:
            answer(Done("stale", problems=[f"version: {call.assigned} has the call already"]))
            return
        if fault := desk.chains.fault_of(action):
            answer(Done("stale" if call is None else "refused", problems=[fault]))
            return

        def told(sequence: int) -> None:
            answer(self._remember(given, Done("taken", sequence)))

        self._hand_over(HELP, encode_help(action), told, answer)

    # People who have moved.

    def _mark(self, operator: Operator, said: Said, given: Act, answer: Answer) -> None:
        desk, villages = self._keeper.engine.desk, self._keeper.people.network.villages
        found = mark_of(operator, said, _key_of(given), desk, villages)
        if isinstance(found, Done):
            answer(found)
            return
        done = Done("taken", order=found.word)
        self._hand_over(
            MARK,
            encode_mark(found),
            lambda sequence: answer(self._remember(given, msgspec.structs.replace(done, sequence=sequence))),
            answer,
        )

    # Drills.

    def _drill(self, operator: Operator, said: Said, given: Act, answer: Answer) -> None:
        found = of_drills.drill_of(said, operator, _key_of(given), self._configuration, self._drills)
        if isinstance(found, Done):
            answer(found)
            return
        if said.rehearse:
            now_s = self._keeper.engine.desk.now_s
            rehearsal = of_drills.rehearsed(found, self._configuration, self._rates(), now_s)
            answer(Done("rehearsed", rehearsal=rehearsal))
            return
        done = Done("taken", order=found.identifier)
        self._hand_over(
            DRILL,
            encode_drill(found),
            lambda sequence: answer(self._remember(given, msgspec.structs.replace(done, sequence=sequence))),
            answer,
        )

    # Duty.

    def _duty(self, operator: Operator, said: Said, given: Act, answer: Answer) -> None:
        key, kind = _key_of(given), DutyKind(said.kind)
        act = DutyAct(key, kind, operator.person, area=operator.area, post=operator.post)
        if act.kind is DutyKind.SEE:
            found = self._seen(operator, said, act)
        elif act.kind is DutyKind.HAND_OVER:
            found = self._offered(said, act)
        elif act.kind is DutyKind.READ:
            found = self._read(operator, said, act)
        else:
            found = act
        if isinstance(found, Done):
            answer(found)
            return

        def told(sequence: int) -> None:
            done = Done("taken", sequence)
            # What is personal is answered once it is on record, and remembered by nobody.
            is_reading = said.kind == DutyKind.READ
            answer(self._with_doors(done, said) if is_reading else self._remember(given, done))

        self._hand_over(ACT, encode_act(found), told, answer)

    def _seen(self, operator: Operator, said: Said, act: DutyAct) -> DutyAct | Done:
        """The alarm that a person has seen."""
        villages = self._keeper.people.network.villages
        number = villages.index_of_code()
        if said.urgency not in Urgency.__members__:
            return Done("refused", problems=[f"urgency: expected A or B, got {said.urgency!r}"])
        if unknown := [code for code in said.villages if code not in number]:
            return Done("refused", problems=[f"villages: no village {code!r}" for code in unknown])
        place = place_of(villages, number[said.villages[0]]) if said.villages else COUNTY
        if said.villages and outside_of(operator, said.villages[:1], villages):
            return Done("forbidden", problems=[f"the alarm lies outside the area of {operator.person!r}"])
        alarm = self._keeper.intake.duty.desk.alarms.of.get((place, Urgency[said.urgency]))
        if alarm is None or not alarm.stands:
            return Done("stale", problems=["version: there is no such alarm any more"])
        try:
            for_s = int(parse_duration_s(said.lasts)) if said.lasts else 0
        except ValueError as error:
            return Done("refused", problems=[f"lasts: {error}"])
        return replace(
            act, place=place, urgency=int(alarm.urgency), for_s=max(for_s, 0), note=said.reason[:200]
        )

    def _offered(self, said: Said, act: DutyAct) -> DutyAct | Done:
        """A shift that is offered to another person."""
        problems = []
        if not self._keeper.intake.duty.desk.shifts.has(act.person):
            problems.append(f"author: {act.person!r} is not on duty")
        other = self._operators.get(said.person)
        if other is None or other.person == act.person or not may_act(other.role, DutyKind.TAKE_SHIFT):
            problems.append("person: expected another officer of operators.csv")
        if problems:
            return Done("refused", problems=problems)
        return replace(act, other=said.person, note=said.reason[:200])

    def _read(self, operator: Operator, said: Said, act: DutyAct) -> DutyAct | Done:
        """The doors of one village are read: a line of the audit."""
        villages = self._keeper.people.network.villages
        if len(said.villages) != 1 or said.villages[0] not in villages.index_of_code() or said.cursor < 0:
            return Done("refused", problems=["villages: expected one village of villages.csv"])
        if outside_of(operator, said.villages, villages):
            return Done("forbidden", problems=[f"the village lies outside the area of {operator.person!r}"])
        return replace(act, note=f"doors of {said.villages[0]} from {said.cursor}")

    def _with_doors(self, done: Done, said: Said) -> Done:
        village = self._keeper.people.network.villages.index_of_code()[said.villages[0]]
        who_goes = {call.caller: call.assigned for call in self._keeper.engine.desk.chains.calls}
        known = self._doors(village)
        page = [row_of(door, who_goes) for door in known[said.cursor : said.cursor + DOORS_PAGE]]
        return msgspec.structs.replace(done, doors=page, doors_of=len(known))

    def _remember(self, act: Act, done: Done) -> Done:
        self._known[_key_of(act)] = zlib.crc32(act.content), done
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return done


def _key_of(act: Act) -> str:
    """Name of an act for ever: a key is its person's own."""
    return f"{act.person}/{act.key}"


def _refused(faults: list[str]) -> Done:
    if any(fault.startswith("author:") for fault in faults):
        return Done("forbidden", problems=faults)
    is_stale = all(fault.startswith(STALE) for fault in faults)
    return Done("stale" if is_stale else "refused", problems=faults)
